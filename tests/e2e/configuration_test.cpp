#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/e2e/lab.hpp"

namespace aim::e2e {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

void expect_empty_plan(const Lab& lab) {
  const Finished plan = lab.aim({"plan", "--detailed-exitcode"});
  EXPECT_EQ(plan.code, 0) << plan.out << plan.err;
  EXPECT_THAT(plan.out, HasSubstr("No changes."));
}

/// Applies and expects that the next plan is empty.
void apply(const Lab& lab, const std::string& summary, std::vector<std::string> more = {}) {
  std::vector<std::string> arguments{"apply", "--yes"};
  arguments.insert(arguments.end(), more.begin(), more.end());
  const Finished applied = lab.aim(arguments);
  ASSERT_EQ(applied.code, 0) << applied.out << applied.err;
  EXPECT_THAT(applied.out, HasSubstr("Apply complete! Resources: " + summary));
  expect_empty_plan(lab);
}

std::string id_of(const Lab& lab, const std::string& container) {
  return lab.docker({"inspect", "--format", "{{.Id}} {{.State.StartedAt}}", container});
}

std::string servers(const std::string& name, const std::string& keys, const std::string& more) {
  return fmt::format(R"(
variables:
  servers: {{ default: {{ {} }} }}
  extra: {{ default: true }}
endpoints:
  {}:
    for_each: "${{var.servers}}"
    model: "test/${{each.key}}"
    backend: vllm
    image: aim/model-server:1
    port: "${{each.value}}"
    env: {{ MODEL_SERVER_TOKENS_PER_SECOND: "1000" }}
    mounts: ['data["${{each.key}}"]:/data']
    stop_grace_period: 5s
    readiness: {{ interval: 200ms, start_timeout: 30s }}
volumes: {{ data: {{ for_each: "${{var.servers}}" }} }}
outputs: {{ urls: "${{endpoint.{}[*].url}}" }}
{}
)",
                     keys,
                     name,
                     name,
                     more);
}

TEST(ConfigurationLanguage, SetsGrowShrinkMoveAndAreReachedByTheirNames) {
  const Lab lab("language");
  const std::string first = fmt::format("eu: {}", lab.port(0));
  const std::string both = fmt::format("eu: {}, us: {}", lab.port(0), lab.port(1));
  lab.configure(servers("llm", first, ""));
  apply(lab, "3 added, 0 changed, 0 destroyed.");
  EXPECT_EQ(lab.chat(lab.port(0), "test/eu").status, 200);
  const std::vector<std::string> objects = lab.labelled();
  ASSERT_EQ(objects.size(), 3U);
  const std::string container = objects.front().substr(objects.front().find(' ') + 1);
  const std::string born = id_of(lab, container);

  lab.configure(servers("llm", both, ""));
  apply(lab, "2 added, 0 changed, 0 destroyed.");
  EXPECT_EQ(id_of(lab, container), born) << "growth touched what was there";
  EXPECT_EQ(lab.chat(lab.port(1), "test/us").status, 200);
  const Finished logs = lab.aim({"logs", "llm[us]"});
  EXPECT_EQ(logs.code, 0) << logs.err;

  // The whole set gets another name: containers keep running, networks and volumes their names.
  lab.configure(servers("chat", both, "moved: [ { from: endpoint.llm, to: endpoint.chat } ]\n"));
  const Finished plan = lab.aim({"plan"});
  EXPECT_THAT(plan.out, HasSubstr("(moved from endpoint.llm[\"eu\"])"));
  EXPECT_THAT(plan.out, HasSubstr("Plan: 0 to add, 2 to change, 0 to destroy."));
  apply(lab, "0 added, 2 changed, 0 destroyed.");
  std::string moved = container;
  moved.replace(moved.find("-llm-"), 5, "-chat-");
  EXPECT_EQ(id_of(lab, moved), born) << "the move restarted it";
  // On the network it has its new name.
  EXPECT_THAT(lab.docker({"inspect", "--format", "{{json .NetworkSettings.Networks}}", moved}),
              HasSubstr("\"" + moved.substr(lab.project().size() + 1) + "\""));

  // State is lost while the entry is there: all is found again.
  lab.forget_state();
  expect_empty_plan(lab);
  const Finished rebuilt = lab.aim({"apply", "--yes"});
  EXPECT_EQ(rebuilt.code, 0) << rebuilt.out << rebuilt.err;

  lab.configure(servers("chat", first, "moved: [ { from: endpoint.llm, to: endpoint.chat } ]\n"));
  apply(lab, "0 added, 0 changed, 1 destroyed.");
  EXPECT_EQ(id_of(lab, moved), born);
}

std::string web(const std::string& enabled,
                const std::string& image,
                const std::string& memory,
                const std::string& lifecycle) {
  return fmt::format(R"(
variables: {{ token: {{ sensitive: true, default: "${{env:TEST_TOKEN}}" }} }}
containers:
  web:
    image: aim/model-server:{}
    enabled: {}
    command: ["test/model"]
    memory: {}
    env: {{ TOKEN: "${{var.token}}" }}
    stop_grace_period: 1s
    lifecycle: {{ {} }}
)",
                     image,
                     enabled,
                     memory,
                     lifecycle);
}

TEST(ConfigurationLanguage, LifecycleEnabledAndSecretsThatAreNotHere) {
  const Lab lab("lifecycle");
  const std::string name = lab.project() + "-web";
  const std::map<std::string, std::string> token{{"TEST_TOKEN", "one"}};
  const auto apply_with = [&](const std::string& summary) {
    const Finished applied = lab.aim({"apply", "--yes"}, token);
    ASSERT_EQ(applied.code, 0) << applied.out << applied.err;
    EXPECT_THAT(applied.out, HasSubstr("Apply complete! Resources: " + summary));
  };
  lab.configure(web("true", "1", "64MiB", "ignore_changes: [image, memory, memory_swap]"));
  apply_with("2 added, 0 changed, 0 destroyed.");
  const std::string born = id_of(lab, name);

  // The secret is not set here: assumed unchanged, and an apply says how to give it.
  const Finished plan = lab.aim({"plan", "--detailed-exitcode"});
  EXPECT_EQ(plan.code, 0) << plan.out << plan.err;
  EXPECT_THAT(plan.out, HasSubstr("(not set here, assumed unchanged)"));
  const Finished refused = lab.aim({"apply", "--yes"});
  EXPECT_EQ(refused.code, 1);
  EXPECT_THAT(refused.err, HasSubstr("AIM_VAR_token"));

  // Neither the file nor drift makes a difference where it is ignored.
  lab.docker({"update", "--memory", "128m", "--memory-swap", "256m", name});
  lab.configure(web("true", "2", "64MiB", "ignore_changes: [image, memory, memory_swap]"));
  expect_empty_plan(lab);

  lab.configure(web("true", "1", "64MiB", "prevent_destroy: true"));
  apply_with("0 added, 1 changed, 0 destroyed.");
  EXPECT_EQ(id_of(lab, name), born);
  lab.configure("containers: {}\n");
  const Finished protected_plan = lab.aim({"plan"});
  EXPECT_EQ(protected_plan.code, 1);
  EXPECT_THAT(protected_plan.err, HasSubstr("Resource is protected"));

  lab.configure(web("true", "1", "64MiB", ""));
  apply_with("0 added, 1 changed, 0 destroyed.");
  lab.configure(web("false", "1", "64MiB", "") + "networks: { default: {} }\n");
  apply_with("0 added, 0 changed, 1 destroyed.");
  EXPECT_NE(lab.try_docker({"inspect", name}).code, 0);

  lab.configure(web("true", "1", "64MiB", ""));
  apply_with("1 added, 0 changed, 0 destroyed.");
  lab.configure(
      "networks: { default: {} }\nremoved: [ { from: container.web, destroy: false } ]\n");
  apply(lab, "0 added, 0 changed, 0 destroyed.");
  EXPECT_EQ(lab.docker({"inspect", "--format", "{{.State.Running}}", name}), "true");
}

}  // namespace
}  // namespace aim::e2e
