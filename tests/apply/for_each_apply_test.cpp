#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cmd/view/plan_render.hpp"
#include "tests/apply/apply_lab.hpp"
#include "tests/apply/expectations.hpp"

namespace aim::apply_test {
namespace {

using planner::Action;
using ::testing::ElementsAre;

constexpr const char* kTwo = R"(
volumes: { data: { for_each: [a, b] } }
containers:
  web:
    for_each: { a: 3000, b: 3001 }
    image: "web:1"
    ports: ["127.0.0.1:${each.value}:80"]
    mounts: ['data["${each.key}"]:/data']
outputs: { names: "${container.web[*].container_name}" }
)";
constexpr const char* kThree = R"(
volumes: { data: { for_each: [a, b, c] } }
containers:
  web:
    for_each: { a: 3000, b: 3001, c: 3002 }
    image: "web:1"
    ports: ["127.0.0.1:${each.value}:80"]
    mounts: ['data["${each.key}"]:/data']
outputs: { names: "${container.web[*].container_name}" }
)";

std::vector<std::string> container_names(const ApplyLab& lab) {
  std::vector<std::string> names;
  for (const support::ContainerView& container : lab.docker.containers()) {
    names.push_back(container.name);
  }
  return names;
}

TEST(ForEachApply, GrowsAndShrinksWithoutTouchingTheOthers) {
  ApplyLab lab;
  lab.configure(kTwo);
  apply_and_expect_no_changes(lab);
  EXPECT_THAT(container_names(lab), ElementsAre("lab-web-a-ca9781", "lab-web-b-3e23e8"));
  const std::string id = lab.docker.container("lab-web-a-ca9781")->id;

  lab.configure(kThree);
  const planner::Plan growth = lab.plan();
  EXPECT_EQ(planner::count_changes(growth), (planner::ChangeCounts{2, 0, 0}));
  apply_and_expect_no_changes(lab);
  EXPECT_THAT(container_names(lab),
              ElementsAre("lab-web-a-ca9781", "lab-web-b-3e23e8", "lab-web-c-2e7d2c"));

  lab.configure(R"(
volumes: { data: { for_each: [a] } }
containers:
  web:
    for_each: { a: 3000 }
    image: "web:1"
    ports: ["127.0.0.1:${each.value}:80"]
    mounts: ['data["${each.key}"]:/data']
)");
  EXPECT_EQ(planner::count_changes(lab.plan()), (planner::ChangeCounts{0, 0, 2}));
  apply_and_expect_no_changes(lab);
  EXPECT_THAT(container_names(lab), ElementsAre("lab-web-a-ca9781"));
  EXPECT_EQ(lab.docker.container("lab-web-a-ca9781")->id, id);
  // Volumes survive the keys that they were made for.
  EXPECT_THAT(lab.docker.volume_names(),
              ElementsAre("lab-data-a-ca9781", "lab-data-b-3e23e8", "lab-data-c-2e7d2c"));
}

TEST(ForEachApply, ASetIsTakenAwayWhole) {
  ApplyLab lab;
  lab.configure(kTwo);
  apply_and_expect_no_changes(lab);
  lab.configure("volumes: { data: { for_each: [a, b] } }\n");
  apply_and_expect_no_changes(lab);
  EXPECT_TRUE(lab.docker.containers().empty());
}

TEST(ForEachApply, LostStateIsRebuiltFromTheLabels) {
  ApplyLab lab;
  lab.configure(kTwo);
  apply_and_expect_no_changes(lab);
  lab.lose_state();
  EXPECT_FALSE(planner::has_changes(lab.plan()));
}

TEST(EnabledApply, TogglesAResource) {
  ApplyLab lab;
  const auto configure = [&](bool on) {
    lab.configure(std::string("variables: { on: { default: ") + (on ? "true" : "false") +
                  " } }\ncontainers:\n  web: { image: \"web:1\", enabled: \"${var.on}\" }\n"
                  "  other: { image: \"web:1\" }\n");
  };
  configure(true);
  apply_and_expect_no_changes(lab);
  EXPECT_TRUE(lab.docker.container("lab-web")->running());
  configure(false);
  EXPECT_EQ(action_of(lab.plan(), "container.web"), Action::Delete);
  apply_and_expect_no_changes(lab);
  EXPECT_EQ(lab.docker.container("lab-web"), std::nullopt);
  EXPECT_TRUE(lab.docker.container("lab-other")->running());
  configure(true);
  apply_and_expect_no_changes(lab);
  EXPECT_TRUE(lab.docker.container("lab-web")->running());
}

}  // namespace
}  // namespace aim::apply_test
