#include <gtest/gtest.h>

#include "tests/unit/planner/makers.hpp"

// What Docker's update call can set, take away and take back.
namespace aim::planner {
namespace {

using core::Map;
using core::Value;

constexpr std::int64_t kMebi = 1024 * 1024;

Configuration with(Map limits) {
  limits.insert_or_assign("image", Value("a:1"));
  limits.emplace("networks", Value(core::List{Value("default")}));
  Configuration configuration = test::empty_configuration();
  test::add(configuration, "network.default", {{"ipam", Map{{"subnet", "10.0.0.0/24"}}}});
  test::add(configuration, "container.x", std::move(limits), {"network.default"});
  return configuration;
}

test::Applied deployed(const Map& limits) {
  const Configuration configuration = with(limits);
  return test::apply_by_the_book(configuration,
                                 test::plan_of(configuration, {}, test::empty_world()));
}

ResourceChange change(const test::Applied& applied, const Map& limits) {
  return test::change_of(test::plan_of(with(limits), applied.state, applied.world), "container.x");
}

/// The only step of an update.
SetLimits step(const ResourceChange& change) {
  EXPECT_EQ(change.action, Action::Update);
  EXPECT_EQ(change.steps.size(), 1U);
  const SetLimits* limits =
      change.steps.empty() ? nullptr : std::get_if<SetLimits>(&change.steps.front());
  EXPECT_NE(limits, nullptr);
  return limits ? *limits : SetLimits();
}

core::ObservedContainer& only_container(test::Applied& applied) {
  return applied.world.containers.begin()->second;
}

TEST(Limits, ThatCanBeTakenAwayAreSetAndRemovedInPlace) {
  const test::Applied without = deployed({});
  const test::Applied limited = deployed({{"pids_limit", 100}});
  EXPECT_EQ(step(change(without, {{"pids_limit", 100}})),
            (SetLimits{{{"pids_limit", 100}}, {{"pids_limit", -1}}, false}));
  EXPECT_EQ(step(change(limited, {{"pids_limit", 200}})),
            (SetLimits{{{"pids_limit", 200}}, {{"pids_limit", 100}}, false}));
  EXPECT_EQ(step(change(limited, {})),
            (SetLimits{{{"pids_limit", -1}}, {{"pids_limit", 100}}, false}));
}

TEST(Limits, ThatCannotBeTakenAwayNeedANewContainer) {
  for (const auto& [name, written] : Map{{"memory", "64MiB"},
                                         {"cpus", 1.5},
                                         {"cpu_shares", 512},
                                         {"cpuset", "0"},
                                         {"cpuset_mems", "0"}}) {
    const test::Applied limited = deployed({{name, written}});
    EXPECT_EQ(change(limited, {}).action, Action::Replace) << name;
    EXPECT_TRUE(step(change(deployed({}), {{name, written}})).after_readiness) << name;
  }
}

TEST(Limits, OfSwapFollowTheMemory) {
  const test::Applied explicit_swap =
      deployed({{"memory", 64 * kMebi}, {"memory_swap", 100 * kMebi}});
  EXPECT_EQ(step(change(explicit_swap, {{"memory", 64 * kMebi}})),
            (SetLimits{{{"memory_swap", 128 * kMebi}}, {{"memory_swap", 100 * kMebi}}, false}));
  const test::Applied implied = deployed({{"memory", 64 * kMebi}});
  EXPECT_EQ(step(change(implied, {{"memory", 64 * kMebi}, {"memory_swap", -1}})),
            (SetLimits{{{"memory_swap", -1}}, {{"memory_swap", 128 * kMebi}}, false}));
}

TEST(Limits, OfSwapComeBackWithTheMemory) {
  const test::Applied limited = deployed({{"memory", 128 * kMebi}, {"memory_swap", 512 * kMebi}});
  EXPECT_EQ(step(change(limited, {{"memory", 256 * kMebi}, {"memory_swap", 512 * kMebi}})),
            (SetLimits{{{"memory", 256 * kMebi}},
                       {{"memory", 128 * kMebi}, {"memory_swap", 512 * kMebi}},
                       false}));
}

TEST(Limits, OfSwapAreSetWithTheMemoryThatTheyNeed) {
  const SetLimits both =
      step(change(deployed({}), {{"memory", 64 * kMebi}, {"memory_swap", 100 * kMebi}}));
  EXPECT_EQ(both.attributes, (Map{{"memory", 64 * kMebi}, {"memory_swap", 100 * kMebi}}));
  EXPECT_TRUE(both.after_readiness);
}

TEST(Limits, ThatSomebodySetByHandAreTakenAwayAgain) {
  test::Applied applied = deployed({});
  only_container(applied).attributes.insert_or_assign("pids_limit", Value(5));
  const ResourceChange mended = change(applied, {});
  EXPECT_EQ(mended.reason, Reason::Drifted);
  EXPECT_EQ(step(mended), (SetLimits{{{"pids_limit", -1}}, {{"pids_limit", 5}}, false}));

  test::Applied stuck = deployed({});
  only_container(stuck).attributes.insert_or_assign("cpu_shares", Value(512));
  EXPECT_EQ(change(stuck, {}).action, Action::Replace);
}

TEST(Limits, TakenAwaySinceBirthAreGoneFromARebuiltState) {
  test::Applied applied = deployed({{"pids_limit", 100}});
  only_container(applied).attributes.erase("pids_limit");
  EXPECT_FALSE(has_changes(test::plan_of(with({}), {}, applied.world)));
}

/// Disconnected as it is, connected as it shall be.
void expect_connected_anew(const ResourceChange& change,
                           const core::Attachment& before,
                           const core::Attachment& after) {
  EXPECT_EQ(change.action, Action::Update);
  ASSERT_EQ(change.steps.size(), 2U);
  EXPECT_EQ(change.steps[0], InPlaceStep(Disconnect{before}));
  EXPECT_EQ(change.steps[1], InPlaceStep(Connect{after}));
}

TEST(Attachments, LoseWhatIsNoLongerAskedFor) {
  const Map full{{"networks",
                  Map{{"default",
                       Map{{"aliases", core::List{"more"}},
                           {"ipv4_address", "10.0.0.9"},
                           {"ipv6_address", "fd00::9"}}}}}};
  const test::Applied attached = deployed(full);
  expect_connected_anew(change(attached, {{"networks", Map{{"default", Map()}}}}),
                        {"lab-default", {"x", "more"}, "10.0.0.9", "fd00::9"},
                        {"lab-default", {"x"}, "", ""});
  const test::Applied plain = deployed({});
  expect_connected_anew(change(plain, full),
                        {"lab-default", {"x"}, "", ""},
                        {"lab-default", {"x", "more"}, "10.0.0.9", "fd00::9"});
}

TEST(Attachments, HaveTheHostNameAsAnAliasAnyway) {
  const Map named{{"hostname", "own"}};
  test::Applied applied = deployed(named);
  core::ObservedContainer& container = only_container(applied);
  container.attributes.insert_or_assign(
      "networks", Map{{"lab-default", Map{{"aliases", core::List{"own", "x"}}}}});
  const Map more{{"hostname", "own"}, {"networks", core::List{"default", "side"}}};
  Configuration configuration = with(more);
  test::add(configuration, "network.side", {});
  const Plan plan = test::plan_of(configuration, applied.state, applied.world);
  const ResourceChange& change = test::change_of(plan, "container.x");
  ASSERT_EQ(change.steps.size(), 1U);
  EXPECT_EQ(change.steps[0], InPlaceStep(Connect{{"lab-side", {"x"}, "", ""}}));
}

}  // namespace
}  // namespace aim::planner
