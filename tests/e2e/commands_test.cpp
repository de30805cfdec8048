#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>

#include "tests/e2e/lab.hpp"

namespace aim::e2e {
namespace {

namespace json = boost::json;
using ::testing::HasSubstr;
using ::testing::Not;

std::string two_containers(const Lab& lab) {
  return fmt::format(R"(
variables: {{ token: {{ sensitive: true, default: hunter2 }} }}
networks: {{ back: {{}} }}
volumes: {{ data: {{}} }}
containers:
  web:
    image: aim/model-server:1
    command: [test/model, --served-model-name, "it's $HOME"]
    env: {{ PLAIN: "a b", TOKEN: "${{var.token}}" }}
    labels: {{ team: "search & co" }}
    ports: ["127.0.0.1:{}:8000"]
    mounts: ["data:/data:ro", "/etc:/host-etc:ro"]
    networks: [default, back]
    restart: "on-failure:3"
    memory: 256MiB
    cpus: 0.5
    init: true
    cap_drop: [NET_RAW]
    stop_grace_period: 3s
    logging: {{ driver: json-file, options: {{ max-size: 5m }} }}
    extra_hosts: ["gate:10.0.0.1"]
)",
                     lab.port());
}

const json::value& at(const json::value& value, const std::string& pointer) {
  return value.at_pointer(pointer);
}

/// The members that say what the container is.
json::object essence(const json::value& container) {
  json::object result;
  for (const char* pointer : {"/Config/Image",
                              "/Config/Cmd",
                              "/Config/Env",
                              "/Config/StopTimeout",
                              "/HostConfig/Memory",
                              "/HostConfig/NanoCpus",
                              "/HostConfig/Init",
                              "/HostConfig/CapDrop",
                              "/HostConfig/RestartPolicy",
                              "/HostConfig/LogConfig",
                              "/HostConfig/ExtraHosts",
                              "/HostConfig/PortBindings",
                              "/HostConfig/Mounts"}) {
    result[pointer] = at(container, pointer);
  }
  // Docker's own command writes "CAP_NET_RAW" where "NET_RAW" means the same.
  for (json::value& capability : result["/HostConfig/CapDrop"].as_array()) {
    if (capability.as_string().starts_with("CAP_")) {
      capability = json::value(capability.as_string().subview(4));
    }
  }
  json::array& variables = result["/Config/Env"].as_array();
  std::sort(variables.begin(), variables.end(), [](const json::value& a, const json::value& b) {
    return a.as_string() < b.as_string();
  });
  json::object networks;
  for (const auto& [name, about] : at(container, "/NetworkSettings/Networks").as_object()) {
    networks[name] = at(about, "/NetworkID");
  }
  result["networks"] = std::move(networks);
  result["team"] = at(container, "/Config/Labels").as_object().at("team");
  return result;
}

TEST(Explain, TheDockerCommandMakesTheSameContainer) {
  const Lab lab("explain");
  lab.configure(two_containers(lab));
  const Finished applied = lab.aim({"apply", "--yes"});
  ASSERT_EQ(applied.code, 0) << applied.err;
  const std::string name = lab.project() + "-web";
  const json::object ours = essence(lab.inspect(name));

  const Finished explained = lab.aim({"explain", "web", "--json"});
  ASSERT_EQ(explained.code, 0) << explained.err;
  EXPECT_THAT(explained.out, Not(HasSubstr("hunter2")));
  const json::value document = json::parse(explained.out);
  EXPECT_EQ(at(document, "/docker/variables"), json::value({"TOKEN"}));
  EXPECT_TRUE(at(document, "/docker/left_out").as_array().empty());

  lab.docker({"rm", "-f", name});
  lab.write("run.sh", "set -eu\n" + std::string(at(document, "/docker/script").as_string()));
  std::map<std::string, std::string> environment = lab.environment();
  environment["TOKEN"] = "hunter2";
  const Finished run_by_hand =
      run({"sh", (lab.directory() / "run.sh").string()}, environment, lab.directory().string());
  ASSERT_EQ(run_by_hand.code, 0) << run_by_hand.err;
  const json::value by_hand = lab.inspect(name);
  EXPECT_EQ(json::serialize(essence(by_hand)), json::serialize(ours));
  EXPECT_TRUE(at(by_hand, "/State/Running").as_bool());
  lab.docker({"rm", "-f", name});
}

TEST(Explain, SaysWhereValuesComeFromAndWhatApplyDecided) {
  const Lab lab("explain-text");
  lab.configure(two_containers(lab));
  EXPECT_THAT(lab.aim({"explain", "container.web"}).out, HasSubstr("deployed:  not yet"));
  ASSERT_EQ(lab.aim({"apply", "--yes"}).code, 0);
  const std::string text = lab.aim({"explain", "container.web"}).out;
  EXPECT_THAT(text, HasSubstr("  memory = 256MiB  # aim.yaml:17:13\n"));
  EXPECT_THAT(text, HasSubstr("  pull = \"missing\"  # built-in default\n"));
  EXPECT_THAT(text, HasSubstr("  networks.back = {}  # aim.yaml:15:15\n"));
  EXPECT_THAT(text, HasSubstr("  deployed:  generation 1\n"));
  EXPECT_THAT(text, HasSubstr("# decided at the last apply\n"));
  EXPECT_THAT(text, HasSubstr("  # first: export TOKEN=... (a secret, which is not shown)\n"));
  EXPECT_THAT(text, Not(HasSubstr("hunter2")));
}

TEST(GraphCommand, ShowsWhatApplyWouldDo) {
  const Lab lab("graph");
  lab.configure("containers: { web: { image: \"aim/model-server:1\", command: [m] } }\n");
  const std::string graph = lab.aim({"graph", "--plan"}).out;
  EXPECT_THAT(graph, HasSubstr("\"container.web\" [shape=box, label=\"container.web (create)\""));
  EXPECT_THAT(graph, HasSubstr("\"container.web\" -> \"network.default\";"));
  EXPECT_EQ(lab.aim({"graph", "-format", "mermaid"}).out,
            "flowchart LR\n  n0[\"container.web\"]\n  n1([\"network.default\"])\n  n0 --> n1\n");
  const Finished wrong = lab.aim({"graph", "--format", "svg"});
  EXPECT_EQ(wrong.code, 1);
  EXPECT_THAT(wrong.err, HasSubstr("--format takes dot or mermaid, not \"svg\""));
}

TEST(LogLevel, TellsOfEveryCallAndOfNoBody) {
  const Lab lab("loglevel");
  lab.configure(two_containers(lab));
  EXPECT_EQ(lab.aim({"plan"}).err, "");
  const Finished logged = lab.aim({"plan", "-log-level", "debug"});
  EXPECT_THAT(logged.err, HasSubstr("info  Docker at unix://"));
  EXPECT_THAT(logged.err, HasSubstr("debug GET /v1.41/containers/json?all=1: 200 in "));
  const Finished applied = lab.aim({"apply", "--yes"}, {{"AIM_LOG", "debug"}});
  EXPECT_EQ(applied.code, 0);
  EXPECT_THAT(applied.err, HasSubstr("debug POST /v1.41/containers/create?name="));
  EXPECT_THAT(applied.err, Not(HasSubstr("hunter2")));
  const Finished wrong = lab.aim({"plan"}, {{"AIM_LOG", "loud"}});
  EXPECT_EQ(wrong.code, 1);
  EXPECT_THAT(wrong.err, HasSubstr("AIM_LOG takes off, error, warn, info or debug, not \"loud\""));
}

std::string simple(const std::string& name) {
  return "containers: { " + name +
         ": { image: \"aim/model-server:1\", command: [m], name: " + "t-state-x } }\n";
}

TEST(StateCommands, AMovedResourceIsNotReplaced) {
  const Lab lab("state");
  lab.configure(simple("old"));
  ASSERT_EQ(lab.aim({"apply", "--yes"}).code, 0);
  const std::string before = lab.docker({"inspect", "--format", "{{.Id}}", "t-state-x"});
  const Finished moved = lab.aim({"state", "mv", "old", "container.new"});
  EXPECT_EQ(moved.code, 0) << moved.err;
  EXPECT_THAT(moved.err, HasSubstr("Moved old to container.new in the state."));
  lab.configure(simple("new"));
  const Finished planned = lab.aim({"plan"});
  EXPECT_EQ(planned.code, 0) << planned.err;
  EXPECT_THAT(planned.out, HasSubstr("No changes."));
  EXPECT_EQ(lab.docker({"inspect", "--format", "{{.Id}}", "t-state-x"}), before);
  EXPECT_EQ(lab.aim({"state", "mv", "new", "network.new"}).code, 1);
  EXPECT_EQ(lab.aim({"state", "mv", "nothing", "container.a"}).code, 1);
}

TEST(StateCommands, WhatIsForgottenIsFoundAgain) {
  const Lab lab("state-rm");
  lab.configure("containers: { web: { image: \"aim/model-server:1\", command: [m] } }\n");
  ASSERT_EQ(lab.aim({"apply", "--yes"}).code, 0);
  const std::string id = lab.docker({"inspect", "--format", "{{.Id}}", lab.project() + "-web"});
  const Finished removed = lab.aim({"state", "rm", "web"});
  EXPECT_EQ(removed.code, 0) << removed.err;
  EXPECT_THAT(removed.err, HasSubstr("Forgot container.web (t-state-rm-web on Docker)."));
  EXPECT_THAT(lab.aim({"state", "list"}).out, Not(HasSubstr("container.web")));
  EXPECT_THAT(lab.aim({"plan"}).out, HasSubstr("No changes."));
  EXPECT_EQ(lab.docker({"inspect", "--format", "{{.Id}}", lab.project() + "-web"}), id);
}

TEST(StateCommands, AnExportedStateCanBeTakenOver) {
  const Lab lab("state-copy");
  lab.configure("containers: { web: { image: \"aim/model-server:1\", command: [m] } }\n");
  ASSERT_EQ(lab.aim({"apply", "--yes"}).code, 0);
  const Finished exported = lab.aim({"state", "export"});
  ASSERT_EQ(exported.code, 0);
  lab.write("copy.json", exported.out);
  EXPECT_EQ(lab.aim({"state", "rm", "web"}).code, 0);
  const Finished older = lab.aim({"state", "import", "copy.json"});
  EXPECT_EQ(older.code, 1);
  EXPECT_THAT(older.err, HasSubstr("the file is revision 1 and the state is 2"));
  EXPECT_EQ(lab.aim({"state", "import", "copy.json", "--force"}).code, 0);
  EXPECT_THAT(lab.aim({"state", "list"}).out, HasSubstr("container.web"));
  lab.forget_state();
  EXPECT_EQ(lab.aim({"state", "import", "copy.json"}).code, 0);
  EXPECT_THAT(lab.aim({"plan"}).out, HasSubstr("No changes."));
}

TEST(Workspaces, AreMadeListedAndDeleted) {
  const Lab lab("spaces");
  lab.configure("volumes: { data: {} }\n");
  EXPECT_EQ(lab.aim({"workspace", "new", "staging"}).code, 0);
  EXPECT_EQ(lab.aim({"workspace", "new", "staging"}).code, 1);
  EXPECT_EQ(lab.aim({"workspace", "new", "default"}).code, 1);
  EXPECT_EQ(lab.aim({"workspace", "list"}, {{"AIM_WORKSPACE", "staging"}}).out,
            "  default\n* staging\n");
  ASSERT_EQ(lab.aim({"apply", "--yes", "--workspace", "staging"}).code, 0);
  const Finished refused = lab.aim({"workspace", "delete", "staging"});
  EXPECT_EQ(refused.code, 1);
  EXPECT_THAT(refused.err, HasSubstr("the workspace \"staging\" still has 1 resources."));
  ASSERT_EQ(lab.aim({"destroy", "--volumes", "--yes", "--workspace", "staging"}).code, 0);
  EXPECT_EQ(lab.aim({"workspace", "delete", "staging"}).code, 0);
  EXPECT_EQ(lab.aim({"workspace", "list"}).out, "* default\n");
}

}  // namespace
}  // namespace aim::e2e
