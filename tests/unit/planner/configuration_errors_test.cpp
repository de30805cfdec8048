#include <gtest/gtest.h>

#include "tests/unit/planner/configuration_fixture.hpp"

namespace aim::planner {
namespace {

TEST(ConfigurationErrors, UnknownTopLevelKey) {
  EXPECT_EQ(
      report_of_body("endpoint: { q: { model: m } }\nservices: {}\n"),
      "aim.yaml:2:1: error: Unknown key\n"
      "  A configuration has no key \"endpoint\". Did you mean `endpoints`? It takes version, "
      "project, hosts, variables, backends, defaults, endpoints, containers, volumes, "
      "networks, outputs, on_failure, moved, removed and state.\n"
      "aim.yaml:3:1: error: Unknown key\n"
      "  A configuration has no key \"services\". It takes version, project, hosts, "
      "variables, backends, defaults, endpoints, containers, volumes, networks, outputs, "
      "on_failure, moved, removed and state.\n");
}

TEST(ConfigurationErrors, UnknownAttribute) {
  EXPECT_EQ(report_of_body("containers:\n  web: { imgae: nginx, image: nginx }\n"),
            "aim.yaml:3:17: error: Unknown attribute\n"
            "  A container has no attribute `imgae`. Did you mean `image`? "
            "docs/reference/container.md lists all attributes of a container.\n");
}

TEST(ConfigurationErrors, UnknownKind) {
  EXPECT_EQ(
      report_of_body("defaults: { containers: { image: x } }\n"
                     "containers: { web: { image: x, depends_on: [contaner.db], env: { A: "
                     "\"${netwrk.x.name}\" } } }\n"),
      "aim.yaml:2:13: error: Unknown key\n"
      "  `defaults` has no key \"containers\". Did you mean `container`? It takes endpoint, "
      "container, network and volume.\n"
      "aim.yaml:3:45: error: Bad address\n"
      "  \"contaner.db\" is no address of a resource. Did you mean `container`? One is written "
      "KIND.NAME, KIND being endpoint, container, network or volume.\n"
      "aim.yaml:3:70: error: Unknown reference\n"
      "  `${netwrk.x.name}` begins with \"netwrk\", which is no kind of resource and nothing else "
      "that can be referred to. Did you mean `network`? It can be var.NAME, KIND.NAME.ATTRIBUTE, "
      "each.key, each.value, project, workspace, env:NAME or file:PATH; where `${` is meant as "
      "text, write `$${`.\n");
}

TEST(ConfigurationErrors, UnknownResource) {
  EXPECT_EQ(
      report_of_body("endpoints: { qwen: { model: m, image: i } }\n"
                     "containers:\n"
                     "  a: { image: x, env: { U: \"see ${endpoint.qwn.url}\" } }\n"
                     "  b: { image: x, depends_on: [container.qwen] }\n"
                     "outputs: { o: \"${volume.none.name}\" }\n"),
      "aim.yaml:4:33: error: Unknown resource\n"
      "  `${endpoint.qwn.url}` refers to endpoint.qwn, which this configuration does not have. "
      "Did you mean `endpoint.qwen`? Correct the name, or add it under `endpoints`.\n"
      "aim.yaml:5:31: error: Unknown resource\n"
      "  `container.qwen` refers to container.qwen, which this configuration does not have. Did "
      "you mean `endpoint.qwen`? Correct the name, or add it under `containers`.\n"
      "aim.yaml:6:16: error: Unknown resource\n"
      "  `${volume.none.name}` refers to volume.none, which this configuration does not have. "
      "Correct the name, or add it under `volumes`.\n");
}

TEST(ConfigurationErrors, UnknownAttributeInAReference) {
  EXPECT_EQ(report_of_body("endpoints: { qwen: { model: m, image: i } }\n"
                           "outputs: { o: \"${endpoint.qwen.ulr}\" }\n"),
            "aim.yaml:3:16: error: Unknown attribute\n"
            "  `${endpoint.qwen.ulr}` refers to \"ulr\", which is no attribute of endpoint.qwen. "
            "Did you mean `url`? docs/reference/endpoint.md lists what can be referred to.\n");
}

TEST(ConfigurationErrors, UnknownVariable) {
  EXPECT_EQ(report_of_body("variables: { tag: { default: a } }\n"
                           "containers: { web: { image: \"nginx:${var.tga}\" } }\n"),
            "aim.yaml:3:36: error: Unknown variable\n"
            "  `${var.tga}` refers to a variable that is not declared. Did you mean `tag`? "
            "Declare it under `variables`.\n");
}

TEST(ConfigurationErrors, UnknownNetworkAndVolume) {
  EXPECT_EQ(
      report_of_body("containers:\n"
                     "  a: { image: x, networks: [back, bakc], mounts: [\"dta:/d\"] }\n"
                     "  b:\n"
                     "    image: x\n"
                     "    networks: { front: { aliases: [y] } }\n"
                     "    mounts: [{ type: volume, source: data2, target: /d }]\n"
                     "networks: { back: }\n"
                     "volumes: { data: }\n"),
      "aim.yaml:3:35: error: Unknown network\n"
      "  container.a joins the network \"bakc\", which is no key of `networks` here. Did you mean "
      "`back`? Add it there, with `external: true` if it exists already.\n"
      "aim.yaml:3:51: error: Unknown volume\n"
      "  container.a mounts the volume \"dta\", which is no key of `volumes` here. Did you mean "
      "`data`? Add it there, with `external: true` if it exists already.\n"
      "aim.yaml:6:24: error: Unknown network\n"
      "  container.b joins the network \"front\", which is no key of `networks` here. Add it "
      "there, with `external: true` if it exists already.\n"
      "aim.yaml:7:38: error: Unknown volume\n"
      "  container.b mounts the volume \"data2\", which is no key of `volumes` here. Did you mean "
      "`data`? Add it there, with `external: true` if it exists already.\n");
}

TEST(ConfigurationErrors, DefinedTwice) {
  ConfigurationCase one;
  one.input.files = {
      {"b.aim.yaml", "containers:\n  web: { image: y }\nproject: other\nvariables: { v: {} }\n"},
      {"aim.yaml",
       "project: lab\nvariables: { v: { default: 1 } }\ncontainers: { web: { image: x } "
       "}\n"}};
  static_cast<void>(one.load());
  EXPECT_EQ(one.report(),
            "b.aim.yaml:2:3: error: Defined twice\n"
            "  `containers.web` is defined in two files, and only one of them could count. Remove "
            "or rename one.\n"
            "  aim.yaml:3:15: first defined here\n"
            "b.aim.yaml:3:1: error: Defined twice\n"
            "  `project` is defined in two files, and only one of them could count. Remove or "
            "rename one.\n"
            "  aim.yaml:1:1: first defined here\n"
            "b.aim.yaml:4:14: error: Defined twice\n"
            "  `variables.v` is defined in two files, and only one of them could count. Remove or "
            "rename one.\n"
            "  aim.yaml:2:14: first defined here\n");
}

TEST(ConfigurationErrors, DefinedTwiceInOneFile) {
  EXPECT_EQ(report_of_body("containers:\n  web: { image: x }\n  web: { image: y }\n"),
            "aim.yaml:4:3: error: Duplicate key\n"
            "  `web` is written twice in this map, and only one of them could count. Remove or "
            "rename one.\n"
            "  aim.yaml:3:3: first written here\n");
}

TEST(ConfigurationErrors, Cycles) {
  EXPECT_EQ(
      report_of_body("containers:\n"
                     "  a: { image: x, depends_on: [container.b] }\n"
                     "  b: { image: x, env: { A: \"${container.c.container_name}\" } }\n"
                     "  c: { image: x, depends_on: [container.a] }\n"
                     "  d: { image: x, depends_on: [container.a, container.d] }\n"),
      "aim.yaml:3:31: error: Dependency cycle\n"
      "  container.a -> container.b -> container.c -> container.a: each of them needs the next, "
      "so none could be the first to start. Remove one of the references or `depends_on` "
      "entries.\n"
      "  aim.yaml:4:29: container.b needs container.c here\n"
      "  aim.yaml:5:31: container.c needs container.a here\n"
      "aim.yaml:6:44: error: Dependency cycle\n"
      "  container.d -> container.d: each of them needs the next, so none could be the first to "
      "start. Remove one of the references or `depends_on` entries.\n");
}

TEST(ConfigurationErrors, WrongTypes) {
  EXPECT_EQ(
      report_of_body("containers:\n"
                     "  a: { image: [x], env: text, init: yes }\n"
                     "  b: nginx\n"
                     "  c: { image: x, depends_on: container.a, name: [x], lifecycle: { "
                     "prevent_destroy: maybe, on_destroy: keep } }\n"
                     "networks: [a]\n"),
      "aim.yaml:3:15: error: Wrong type\n"
      "  `image` must be an image reference such as vllm/vllm-openai:v0.11.1, but it is a list.\n"
      "aim.yaml:3:25: error: Wrong type\n"
      "  `env` must be a map of texts, but it is \"text\".\n"
      "aim.yaml:3:37: error: Invalid value\n"
      "  `init` must be true or false, but it is \"yes\".\n"
      "aim.yaml:4:6: error: Wrong type\n"
      "  `containers.b` must be a map, but it is \"nginx\".\n"
      "aim.yaml:5:30: error: Wrong type\n"
      "  `depends_on` must be a list of addresses, but it is \"container.a\".\n"
      "aim.yaml:5:49: error: Wrong type\n"
      "  `name` must be text, but it is a list.\n"
      "aim.yaml:5:84: error: Wrong type\n"
      "  `prevent_destroy` must be true or false, but it is \"maybe\".\n"
      "aim.yaml:5:103: error: Wrong type\n"
      "  `on_destroy` must be `delete` or `retain`, but it is \"keep\".\n"
      "aim.yaml:6:11: error: Wrong type\n"
      "  `networks` must be a map, but it is a list.\n");
}

TEST(ConfigurationErrors, NotSupportedYet) {
  EXPECT_EQ(
      report_of_body("import: []\n"
                     "on_failure: maybe\n"
                     "hosts: { far: {} }\n"
                     "containers:\n"
                     "  a:\n"
                     "    image: x\n"
                     "    lifecycle: { x: 1 }\n"),
      "aim.yaml:2:1: error: Not supported by this version\n"
      "  `import` is not supported by this version of aim. aim manages only what it has created.\n"
      "aim.yaml:3:13: error: Unknown value\n"
      "  `on_failure` is \"maybe\". It can be `rollback`, where a failure takes everything back, "
      "or "
      "`keep`, where what succeeded stays.\n"
      "aim.yaml:4:10: error: Unknown host\n"
      "  \"far\" is no host: there is one, and its name is `local`. Where its Docker is, "
      "`hosts.local.docker` says.\n"
      "aim.yaml:8:18: error: Unknown key\n"
      "  `lifecycle` has no key \"x\". It takes prevent_destroy, ignore_changes, "
      "replace_triggered_by and on_destroy.\n");
}

TEST(ConfigurationErrors, ProjectAndVersion) {
  EXPECT_EQ(report_of("version: 2\n"),
            "aim.yaml:1:1: error: Missing project\n"
            "  The configuration has no `project`: the name that its containers, networks and "
            "volumes begin with on Docker. Add `project: NAME`.\n"
            "aim.yaml:1:10: error: Unknown version\n"
            "  `version` is 2, and this version of aim reads version 1 of the configuration only. "
            "Write `version: 1`, or use a newer aim.\n");
  EXPECT_EQ(report_of("project: My Lab\n"),
            "aim.yaml:1:10: error: Bad project name\n"
            "  \"My Lab\" cannot be a project: a project name is 1 to 40 characters of a-z, 0-9 "
            "and -, and starts with a letter or digit.\n");
  EXPECT_EQ(report_of("project: \"${project}\"\n"),
            "aim.yaml:1:11: error: Reference is not possible here\n"
            "  `${project}` is not known in `project`, which must be known before anything else. "
            "Write the value out, or take it from ${env:NAME}.\n");
}

TEST(ConfigurationErrors, Names) {
  EXPECT_EQ(
      report_of_body("containers:\n"
                     "  a.b: { image: x }\n"
                     "  c: { image: x, name: \"with blank\" }\n"
                     "  d: { image: x, name: lab-x.g2 }\n"
                     "  e: { image: x }\n"
                     "endpoints: { e: { model: m, image: i } }\n"
                     "volumes: { v: { name: aim-lock.lab.default } }\n"
                     "networks: { n: { name: host } }\n"),
      "aim.yaml:3:3: error: Bad name of a resource\n"
      "  \"a.b\" cannot be the name of a resource: a name is 1 to 63 characters of a-z, A-Z, 0-9, "
      "- and _, and starts with a letter or digit.\n"
      "aim.yaml:4:24: error: Bad name\n"
      "  \"with blank\" cannot be a name on Docker, which has at least two characters out of a-z, "
      "A-Z, 0-9, `_`, `.` and `-`, and begins with a letter or digit.\n"
      "aim.yaml:5:24: error: Bad name\n"
      "  \"lab-x.g2\" ends like the name of a container that aim replaces (`.g` and a number). "
      "Choose another.\n"
      "aim.yaml:6:3: error: Name is used twice\n"
      "  endpoint.e and container.e would both be the container lab-e on Docker. Set `name` on "
      "one of them, or rename it.\n"
      "  aim.yaml:7:14: the other is here\n"
      "aim.yaml:8:23: error: Name is aim's own\n"
      "  Volumes whose names begin with aim-lock. are the locks of aim. Choose another name.\n"
      "aim.yaml:9:24: error: Name is Docker's own\n"
      "  network.n would be Docker's own network host, which knows no names of containers. Use "
      "`network_mode` for it, or choose another name.\n");
}

TEST(ConfigurationErrors, ExternalResourcesHaveNoAttributes) {
  EXPECT_EQ(report_of_body("volumes: { v: { external: true, driver: local } }\n"
                           "containers: { a: { image: x, external: true } }\n"),
            "aim.yaml:2:41: error: External resource with attributes\n"
            "  volume.v is `external: true`: it exists elsewhere and aim never creates or changes "
            "it, so `driver` would have no effect. Remove one of the two.\n"
            "aim.yaml:3:40: error: Unknown attribute\n"
            "  A container has no attribute `external`. docs/reference/container.md lists all "
            "attributes of a container.\n");
}

TEST(ConfigurationErrors, WhatMustBeKnownFirstTakesNoReferences) {
  EXPECT_EQ(report_of_body("containers:\n"
                           "  a: { image: x }\n"
                           "  b: { image: x, name: \"${container.a.container_name}-2\" }\n"
                           "  c: { image: x, networks: \"${container.a.networks}\" }\n"),
            "aim.yaml:4:25: error: Reference is not possible here\n"
            "  `${container.a.container_name}` is not known in what every resource takes "
            "(depends_on, name, lifecycle, external), which must be known before anything else. "
            "Write the value out, or take it from ${env:NAME}.\n"
            "aim.yaml:5:28: error: Reference is not possible here\n"
            "  `networks` holds keys of this configuration, and those must be known before "
            "anything else. Write the keys instead of a reference.\n");
}

TEST(ConfigurationErrors, ValuesThatAreNoText) {
  EXPECT_EQ(
      report_of_body("variables: { list: { default: [a] }, none: { default: ~ } }\n"
                     "outputs: { a: \"x ${var.list}\", b: \"x ${var.none}\", c: \"${var.list.1}\", "
                     "d: { \"${var.list}\": 1, value: 1 } }\n"),
      "aim.yaml:3:18: error: Value is not text\n"
      "  `${var.list}` is a list, which has no place inside a text. Only when it stands alone "
      "does an interpolation keep its type.\n"
      "aim.yaml:3:38: error: Value is not text\n"
      "  `${var.none}` is null, which has no place inside a text. Only when it stands alone does "
      "an interpolation keep its type.\n"
      "aim.yaml:3:56: error: Unknown part of a variable\n"
      "  The variable `list` has no part \"1\". A part of a map is named by its key, one of a "
      "list by its number from 0.\n"
      "aim.yaml:3:77: error: Unknown key\n"
      "  `outputs.d` has no key \"${var.list}\". It takes value, sensitive and description.\n");
}

TEST(ConfigurationErrors, InterpolationInAKey) {
  EXPECT_EQ(
      report_of_body("containers: { web: { image: x, env: { \"A_${var.x}\": 1, \"$${B}\": 2 } "
                     "} }\n"),
      "aim.yaml:2:39: error: Interpolation in a key\n"
      "  The key `A_${var.x}` holds an interpolation, which only values can. Write the key "
      "out; where `${` is meant as text, write `$${`.\n");
}

TEST(ConfigurationErrors, WhatStandsInDefaultsIsReportedOnce) {
  EXPECT_EQ(report_of_body("defaults: { container: { imgae: x } }\n"
                           "containers: { a: { image: x }, b: { image: x } }\n"),
            "aim.yaml:2:33: error: Unknown attribute\n"
            "  A container has no attribute `imgae`. Did you mean `image`? "
            "docs/reference/container.md lists all attributes of a container.\n");
}

TEST(ConfigurationErrors, AFileThatCannotBeReadCausesNoOthers) {
  ConfigurationCase one;
  one.input.files = {{"aim.yaml",
                      "containers: { a: { image: \"${var.tag}\", depends_on: "
                      "[container.b], networks: [n], mounts: [\"v:/v\"] } }\n"},
                     {"b.aim.yaml", "project: lab\ncontainers: { b: [ }\n"}};
  one.input.flag_variables = {{"tag", "x"}};
  static_cast<void>(one.load());
  EXPECT_EQ(one.report(),
            "b.aim.yaml:2:13: error: Bracket is never closed\n"
            "  The map that opens here has no `}` before the end of the file.\n");
}

TEST(ConfigurationErrors, CarryTheAddressOfTheResource) {
  ConfigurationCase one(
      "project: lab\ncontainers: { web: { image: x, mounts: [\"v:/v\"], imgae: y } }\n");
  static_cast<void>(one.load());
  ASSERT_EQ(one.diagnostics.items().size(), 2U);
  EXPECT_EQ(one.diagnostics.items()[0].address, "container.web");
  EXPECT_EQ(one.diagnostics.items()[1].address, "container.web");
}

// One file with everything wrong that a file can have, in one run.
TEST(ConfigurationErrors, AreAllReportedAtOnce) {
  ConfigurationCase one(
      "version: 1\n"
      "project: lab\n"
      "volums: {}\n"
      "variables: { gpus: { type: integer, default: four } }\n"
      "endpoints:\n"
      "  qwen: { model: m, image: i, port: 80000, api_key: \"${env:API_KEY}\" }\n"
      "containers:\n"
      "  web:\n"
      "    image: \"nginx:${var.tag}\"\n"
      "    env: { URL: ${endpoint.qwn.url} }\n"
      "    stop_grace_period: 5 minutes\n"
      "    ports: [\"localhost:80:80\"]\n"
      "    mounts: [\"data:/data\"]\n"
      "    depends_on: [container.db]\n"
      "  db: { image: x, depends_on: [container.web], memory: lots }\n"
      "  db: { image: y }\n"
      "outputs: { o: \"${endpoint.qwen.url\" }\n");
  one.input.files.push_back({"z.aim.yaml", "endpoints: { qwen: { model: m, image: i } }\n"});
  one.input.flag_variables = {{"gpu", "4"}};
  static_cast<void>(one.load());
  std::string places;
  for (const core::Diagnostic& item : one.diagnostics.sorted()) {
    places += item.range ? fmt::format("{}:{}:{} {}\n",
                                       item.range->file,
                                       item.range->begin.line,
                                       item.range->begin.column,
                                       item.summary)
                         : item.summary + "\n";
  }
  EXPECT_EQ(places,
            "aim.yaml:3:1 Unknown key\n"
            "aim.yaml:4:46 Bad value of a variable\n"
            "aim.yaml:6:37 Invalid value\n"
            "aim.yaml:6:54 Environment variable is not set\n"
            "aim.yaml:9:19 Unknown variable\n"
            "aim.yaml:10:17 Unquoted interpolation\n"
            "aim.yaml:10:17 Unknown resource\n"
            "aim.yaml:11:24 Invalid value\n"
            "aim.yaml:12:13 Invalid port\n"
            "aim.yaml:13:14 Unknown volume\n"
            "aim.yaml:15:32 Dependency cycle\n"
            "aim.yaml:15:56 Invalid value\n"
            "aim.yaml:16:3 Duplicate key\n"
            "aim.yaml:17:16 Interpolation is never closed\n"
            "z.aim.yaml:1:14 Defined twice\n"
            "Undeclared variable\n");
}

TEST(ConfigurationErrors, BadValuesAreShownInFull) {
  EXPECT_EQ(report_of_body("endpoints: { q: { model: m, image: i, port: 80000 } }\n"
                           "containers:\n"
                           "  a: { image: x, stop_grace_period: 5 minutes }\n"
                           "  b: { image: x, ports: [\"localhost:80:80\"] }\n"
                           "  c: { image: x, memory: lots }\n"
                           "  d: { image: x, env: { A: ${project} } }\n"),
            "aim.yaml:2:45: error: Invalid value\n"
            "  `port` must be a port number from 1 to 65535, or auto, but it is 80000.\n"
            "aim.yaml:4:37: error: Invalid value\n"
            "  `stop_grace_period` must be a duration such as 30s, 5m or 1h30m, but it is "
            "\"5 minutes\".\n"
            "aim.yaml:5:26: error: Invalid port\n"
            "  `ports[0]` is \"localhost:80:80\". Docker takes the name `localhost` and then opens "
            "the port on every interface. Write 127.0.0.1:80:80.\n"
            "aim.yaml:6:26: error: Invalid value\n"
            "  `memory` must be a size such as 16GiB or 500MB, but it is "
            "\"lots\".\n"
            "aim.yaml:7:28: error: Unquoted interpolation\n"
            "  `${project}` stands between brackets without quotes, where YAML takes its braces "
            "for a map. Put the value in quotes: \"${project}\".\n");
}

}  // namespace
}  // namespace aim::planner
