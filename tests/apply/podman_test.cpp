#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/apply/apply_lab.hpp"

namespace aim::apply_test {
namespace {

using planner::Action;
using testing::ElementsAre;
using testing::HasSubstr;

constexpr const char* kWeb = R"(
containers:
  web: { image: "web:1", ports: ["127.0.0.1:3000:80"], memory: 512MiB, restart: always }
)";

constexpr const char* kMoreMemory = R"(
containers:
  web: { image: "web:1", ports: ["127.0.0.1:3000:80"], memory: 1GiB, restart: always }
)";

support::MemoryDockerOptions podman() {
  support::MemoryDockerOptions options;
  options.podman = "4.3.1";
  return options;
}

std::vector<std::string> notes_of(const planner::Plan& plan) {
  std::vector<std::string> texts;
  for (const core::Diagnostic& note : plan.notes) {
    texts.push_back(note.summary + ": " + note.detail);
  }
  return texts;
}

const planner::ResourceChange& change_of_web(const planner::Plan& plan) {
  for (const planner::ResourceChange& change : plan.changes) {
    if (change.address.str() == "container.web") {
      return change;
    }
  }
  throw std::runtime_error("the plan does not know container.web");
}

/// An Engine without a call to update a container.
TEST(Podman, ReplacesWhereDockerWouldChangeInPlace) {
  ApplyLab lab(podman());
  lab.configure(kWeb);
  ASSERT_EQ(lab.apply().result, core::RunResult::Applied);
  lab.configure(kMoreMemory);
  const planner::Plan plan = lab.plan();
  EXPECT_FALSE(plan.updates_containers);
  const planner::ResourceChange& change = change_of_web(plan);
  EXPECT_EQ(change.action, Action::Replace);
  EXPECT_EQ(change.reason, planner::Reason::CannotUpdate);
  ASSERT_EQ(change.fields.front().path, (core::Path{"container_id"}));
  EXPECT_TRUE(std::any_of(change.fields.begin(), change.fields.end(), [](const auto& field) {
    return field.path == core::Path{"memory"} && field.forces_replacement;
  }));
  EXPECT_THAT(
      notes_of(plan),
      ElementsAre("Containers cannot be changed in place: Podman 4.3.1 has no call to change the "
                  "limits or the restart policy of a container. Such a change replaces the "
                  "container; and a new container has its restart policy from the start, so it "
                  "may come up beside the previous one if the host is restarted in the middle of "
                  "an apply. docs/engines.md tells more."));
}

TEST(Podman, GivesAContainerItsPolicyAtBirth) {
  ApplyLab lab(podman());
  lab.configure(kWeb);
  ASSERT_EQ(lab.apply().result, core::RunResult::Applied);
  lab.configure(kMoreMemory);
  lab.docker.forget_calls();
  ASSERT_EQ(lab.apply().result, core::RunResult::Applied);
  for (const support::RecordedCall& call : lab.docker.changing_calls()) {
    EXPECT_THAT(call.target, testing::Not(HasSubstr("/update")));
  }
  const auto web = lab.engine.inspect_container("lab-web", {});
  ASSERT_TRUE(web);
  EXPECT_EQ(core::string_at(web->attributes, "restart"), "always");
  const planner::Plan again = lab.plan();
  EXPECT_FALSE(planner::has_changes(again));
  EXPECT_THAT(notes_of(again), ElementsAre()) << "where nothing is to do there is nothing to note";
}

TEST(Podman, ReturnsToThePreviousContainerWhenTheNewOneFails) {
  ApplyLab lab(podman());
  lab.configure(kWeb);
  ASSERT_EQ(lab.apply().result, core::RunResult::Applied);
  const std::string before = lab.docker.container("lab-web")->id;
  lab.configure(kMoreMemory);
  lab.docker.fail({"POST", "/start$"}, support::Fault::answer(500, "no memory"));
  EXPECT_EQ(lab.apply().result, core::RunResult::RolledBack);
  const auto now = lab.engine.inspect_container("lab-web", {});
  ASSERT_TRUE(now);
  EXPECT_EQ(now->id, before);
  EXPECT_EQ(now->state.status, core::ContainerStatus::Running);
  EXPECT_EQ(core::string_at(now->attributes, "restart"), "always");
}

}  // namespace
}  // namespace aim::apply_test
