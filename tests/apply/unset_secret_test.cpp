#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cmd/view/plan_render.hpp"
#include "planner/plan_file.hpp"
#include "planner/unset_secrets.hpp"
#include "tests/apply/apply_lab.hpp"
#include "tests/apply/expectations.hpp"

namespace aim::apply_test {
namespace {

using planner::Action;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr const char* kOne = R"(
variables: { token: { sensitive: true, default: "${env:TOKEN}" } }
containers:
  web: { image: "web:1", env: { TOKEN: "${var.token}", HEADER: "Bearer ${var.token}" } }
outputs: { token: { value: "${var.token}", sensitive: true } }
)";
constexpr const char* kTwo = R"(
variables: { token: { sensitive: true, default: "${env:TOKEN}" } }
containers:
  web: { image: "web:1", env: { TOKEN: "${var.token}", HEADER: "Bearer ${var.token}" } }
  new: { image: "web:1", env: { TOKEN: "${var.token}" } }
outputs: { token: { value: "${var.token}", sensitive: true } }
)";

TEST(UnsetSecret, IsAssumedUnchangedWhereverItIsUsed) {
  ApplyLab lab;
  lab.environment = {{"TOKEN", "one"}};
  lab.configure(kOne);
  apply_and_expect_no_changes(lab);
  const planner::Plan known = lab.plan();
  lab.environment.clear();
  const planner::Plan plan = lab.plan();
  EXPECT_FALSE(planner::has_changes(plan));
  // Saved, it is not stale for whoever has the secret.
  EXPECT_THAT(planner::differences(plan, known), ElementsAre());
  EXPECT_THAT(planner::unset_places(plan), ElementsAre());
  ASSERT_EQ(plan.notes.size(), 1U);
  EXPECT_EQ(
      plan.notes[0].detail,
      "`token` reads (not set here, assumed unchanged): the plan takes what is made of it for "
      "what was applied last. Apply asks for it. To have it compared here as well, give it "
      "with AIM_VAR_token or --var-file.");
  lab.environment = {{"TOKEN", "two"}};
  EXPECT_EQ(action_of(lab.plan(), "container.web"), Action::Replace);
}

TEST(UnsetSecret, DoesNotHideOtherChanges) {
  ApplyLab lab;
  lab.environment = {{"TOKEN", "one"}};
  lab.configure(kOne);
  apply_and_expect_no_changes(lab);
  lab.environment.clear();
  std::string changed = kOne;
  changed.replace(changed.find("Bearer"), 6, "Basic");
  lab.configure(changed);
  // What it becomes cannot be told, and so neither that the text around it was changed.
  EXPECT_FALSE(planner::has_changes(lab.plan()));
  changed.replace(changed.find("web:1"), 5, "serve:1");
  lab.configure(changed);
  EXPECT_EQ(action_of(lab.plan(), "container.web"), Action::Replace);
}

TEST(UnsetSecret, OfSomethingNewIsSaidToBeMissing) {
  ApplyLab lab;
  lab.environment = {{"TOKEN", "one"}};
  lab.configure(kOne);
  apply_and_expect_no_changes(lab);
  lab.environment.clear();
  lab.configure(kTwo);
  const planner::Plan plan = lab.plan();
  EXPECT_EQ(action_of(plan, "container.new"), Action::Create);
  EXPECT_EQ(action_of(plan, "container.web"), Action::NoOp);
  EXPECT_THAT(planner::unset_places(plan), ElementsAre("container.new.env.TOKEN"));
  EXPECT_THAT(view::render_plan(plan, {}, view::Colour::Off),
              HasSubstr("TOKEN = (sensitive value, not set here)"));
}

TEST(UnsetSecret, IsNotNeededToRemoveEverything) {
  ApplyLab lab;
  lab.environment = {{"TOKEN", "one"}};
  lab.configure(kOne);
  apply_and_expect_no_changes(lab);
  lab.environment.clear();
  planner::PlanOptions options;
  options.destroy = true;
  EXPECT_EQ(lab.apply(options).result, core::RunResult::Applied);
  EXPECT_TRUE(lab.docker.containers().empty());
}

}  // namespace
}  // namespace aim::apply_test
