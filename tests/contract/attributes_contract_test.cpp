#include <boost/json.hpp>

#include "tests/contract/face.hpp"

// What Docker makes of a container's attributes: what it shows, and what it refuses and when.
namespace aim::contract_test {
namespace {

namespace json = boost::json;
using core::List;
using core::Map;
using core::Value;

constexpr std::int64_t kMebi = 1024 * 1024;

TEST_P(Contract, HardwareAndLimitsAreShownAsAskedFor) {
  core::CreateContainer call = container("a", runs_until_stopped());
  const Map asked{{"cpu_shares", 512},
                  {"cpuset", "0-1"},
                  {"cpuset_mems", "0"},
                  {"memory_reservation", 32 * kMebi},
                  {"pids_limit", 50},
                  {"oom_score_adj", 200},
                  {"ulimits", Map{{"core", Map{{"soft", 0}, {"hard", 10}}}}},
                  {"devices", List{"/dev/null:/dev/nothing:r", "/dev/zero"}},
                  {"dns", List{"192.0.2.1"}},
                  {"dns_search", List{"lab.example"}},
                  {"dns_options", List{"ndots:2"}},
                  {"pid", "host"},
                  {"stdin_open", true},
                  {"sysctls", Map{{"kernel.domainname", "lab"}}}};
  call.attributes.insert(asked.begin(), asked.end());
  must(call);
  must(core::StartContainer{name("a")});
  const Map seen = inspect(name("a")).attributes;
  for (const auto& [name, value] : asked) {
    const Value* found = core::find(seen, name);
    ASSERT_NE(found, nullptr) << name;
    EXPECT_EQ(*found, value) << name;
  }
}

TEST_P(Contract, AHealthcheckIsShownWithEveryField) {
  core::CreateContainer call = container("a", runs_until_stopped());
  call.attributes["healthcheck"] = Map{{"test", List{"CMD", "true"}},
                                       {"interval", 60'000},
                                       {"timeout", 5'000},
                                       {"retries", 2},
                                       {"start_period", 0}};
  must(call);
  const Map seen = inspect(name("a")).attributes;
  // None at all would be the image's.
  Map expected{{"test", List{"CMD", "true"}},
               {"interval", 60'000},
               {"timeout", 5'000},
               {"retries", 2},
               {"start_period", 1}};
  if (speaks_1_44()) {
    expected.emplace("start_interval", 5'000);
  }
  EXPECT_EQ(core::canonical_json(*core::find(seen, "healthcheck")), core::canonical_json(expected));
}

TEST_P(Contract, MountsAreShownWithTheirOptions) {
  must(volume("data"));
  core::CreateContainer call = container("a", runs_until_stopped());
  const List asked{Map{{"type", "bind"},
                       {"source", "/etc"},
                       {"target", "/a"},
                       {"read_only", true},
                       {"propagation", "private"},
                       {"recursive", false}},
                   Map{{"type", "volume"},
                       {"source", name("data")},
                       {"target", "/b"},
                       {"read_only", false},
                       {"nocopy", true}},
                   Map{{"type", "tmpfs"},
                       {"target", "/c"},
                       {"read_only", false},
                       {"size", kMebi},
                       {"mode", "750"}}};
  call.attributes["mounts"] = asked;
  must(call);
  must(core::StartContainer{name("a")});
  EXPECT_EQ(*core::find(inspect(name("a")).attributes, "mounts"), Value(asked));
}

TEST_P(Contract, GpusAreOneRequest) {
  core::CreateContainer call = container("a", runs_until_stopped());
  const Map asked{{"driver", "nvidia"},
                  {"ids", List{"1", "0"}},
                  {"capabilities", List{"gpu", "utility"}},
                  {"options", Map{{"a", "b"}}}};
  call.attributes["gpus"] = asked;
  must(call);
  EXPECT_EQ(*core::find(inspect(name("a")).attributes, "gpus"), Value(asked));
  core::CreateContainer all = container("b", runs_until_stopped());
  all.attributes["gpus"] = Map{{"count", "all"}, {"capabilities", List{"gpu"}}};
  must(all);
  EXPECT_EQ(*core::find(inspect(name("b")).attributes, "gpus"),
            Value(Map{{"count", "all"}, {"capabilities", List{"gpu"}}}));
}

TEST_P(Contract, LimitsThatCanBeTakenAwayAreTakenAway) {
  core::CreateContainer call = container("a", runs_until_stopped());
  must(call);
  must(core::StartContainer{name("a")});
  const auto shown = [&](const char* limit) {
    const Map seen = inspect(name("a")).attributes;
    const Value* found = core::find(seen, limit);
    return found ? *found : Value();
  };
  must(core::UpdateContainer{name("a"), {{"pids_limit", 50}, {"memory_reservation", 32 * kMebi}}});
  EXPECT_EQ(shown("pids_limit"), Value(50));
  EXPECT_EQ(shown("memory_reservation"), Value(32 * kMebi));
  must(core::UpdateContainer{name("a"), {{"pids_limit", -1}, {"memory_reservation", -1}}});
  EXPECT_EQ(shown("pids_limit"), Value());
  EXPECT_EQ(shown("memory_reservation"), Value());
  must(core::UpdateContainer{name("a"),
                             {{"cpu_shares", 2048}, {"cpuset", "0"}, {"cpuset_mems", "0"}}});
  EXPECT_EQ(shown("cpu_shares"), Value(2048));
  EXPECT_EQ(shown("cpuset"), Value("0"));
  EXPECT_EQ(shown("cpuset_mems"), Value("0"));
}

TEST_P(Contract, WhatNoHostHasIsRefusedAtOnce) {
  struct Case {
    const char* attribute;
    Value value;
    const char* message;
  };

  const Case cases[] = {
      {"oom_score_adj", 1500, "Invalid value 1500, range for oom score adj is [-1000, 1000]"},
      {"memory_reservation", kMebi, "Minimum memory reservation allowed is 6MB"},
      {"cpuset_mems", "7", "Requested memory nodes are not available - requested 7, available: 0"},
      {"pid", "container:none", "No such container: none"},
      {"healthcheck",
       Map{{"test", List{"CMD", "true"}}, {"interval", 30'000}, {"retries", -1}},
       "Retries in Healthcheck cannot be negative"},
      {"platform",
       "linux/arm64",
       "was found but does not match the specified platform: wanted linux/arm64, actual: "
       "linux/amd64"},
      {"mounts",
       List{Map{{"type", "bind"}, {"source", "/etc"}, {"target", "/x"}, {"propagation", "odd"}}},
       "invalid mount config for type \"bind\": invalid propagation mode: odd"}};
  for (const Case& one : cases) {
    core::CreateContainer call = container("a", runs_until_stopped());
    call.attributes[one.attribute] = one.value;
    EXPECT_TRUE(refused(call).message.ends_with(one.message)) << one.attribute;
  }
}

TEST_P(Contract, WhatTheRuntimeDoesNotTakeIsRefusedAtTheStart) {
  struct Case {
    const char* attribute;
    Value value;
    const char* message;
  };

  const Case cases[] = {{"cpu_shares", 1, "the minimum allowed cpu-shares is 2: unknown"},
                        {"ulimits",
                         Map{{"foo", Map{{"soft", 1}, {"hard", 1}}}},
                         "wrong rlimit value: RLIMIT_FOO: unknown"},
                        {"ulimits",
                         Map{{"core", Map{{"soft", 2}, {"hard", 1}}}},
                         "error setting rlimit type 4: invalid argument: unknown"},
                        {"sysctls",
                         Map{{"vm.swappiness", "5"}},
                         "sysctl \"vm.swappiness\" is not in a separate kernel namespace: unknown"},
                        {"gpus",
                         Map{{"count", "1"}, {"capabilities", List{"gpu", "foo"}}},
                         "could not select device driver \"\" with capabilities: [[gpu foo]]"}};
  int number = 0;
  for (const Case& one : cases) {
    const std::string tail = "c" + std::to_string(number++);
    core::CreateContainer call = container(tail, runs_until_stopped());
    call.attributes[one.attribute] = one.value;
    must(call);
    const core::Error error = refused(core::StartContainer{name(tail)});
    EXPECT_TRUE(error.message.ends_with(one.message)) << one.attribute << ": " << error.message;
  }
}

TEST_P(Contract, NetworksHavePoolsOfBothFamilies) {
  core::CreateNetwork call = network("n");
  const Map asked{{"pools",
                   List{Map{{"subnet", "10.213.71.0/24"},
                            {"ip_range", "10.213.71.0/25"},
                            {"aux_addresses", Map{{"router", "10.213.71.2"}}}},
                        Map{{"subnet", "fd13:71::/64"}, {"gateway", "fd13:71::1"}}}},
                  {"options", Map{{"a", "b"}}}};
  call.attributes["ipv6"] = true;
  call.attributes["ipam"] = asked;
  must(call);
  const auto networks = engine->list_networks(stop);
  ASSERT_TRUE(networks);
  for (const core::ObservedNetwork& one : *networks) {
    if (one.name == name("n")) {
      EXPECT_EQ(*core::find(one.attributes, "ipam"), Value(asked));
    }
  }
  core::CreateContainer user = container("a", runs_until_stopped());
  user.networks = {{name("n"), {"a"}, "10.213.71.200", "fd13:71::200"}};
  must(user);
  must(core::StartContainer{name("a")});
  const Map seen = inspect(name("a")).attributes;
  const Map* attached = core::find(seen, "networks")->get<Map>();
  ASSERT_NE(attached, nullptr);
  const Map* one = attached->at(name("n")).get<Map>();
  ASSERT_NE(one, nullptr);
  EXPECT_EQ(core::string_at(*one, "ipv4_address"), "10.213.71.200");
  EXPECT_EQ(core::string_at(*one, "ipv6_address"), "fd13:71::200");
}

TEST_P(Contract, NetworksThatDockerCannotAddressAreRefused) {
  core::CreateNetwork alone = network("n");
  alone.attributes["ipv6"] = true;
  if (chooses_ipv6()) {
    must(alone);
  } else {
    EXPECT_EQ(refused(alone).message,
              "could not find an available, non-overlapping IPv6 address pool among the defaults "
              "to assign to the network");
  }
  core::CreateNetwork outside = network("m");
  outside.attributes["ipam"] =
      Map{{"subnet", "10.213.72.0/24"}, {"aux_addresses", Map{{"a", "10.99.0.1"}}}};
  EXPECT_EQ(refused(outside).message,
            "auxiliary address: (a:10.99.0.1) must belong to the master pool: 10.213.72.0/24");
}

}  // namespace
}  // namespace aim::contract_test
