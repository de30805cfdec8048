#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/planner/configuration_fixture.hpp"

namespace aim::planner {
namespace {

using core::Address;
using core::Kind;
using core::Value;
using ::testing::ElementsAre;

std::vector<std::string> addresses_of(const Configuration& configuration) {
  std::vector<std::string> all;
  for (const auto& [address, resource] : configuration.resources) {
    all.push_back(address.str());
  }
  return all;
}

const DesiredResource& at(const Configuration& configuration, const std::string& address) {
  return configuration.resources.at(Address::parse(address).value());
}

std::vector<std::string> names_of(const std::vector<Address>& addresses) {
  std::vector<std::string> all;
  for (const Address& address : addresses) {
    all.push_back(address.str());
  }
  return all;
}

TEST(ForEach, AListMakesOneResourceForEachKey) {
  ConfigurationCase one(R"(
project: lab
containers:
  web:
    for_each: [eu-west, us]
    image: x
    env: { REGION: "${each.key}", SAME: "in ${each.value}" }
)");
  const Configuration configuration = one.load();
  EXPECT_EQ(one.report(), "");
  EXPECT_THAT(
      addresses_of(configuration),
      ElementsAre("container.web[\"eu-west\"]", "container.web[\"us\"]", "network.default"));
  const DesiredResource& eu = at(configuration, "container.web[\"eu-west\"]");
  EXPECT_EQ(eu.docker_name, "lab-web-eu-west-50121d");
  EXPECT_EQ(eu.attributes.at("env"),
            Value(core::Map{{"REGION", "eu-west"}, {"SAME", "in eu-west"}}));
}

TEST(ForEach, AMapGivesKeysAndValuesWithTheirTypes) {
  ConfigurationCase one(R"(
project: lab
variables:
  models:
    default:
      chat: { model: org/chat, port: 8000 }
      embed: { model: org/embed, port: 8001 }
endpoints:
  llm:
    for_each: "${var.models}"
    model: "${each.value.model}"
    image: serve:1
    port: "${each.value.port}"
    served_name: "${each.key}"
outputs:
  one: '${endpoint.llm["chat"].url}'
  all: "${endpoint.llm[*].url}"
)");
  const Configuration configuration = one.load();
  EXPECT_EQ(one.report(), "");
  const DesiredResource& chat = at(configuration, "endpoint.llm[\"chat\"]");
  EXPECT_EQ(chat.attributes.at("model"), Value("org/chat"));
  EXPECT_EQ(chat.attributes.at("port"), Value(8000));
  const core::Reference url{Address{Kind::Endpoint, "llm", "chat"}, "url"};
  const core::Reference other{Address{Kind::Endpoint, "llm", "embed"}, "url"};
  EXPECT_EQ(configuration.outputs.at("one").value, Value(core::Template{{url}}));
  EXPECT_EQ(configuration.outputs.at("all").value,
            Value(core::Map{{"chat", core::Template{{url}}}, {"embed", core::Template{{other}}}}));
}

TEST(ForEach, WorksOnAllFourKindsAndTheyFindEachOther) {
  ConfigurationCase one(R"(
project: lab
x-sites: &sites [a, b]
networks: { side: { for_each: *sites } }
volumes: { data: { for_each: *sites } }
endpoints:
  llm: { for_each: *sites, model: m, image: i, port: auto-is-not-here }
containers:
  web:
    for_each: *sites
    image: x
    networks: ['side["${each.key}"]']
    mounts: ['data["${each.key}"]:/data:ro']
    env: { UPSTREAM: "${endpoint.llm[each.key].internal_url}/v1" }
  last: { image: x, depends_on: [container.web, 'volume.data["a"]'] }
)");
  Configuration configuration = one.load();
  EXPECT_EQ(
      one.report(),
      "aim.yaml:7:54: error: Invalid value\n"
      "  `port` must be a port number from 1 to 65535, or auto, but it is \"auto-is-not-here\".\n");
  const DesiredResource& web = at(configuration, "container.web[\"b\"]");
  EXPECT_THAT(names_of(web.dependencies),
              ElementsAre("endpoint.llm[\"b\"]", "network.side[\"b\"]", "volume.data[\"b\"]"));
  EXPECT_THAT(
      names_of(at(configuration, "container.last").dependencies),
      ElementsAre(
          "container.web[\"a\"]", "container.web[\"b\"]", "network.default", "volume.data[\"a\"]"));
}

TEST(ForEach, NumbersKeepTheirSpellingAsKeysAndTheirTypeAsValues) {
  ConfigurationCase one(R"(
project: lab
containers:
  a: { for_each: [1.10, 8080], image: x, memory: "${each.value}GiB" }
)");
  const Configuration configuration = one.load();
  EXPECT_EQ(one.report(), "");
  EXPECT_THAT(addresses_of(configuration),
              ElementsAre("container.a[\"1.10\"]", "container.a[\"8080\"]", "network.default"));
}

TEST(ForEach, AnEmptyOneMakesNothing) {
  ConfigurationCase one("project: lab\ncontainers: { a: { for_each: [], image: x } }\n");
  EXPECT_TRUE(one.load().resources.empty());
  EXPECT_EQ(one.report(), "");
}

TEST(ForEach, DefaultsMayUseTheKey) {
  ConfigurationCase one(R"(
project: lab
defaults: { container: { env: { KEY: "${each.key}" } } }
containers:
  a: { for_each: [k], image: x }
)");
  const Configuration configuration = one.load();
  EXPECT_EQ(one.report(), "");
  EXPECT_EQ(at(configuration, "container.a[\"k\"]").attributes.at("env"),
            Value(core::Map{{"KEY", "k"}}));
}

TEST(ForEach, OnlyWhatIsKnownBeforeThePlanCanBeUsed) {
  EXPECT_EQ(
      report_of_body("variables: { s: { default: [a], sensitive: true } }\n"
                     "containers:\n"
                     "  a: { image: x }\n"
                     "  b: { image: x, for_each: [\"${container.a.container_id}\"] }\n"
                     "  c: { image: x, for_each: \"${var.s}\" }\n"
                     "  d: { image: x, for_each: 3 }\n"
                     "  e: { image: x, for_each: [a, [b], \"\"] }\n"),
      "aim.yaml:5:30: error: Reference is not possible here\n"
      "  `${container.a.container_id}` cannot be used in `for_each`: which resources there "
      "are must be known before anything is planned, and attributes of a resource may be "
      "known only after apply. Use a variable, or write the keys out.\n"
      "aim.yaml:6:28: error: Sensitive value in for_each\n"
      "  `for_each` is made of a sensitive value, and its keys would be seen in addresses "
      "and in names on Docker. Use a variable that is not sensitive for the keys.\n"
      "aim.yaml:7:28: error: Wrong type\n"
      "  `for_each` must be a list or a map, but it is 3. It makes one resource for each "
      "entry.\n"
      "aim.yaml:8:32: error: Wrong type\n"
      "  A list in `for_each` must hold texts, since each becomes the key of a resource, but "
      "here is a list. Write a map from key to value instead.\n"
      "aim.yaml:8:37: error: Bad key\n"
      "  \"\" cannot be a key of `for_each`: a key is 1 to 200 characters, none of which is a "
      "control character.\n");
}

TEST(ForEach, DuplicatesAreErrorsThatShowBothPlaces) {
  EXPECT_EQ(report_of_body("containers:\n"
                           "  a: { image: x, for_each: [one, two, one] }\n"),
            "aim.yaml:3:39: error: Key is there twice\n"
            "  `for_each` has \"one\" twice, and each key makes one resource. Remove one of them.\n"
            "  aim.yaml:3:29: first here\n");
}

TEST(ForEach, ReferencesNameOneResource) {
  EXPECT_EQ(
      report_of_body("containers:\n"
                     "  a: { image: x, for_each: [one, two] }\n"
                     "  b: { image: x }\n"
                     "outputs:\n"
                     "  o1: \"${container.a.container_name}\"\n"
                     "  o2: '${container.a[\"onee\"].container_name}'\n"
                     "  o3: '${container.b[\"x\"].container_name}'\n"
                     "  o4: '${container.b[*].container_name}'\n"
                     "  o5: '${container.a[one].container_name}'\n"
                     "  o6: '${container.a[each.key].container_name}'\n"
                     "  o7: 'x ${container.a[*].container_name}'\n"),
      "aim.yaml:6:8: error: Reference to several resources\n"
      "  `${container.a.container_name}` refers to container.a, of which `for_each` makes 2. Say "
      "which one: container.a[\"one\"].container_name, or container.a[*].container_name for a map "
      "of all of them.\n"
      "aim.yaml:7:8: error: Unknown instance\n"
      "  `${container.a[\"onee\"].container_name}` refers to container.a[\"onee\"], but its "
      "`for_each` has no such key. Did you mean `one`? It has \"one\", \"two\".\n"
      "aim.yaml:8:8: error: Resource has no instances\n"
      "  `${container.b[\"x\"].container_name}` refers to one of several resources, but "
      "container.b has no `for_each`: there is only one. Leave the brackets out.\n"
      "aim.yaml:9:8: error: Resource has no instances\n"
      "  `${container.b[*].container_name}` refers to one of several resources, but container.b "
      "has no `for_each`: there is only one. Leave the brackets out.\n"
      "aim.yaml:10:8: error: Malformed interpolation\n"
      "  `${container.a[one].container_name}` has `one` between the brackets. A key is written in "
      "quotes, container.a[\"KEY\"]; each.key, each.value, var.NAME and, for all of them, * stand "
      "without.\n"
      "aim.yaml:11:8: error: Not inside for_each\n"
      "  `${each.key}` has a meaning only inside a resource with `for_each`. Add `for_each` to the "
      "resource, or write the value out.\n"
      "aim.yaml:12:10: error: Value is not text\n"
      "  `${container.a[*].container_name}` is a map, which has no place inside a text. Only when "
      "it stands alone does an interpolation keep its type.\n");
}

TEST(ForEach, MountsAndNetworksNameOneResource) {
  EXPECT_EQ(report_of_body("volumes: { data: { for_each: [a] }, one: {} }\n"
                           "networks: { side: { for_each: [a] } }\n"
                           "containers:\n"
                           "  a: { image: x, mounts: [\"data:/d\"], networks: [side] }\n"
                           "  b: { image: x, mounts: ['data[\"b\"]:/d', 'one[\"b\"]:/e'] }\n"),
            "aim.yaml:5:27: error: Reference to several resources\n"
            "  `data` refers to volume.data, of which `for_each` makes one. Say which one: "
            "volume.data[\"a\"].\n"
            "aim.yaml:5:50: error: Reference to several resources\n"
            "  `side` refers to network.side, of which `for_each` makes one. Say which one: "
            "network.side[\"a\"].\n"
            "aim.yaml:6:27: error: Unknown instance\n"
            "  `data[\"b\"]` refers to volume.data[\"b\"], but its `for_each` has no such key. Did "
            "you mean `a`? It has \"a\".\n"
            "aim.yaml:6:43: error: Resource has no instances\n"
            "  `one[\"b\"]` refers to one of several resources, but volume.one has no `for_each`: "
            "there is only one. Leave the brackets out.\n");
}

TEST(ForEach, ABrokenOneCausesNoOtherErrors) {
  EXPECT_EQ(report_of_body("containers:\n"
                           "  a: { image: x, for_each: \"${var.none}\" }\n"
                           "  b: { image: x, depends_on: ['container.a[\"q\"]'] }\n"
                           "outputs: { o: \"${container.a[*].container_name}\" }\n"),
            "aim.yaml:3:29: error: Unknown variable\n"
            "  `${var.none}` refers to a variable that is not declared. Declare it under "
            "`variables`.\n");
}

TEST(ForEach, KeysWithTheSameLettersHaveDifferentNames) {
  EXPECT_NE(default_docker_name("lab", "default", Address{Kind::Endpoint, "e", "a b"}),
            default_docker_name("lab", "default", Address{Kind::Endpoint, "e", "a-b"}));
  EXPECT_LT(
      default_docker_name("lab", "default", Address{Kind::Endpoint, "e", std::string(200, 'k')})
          .size(),
      63U);
}

TEST(Enabled, TakesAResourceAwayAndKeepsItsText) {
  ConfigurationCase one(R"(
project: lab
variables: { on: { default: false }, text: { default: "${env:ON:-false}" } }
containers:
  a: { image: x, enabled: false, env: { A: "${env:NOT_SET}" } }
  b: { image: x, enabled: "${var.on}" }
  c: { image: x, enabled: "${var.text}" }
  d: { image: x, enabled: true }
  e: { image: x, for_each: { k: { on: true }, l: { on: false } }, enabled: "${each.value.on}" }
  f: { image: x, for_each: [k], enabled: false }
)");
  const Configuration configuration = one.load();
  EXPECT_EQ(one.report(), "");
  EXPECT_THAT(addresses_of(configuration),
              ElementsAre("container.d", "container.e[\"k\"]", "network.default"));
}

TEST(Enabled, ReferencesToADisabledResourceAreErrorsWithARemedy) {
  EXPECT_EQ(
      report_of_body("volumes: { v: { enabled: false } }\n"
                     "containers:\n"
                     "  a: { image: x, enabled: false }\n"
                     "  b: { image: x, depends_on: [container.a], mounts: [\"v:/v\"] }\n"
                     "  c: { image: x, for_each: [k], enabled: false }\n"
                     "  d: { image: x, enabled: 1 }\n"
                     "outputs:\n"
                     "  o: \"${container.a.container_name}\"\n"
                     "  p: '${container.c[\"k\"].container_name}'\n"),
      "aim.yaml:5:31: error: Resource is disabled\n"
      "  `container.a` refers to container.a, which `enabled: false` takes out of this "
      "configuration. Enable it, or remove the reference.\n"
      "  aim.yaml:4:27: disabled here\n"
      "aim.yaml:5:54: error: Resource is disabled\n"
      "  `v` refers to volume.v, which `enabled: false` takes out of this configuration. "
      "Enable it, or remove the reference.\n"
      "  aim.yaml:2:26: disabled here\n"
      "aim.yaml:7:27: error: Wrong type\n"
      "  `enabled` must be true or false, but it is 1.\n"
      "aim.yaml:9:7: error: Resource is disabled\n"
      "  `${container.a.container_name}` refers to container.a, which `enabled: false` takes "
      "out of this configuration. Enable it, or remove the reference.\n"
      "  aim.yaml:4:27: disabled here\n"
      "aim.yaml:10:7: error: Resource is disabled\n"
      "  `${container.c[\"k\"].container_name}` refers to container.c[\"k\"], which `enabled: "
      "false` takes out of this configuration. Enable it, or remove the reference.\n"
      "  aim.yaml:6:42: disabled here\n");
}

TEST(Enabled, TheDefaultNetworkCanBeDisabledOnlyWhileNobodyJoinsIt) {
  EXPECT_EQ(report_of_body("networks: { default: { enabled: false } }\n"
                           "containers: { a: { image: x } }\n"),
            "aim.yaml:3:15: error: Resource is disabled\n"
            "  `default` refers to network.default, which `enabled: false` takes out of this "
            "configuration. Enable it, or remove the reference.\n"
            "  aim.yaml:2:33: disabled here\n");
}

}  // namespace
}  // namespace aim::planner
