#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/apply/apply_lab.hpp"
#include "tests/apply/expectations.hpp"

namespace aim::apply_test {
namespace {

using core::ContainerStatus;
using core::RunResult;
using planner::Action;
using Operation = planner::StopStart::Operation;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr const char* kChat = R"(
endpoints:
  chat:
    model: m
    served_name: m
    image: serve:1
    restart: always
    readiness: { interval: 1s, start_timeout: 60s }
containers:
  web: { image: "web:1", depends_on: [endpoint.chat] }
)";

ContainerStatus status(const ApplyLab& lab, const std::string& name) {
  return lab.docker.container(name)->status;
}

std::string policy(const ApplyLab& lab, const std::string& name) {
  return lab.docker.container(name)->restart_policy;
}

void deploy(ApplyLab& lab) {
  lab.configure(kChat);
  apply_and_expect_no_changes(lab);
}

void stop(ApplyLab& lab) {
  const planner::ApplyResult result = lab.operate(Operation::Stop, "endpoint.chat");
  ASSERT_EQ(result.result, RunResult::Applied) << causes(result);
}

TEST(Stop, HoldsAgainstPlansAppliesAndTheDaemon) {
  ApplyLab lab;
  deploy(lab);
  const std::string id = lab.docker.container("lab-chat")->id;
  stop(lab);
  EXPECT_EQ(status(lab, "lab-chat"), ContainerStatus::Exited);
  EXPECT_EQ(policy(lab, "lab-chat"), "no");
  EXPECT_EQ(status(lab, "lab-web"), ContainerStatus::Running);
  expect_no_changes(lab);
  const planner::Plan plan = lab.plan();
  ASSERT_EQ(plan.notes.size(), 1U);
  EXPECT_EQ(plan.notes[0].summary, "Held");
  EXPECT_EQ(plan.notes[0].detail,
            "endpoint.chat was stopped with `aim stop` and is left so; its GPUs stay its own. "
            "`aim start endpoint.chat` starts it again.");
  EXPECT_THAT(plan.drift, IsEmpty());
  lab.docker.restart_daemon();
  EXPECT_EQ(status(lab, "lab-chat"), ContainerStatus::Exited);
  apply_and_expect_no_changes(lab);
  EXPECT_EQ(lab.docker.container("lab-chat")->id, id);
  EXPECT_EQ(status(lab, "lab-chat"), ContainerStatus::Exited);
}

TEST(Stop, OfWhatIsHeldDoesNothing) {
  ApplyLab lab;
  deploy(lab);
  stop(lab);
  lab.docker.forget_calls();
  const planner::ApplyResult result = lab.operate(Operation::Stop, "endpoint.chat");
  EXPECT_EQ(result.result, RunResult::Applied);
  EXPECT_THAT(lab.docker.changing_lines(), IsEmpty());
}

TEST(Stop, WhatWasChangedOutsideStaysVisible) {
  ApplyLab lab;
  lab.configure("containers: { web: { image: \"web:1\", memory: 64MiB, memory_swap: 128MiB } }\n");
  apply_and_expect_no_changes(lab);
  ASSERT_EQ(lab.docker
                .outside("POST",
                         "/containers/lab-web/update",
                         R"({"Memory": 134217728, "MemorySwap": 268435456})")
                .status,
            200);
  ASSERT_EQ(lab.plan().drift.size(), 1U);
  for (const Operation operation : {Operation::Stop, Operation::Start, Operation::Restart}) {
    ASSERT_EQ(lab.operate(operation, "container.web").result, RunResult::Applied);
    const planner::Plan plan = lab.plan();
    ASSERT_EQ(plan.drift.size(), 1U);
    EXPECT_EQ(core::to_string(plan.drift[0].fields[0].path), "memory");
    EXPECT_EQ(action_of(plan, "container.web"), Action::Update);
  }
  apply_and_expect_no_changes(lab);
}

TEST(Stop, OfWhatIsGoneIsRefused) {
  ApplyLab lab;
  deploy(lab);
  ASSERT_EQ(lab.docker.outside("DELETE", "/containers/lab-chat?force=1").status, 204);
  lab.operate(Operation::Stop, "endpoint.chat");
  EXPECT_THAT(lab.errors,
              ElementsAre("Container is gone: endpoint.chat is recorded, but Docker has no "
                          "container \"lab-chat\" any more. `aim apply` makes it anew."));
}

TEST(Stop, WhatSomebodyStartedAgainIsDriftAndIsStopped) {
  ApplyLab lab;
  deploy(lab);
  stop(lab);
  ASSERT_EQ(lab.docker.outside("POST", "/containers/lab-chat/start").status, 204);
  const planner::Plan plan = lab.plan();
  ASSERT_EQ(plan.drift.size(), 1U);
  ASSERT_EQ(plan.drift[0].fields.size(), 1U);
  EXPECT_EQ(plan.drift[0].fields[0].before, core::Value("exited"));
  EXPECT_EQ(plan.drift[0].fields[0].after, core::Value("running"));
  apply_and_expect_no_changes(lab);
  EXPECT_EQ(status(lab, "lab-chat"), ContainerStatus::Exited);
}

TEST(Stop, AChangeOfWhatIsHeldIsMadeWithoutAStart) {
  ApplyLab lab;
  deploy(lab);
  stop(lab);
  std::string changed = kChat;
  changed.replace(changed.find("serve:1"), 7, "serve:2");
  lab.configure(changed);
  EXPECT_EQ(action_of(lab.plan(), "endpoint.chat"), Action::Replace);
  lab.docker.forget_calls();
  apply_and_expect_no_changes(lab);
  for (const std::string& line : lab.docker.changing_lines()) {
    EXPECT_EQ(line.find("/start"), std::string::npos) << line;
  }
  EXPECT_EQ(lab.docker.container("lab-chat")->image, "serve:2");
  EXPECT_EQ(status(lab, "lab-chat"), ContainerStatus::Created);
  EXPECT_EQ(policy(lab, "lab-chat"), "no");
  ASSERT_EQ(lab.operate(Operation::Start, "endpoint.chat").result, RunResult::Applied);
  EXPECT_EQ(status(lab, "lab-chat"), ContainerStatus::Running);
  EXPECT_EQ(policy(lab, "lab-chat"), "always");
  expect_no_changes(lab);
}

TEST(Stop, ALimitOfWhatIsHeldIsSetInPlace) {
  ApplyLab lab;
  lab.configure("containers: { web: { image: \"web:1\", memory: 64MiB, memory_swap: 128MiB } }\n");
  apply_and_expect_no_changes(lab);
  ASSERT_EQ(lab.operate(Operation::Stop, "container.web").result, RunResult::Applied);
  lab.configure(
      "containers: { web: { image: \"web:1\", memory: 32MiB, memory_swap: 64MiB, restart: always } "
      "}\n");
  EXPECT_EQ(action_of(lab.plan(), "container.web"), Action::Update);
  apply_and_expect_no_changes(lab);
  EXPECT_EQ(status(lab, "lab-web"), ContainerStatus::Exited);
  EXPECT_EQ(policy(lab, "lab-web"), "no");
  ASSERT_EQ(lab.operate(Operation::Start, "container.web").result, RunResult::Applied);
  EXPECT_EQ(policy(lab, "lab-web"), "always");
  expect_no_changes(lab);
}

TEST(Stop, OneThatVanishesIsMadeAnewAndNotStarted) {
  ApplyLab lab;
  deploy(lab);
  stop(lab);
  ASSERT_EQ(lab.docker.outside("DELETE", "/containers/lab-chat").status, 204);
  apply_and_expect_no_changes(lab);
  EXPECT_EQ(status(lab, "lab-chat"), ContainerStatus::Created);
}

TEST(Stop, WhatIsHeldIsDestroyed) {
  ApplyLab lab;
  deploy(lab);
  stop(lab);
  planner::PlanOptions options;
  options.destroy = true;
  ASSERT_EQ(lab.apply(options).result, RunResult::Applied);
  EXPECT_THAT(lab.docker.containers(), IsEmpty());
  EXPECT_THAT(lab.store->snapshot().resources, IsEmpty());
}

TEST(Stop, AnUndoneApplyLeavesItHeld) {
  ApplyLab lab;
  deploy(lab);
  stop(lab);
  const std::string id = lab.docker.container("lab-chat")->id;
  support::ModelServer deaf;
  deaf.listens_after = std::chrono::hours(5);
  lab.prober.serve({.image = {}, .name = "lab-other", .argument = {}}, deaf);
  std::string changed = kChat;
  changed.replace(changed.find("serve:1"), 7, "serve:2");
  lab.configure(
      changed +
      "  other: { image: \"serve:2\", readiness: { tcp: { port: 80 }, start_timeout: 5s } }\n");
  EXPECT_EQ(lab.apply().result, RunResult::RolledBack);
  EXPECT_EQ(lab.docker.container("lab-chat")->id, id);
  EXPECT_EQ(status(lab, "lab-chat"), ContainerStatus::Exited);
  EXPECT_EQ(policy(lab, "lab-chat"), "no");
  lab.configure(kChat);
  expect_no_changes(lab);
}

TEST(Start, WaitsUntilItAnswers) {
  ApplyLab lab;
  deploy(lab);
  stop(lab);
  const std::size_t before = lab.prober.probes().size();
  const planner::ApplyResult result = lab.operate(Operation::Start, "endpoint.chat");
  EXPECT_EQ(result.result, RunResult::Applied) << causes(result);
  EXPECT_EQ(lab.prober.probes().size(), before + 3);  // health, models, inference
  EXPECT_EQ(policy(lab, "lab-chat"), "always");
  expect_no_changes(lab);
  EXPECT_THAT(lab.plan().notes, IsEmpty());
}

TEST(Start, ThatFailsLeavesItHeldAsBefore) {
  ApplyLab lab;
  deploy(lab);
  stop(lab);
  support::ModelServer broken;
  broken.ready_after.reset();
  lab.prober.serve({.image = "serve:1", .name = {}, .argument = {}}, broken);
  const planner::ApplyResult result = lab.operate(Operation::Start, "endpoint.chat");
  EXPECT_EQ(result.result, RunResult::RolledBack) << causes(result);
  EXPECT_EQ(status(lab, "lab-chat"), ContainerStatus::Exited);
  EXPECT_EQ(policy(lab, "lab-chat"), "no");
  EXPECT_TRUE(
      lab.store->snapshot().resources.at(core::Address::parse("endpoint.chat").value()).held);
  expect_no_changes(lab);
}

TEST(Start, LeavesWhatTheConfigurationSaysByNow) {
  ApplyLab lab;
  deploy(lab);
  stop(lab);
  std::string changed = kChat;
  changed.replace(changed.find("serve:1"), 7, "serve:2");
  lab.configure(changed);
  ASSERT_EQ(lab.operate(Operation::Start, "endpoint.chat").result, RunResult::Applied);
  EXPECT_EQ(lab.docker.container("lab-chat")->image, "serve:1");
  EXPECT_EQ(action_of(lab.plan(), "endpoint.chat"), Action::Replace);
}

constexpr const char* kWithKey = R"(
variables: { key: { sensitive: true } }
endpoints:
  chat:
    model: m
    served_name: m
    image: serve:1
    api_key: "${var.key}"
    readiness: { interval: 1s, start_timeout: 60s }
)";

TEST(Start, ChecksWithTheKeyThatItWasAppliedWith) {
  ApplyLab lab;
  support::ModelServer server;
  server.api_key = "sesame";
  lab.prober.serve({.image = "serve:1", .name = {}, .argument = {}}, server);
  lab.variables = {{"key", "sesame"}};
  lab.configure(kWithKey);
  apply_and_expect_no_changes(lab);
  ASSERT_EQ(lab.operate(Operation::Stop, "endpoint.chat").result, RunResult::Applied);
  lab.variables = {{"key", "another"}};
  lab.operate(Operation::Start, "endpoint.chat");
  EXPECT_THAT(lab.errors, ElementsAre(HasSubstr("API key is not known: Whether endpoint.chat")));
  lab.variables = {{"key", "sesame"}};
  EXPECT_EQ(lab.operate(Operation::Start, "endpoint.chat").result, RunResult::Applied);
  expect_no_changes(lab);
}

TEST(Restart, StopsAndStartsTheSameContainer) {
  ApplyLab lab;
  deploy(lab);
  const std::string id = lab.docker.container("lab-chat")->id;
  lab.docker.forget_calls();
  const planner::ApplyResult result = lab.operate(Operation::Restart, "endpoint.chat");
  EXPECT_EQ(result.result, RunResult::Applied) << causes(result);
  EXPECT_EQ(lab.docker.container("lab-chat")->id, id);
  EXPECT_THAT(
      lab.docker.changing_lines(),
      ElementsAre("POST /containers/" + id + "/stop?t=60", "POST /containers/" + id + "/start"));
  expect_no_changes(lab);
}

TEST(Restart, TakesAlongWhatLivesInItsNamespace) {
  ApplyLab lab;
  lab.configure(
      "containers:\n  vpn: { image: \"serve:1\" }\n"
      "  peer: { image: \"web:1\", network_mode: \"container:vpn\" }\n");
  apply_and_expect_no_changes(lab);
  lab.docker.forget_calls();
  ASSERT_EQ(lab.operate(Operation::Restart, "container.vpn").result, RunResult::Applied);
  EXPECT_EQ(lab.docker.changing_lines().size(), 4U);
  EXPECT_EQ(status(lab, "lab-peer"), ContainerStatus::Running);
  expect_no_changes(lab);
}

TEST(Restart, LiftsAHold) {
  ApplyLab lab;
  deploy(lab);
  stop(lab);
  ASSERT_EQ(lab.operate(Operation::Restart, "endpoint.chat").result, RunResult::Applied);
  EXPECT_EQ(status(lab, "lab-chat"), ContainerStatus::Running);
  EXPECT_THAT(lab.plan().notes, IsEmpty());
  expect_no_changes(lab);
}

/// Names of the containers of endpoint chat.
std::vector<std::string> incarnations(const ApplyLab& lab) {
  std::vector<std::string> names;
  for (const support::ContainerView& container : lab.docker.containers()) {
    names.push_back(container.name);
  }
  return names;
}

TEST(KeepPrevious, ThatManyStayStopped) {
  ApplyLab lab;
  const auto configure = [&](const std::string& image, int keep) {
    lab.configure("endpoints:\n  chat: { model: m, served_name: m, image: \"" + image +
                  "\", update: { keep_previous: " + std::to_string(keep) +
                  " }, readiness: { interval: 1s } }\n");
  };
  configure("serve:1", 2);
  apply_and_expect_no_changes(lab);
  configure("serve:2", 2);
  apply_and_expect_no_changes(lab);
  EXPECT_THAT(incarnations(lab), ElementsAre("lab-chat", "lab-chat.g1"));
  EXPECT_EQ(status(lab, "lab-chat.g1"), ContainerStatus::Exited);
  EXPECT_EQ(policy(lab, "lab-chat.g1"), "no");
  configure("serve:1", 2);
  apply_and_expect_no_changes(lab);
  configure("serve:2", 2);
  apply_and_expect_no_changes(lab);
  EXPECT_THAT(incarnations(lab), ElementsAre("lab-chat", "lab-chat.g2", "lab-chat.g3"));
  lab.docker.restart_daemon();
  expect_no_changes(lab);
  // Fewer are kept: the oldest goes.
  configure("serve:2", 1);
  EXPECT_EQ(action_of(lab.plan(), "endpoint.chat"), Action::Update);
  apply_and_expect_no_changes(lab);
  EXPECT_THAT(incarnations(lab), ElementsAre("lab-chat", "lab-chat.g3"));
  planner::PlanOptions options;
  options.destroy = true;
  ASSERT_EQ(lab.apply(options).result, RunResult::Applied);
  EXPECT_THAT(incarnations(lab), IsEmpty());
}

TEST(KeepPrevious, AnUndoneReplacementLeavesThemAlone) {
  ApplyLab lab;
  const auto configure = [&](const std::string& image) {
    lab.configure("endpoints:\n  chat: { model: m, served_name: m, image: \"" + image +
                  "\", update: { keep_previous: 1 }, readiness: { interval: 1s, start_timeout: 5s "
                  "} }\n");
  };
  configure("serve:1");
  apply_and_expect_no_changes(lab);
  configure("serve:2");
  apply_and_expect_no_changes(lab);
  support::ModelServer broken;
  broken.ready_after.reset();
  lab.prober.serve({.image = "web:1", .name = {}, .argument = {}}, broken);
  configure("web:1");
  EXPECT_EQ(lab.apply().result, RunResult::RolledBack);
  EXPECT_THAT(incarnations(lab), ElementsAre("lab-chat", "lab-chat.g1"));
  configure("serve:2");
  expect_no_changes(lab);
}

}  // namespace
}  // namespace aim::apply_test
