#include "planner/configuration.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include "tests/unit/planner/configuration_fixture.hpp"

namespace aim::planner {
namespace {

using core::Address;
using core::Kind;
using core::List;
using core::Map;
using core::Reference;
using core::Secret;
using core::Template;
using core::Value;

Address address(Kind kind, std::string name) {
  return Address{kind, std::move(name), std::nullopt};
}

Address container(std::string name) { return address(Kind::Container, std::move(name)); }

/// Loads what must be right.
Configuration loaded(ConfigurationCase& one) {
  Configuration configuration = one.load();
  EXPECT_EQ(one.report(), "");
  return configuration;
}

Configuration loaded(const std::string& text) {
  ConfigurationCase one(text);
  return loaded(one);
}

const Value& attribute(const Configuration& configuration,
                       const Address& of,
                       const std::string& name) {
  static const Value kNull;
  const auto found = configuration.resources.find(of);
  const Value* value =
      found == configuration.resources.end() ? nullptr : core::find(found->second.attributes, name);
  return value == nullptr ? kNull : *value;
}

/// The environment of container.web, whose lines are `env` at an indentation of six.
Value env_of(ConfigurationCase& one) { return attribute(loaded(one), container("web"), "env"); }

std::string with_env(const std::string& head, const std::string& env) {
  return "project: lab\n" + head + "containers:\n  web:\n    image: nginx\n    env:\n" + env;
}

TEST(Configuration, LoadsEverySection) {
  const Configuration configuration = loaded(
      "version: 1\n"
      "project: lab\n"
      "x-free: { anything: [goes, \"${here\"] }\n"
      "hosts: { local: { docker: unix:///run/docker.sock } }\n"
      "state: { path: ../state.db }\n"
      "backends: { vllm: { image: vllm/vllm:v1 } }\n"
      "endpoints:\n"
      "  qwen: { model: Qwen/Qwen3-32B, port: 8001 }\n"
      "containers:\n"
      "  web: { image: \"nginx:1.25\", mounts: [\"data:/data\"] }\n"
      "volumes:\n"
      "  data:\n"
      "networks:\n"
      "  outside: { external: true }\n"
      "outputs:\n"
      "  chat: \"${endpoint.qwen.url}/v1\"\n");
  EXPECT_EQ(configuration.project, "lab");
  EXPECT_EQ(configuration.workspace, "default");
  EXPECT_EQ(configuration.docker_host, "unix:///run/docker.sock");
  EXPECT_EQ(configuration.state_path, "../state.db");
  EXPECT_EQ(configuration.resources.size(), 5U);
  EXPECT_EQ(attribute(configuration, address(Kind::Endpoint, "qwen"), "port"), Value(8001));
  EXPECT_EQ(attribute(configuration, container("web"), "image"), Value("nginx:1.25"));
  EXPECT_TRUE(configuration.resources.contains(address(Kind::Volume, "data")));
  EXPECT_TRUE(configuration.resources.at(address(Kind::Network, "outside")).external);
  EXPECT_TRUE(configuration.outputs.contains("chat"));
}

TEST(Configuration, GivesResourcesAndAttributesTheirPlaces) {
  const Configuration configuration =
      loaded("project: lab\ncontainers:\n  web:\n    image: nginx\n    env: { A: b }\n");
  const DesiredResource& web = configuration.resources.at(container("web"));
  EXPECT_EQ(web.range, (core::SourceRange{"aim.yaml", {3, 3}, {3, 6}}));
  EXPECT_EQ(core::position_of(web.positions, {"env", "A"}),
            (core::SourceRange{"aim.yaml", {5, 15}, {5, 16}}));
  EXPECT_EQ(core::position_of(web.positions, {"restart"}), web.range);
}

TEST(Configuration, TellsWhatCameFromTheTable) {
  const Configuration configuration =
      loaded("project: lab\ncontainers: { web: { image: nginx, restart: always } }\n");
  const std::vector<std::string>& defaulted =
      configuration.resources.at(container("web")).defaulted;
  EXPECT_EQ(std::count(defaulted.begin(), defaulted.end(), "pull"), 1);
  EXPECT_EQ(std::count(defaulted.begin(), defaulted.end(), "restart"), 0);
}

TEST(Configuration, MergesFilesWhateverTheirOrder) {
  ConfigurationCase forwards;
  forwards.input.files = {{"a.aim.yaml", "project: lab\ncontainers: { a: { image: x } }\n"},
                          {"b.aim.yaml",
                           "containers: { b: { image: y, depends_on: [container.a] } }\n"
                           "variables: { v: { default: 1 } }\n"}};
  ConfigurationCase backwards;
  backwards.input.files = {forwards.input.files[1], forwards.input.files[0]};
  const Configuration one = loaded(forwards);
  const Configuration two = loaded(backwards);
  ASSERT_EQ(one.resources.size(), 3U);
  EXPECT_EQ(one.digest, two.digest);
  EXPECT_EQ(one.variables, two.variables);
  for (const auto& [of, resource] : one.resources) {
    const DesiredResource& other = two.resources.at(of);
    EXPECT_EQ(resource.attributes, other.attributes);
    EXPECT_EQ(resource.dependencies, other.dependencies);
    EXPECT_EQ(resource.docker_name, other.docker_name);
    EXPECT_EQ(resource.positions, other.positions);
  }
}

TEST(Configuration, TheOrderOfKeysChangesNothing) {
  const Configuration one = loaded(
      "project: lab\nvolumes: { v: , w: }\ncontainers:\n  a:\n    image: x\n    env: { P: 1, Q: "
      "2 }\n    mounts: [\"v:/v\", \"w:/w\"]\n  b: { image: y, depends_on: [container.a] }\n");
  const Configuration two = loaded(
      "containers:\n  b: { depends_on: [container.a], image: y }\n  a:\n    mounts: [\"w:/w\", "
      "\"v:/v\"]\n    env: { Q: 2, P: 1 }\n    image: x\nvolumes: { w: , v: }\nproject: lab\n");
  ASSERT_EQ(one.resources.size(), two.resources.size());
  for (const auto& [of, resource] : one.resources) {
    EXPECT_EQ(resource.attributes, two.resources.at(of).attributes) << of.str();
    EXPECT_EQ(resource.dependencies, two.resources.at(of).dependencies) << of.str();
  }
}

TEST(Configuration, DigestFollowsNamesAndTexts) {
  const auto digest = [](std::vector<ConfigurationFile> files) {
    ConfigurationCase one;
    one.input.files = std::move(files);
    return one.load().digest;
  };
  const std::string first = digest({{"aim.yaml", "project: lab\n"}});
  EXPECT_EQ(first.size(), 64U);
  EXPECT_EQ(first, digest({{"aim.yaml", "project: lab\n"}}));
  EXPECT_NE(first, digest({{"aim.yaml", "project: lab \n"}}));
  EXPECT_NE(first, digest({{"b.aim.yaml", "project: lab\n"}}));
  EXPECT_NE(first, digest({{"aim.yaml", "project: lab\n"}, {"b.aim.yaml", ""}}));
}

TEST(Configuration, NamesObjectsOnDocker) {
  EXPECT_EQ(default_docker_name("lab", "default", container("web")), "lab-web");
  EXPECT_EQ(default_docker_name("lab", "staging", container("web")), "lab-staging-web");
  const Address keyed{Kind::Endpoint, "embed", "US East/1!"};
  EXPECT_EQ(default_docker_name("lab", "default", keyed),
            "lab-embed-us-east-1-" + core::sha256_hex("US East/1!").substr(0, 6));
  EXPECT_EQ(default_docker_name("lab", "default", Address{Kind::Endpoint, "e", "?"}),
            "lab-e-" + core::sha256_hex("?").substr(0, 6));
}

TEST(Configuration, TakesNamesAndWorkspaceForDocker) {
  ConfigurationCase one(
      "project: lab\ncontainers:\n  web: { image: x }\n  named: { image: x, name: "
      "\"my-${project}-${workspace}\" }\nnetworks: { out: { external: true }, other: { external: "
      "true, name: shared } }\n");
  one.input.workspace = "staging";
  const Configuration configuration = loaded(one);
  const auto name = [&](Kind kind, const char* key) {
    return configuration.resources.at(address(kind, key)).docker_name;
  };
  EXPECT_EQ(name(Kind::Container, "web"), "lab-staging-web");
  EXPECT_EQ(name(Kind::Container, "named"), "my-lab-staging");
  EXPECT_EQ(name(Kind::Network, "default"), "lab-staging-default");
  EXPECT_EQ(name(Kind::Network, "out"), "out");
  EXPECT_EQ(name(Kind::Network, "other"), "shared");
}

TEST(Configuration, JoinsTheDefaultNetwork) {
  const Configuration configuration = loaded(
      "project: lab\ncontainers:\n  web: { image: x }\n  alone: { image: x, network_mode: none "
      "}\n  away: { image: x, networks: [back] }\nnetworks: { back: }\n");
  const Address network = address(Kind::Network, "default");
  EXPECT_EQ(attribute(configuration, container("web"), "networks"), Value(Map{{"default", Map()}}));
  EXPECT_EQ(configuration.resources.at(container("web")).dependencies,
            std::vector<Address>{network});
  EXPECT_TRUE(attribute(configuration, container("alone"), "networks").is_null());
  EXPECT_EQ(attribute(configuration, container("away"), "networks"), Value(Map{{"back", Map()}}));
  ASSERT_TRUE(configuration.resources.contains(network));
  EXPECT_EQ(configuration.resources.at(network).docker_name, "lab-default");
  EXPECT_EQ(configuration.resources.at(network).range,
            (core::SourceRange{"aim.yaml", {1, 10}, {1, 13}}));
}

TEST(Configuration, MakesNoDefaultNetworkThatNobodyJoins) {
  const Configuration configuration = loaded(
      "project: lab\ncontainers: { a: { image: x, network_mode: host } }\nvolumes: { v: }\n");
  EXPECT_EQ(configuration.resources.size(), 2U);
}

TEST(Configuration, TakesADefaultNetworkThatIsWritten) {
  const Configuration configuration = loaded(
      "project: lab\ncontainers: { a: { image: x } }\nnetworks: { default: { internal: true } }\n");
  EXPECT_EQ(attribute(configuration, address(Kind::Network, "default"), "internal"), Value(true));
}

TEST(Configuration, CollectsDependencies) {
  const Configuration configuration = loaded(
      "project: lab\n"
      "containers:\n"
      "  db: { image: x, networks: { back: { aliases: [sql] } } }\n"
      "  web:\n"
      "    image: x\n"
      "    depends_on: [container.db, container.db]\n"
      "    env: { URL: \"${endpoint.qwen.internal_url}/v1\", AGAIN: \"${endpoint.qwen.model}\" }\n"
      "    mounts: [\"data:/data:ro\", \"/host:/host\", { type: volume, source: logs, target: /l "
      "}]\n"
      "    networks: [back, front]\n"
      "endpoints: { qwen: { model: m, image: i } }\n"
      "networks: { back: , front: }\n"
      "volumes: { data: , logs: }\n");
  EXPECT_EQ(configuration.resources.at(container("web")).dependencies,
            (std::vector<Address>{address(Kind::Endpoint, "qwen"),
                                  container("db"),
                                  address(Kind::Network, "back"),
                                  address(Kind::Network, "front"),
                                  address(Kind::Volume, "data"),
                                  address(Kind::Volume, "logs")}));
  EXPECT_EQ(configuration.resources.at(container("db")).dependencies,
            std::vector<Address>{address(Kind::Network, "back")});
}

TEST(Configuration, KeepsReferencesForLater) {
  ConfigurationCase one(
      with_env("endpoints: { qwen: { model: m, image: i } }\n"
               "variables: { path: { default: v1 } }\n",
               "      ALONE: ${endpoint.qwen.port}\n"
               "      INSIDE: \"${endpoint.qwen.url}/${var.path}?\"\n"));
  const Value env = env_of(one);
  const Address qwen = address(Kind::Endpoint, "qwen");
  EXPECT_EQ(*core::find(*env.get<Map>(), "ALONE"), Value(Template{{Reference{qwen, "port"}}}));
  EXPECT_EQ(*core::find(*env.get<Map>(), "INSIDE"),
            Value(Template{{Reference{qwen, "url"}, "/v1?"}}));
}

TEST(Configuration, PutsValuesIntoTexts) {
  ConfigurationCase one(with_env(
      "variables: { n: { default: 4 }, list: { default: [a, { b: c }] }, t: { default: text } }\n",
      "      N: ${var.n}\n"
      "      TEXT: a-${var.n}-${var.t}-${var.list.0}-${var.list.1.b}\n"
      "      WHO: ${project}/${workspace}\n"
      "      SET: ${env:SET}\n"
      "      UNSET: ${env:UNSET:-none}\n"
      "      EMPTY: ${env:EMPTY:-none}\n"
      "      NOTHING: \"${env:EMPTY}\"\n"
      "      FILE: ${file:key.txt}\n"
      "      LITERAL: $${var.n}\n"));
  one.environment = {{"SET", "yes"}, {"EMPTY", ""}};
  one.other_files = {{"key.txt", "\n  content of the file \n\n"}};
  EXPECT_EQ(env_of(one),
            Value(Map{{"N", "4"},
                      {"TEXT", "a-4-text-a-c"},
                      {"WHO", "lab/default"},
                      {"SET", "yes"},
                      {"UNSET", "none"},
                      {"EMPTY", "none"},
                      {"NOTHING", ""},
                      {"FILE", "content of the file"},
                      {"LITERAL", "${var.n}"}}));
}

TEST(Configuration, AloneAnInterpolationKeepsItsType) {
  const Configuration configuration = loaded(
      "project: lab\nvariables: { mib: { default: 512MiB }, cmd: { default: [a, b] }, init: { "
      "default: true } }\ncontainers: { web: { image: x, memory: \"${var.mib}\", command: "
      "\"${var.cmd}\", init: \"${var.init}\" } }\n");
  EXPECT_EQ(attribute(configuration, container("web"), "memory"), Value(512 * 1024 * 1024));
  EXPECT_EQ(attribute(configuration, container("web"), "command"), Value(List{"a", "b"}));
  EXPECT_EQ(attribute(configuration, container("web"), "init"), Value(true));
}

TEST(Configuration, KeepsNumbersInTextsAsTheyAreWritten) {
  ConfigurationCase one(
      with_env("", "      A: 1.10\n      B: 007\n      C: 0x10\n      D: true\n"));
  EXPECT_EQ(env_of(one), Value(Map{{"A", "1.10"}, {"B", "007"}, {"C", "0x10"}, {"D", "true"}}));
}

TEST(Configuration, ReadsFilesBesideTheFileThatNamesThem) {
  ConfigurationCase one;
  one.input.files = {{"aim.yaml", "project: lab\n"},
                     {"sub/b.aim.yaml", "outputs: { a: \"${file:x}\" }\n"}};
  static_cast<void>(one.load());
  EXPECT_EQ(one.report(),
            "sub/b.aim.yaml:1:16: error: File cannot be read\n"
            "  `${file:x}`: there is no x beside sub/b.aim.yaml. A relative path begins at the "
            "file it is written in.\n");
}

TEST(Configuration, SensitiveValuesStaySensitive) {
  ConfigurationCase one(
      with_env("variables: { token: { sensitive: true, default: s3cret } }\n"
               "endpoints: { q: { model: m, image: i } }\n",
               "      ALONE: ${var.token}\n"
               "      INSIDE: Bearer ${var.token}!\n"
               "      MIXED: ${endpoint.q.url}?${var.token}\n"));
  const Configuration configuration = loaded(one);
  const Map env = *attribute(configuration, container("web"), "env").get<Map>();
  const Secret* alone = core::find(env, "ALONE")->get<Secret>();
  const Secret* inside = core::find(env, "INSIDE")->get<Secret>();
  const Template* mixed = core::find(env, "MIXED")->get<Template>();
  ASSERT_TRUE(alone && inside && mixed);
  EXPECT_EQ(alone->reveal(), "s3cret");
  EXPECT_EQ(inside->reveal(), "Bearer s3cret!");
  EXPECT_TRUE(std::holds_alternative<Secret>(mixed->parts.back()));
  const std::string salt = secret_salt("lab", "default", container("web"));
  EXPECT_EQ(salt, "lab/default/container.web");
  EXPECT_EQ(alone->digest(), Secret("s3cret").with_digest(salt + "/env.ALONE").digest());
  const VariableValue& token = configuration.variables.at("token");
  EXPECT_TRUE(token.sensitive);
  EXPECT_EQ(token.value.get<Secret>()->digest(),
            Secret("s3cret").with_digest("lab/default/var.token/").digest());
}

TEST(Configuration, ASensitiveListHasSensitiveItems) {
  ConfigurationCase one(
      with_env("variables: { keys: { sensitive: true, default: [a, { b: 5 }] } }\n",
               "      FIRST: ${var.keys.0}\n      SECOND: ${var.keys.1.b}\n"));
  const Map env = *env_of(one).get<Map>();
  EXPECT_EQ(core::find(env, "FIRST")->get<Secret>()->reveal(), "a");
  EXPECT_EQ(core::find(env, "SECOND")->get<Secret>()->reveal(), "5");
}

TEST(Configuration, DefaultsMergeMapsAndReplaceLists) {
  const Configuration configuration = loaded(
      "project: lab\n"
      "defaults:\n"
      "  container: { image: base, env: { A: 1, B: 2 }, command: [x, y], lifecycle: { "
      "prevent_destroy: true } }\n"
      "containers:\n"
      "  one: { env: { B: 3, C: 4 }, command: [z], lifecycle: { on_destroy: retain } }\n"
      "  two:\n"
      "  three: { env: ~ }\n");
  EXPECT_EQ(attribute(configuration, container("one"), "image"), Value("base:latest"));
  EXPECT_EQ(attribute(configuration, container("one"), "env"),
            Value(Map{{"A", "1"}, {"B", "3"}, {"C", "4"}}));
  EXPECT_EQ(attribute(configuration, container("one"), "command"), Value(List{"z"}));
  EXPECT_EQ(configuration.resources.at(container("one")).lifecycle,
            (Lifecycle{true, true, false, {}, {}}));
  EXPECT_EQ(attribute(configuration, container("two"), "env"), Value(Map{{"A", "1"}, {"B", "2"}}));
  EXPECT_TRUE(attribute(configuration, container("three"), "env").is_null());
}

TEST(Configuration, BackendsGiveEndpointsTheirImage) {
  const Configuration configuration = loaded(
      "project: lab\nbackends: { vllm: { image: \"v:1\" }, sglang: { image: \"s:1\" } }\n"
      "endpoints:\n  a: { model: m }\n  b: { model: m, backend: sglang }\n  c: { model: m, image: "
      "\"own:1\" }\n");
  const auto image = [&](const char* name) {
    return attribute(configuration, address(Kind::Endpoint, name), "image");
  };
  EXPECT_EQ(image("a"), Value("v:1"));
  EXPECT_EQ(image("b"), Value("s:1"));
  EXPECT_EQ(image("c"), Value("own:1"));
  const DesiredResource& a = configuration.resources.at(address(Kind::Endpoint, "a"));
  EXPECT_EQ(core::position_of(a.positions, {"image"})->begin.line, 2U);
}

TEST(Configuration, VolumesAreRetainedUnlessToldOtherwise) {
  const Configuration configuration = loaded(
      "project: lab\nvolumes: { a: , b: { lifecycle: { on_destroy: delete } } }\nnetworks: { n: "
      "}\n");
  EXPECT_TRUE(configuration.resources.at(address(Kind::Volume, "a")).lifecycle.retain);
  EXPECT_FALSE(configuration.resources.at(address(Kind::Volume, "b")).lifecycle.retain);
  EXPECT_FALSE(configuration.resources.at(address(Kind::Network, "n")).lifecycle.retain);
}

TEST(Configuration, ReadsOutputs) {
  const Configuration configuration = loaded(
      "project: lab\nvariables: { key: { sensitive: true, default: k } }\n"
      "endpoints: { q: { model: m, image: i, api_key: k } }\n"
      "outputs:\n  short: \"${endpoint.q.url}/v1\"\n  list: [1, two]\n"
      "  long: { value: 5, sensitive: true, description: what it is }\n"
      "  secret: \"x${var.key}\"\n  key: \"${endpoint.q.api_key}\"\n");
  const auto& outputs = configuration.outputs;
  EXPECT_TRUE(outputs.at("short").value.is<Template>());
  EXPECT_EQ(outputs.at("list").value, Value(List{1, "two"}));
  EXPECT_EQ(outputs.at("long").description, "what it is");
  EXPECT_FALSE(outputs.at("short").sensitive);
  EXPECT_TRUE(outputs.at("long").sensitive);
  EXPECT_TRUE(outputs.at("secret").sensitive);
  EXPECT_TRUE(outputs.at("key").sensitive);
  EXPECT_EQ(outputs.at("secret").value.get<Secret>()->reveal(), "xk");
}

TEST(Configuration, KeepsTheTextsForDiagnosticsWithoutTheByteOrderMark) {
  ConfigurationCase one("\xEF\xBB\xBFproject: lab\n");
  static_cast<void>(loaded(one));
  EXPECT_EQ(one.sources.line("aim.yaml", 1), "project: lab");
}

TEST(Configuration, AnchorsAndMergeKeysWork) {
  const Configuration configuration = loaded(
      "project: lab\nx-base: &base { image: nginx, env: { A: 1 } }\n"
      "containers:\n  one: *base\n  two: { <<: *base, image: other }\n");
  EXPECT_EQ(attribute(configuration, container("one"), "image"), Value("nginx:latest"));
  EXPECT_EQ(attribute(configuration, container("two"), "image"), Value("other:latest"));
  EXPECT_EQ(attribute(configuration, container("two"), "env"), Value(Map{{"A", "1"}}));
}

TEST(Configuration, PositionsOfPortsAndMountsFollowTheirOrder) {
  ConfigurationCase one(
      "project: lab\n"
      "containers:\n"
      "  web:\n"
      "    image: web:1\n"
      "    ports:\n"
      "      - 9000:90\n"
      "      - 8000:80\n"
      "    mounts:\n"
      "      - { type: tmpfs, target: /z, size: 1MiB }\n"
      "      - /etc:/a:ro\n");
  const Configuration configuration = one.load();
  EXPECT_EQ(one.report(), "");
  const DesiredResource& web =
      configuration.resources.at(core::Address::parse("container.web").value());
  const auto line = [&](core::Path path) {
    return core::position_of(web.positions, std::move(path))->begin.line;
  };
  EXPECT_EQ(line({"ports", std::size_t{0}}), 7U);  // 0.0.0.0:8000:80/tcp
  EXPECT_EQ(line({"ports", std::size_t{1}}), 6U);
  EXPECT_EQ(line({"mounts", std::size_t{0}}), 10U);  // at /a
  EXPECT_EQ(line({"mounts", std::size_t{1}, "size"}), 9U);
}

}  // namespace
}  // namespace aim::planner
