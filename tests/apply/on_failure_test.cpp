#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/apply/apply_lab.hpp"
#include "tests/apply/expectations.hpp"

namespace aim::apply_test {
namespace {

using core::RunResult;
using planner::Action;
using planner::ApplyResult;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr const char* kReadiness = "readiness: { interval: 1s, start_timeout: 5s }";

std::string deployment(const std::string& chat, const std::string& web, const std::string& other) {
  return fmt::format(R"(
endpoints:
  chat: {{ model: m, served_name: m, image: "{}", port: 8000, {} }}
  other: {{ model: m, served_name: m, image: "{}", port: 8001, {} }}
containers:
  web: {{ image: "web:1", env: {{ V: "{}" }}, depends_on: [endpoint.chat] }}
outputs:
  web: "${{container.web.env}}"
  other: "${{endpoint.other.image}}"
)",
                     chat,
                     kReadiness,
                     other,
                     kReadiness,
                     web);
}

/// serve:2 never answers.
void break_serve_2(ApplyLab& lab) {
  support::Program dies;
  dies.exits_after = std::chrono::milliseconds(500);
  dies.exit_code = 1;
  lab.docker.set_program({.image = "serve:2", .name = "lab-chat.g2", .argument = {}}, dies);
  lab.prober.serve({.image = "serve:2", .name = "lab-chat.g2", .argument = {}},
                   {.port = {}, .listens_after = std::chrono::hours(1)});
}

TEST(OnFailureKeep, CommitsWhatSucceededAndUndoesWhatFailedAndItsDependents) {
  ApplyLab lab;
  lab.configure(deployment("serve:1", "1", "serve:1"));
  apply_and_expect_no_changes(lab);
  const std::string chat = lab.docker.container("lab-chat")->id;
  const std::string web = lab.docker.container("lab-web")->id;
  break_serve_2(lab);
  lab.configure(deployment("serve:2", "2", "serve:2"));
  lab.options.on_failure = planner::OnFailure::Keep;
  const ApplyResult result = lab.apply();
  EXPECT_EQ(result.result, RunResult::Partly) << causes(result);
  EXPECT_THAT(result.left_over, IsEmpty());
  EXPECT_EQ(result.done, (planner::ChangeCounts{1, 0, 1}));
  EXPECT_THAT(result.given_up,
              ElementsAre(core::Address::parse("endpoint.chat").value(),
                          core::Address::parse("container.web").value()));
  EXPECT_EQ(lab.docker.container("lab-chat")->id, chat);
  EXPECT_TRUE(lab.docker.container("lab-chat")->running());
  EXPECT_EQ(lab.docker.container("lab-chat")->restart_policy, "unless-stopped");
  EXPECT_EQ(lab.docker.container("lab-web")->id, web);
  EXPECT_TRUE(lab.docker.container("lab-web")->running());
  EXPECT_EQ(lab.docker.container("lab-other")->image, "serve:2");
  EXPECT_EQ(lab.docker.container("lab-other.g1"), std::nullopt);
  EXPECT_EQ(lab.docker.containers().size(), 3U);
  // What was given up is planned again, and only that.
  const planner::Plan again = lab.plan();
  EXPECT_EQ(action_of(again, "endpoint.chat"), Action::Replace);
  EXPECT_EQ(action_of(again, "container.web"), Action::Replace);
  EXPECT_EQ(action_of(again, "endpoint.other"), Action::NoOp);
  lab.configure(deployment("serve:1", "2", "serve:2"));
  apply_and_expect_no_changes(lab);
}

TEST(OnFailureKeep, GivesEverythingUpWhenNothingSucceeds) {
  ApplyLab lab;
  lab.configure(deployment("serve:1", "1", "serve:1"));
  apply_and_expect_no_changes(lab);
  const std::vector<std::string> before = lab.docker.world_lines();
  break_serve_2(lab);
  lab.configure(deployment("serve:2", "2", "serve:1"));
  lab.options.on_failure = planner::OnFailure::Keep;
  EXPECT_EQ(lab.apply().result, RunResult::RolledBack);
  EXPECT_EQ(lab.docker.world_lines(), before);
}

/// The registry has serve:none while the plan is made, and no more when it is pulled.
void lose_image_after_plan(ApplyLab& lab) {
  lab.docker.add_registry_image({.ref = "serve:none"});
  lab.before_execute = [&] { lab.docker.remove_registry_image("serve:none"); };
}

TEST(OnFailureKeep, AMissingImageKeepsOnlyItsUsersBack) {
  ApplyLab lab;
  lab.configure(deployment("serve:1", "1", "serve:1"));
  apply_and_expect_no_changes(lab);
  lab.configure(deployment("serve:none", "2", "serve:2"));
  lose_image_after_plan(lab);
  lab.options.on_failure = planner::OnFailure::Keep;
  const ApplyResult result = lab.apply();
  EXPECT_EQ(result.result, RunResult::Partly) << causes(result);
  EXPECT_EQ(lab.docker.container("lab-other")->image, "serve:2");
  EXPECT_EQ(lab.docker.container("lab-chat")->image, "serve:1");
}

TEST(OnFailureKeep, WhatWasToGoStaysWhileItIsStillNeeded) {
  ApplyLab lab;
  const auto configure = [&](const std::string& text) { lab.configure(text); };
  configure(
      "networks: { old: {}, default: {} }\ncontainers:\n  db: { image: \"web:1\", networks: [old] "
      "}\n"
      "  chat: { image: \"serve:1\", networks: [old], depends_on: [container.db] }\n"
      "  other: { image: \"web:1\" }\n");
  apply_and_expect_no_changes(lab);
  configure(
      "networks: { default: {} }\ncontainers:\n  chat: { image: \"serve:none\" }\n"
      "  other: { image: \"web:1\", env: { A: \"1\" } }\n");
  lose_image_after_plan(lab);
  lab.options.on_failure = planner::OnFailure::Keep;
  const ApplyResult result = lab.apply();
  EXPECT_EQ(result.result, RunResult::Partly) << causes(result);
  EXPECT_TRUE(lab.docker.container("lab-db")->running());
  EXPECT_TRUE(lab.docker.container("lab-chat")->running());
  EXPECT_THAT(lab.docker.network_names(), ::testing::Contains("lab-old"));
  EXPECT_EQ(action_of(lab.plan(), "container.other"), Action::NoOp);
}

TEST(OnFailureKeep, OutputsOfWhatWasGivenUpKeepTheirValues) {
  ApplyLab lab;
  lab.configure(deployment("serve:1", "1", "serve:1"));
  apply_and_expect_no_changes(lab);
  break_serve_2(lab);
  lab.configure(deployment("serve:2", "2", "serve:2"));
  lab.options.on_failure = planner::OnFailure::Keep;
  ASSERT_EQ(lab.apply().result, RunResult::Partly);
  const core::StateSnapshot state = lab.store->snapshot();
  EXPECT_EQ(state.outputs.at("web").value, core::Value(core::Map{{"V", "1"}}));
  EXPECT_EQ(state.outputs.at("other").value, core::Value("serve:2"));
}

/// A fixed subnet: the old network goes before the new one comes, under running containers.
TEST(OnFailureKeep, ANetworkThatMadeWayComesBackOrStaysWithTheSurvivors) {
  const auto text = [](const std::string& image, const std::string& internal) {
    return "containers:\n  chat: { image: \"" + image +
           "\", networks: [back] }\n  web: { image: \"web:1\", networks: [back] }\n  other: { "
           "image: \"" +
           image + "\" }\nnetworks: { back: { internal: " + internal +
           ", ipam: { subnet: 172.30.0.0/16 } }, default: {} }\n";
  };
  ApplyLab lab;
  lab.configure(text("serve:1", "false"));
  apply_and_expect_no_changes(lab);
  support::Program broken;
  broken.start_status = 500;
  broken.start_error = "no such device";
  lab.docker.set_program({.image = "serve:2", .name = "lab-chat.g2", .argument = {}}, broken);
  lab.configure(text("serve:2", "true"));
  lab.options.on_failure = planner::OnFailure::Keep;
  const ApplyResult result = lab.apply();
  EXPECT_EQ(result.result, RunResult::Partly) << causes(result);
  EXPECT_THAT(result.left_over, IsEmpty());
  EXPECT_EQ(lab.docker.container("lab-other")->image, "serve:2");
  EXPECT_EQ(lab.docker.container("lab-chat")->image, "serve:1");
  for (const char* name : {"lab-chat", "lab-web"}) {
    EXPECT_TRUE(lab.docker.container(name)->running()) << name;
    EXPECT_THAT(lab.docker.container(name)->networks, ElementsAre("lab-back")) << name;
  }
  // What is left of it can be applied, once the reason is gone.
  lab.docker.set_program({.image = "serve:2", .name = "lab-chat.g2", .argument = {}}, {});
  apply_and_expect_no_changes(lab);
}

/// Whatever call fails, nothing is half made, and the next apply ends in no changes.
TEST(OnFailureKeep, AnyFailingCallLeavesEveryResourceAsBeforeOrAsPlanned) {
  const std::string before = deployment("serve:1", "1", "serve:1");
  const std::string after = deployment("serve:2", "2", "serve:2") + "volumes: { v: {} }\n";
  std::size_t count = 0;
  {
    ApplyLab lab;
    lab.configure(before);
    apply_and_expect_no_changes(lab);
    lab.configure(after);
    lab.docker.forget_calls();
    ASSERT_EQ(lab.apply().result, RunResult::Applied);
    count = lab.docker.changing_calls().size();
  }
  for (std::size_t number = 1; number <= count; ++number) {
    SCOPED_TRACE(fmt::format("changing call {} of {}", number, count));
    ApplyLab lab;
    lab.configure(before);
    apply_and_expect_no_changes(lab);
    lab.configure(after);
    lab.docker.forget_calls();
    lab.options.on_failure = planner::OnFailure::Keep;
    lab.docker.fail_change(number, support::Fault::answer(500, "scripted failure"));
    const ApplyResult result = lab.apply();
    EXPECT_NE(result.result, RunResult::RollbackFailed) << causes(result);
    lab.docker.heal();
    apply_and_expect_no_changes(lab);
    for (const support::ContainerView& container : lab.docker.containers()) {
      EXPECT_TRUE(container.running()) << container.name;
      EXPECT_EQ(container.restart_policy, "unless-stopped") << container.name;
    }
    EXPECT_EQ(lab.docker.containers().size(), 3U);
  }
}

}  // namespace
}  // namespace aim::apply_test
