#include <gmock/gmock.h>

#include "tests/apply/every_step.hpp"

namespace aim::apply_test {
namespace {

using core::RunResult;
using planner::Action;
using planner::ApplyResult;
using support::ContainerView;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::Pair;

constexpr const char* kJob = R"(
containers:
  fetch: { image: "job:1", job: true }
  web: { image: "web:1", depends_on: [container.fetch] }
)";
constexpr const char* kOtherJob = R"(
containers:
  fetch: { image: "job:1", job: true, env: { MODEL: b } }
  web: { image: "web:1", depends_on: [container.fetch] }
)";

constexpr const char* kFiles = R"(
variables: { token: { sensitive: true, default: "hunter-one" } }
endpoints:
  chat:
    model: m
    served_name: m
    image: serve:1
    files: { /run/key: "one" }
    readiness: { interval: 1s, start_timeout: 60s }
containers:
  web:
    image: "web:1"
    files:
      /etc/web.conf: "a=1"
      /run/secrets/token: { content: "${var.token}", mode: 400, uid: 1000, gid: 1000 }
)";
constexpr const char* kOtherContents = R"(
variables: { token: { sensitive: true, default: "hunter-two" } }
endpoints:
  chat:
    model: m
    served_name: m
    image: serve:1
    files: { /run/key: "two" }
    readiness: { interval: 1s, start_timeout: 60s }
containers:
  web:
    image: "web:1"
    files:
      /etc/web.conf: "a=2"
      /run/secrets/token: { content: "${var.token}", mode: 400, uid: 1000, gid: 1000 }
  last: { image: "web:1", depends_on: [container.web] }
)";
constexpr const char* kMoreFiles = R"(
containers:
  web:
    image: "web:1"
    files: { /etc/web.conf: "a=2", /etc/more.conf: "" }
)";

constexpr const char* kShared = R"(
containers:
  vpn: { image: "serve:1", ipc: shareable }
  peer: { image: "web:1", network_mode: "container:vpn", ipc: "container:vpn" }
  apart: { image: "web:1" }
)";
constexpr const char* kSharedReplaced = R"(
containers:
  vpn: { image: "serve:2", ipc: shareable }
  peer: { image: "web:1", network_mode: "container:vpn", ipc: "container:vpn" }
  apart: { image: "web:1" }
)";

INSTANTIATE_TEST_SUITE_P(
    Special,
    EveryStep,
    ::testing::Values(Scenario{"FirstJob", "", kJob, nullptr},
                      Scenario{"JobAgain", kJob, kOtherJob, nullptr},
                      Scenario{"JobRemoved", kJob, "containers: {}\n", nullptr},
                      Scenario{"FirstFiles", "", kFiles, nullptr},
                      Scenario{"FilesInPlace", kFiles, kOtherContents, nullptr},
                      Scenario{"FilesReplaced", kFiles, kMoreFiles, nullptr},
                      Scenario{"SharedNamespace", "", kShared, nullptr},
                      Scenario{"DonorReplaced", kShared, kSharedReplaced, nullptr}),
    [](const auto& scenario) { return scenario.param.name; });

std::optional<ContainerView> seen(const ApplyLab& lab, const std::string& name) {
  return lab.docker.container("lab-" + name);
}

// --- jobs -----------------------------------------------------------------------------------

TEST(Job, IsDoneWhenItExitsWithZeroAndStaysDone) {
  ApplyLab lab;
  lab.configure(kJob);
  const ApplyResult result = lab.apply();
  ASSERT_EQ(result.result, RunResult::Applied) << causes(result);
  EXPECT_EQ(seen(lab, "fetch")->status, core::ContainerStatus::Exited);
  EXPECT_EQ(seen(lab, "fetch")->restart_policy, "no");
  const planner::Plan plan = lab.plan();
  EXPECT_FALSE(planner::has_changes(plan));
  EXPECT_TRUE(plan.drift.empty());
}

TEST(Job, ItsDependentsStartAfterIt) {
  ApplyLab lab;
  lab.configure(kJob);
  const core::Steady begin = lab.clock.steady_now();
  ASSERT_EQ(lab.apply().result, RunResult::Applied);
  EXPECT_GE(*seen(lab, "web")->started - begin, std::chrono::milliseconds(500));
}

TEST(Job, FailsTheApplyWithItsLastLines) {
  ApplyLab lab;
  support::Program fails;
  fails.exits_after = std::chrono::milliseconds(300);
  fails.exit_code = 3;
  fails.output = {{"no such model", std::chrono::milliseconds(200), true}};
  lab.docker.set_program({.image = "job:1", .name = {}, .argument = {}}, fails);
  lab.configure(kJob);
  const ApplyResult result = lab.apply();
  EXPECT_EQ(result.result, RunResult::RolledBack);
  ASSERT_EQ(result.failures.size(), 1U);
  EXPECT_EQ(result.failures[0].resource, "container.fetch");
  EXPECT_EQ(result.failures[0].cause, "exited with code 3");
  EXPECT_THAT(result.failures[0].tail, Contains("no such model"));
  EXPECT_TRUE(lab.docker.containers().empty());
}

TEST(Job, IsGivenUpAfterItsTimeout) {
  ApplyLab lab;
  lab.docker.set_program({.image = "job:1", .name = {}, .argument = {}}, support::Program());
  lab.configure(
      "containers: { fetch: { image: \"job:1\", job: true, readiness: { start_timeout: 2m } } }\n");
  const ApplyResult result = lab.apply();
  EXPECT_EQ(result.result, RunResult::RolledBack);
  ASSERT_EQ(result.failures.size(), 1U);
  EXPECT_EQ(result.failures[0].cause, "was not done after 2m without any progress");
}

TEST(Job, RunsAgainWhenItIsReplacedAndNotWhenThatIsUndone) {
  ApplyLab lab;
  lab.configure(kJob);
  ASSERT_EQ(lab.apply().result, RunResult::Applied);
  const auto first = seen(lab, "fetch");
  lab.configure(kOtherJob);
  ASSERT_EQ(lab.apply().result, RunResult::Applied);
  const auto second = seen(lab, "fetch");
  EXPECT_NE(second->id, first->id);
  EXPECT_GT(second->started, first->started);
  expect_no_changes(lab);
  support::Program fails;
  fails.exits_after = std::chrono::milliseconds(300);
  fails.exit_code = 3;
  lab.docker.set_program({.image = "job:1", .name = {}, .argument = {}}, fails);
  lab.configure(kJob);
  const ApplyResult result = lab.apply();
  EXPECT_EQ(result.result, RunResult::RolledBack) << causes(result);
  EXPECT_EQ(seen(lab, "fetch")->id, second->id);
  EXPECT_EQ(seen(lab, "fetch")->started, second->started);
}

TEST(Job, ThatFailedSinceIsStartedAgain) {
  ApplyLab lab;
  lab.configure(kJob);
  ASSERT_EQ(lab.apply().result, RunResult::Applied);
  static_cast<void>(lab.docker.outside("POST", "/containers/lab-fetch/start"));
  lab.docker.end_program("lab-fetch", 9);
  const planner::Plan plan = lab.plan();
  ASSERT_EQ(plan.drift.size(), 1U);
  EXPECT_EQ(plan.drift[0].fields[0].after, core::Value("exited with code 9"));
  EXPECT_EQ(change_of(plan, "container.fetch").action, Action::Update);
  const ApplyResult result = lab.apply();
  ASSERT_EQ(result.result, RunResult::Applied) << causes(result);
  EXPECT_EQ(seen(lab, "fetch")->exit_code, 0);
  expect_no_changes(lab);
}

// --- files ----------------------------------------------------------------------------------

TEST(Files, AreThereBeforeTheStart) {
  ApplyLab lab;
  lab.configure(kFiles);
  ASSERT_EQ(lab.apply().result, RunResult::Applied);
  EXPECT_THAT(seen(lab, "web")->files,
              ElementsAre(Pair("/etc/web.conf", "a=1"), Pair("/run/secrets/token", "hunter-one")));
  EXPECT_THAT(seen(lab, "chat")->files, ElementsAre(Pair("/run/key", "one")));
  const std::vector<std::string> lines = lab.docker.changing_lines();
  const auto at = [&](const std::string& part) {
    return std::find_if(
               lines.begin(),
               lines.end(),
               [&](const std::string& line) { return line.find(part) != std::string::npos; }) -
           lines.begin();
  };
  EXPECT_LT(at("create?name=lab-web"), at("PUT /containers/lab-web/archive"));
  EXPECT_LT(at("PUT /containers/lab-web/archive"), at("/containers/lab-web/start"));
  EXPECT_THAT(lab.docker.world_lines(),
              Contains(HasSubstr("/run/secrets/token=hunter-one 0400 1000:1000")));
  expect_no_changes(lab);
}

TEST(Files, ANewContentNeedsNoNewContainerAndLeavesNoOldOne) {
  ApplyLab lab;
  lab.configure(kFiles);
  ASSERT_EQ(lab.apply().result, RunResult::Applied);
  const auto before = seen(lab, "web");
  lab.configure(kOtherContents);
  const planner::Plan plan = lab.plan();
  EXPECT_EQ(change_of(plan, "container.web").action, Action::Update);
  EXPECT_EQ(change_of(plan, "endpoint.chat").action, Action::Update);
  const ApplyResult result = lab.apply();
  ASSERT_EQ(result.result, RunResult::Applied) << causes(result);
  const auto after = seen(lab, "web");
  EXPECT_EQ(after->id, before->id);
  EXPECT_EQ(after->started, before->started);
  EXPECT_EQ(after->files.at("/etc/web.conf"), "a=2");
  EXPECT_EQ(after->files.at("/run/secrets/token"), "hunter-two");
  for (const std::string& line : lab.docker.world_lines()) {
    EXPECT_THAT(line, Not(HasSubstr("hunter-one")));
  }
  expect_no_changes(lab);
}

TEST(Files, AFailedApplyBringsTheOldContentBack) {
  ApplyLab lab;
  lab.configure(kFiles);
  ASSERT_EQ(lab.apply().result, RunResult::Applied);
  const std::vector<std::string> before = comparable_lines(lab);
  support::Program broken;
  broken.start_status = 500;
  broken.start_error = "no such device";
  lab.docker.set_program({.image = {}, .name = "lab-last", .argument = {}}, broken);
  lab.configure(kOtherContents);
  EXPECT_EQ(lab.apply().result, RunResult::RolledBack);
  EXPECT_EQ(comparable_lines(lab), before);
}

TEST(Files, OneThatComesNeedsANewContainer) {
  ApplyLab lab;
  lab.configure(kFiles);
  ASSERT_EQ(lab.apply().result, RunResult::Applied);
  lab.configure(kMoreFiles);
  EXPECT_EQ(change_of(lab.plan(), "container.web").action, Action::Replace);
  ASSERT_EQ(lab.apply().result, RunResult::Applied);
  EXPECT_THAT(seen(lab, "web")->files,
              ElementsAre(Pair("/etc/more.conf", ""), Pair("/etc/web.conf", "a=2")));
  expect_no_changes(lab);
}

TEST(Files, SecretsAreNotInTheState) {
  ApplyLab lab;
  lab.configure(kFiles);
  ASSERT_EQ(lab.apply().result, RunResult::Applied);
  lab.configure(kOtherContents);
  ASSERT_EQ(lab.apply().result, RunResult::Applied);
  const std::string database = lab.database_bytes();
  EXPECT_THAT(database, HasSubstr("/run/secrets/token"));
  EXPECT_THAT(database, Not(HasSubstr("hunter-one")));
  EXPECT_THAT(database, Not(HasSubstr("hunter-two")));
}

TEST(EnvFile, FillsTheEnvironment) {
  ApplyLab lab;
  lab.files["web.env"] = "A=from file\nB=also\n";
  lab.configure(R"(
containers: { web: { image: "web:1", env_file: web.env, env: { B: own } } }
)");
  ASSERT_EQ(lab.apply().result, RunResult::Applied);
  EXPECT_THAT(seen(lab, "web")->env, Contains("A=from file"));
  EXPECT_THAT(seen(lab, "web")->env, Contains("B=own"));
  expect_no_changes(lab);
  lab.files["web.env"] = "A=other\nB=also\n";
  EXPECT_EQ(change_of(lab.plan(), "container.web").action, Action::Replace);
}

// --- namespaces -----------------------------------------------------------------------------

TEST(SharedNamespace, ItsFollowersAreReplacedWithTheContainer) {
  ApplyLab lab;
  lab.configure(kShared);
  const ApplyResult first = lab.apply();
  ASSERT_EQ(first.result, RunResult::Applied) << causes(first);
  expect_no_changes(lab);
  const auto apart = seen(lab, "apart");
  lab.configure(kSharedReplaced);
  const planner::Plan plan = lab.plan();
  EXPECT_EQ(change_of(plan, "container.peer").action, Action::Replace);
  EXPECT_EQ(change_of(plan, "container.peer").reason, planner::Reason::Follows);
  EXPECT_EQ(change_of(plan, "container.apart").action, Action::NoOp);
  const ApplyResult result = lab.apply();
  ASSERT_EQ(result.result, RunResult::Applied) << causes(result);
  EXPECT_THAT(seen(lab, "peer")->host_config, HasSubstr("container:" + seen(lab, "vpn")->id));
  EXPECT_EQ(seen(lab, "apart")->started, apart->started);
  expect_no_changes(lab);
}

TEST(SharedNamespace, ItsFollowersAreMadeBeforeAnythingStops) {
  ApplyLab lab;
  lab.configure(kShared);
  ASSERT_EQ(lab.apply().result, RunResult::Applied);
  lab.configure(kSharedReplaced);
  lab.docker.forget_calls();
  ASSERT_EQ(lab.apply().result, RunResult::Applied);
  const std::vector<std::string> lines = lab.docker.changing_lines();
  const auto at = [&](const std::string& part) {
    return std::find_if(
               lines.begin(),
               lines.end(),
               [&](const std::string& line) { return line.find(part) != std::string::npos; }) -
           lines.begin();
  };
  EXPECT_LT(at("create?name=lab-peer.g2"), at("/stop"));
}

TEST(SharedNamespace, ItsFollowersAreStartedAgainWithTheContainer) {
  ApplyLab lab;
  lab.configure(kShared);
  ASSERT_EQ(lab.apply().result, RunResult::Applied);
  const auto before = seen(lab, "peer");
  const auto apart = seen(lab, "apart");
  static_cast<void>(lab.docker.outside("POST", "/containers/lab-vpn/stop"));
  lab.clock.advance(std::chrono::seconds(1));
  const planner::Plan plan = lab.plan();
  EXPECT_EQ(change_of(plan, "container.peer").action, Action::Update);
  EXPECT_EQ(change_of(plan, "container.peer").reason, planner::Reason::Follows);
  const ApplyResult result = lab.apply();
  ASSERT_EQ(result.result, RunResult::Applied) << causes(result);
  EXPECT_EQ(seen(lab, "peer")->id, before->id);
  EXPECT_GT(seen(lab, "peer")->started, before->started);
  EXPECT_EQ(seen(lab, "apart")->started, apart->started);
  expect_no_changes(lab);
}

}  // namespace
}  // namespace aim::apply_test
