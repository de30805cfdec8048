#include "planner/schema.hpp"

#include <set>

#include "tests/unit/planner/schema_fixture.hpp"

namespace aim::planner {
namespace {

using core::Kind;
using core::List;
using core::Map;
using core::Secret;
using core::Template;
using core::Unknown;
using core::Value;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

Template reference_to(const char* address, const char* attribute) {
  return Template{{core::Reference{core::Address::parse(address).value(), attribute}}};
}

TEST(Schema, NamesAreUniqueAndEveryAttributeIsDescribed) {
  for (const Kind kind : core::kAllKinds) {
    std::set<std::string_view> names;
    for (const Attribute& attribute : attributes(kind)) {
      EXPECT_TRUE(names.insert(attribute.name).second) << attribute.name;
      EXPECT_TRUE(attribute.description.ends_with('.')) << attribute.name;
      EXPECT_EQ(find_attribute(kind, attribute.name), &attribute);
    }
    for (const Attribute& common : common_attributes(kind)) {
      EXPECT_TRUE(names.insert(common.name).second) << common.name;
      EXPECT_TRUE(common.description.ends_with('.')) << common.name;
    }
  }
}

TEST(Schema, FindsNoAttributeThatIsNotThere) {
  EXPECT_EQ(find_attribute(Kind::Volume, "image"), nullptr);
}

TEST(Schema, WhatDockerUpdatesIsInPlaceAndNothingElse) {
  for (const Kind kind : core::kAllKinds) {
    std::set<std::string_view> in_place;
    for (const Attribute& attribute : attributes(kind)) {
      if (attribute.on_change == OnChange::InPlace) {
        in_place.insert(attribute.name);
      }
    }
    if (kind == Kind::Endpoint) {
      EXPECT_THAT(
          in_place,
          ElementsAre("cpus", "files", "hf_token", "memory", "memory_swap", "networks", "restart"));
    } else if (kind == Kind::Container) {
      EXPECT_THAT(in_place,
                  ElementsAre("cpu_shares",
                              "cpus",
                              "cpuset",
                              "cpuset_mems",
                              "files",
                              "memory",
                              "memory_reservation",
                              "memory_swap",
                              "networks",
                              "pids_limit",
                              "restart"));
    } else {
      EXPECT_THAT(in_place, IsEmpty());
    }
  }
}

TEST(Schema, MostLimitsCannotBeTakenBackInPlace) {
  for (const std::string_view name : {"memory", "cpus", "cpu_shares", "cpuset", "cpuset_mems"}) {
    const Attribute* limit = find_attribute(Kind::Container, name);
    ASSERT_NE(limit, nullptr);
    EXPECT_TRUE(!limit->unset_value && limit->replace_when_removed) << name;
  }
  for (const std::string_view name : {"memory_reservation", "pids_limit"}) {
    const Attribute* limit = find_attribute(Kind::Container, name);
    ASSERT_NE(limit, nullptr);
    EXPECT_TRUE(limit->unset_value == -1 && !limit->replace_when_removed) << name;
  }
}

TEST(Schema, WhatFollowsFromTheConfigurationIsKnownBeforeApply) {
  std::map<std::string, bool> known;
  for (const ComputedAttribute& computed : computed_attributes(Kind::Endpoint)) {
    known.emplace(computed.name, computed.known_before_apply);
  }
  EXPECT_EQ(known,
            (std::map<std::string, bool>{{"url", true},
                                         {"internal_url", true},
                                         {"served_name", true},
                                         {"container_name", true},
                                         {"container_id", false},
                                         {"image_digest", false},
                                         {"image_id", false}}));
}

TEST(Decode, FillsInTheDefaultsOfAnEndpoint) {
  const Decoded decoded =
      decode(Kind::Endpoint, {{"model", "Qwen/Qwen3-8B"}, {"image", "vllm/vllm-openai:v0.11.1"}});
  EXPECT_THAT(decoded.messages(), IsEmpty());
  EXPECT_EQ(Value(decoded.attributes),
            Value(Map{{"model", "Qwen/Qwen3-8B"},
                      {"image", "vllm/vllm-openai:v0.11.1"},
                      {"backend", "vllm"},
                      {"port", 8000},
                      {"bind", "127.0.0.1"},
                      {"task", "chat"},
                      {"restart", "unless-stopped"},
                      {"stop_grace_period", 60'000},
                      {"pull", "missing"},
                      {"logging",
                       Map{{"driver", "json-file"},
                           {"options", Map{{"max-size", "50m"}, {"max-file", "3"}}}}},
                      {"readiness",
                       Map{{"builtin", true},
                           {"interval", 5'000},
                           {"timeout", 10'000},
                           {"inference_timeout", 60'000},
                           {"start_timeout", 1'800'000}}}}));
  EXPECT_THAT(decoded.defaulted,
              UnorderedElementsAre("backend",
                                   "port",
                                   "bind",
                                   "task",
                                   "restart",
                                   "stop_grace_period",
                                   "pull",
                                   "logging",
                                   "readiness"));
}

TEST(Decode, FillsInTheDefaultsOfTheOtherKinds) {
  EXPECT_EQ(Value(decode(Kind::Container, {{"image", "nginx"}}).attributes),
            Value(Map{{"image", "nginx:latest"},
                      {"restart", "unless-stopped"},
                      {"tty", false},
                      {"stdin_open", false},
                      {"read_only", false},
                      {"privileged", false},
                      {"stop_grace_period", 10'000},
                      {"pull", "missing"}}));
  EXPECT_EQ(
      Value(decode(Kind::Network, {}).attributes),
      Value(
          Map{{"driver", "bridge"}, {"internal", false}, {"attachable", false}, {"ipv6", false}}));
  EXPECT_EQ(Value(decode(Kind::Volume, {}).attributes), Value(Map{{"driver", "local"}}));
}

TEST(Decode, WhatIsWrittenIsNotDefaulted) {
  const Decoded decoded = container_with("restart", "on-failure:3");
  EXPECT_EQ(decoded.at("restart"), Value("on-failure:3"));
  EXPECT_THAT(decoded.defaulted, testing::Not(testing::Contains("restart")));
}

TEST(Decode, NullIsNotSet) {
  const Decoded decoded =
      decode(Kind::Container, {{"image", "nginx:1"}, {"restart", Value()}, {"memory", Value()}});
  EXPECT_THAT(decoded.messages(), IsEmpty());
  EXPECT_EQ(decoded.at("restart"), Value("unless-stopped"));
  EXPECT_FALSE(decoded.attributes.contains("memory"));
}

TEST(Decode, AnEmptyCollectionSaysNothing) {
  const Decoded decoded = decode(Kind::Container,
                                 {{"image", "nginx:1"},
                                  {"env", Map{{"DROPPED", Value()}}},
                                  {"cap_add", List{}},
                                  {"ports", List{}},
                                  {"entrypoint", List{}}});
  EXPECT_THAT(decoded.messages(), IsEmpty());
  EXPECT_FALSE(decoded.attributes.contains("env"));
  EXPECT_FALSE(decoded.attributes.contains("cap_add"));
  EXPECT_FALSE(decoded.attributes.contains("ports"));
  EXPECT_EQ(decoded.at("entrypoint"), Value(List{}));
}

TEST(Decode, GivesWhatItCouldReadBesideErrors) {
  const Decoded decoded = decode(Kind::Container, {{"image", "nginx:1"}, {"tty", "perhaps"}});
  EXPECT_THAT(decoded.messages(),
              ElementsAre("Invalid value: `tty` must be true or false, but it is \"perhaps\"."));
  EXPECT_EQ(decoded.at("image"), Value("nginx:1"));
  EXPECT_EQ(decoded.at("pull"), Value("missing"));
}

TEST(Decode, ReportsEverythingAtItsPlaceWithTheAddress) {
  const core::SourceRange whole{"aim.yaml", {3, 3}, {3, 6}};
  const core::SourceRange dns{"aim.yaml", {5, 11}, {5, 20}};
  const Decoded decoded = decode(
      Kind::Container, {{"dns", List{"1.1.1.1", "dns.google"}}}, {{"", whole}, {"dns[1]", dns}});
  EXPECT_THAT(decoded.messages(),
              ElementsAre("Missing attribute: `image` is required for a container: Image to run. "
                          "Without a tag and a digest, `:latest` is meant.",
                          "Invalid value: `dns[1]` must be an IP address, but it is "
                          "\"dns.google\"."));
  EXPECT_EQ(decoded.diagnostics[0].range, whole);
  EXPECT_EQ(decoded.diagnostics[1].range, dns);
  EXPECT_EQ(decoded.diagnostics[1].address, "container.x");
}

TEST(Decode, UnknownAttributesAreErrorsWithASuggestion) {
  EXPECT_THAT(container_with("evn", Map{}).messages(),
              ElementsAre("Unknown attribute: A container has no attribute `evn`. Did you mean "
                          "`env`? docs/reference/container.md lists all attributes of a "
                          "container."));
  EXPECT_THAT(endpoint_with("zzzzzzzz", 1).messages(),
              ElementsAre("Unknown attribute: An endpoint has no attribute `zzzzzzzz`. "
                          "docs/reference/endpoint.md lists all attributes of an endpoint."));
}

TEST(Decode, SuggestsKeysThatEveryResourceHas) {
  EXPECT_THAT(container_with("depend_on", List{}).messages(),
              ElementsAre("Unknown attribute: A container has no attribute `depend_on`. Did you "
                          "mean `depends_on`? docs/reference/container.md lists all attributes of "
                          "a container."));
}

TEST(Decode, KnowsTheWordsOfCompose) {
  EXPECT_THAT(container_with("environment", Map{}).messages(),
              ElementsAre("Unknown attribute: A container has no attribute `environment`. Did you "
                          "mean `env`? docs/reference/container.md lists all attributes of a "
                          "container."));
}

TEST(Decode, KeysForAnchorsAreFree) {
  EXPECT_THAT(container_with("x-notes", Map{{"anything", 1}}).messages(), IsEmpty());
}

TEST(Decode, MembersOfObjectsAreCheckedToo) {
  const Decoded decoded = container_with(
      "readiness",
      Map{{"http", Map{{"prot", 80}, {"status", 99}, {"path", "health"}, {"method", "get"}}}});
  EXPECT_THAT(decoded.messages(),
              ElementsAre("Unknown attribute: `readiness.http` has no attribute `prot`. Did you "
                          "mean `port`? It takes path, port, method, body, status, contains, json.",
                          "Invalid value: `readiness.http.path` must be a path of a URL, which "
                          "begins with a slash and has no spaces, but it is \"health\".",
                          "Missing attribute: `port` is required in `readiness.http`: Port inside "
                          "the container.",
                          "Invalid value: `readiness.http.method` must be one of GET, HEAD, POST, "
                          "but it is \"get\".",
                          "Value out of range: `readiness.http.status` must be between 100 and "
                          "599, but it is 99."));
}

TEST(Decode, AnEndpointProbesItsOwnPortUnlessToldOtherwise) {
  const Decoded decoded = endpoint_with(
      "readiness", Map{{"builtin", false}, {"http", Map{{"path", "/ready"}}}, {"tcp", Map{}}});
  EXPECT_THAT(decoded.messages(), IsEmpty());
  EXPECT_EQ(*core::find(*decoded.at("readiness").get<Map>(), "http"),
            Value(Map{{"path", "/ready"}, {"method", "GET"}, {"status", 200}}));
  EXPECT_EQ(*core::find(*decoded.at("readiness").get<Map>(), "tcp"), Value(Map{}));
}

TEST(Decode, TemplatesPassUnchecked) {
  const Template url = reference_to("endpoint.qwen", "internal_url");
  const Decoded decoded = decode(Kind::Container,
                                 {{"image", url},
                                  {"env", Map{{"URL", url}}},
                                  {"command", List{"--to", url}},
                                  {"ports", List{url, "80:80"}},
                                  {"memory", url},
                                  {"tty", Unknown{}}});
  EXPECT_THAT(decoded.messages(), IsEmpty());
  EXPECT_EQ(decoded.at("image"), Value(url));
  EXPECT_EQ(decoded.at("env"), Value(Map{{"URL", url}}));
  EXPECT_EQ(decoded.at("command"), Value(List{"--to", url}));
  EXPECT_EQ(decoded.at("ports"), Value(List{"0.0.0.0:80:80/tcp", url}));
  EXPECT_EQ(decoded.at("memory"), Value(url));
  EXPECT_EQ(decoded.at("tty"), Value(Unknown{}));
}

TEST(Decode, SecretsStandWhereTextStands) {
  const Decoded decoded = decode(Kind::Container,
                                 {{"image", "nginx:1"},
                                  {"env", Map{{"TOKEN", Secret("t")}}},
                                  {"command", List{"--key", Secret("k")}},
                                  {"user", Secret("u")}});
  EXPECT_THAT(decoded.messages(), IsEmpty());
  EXPECT_EQ(decoded.at("env"), Value(Map{{"TOKEN", Secret("t")}}));
  EXPECT_EQ(decoded.at("command"), Value(List{"--key", Secret("k")}));
  EXPECT_EQ(decoded.at("user"), Value(Secret("u")));
}

TEST(Decode, SecretsAreRefusedWhereAimMustReadTheValue) {
  const auto refusal = [](const std::string& name) {
    return "Sensitive value is not possible here: aim itself reads `" + name +
           "` and shows it in plans, so it cannot come from anything sensitive.";
  };
  EXPECT_THAT(endpoint_with("port", Secret("80")).messages(), ElementsAre(refusal("port")));
  EXPECT_THAT(endpoint_with("model", Secret("m")).messages(), ElementsAre(refusal("model")));
  EXPECT_THAT(endpoint_with("backend", Secret("vllm")).messages(), ElementsAre(refusal("backend")));
  EXPECT_THAT(container_with("dns", List{Secret("1.1.1.1")}).messages(),
              ElementsAre(refusal("dns[0]")));
}

TEST(Decode, ASensitiveAttributeIsASecretWhateverItWasMadeOf) {
  EXPECT_EQ(endpoint_with("api_key", "open sesame").at("api_key"), Value(Secret("open sesame")));
  EXPECT_EQ(endpoint_with("api_key", 1234).at("api_key"), Value(Secret("1234")));
}

TEST(Decode, AnEmptyKeyWouldProtectNothing) {
  const std::string message =
      "Empty text: `api_key` is sensitive and empty, which protects nothing. Remove it, or give "
      "it a value.";
  EXPECT_THAT(endpoint_with("api_key", "").messages(), ElementsAre(message));
  EXPECT_THAT(endpoint_with("api_key", Secret("")).messages(), ElementsAre(message));
}

TEST(Decode, NoMessageShowsASecret) {
  for (const Kind kind : core::kAllKinds) {
    for (const Attribute& attribute : attributes(kind)) {
      for (const Value& value : {Value(Secret("hunter2")),
                                 Value(List{Secret("hunter2")}),
                                 Value(Map{{"a", Secret("hunter2")}}),
                                 Value(Map{{"--a", List{Secret("hunter2")}}})}) {
        const Decoded decoded = decode(kind, {{std::string(attribute.name), value}});
        for (const std::string& message : decoded.messages()) {
          EXPECT_EQ(message.find("hunter2"), std::string::npos) << message;
        }
      }
    }
  }
}

TEST(TakesText, SaysWhereANumberShouldStayAsItWasWritten) {
  EXPECT_TRUE(takes_text(Kind::Container, {"user"}));
  EXPECT_TRUE(takes_text(Kind::Container, {"env", "VERSION"}));
  EXPECT_TRUE(takes_text(Kind::Container, {"command", std::size_t{2}}));
  EXPECT_TRUE(takes_text(Kind::Container, {"logging", "options", "max-file"}));
  EXPECT_FALSE(takes_text(Kind::Container, {"memory"}));
  EXPECT_FALSE(takes_text(Kind::Container, {"readiness", "http", "port"}));
  EXPECT_FALSE(takes_text(Kind::Endpoint, {"args", "--max-num-seqs"}));
  EXPECT_FALSE(takes_text(Kind::Container, {"networks", "back"}));
  EXPECT_FALSE(takes_text(Kind::Container, {"nonsense"}));
  EXPECT_FALSE(takes_text(Kind::Container, {}));
}

TEST(Display, ShowsValuesAsPeopleReadThem) {
  const auto of = [](const char* name, const Value& value) {
    return display(find_attribute(Kind::Container, name), value);
  };
  EXPECT_EQ(of("stop_grace_period", 90'000), "1m30s");
  EXPECT_EQ(of("memory", std::int64_t{16} << 30), "16GiB");
  EXPECT_EQ(of("memory_swap", -1), "-1");
  EXPECT_EQ(of("cpus", 2.0), "2");
  EXPECT_EQ(of("cpus", 0.5), "0.5");
  EXPECT_EQ(of("tty", true), "true");
  EXPECT_EQ(of("image", "nginx:1"), "\"nginx:1\"");
  EXPECT_EQ(of("user", Value()), "null");
  EXPECT_EQ(of("user", Unknown{}), "(known after apply)");
  EXPECT_EQ(display(nullptr, 90'000), "90000");
}

TEST(Display, ShowsCollectionsWithTheUnitsOfTheirMembers) {
  const auto of = [](const char* name, const Value& value) {
    return display(find_attribute(Kind::Container, name), value);
  };
  EXPECT_EQ(of("command", List{"serve", "a b"}), R"(["serve", "a b"])");
  EXPECT_EQ(of("env", Map{{"A", "1"}, {"odd key", "2"}}), R"({ A: "1", "odd key": "2" })");
  EXPECT_EQ(of("env", Map{}), "{}");
  EXPECT_EQ(of("readiness", Map{{"interval", 5'000}, {"tcp", Map{{"port", 80}}}}),
            "{ interval: 5s, tcp: { port: 80 } }");
  EXPECT_EQ(of("mounts", List{Map{{"type", "tmpfs"}, {"target", "/tmp"}, {"size", 1'048'576}}}),
            R"([{ size: 1MiB, target: "/tmp", type: "tmpfs" }])");
  EXPECT_EQ(of("networks", Map{{"back", Map{{"aliases", List{"db"}}}}}),
            R"({ back: { aliases: ["db"] } })");
}

TEST(Display, NeverShowsASecret) {
  const Attribute* key = find_attribute(Kind::Endpoint, "api_key");
  EXPECT_EQ(display(key, Secret("k")), "(sensitive value)");
  EXPECT_EQ(display(key, "k"), "(sensitive value)");
  EXPECT_EQ(display(key, Value()), "null");
  EXPECT_EQ(display(nullptr, Map{{"a", Secret("k")}}), "{ a: (sensitive value) }");
  EXPECT_EQ(display(nullptr, Template{{std::string("x"), Secret("k")}}), "(sensitive value)");
}

TEST(Display, ShowsTemplatesAsTheyWereWritten) {
  Template url = reference_to("endpoint.qwen", "url");
  url.parts.emplace_back("/v1");
  EXPECT_EQ(display(nullptr, url), "\"${endpoint.qwen.url}/v1\"");
}

TEST(Display, EscapesWhatCouldDeceiveOnATerminal) {
  EXPECT_EQ(display(nullptr, "a\"b\\c"), R"("a\"b\\c")");
  EXPECT_EQ(display(nullptr, "line\nnext\ttab"), R"("line\nnext\ttab")");
  EXPECT_EQ(display(nullptr, "\x1b[31mred"), R"("\u001b[31mred")");
  EXPECT_EQ(display(nullptr,
                    "\xc2\x9b"
                    "31m"),
            R"("\u009b31m")");
  EXPECT_EQ(display(nullptr,
                    "\xe2\x80\xae"
                    "gpj.exe"),
            R"("\u202egpj.exe")");
  EXPECT_EQ(display(nullptr, "\xff\xc3"), R"("\xff\xc3")");
  EXPECT_EQ(display(nullptr, "Zürich 日本"), "\"Zürich 日本\"");
}

}  // namespace
}  // namespace aim::planner
