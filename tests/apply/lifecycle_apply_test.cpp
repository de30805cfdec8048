#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cmd/view/plan_render.hpp"
#include "tests/apply/apply_lab.hpp"
#include "tests/apply/expectations.hpp"

namespace aim::apply_test {
namespace {

using planner::Action;
using planner::Reason;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

TEST(IgnoreChanges, OfTheConfigurationMakeNoDifference) {
  ApplyLab lab;
  const auto configure = [&](const std::string& image, const std::string& env) {
    lab.configure("containers:\n  web:\n    image: \"" + image + "\"\n    env: " + env +
                  "\n    lifecycle: { ignore_changes: [image, env.IGNORED] }\n");
  };
  configure("web:1", "{ IGNORED: \"1\", SEEN: \"1\" }");
  apply_and_expect_no_changes(lab);
  configure("serve:1", "{ SEEN: \"1\" }");
  expect_no_changes(lab);
  configure("serve:1", "{ IGNORED: \"2\", SEEN: \"2\" }");
  const planner::Plan plan = lab.plan();
  EXPECT_EQ(action_of(plan, "container.web"), Action::Replace);
  ASSERT_EQ(change_of(plan, "container.web").fields.size(), 2U);
  EXPECT_EQ(core::to_string(change_of(plan, "container.web").fields[1].path), "env.SEEN");
  apply_and_expect_no_changes(lab);
  EXPECT_EQ(lab.docker.container("lab-web")->image, "web:1");
}

TEST(IgnoreChanges, AllIsEverything) {
  ApplyLab lab;
  lab.configure("containers: { web: { image: \"web:1\", lifecycle: { ignore_changes: all } } }\n");
  apply_and_expect_no_changes(lab);
  lab.configure(
      "containers: { web: { image: \"serve:1\", command: [x], env: { A: \"1\" }, lifecycle: { "
      "ignore_changes: all } } }\n");
  expect_no_changes(lab);
}

TEST(IgnoreChanges, OfDriftAreNeitherToldNorMended) {
  ApplyLab lab;
  lab.configure(
      "containers: { web: { image: \"web:1\", memory: 64MiB, lifecycle: { ignore_changes: "
      "[memory, memory_swap] } } }\n");
  apply_and_expect_no_changes(lab);
  const auto changed = lab.docker.outside(
      "POST", "/containers/lab-web/update", R"({"Memory": 134217728, "MemorySwap": 268435456})");
  ASSERT_EQ(changed.status, 200) << changed.body;
  expect_no_changes(lab);
  lab.configure("containers: { web: { image: \"web:1\", memory: 64MiB } }\n");
  EXPECT_EQ(action_of(lab.plan(), "container.web"), Action::Update);
}

TEST(IgnoreChanges, ANewContainerGetsTheSecretThatWasIgnored) {
  ApplyLab lab;
  const auto configure = [&](const std::string& image, const std::string& token) {
    lab.variables = {{"token", token}};
    lab.configure("variables: { token: { sensitive: true } }\ncontainers:\n  web:\n    image: \"" +
                  image +
                  "\"\n    env: { TOKEN: \"${var.token}\" }\n    lifecycle: { ignore_changes: "
                  "[env.TOKEN] }\n");
  };
  configure("web:1", "one");
  apply_and_expect_no_changes(lab);
  configure("web:1", "two");
  expect_no_changes(lab);
  configure("serve:1", "two");
  EXPECT_EQ(action_of(lab.plan(), "container.web"), Action::Replace);
  apply_and_expect_no_changes(lab);
  EXPECT_THAT(lab.docker.outside("GET", "/containers/lab-web/json").body, HasSubstr("TOKEN=two"));
}

constexpr const char* kTriggered = R"(
containers:
  db: { image: "IMAGE", env: { MODE: "ENV" } }
  any: { image: "web:1", lifecycle: { replace_triggered_by: [container.db] } }
  image: { image: "web:1", lifecycle: { replace_triggered_by: [container.db.image] } }
)";

std::string triggered(const std::string& image, const std::string& env) {
  std::string text = kTriggered;
  text.replace(text.find("IMAGE"), 5, image);
  text.replace(text.find("ENV"), 3, env);
  return text;
}

TEST(ReplaceTriggeredBy, FollowsTheResourceOrOneAttribute) {
  ApplyLab lab;
  lab.configure(triggered("web:1", "a"));
  apply_and_expect_no_changes(lab);
  lab.configure(triggered("web:1", "b"));
  const planner::Plan by_env = lab.plan();
  EXPECT_EQ(action_of(by_env, "container.any"), Action::Replace);
  EXPECT_EQ(change_of(by_env, "container.any").reason, Reason::Triggered);
  EXPECT_THAT(change_of(by_env, "container.any").triggered_by, ElementsAre("container.db"));
  EXPECT_EQ(action_of(by_env, "container.image"), Action::NoOp);
  EXPECT_THAT(view::render_plan(by_env, {}, view::Colour::Off),
              HasSubstr("# container.any must be replaced (replace_triggered_by: container.db)"));
  apply_and_expect_no_changes(lab);
  lab.configure(triggered("serve:1", "b"));
  EXPECT_EQ(action_of(lab.plan(), "container.image"), Action::Replace);
  apply_and_expect_no_changes(lab);
}

TEST(PreventDestroy, IsRecordedByAnApplyOfItsOwnAndLiftedByOne) {
  ApplyLab lab;
  const auto configure = [&](const std::string& protection) {
    lab.configure("containers: { web: { image: \"web:1\"" + protection + " } }\n");
  };
  configure("");
  apply_and_expect_no_changes(lab);
  configure(", lifecycle: { prevent_destroy: true }");
  const planner::Plan protect = lab.plan();
  EXPECT_EQ(action_of(protect, "container.web"), Action::Update);
  EXPECT_THAT(view::render_plan(protect, {}, view::Colour::Off),
              HasSubstr("~ prevent_destroy = false -> true"));
  const std::vector<std::string> world = lab.docker.world_lines();
  apply_and_expect_no_changes(lab);
  EXPECT_EQ(lab.docker.world_lines(), world);

  const std::string refused =
      "container.web has lifecycle.prevent_destroy, and this plan would destroy it. Set it to "
      "false and apply that first; removing the block does not lift the protection.\n";
  lab.configure("containers: {}\n");
  EXPECT_EQ(lab.plan_errors(), "Resource is protected: " + refused);
  planner::PlanOptions options;
  options.destroy = true;
  EXPECT_EQ(lab.plan_errors(options), "Resource is protected: " + refused);
  lab.configure("containers: { web: { image: \"serve:1\" } }\n");
  EXPECT_THAT(lab.plan_errors(), HasSubstr("this plan would replace it"));
  lab.configure("containers: { web: { image: \"web:1\", enabled: false } }\n");
  EXPECT_EQ(lab.plan_errors(), "Resource is protected: " + refused);
  configure(", lifecycle: { prevent_destroy: true }");
  options.destroy = false;
  options.replaces.insert(core::Address::parse("container.web").value());
  EXPECT_THAT(lab.plan_errors(options), HasSubstr("this plan would replace it"));
  lab.configure(
      "containers:\n  web: { image: \"web:1\", lifecycle: { prevent_destroy: true, "
      "replace_triggered_by: [container.db] } }\n  db: { image: \"web:1\" }\n");
  EXPECT_EQ(lab.plan_errors(), "");

  configure("");
  apply_and_expect_no_changes(lab);
  lab.configure("containers: {}\n");
  apply_and_expect_no_changes(lab);
  EXPECT_TRUE(lab.docker.containers().empty());
}

}  // namespace
}  // namespace aim::apply_test
