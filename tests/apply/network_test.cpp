#include <gmock/gmock.h>

#include "tests/apply/every_step.hpp"

namespace aim::apply_test {
namespace {

using core::RunResult;
using planner::Action;
using planner::ApplyResult;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::StartsWith;

constexpr const char* kPlain = R"(
endpoints:
  chat:
    model: m
    served_name: m
    image: serve:1
    readiness: { interval: 1s, start_timeout: 60s }
containers:
  web: { image: "web:1", networks: { back: { aliases: [w] } }, depends_on: [endpoint.chat] }
  both: { image: "web:1", networks: [back, default] }
networks: { back: {} }
)";

/// Another driver option, while one user is replaced, one stays and one goes.
constexpr const char* kOtherOption = R"(
endpoints:
  chat:
    model: m
    served_name: m
    image: serve:1
    readiness: { interval: 1s, start_timeout: 60s }
containers:
  web: { image: "web:1", networks: { back: { aliases: [w] } }, depends_on: [endpoint.chat] }
  new: { image: "web:1", networks: [back] }
networks: { back: { options: { com.docker.network.driver.mtu: "1400" } } }
)";

constexpr const char* kFixed = R"(
containers:
  web: { image: "web:1", networks: { back: { ipv4_address: 172.30.0.10 } } }
  db: { image: "serve:1", networks: [back] }
networks: { back: { ipam: { subnet: 172.30.0.0/16 } } }
)";

/// The same addresses in another network, and one of the users is replaced.
constexpr const char* kFixedInternal = R"(
containers:
  web: { image: "web:1", networks: { back: { ipv4_address: 172.30.0.10 } } }
  db: { image: "serve:2", networks: [back] }
networks: { back: { internal: true, ipam: { subnet: 172.30.0.0/16 } } }
)";

/// Another name: both networks can be there at once.
constexpr const char* kRenamed = R"(
endpoints:
  chat:
    model: m
    served_name: m
    image: serve:2
    readiness: { interval: 1s, start_timeout: 60s }
containers:
  web: { image: "web:1", networks: { back: { aliases: [w] } }, depends_on: [endpoint.chat] }
  both: { image: "web:1", networks: [back, default] }
networks: { back: { name: other } }
)";

INSTANTIATE_TEST_SUITE_P(Networks,
                         EveryStep,
                         ::testing::Values(Scenario{"OtherOption", kPlain, kOtherOption, nullptr},
                                           Scenario{"FixedSubnet", kFixed, kFixedInternal, nullptr},
                                           Scenario{
                                               "BackToTheFirst", kFixedInternal, kFixed, nullptr},
                                           Scenario{"OtherName", kPlain, kRenamed, nullptr}),
                         [](const auto& scenario) { return scenario.param.name; });

TEST(NetworkReplacement, UsersThatStayAreReconnectedWithoutARestart) {
  ApplyLab lab;
  lab.configure(kPlain);
  ASSERT_EQ(lab.apply().result, RunResult::Applied);
  const auto before = lab.docker.container("lab-web");
  lab.configure(kOtherOption);
  const planner::Plan plan = lab.plan();
  EXPECT_EQ(change_of(plan, "network.back").action, Action::Replace);
  EXPECT_EQ(change_of(plan, "container.web").action, Action::Update);
  EXPECT_EQ(change_of(plan, "container.web").reason, planner::Reason::Follows);
  EXPECT_EQ(change_of(plan, "endpoint.chat").action, Action::NoOp);
  lab.docker.forget_calls();
  const ApplyResult result = lab.apply();
  ASSERT_EQ(result.result, RunResult::Applied) << causes(result);
  const auto after = lab.docker.container("lab-web");
  EXPECT_EQ(after->id, before->id);
  EXPECT_EQ(after->started, before->started);
  EXPECT_THAT(after->networks, ElementsAre("lab-back"));
  const std::vector<std::string> lines = lab.docker.changing_lines();
  const auto at = [&](const std::string& part) {
    const auto found = std::find_if(lines.begin(), lines.end(), [&](const std::string& line) {
      return line.find(part) != std::string::npos;
    });
    EXPECT_NE(found, lines.end()) << part;
    return found - lines.begin();
  };
  EXPECT_LT(at("/disconnect"), at("DELETE /networks/"));
  EXPECT_LT(at("DELETE /networks/"), at("POST /networks/create"));
  EXPECT_LT(at("POST /networks/create"), at("/connect"));
  expect_no_changes(lab);
}

TEST(NetworkReplacement, AnUndoneOneKeepsItsAddressesAndIsKnownAgain) {
  ApplyLab lab;
  lab.configure(kFixed);
  ASSERT_EQ(lab.apply().result, RunResult::Applied);
  const std::vector<std::string> before = comparable_lines(lab);
  lab.configure(kFixedInternal);
  support::Program broken;
  broken.start_status = 500;
  broken.start_error = "no such device";
  lab.docker.set_program({.image = "serve:2", .name = {}, .argument = {}}, broken);
  const ApplyResult result = lab.apply();
  EXPECT_EQ(result.result, RunResult::RolledBack) << causes(result);
  EXPECT_EQ(comparable_lines(lab), before);
  lab.configure(kFixed);
  expect_no_changes(lab);
}

TEST(NetworkReplacement, IsRefusedWhileAForeignContainerIsOnTheNetwork) {
  ApplyLab lab;
  lab.configure(kPlain);
  ASSERT_EQ(lab.apply().result, RunResult::Applied);
  static_cast<void>(
      lab.docker.outside("POST",
                         "/containers/create?name=visitor",
                         R"({"Image":"web:1","HostConfig":{"NetworkMode":"lab-back"}})"));
  static_cast<void>(lab.docker.outside("POST", "/containers/visitor/start"));
  lab.configure(kOtherOption);
  static_cast<void>(lab.plan());
  EXPECT_THAT(lab.errors,
              ElementsAre("Network is in use: network.back would be replaced, but container "
                          "\"visitor\", which is not part of this configuration, is connected to "
                          "it. Disconnect or remove that container first."));
}

TEST(NetworkReplacement, AnotherNameIsMadeBesideTheOldOne) {
  ApplyLab lab;
  lab.configure(kPlain);
  ASSERT_EQ(lab.apply().result, RunResult::Applied);
  lab.configure(kRenamed);
  lab.docker.forget_calls();
  const ApplyResult result = lab.apply();
  ASSERT_EQ(result.result, RunResult::Applied) << causes(result);
  const std::vector<std::string> lines = lab.docker.changing_lines();
  EXPECT_THAT(lines.front(), StartsWith("POST /networks/create"));
  EXPECT_THAT(lines.back(), StartsWith("DELETE /networks/"));
  EXPECT_THAT(lab.docker.container("lab-web")->networks, ElementsAre("other"));
  EXPECT_THAT(lab.docker.network_names(), ElementsAre("lab-default", "other"));
  expect_no_changes(lab);
}

/// A network whose users stay, made anew without a change of its own.
void expect_replaced_under_its_user(ApplyLab& lab, const planner::PlanOptions& options) {
  const auto before = lab.docker.container("lab-web");
  const std::string network = lab.docker.outside("GET", "/networks/lab-back").body;
  const planner::Plan plan = lab.plan(options);
  EXPECT_EQ(action_of(plan, "network.back"), Action::Replace);
  EXPECT_EQ(action_of(plan, "container.web"), Action::Update);
  const ApplyResult result = lab.apply(options);
  ASSERT_EQ(result.result, RunResult::Applied) << causes(result);
  EXPECT_NE(lab.docker.outside("GET", "/networks/lab-back").body, network);
  EXPECT_EQ(lab.docker.container("lab-web")->id, before->id);
  EXPECT_EQ(lab.docker.container("lab-web")->started, before->started);
  EXPECT_THAT(lab.docker.container("lab-web")->networks, ElementsAre("lab-back"));
  expect_no_changes(lab);
}

std::string triggered_network(const std::string& image) {
  return "containers:\n  web: { image: \"web:1\", networks: [back] }\n  db: { image: \"" + image +
         "\" }\nnetworks: { back: { lifecycle: { replace_triggered_by: [container.db] } } }\n";
}

TEST(NetworkReplacement, ByRequest) {
  ApplyLab lab;
  lab.configure(kPlain);
  apply_and_expect_no_changes(lab);
  planner::PlanOptions options;
  options.replaces.insert(core::Address::parse("network.back").value());
  EXPECT_EQ(change_of(lab.plan(options), "network.back").reason, planner::Reason::ByRequest);
  expect_replaced_under_its_user(lab, options);
}

TEST(NetworkReplacement, TriggeredByAContainer) {
  ApplyLab lab;
  lab.configure(triggered_network("serve:1"));
  apply_and_expect_no_changes(lab);
  lab.configure(triggered_network("serve:2"));
  EXPECT_EQ(change_of(lab.plan(), "network.back").reason, planner::Reason::Triggered);
  expect_replaced_under_its_user(lab, {});
}

constexpr const char* kManaged = R"(
containers: { web: { image: "web:1", networks: [back], mounts: ["data:/d"] } }
networks: { back: {} }
volumes: { data: {} }
)";
constexpr const char* kExternal = R"(
containers: { web: { image: "web:1", networks: [back], mounts: ["data:/d"] } }
networks: { back: { external: true, name: lab-back } }
volumes: { data: { external: true, name: lab-data } }
)";

TEST(External, AMissingOneIsAnErrorOfThePlan) {
  ApplyLab lab;
  lab.configure(kExternal);
  static_cast<void>(lab.plan());
  EXPECT_THAT(lab.errors,
              ElementsAre("External object does not exist: network.back is marked `external: "
                          "true`, so aim does not create it, and Docker has no network named "
                          "\"lab-back\". Create it first, correct its `name`, or drop `external`.",
                          "External object does not exist: volume.data is marked `external: true`, "
                          "so aim does not create it, and Docker has no volume named \"lab-data\". "
                          "Create it first, correct its `name`, or drop `external`."));
}

TEST(External, NeedsNoLabelsAndOutlivesEverything) {
  ApplyLab lab;
  static_cast<void>(lab.docker.outside("POST", "/networks/create", R"({"Name":"lab-back"})"));
  static_cast<void>(lab.docker.outside("POST", "/volumes/create", R"({"Name":"lab-data"})"));
  lab.configure(kExternal);
  const ApplyResult applied = lab.apply();
  ASSERT_EQ(applied.result, RunResult::Applied) << causes(applied);
  EXPECT_EQ(applied.done, (planner::ChangeCounts{1, 0, 0}));
  EXPECT_THAT(lab.docker.container("lab-web")->networks, ElementsAre("lab-back"));
  expect_no_changes(lab);
  planner::PlanOptions options;
  options.destroy = true;
  options.destroy_volumes = true;
  ASSERT_EQ(lab.apply(options).result, RunResult::Applied);
  EXPECT_TRUE(lab.docker.containers().empty());
  EXPECT_THAT(lab.docker.network_names(), ElementsAre("lab-back"));
  EXPECT_THAT(lab.docker.volume_names(), ElementsAre("lab-data"));
}

TEST(External, WhatWasOursIsForgottenAndLeftAlone) {
  ApplyLab lab;
  lab.configure(kManaged);
  ASSERT_EQ(lab.apply().result, RunResult::Applied);
  lab.configure(kExternal);
  const planner::Plan plan = lab.plan();
  EXPECT_EQ(change_of(plan, "network.back").action, Action::Forget);
  EXPECT_EQ(change_of(plan, "volume.data").action, Action::Forget);
  EXPECT_EQ(change_of(plan, "container.web").action, Action::NoOp);
  ASSERT_EQ(lab.apply().result, RunResult::Applied);
  expect_no_changes(lab);
  lab.configure("containers: {}\n");
  ASSERT_EQ(lab.apply().result, RunResult::Applied);
  EXPECT_THAT(lab.docker.network_names(), ElementsAre("lab-back"));
  EXPECT_THAT(lab.docker.volume_names(), ElementsAre("lab-data"));
}

}  // namespace
}  // namespace aim::apply_test
