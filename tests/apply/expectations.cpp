#include "tests/apply/expectations.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace aim::apply_test {

std::string causes(const planner::ApplyResult& result) {
  std::string text;
  for (const planner::Failure& failure : result.failures) {
    text += failure.resource + ": " + failure.cause + "\n";
  }
  for (const std::string& left : result.left_over) {
    text += "left over: " + left + "\n";
  }
  return text;
}

void expect_no_changes(ApplyLab& lab) {
  const planner::Plan plan = lab.plan();
  EXPECT_THAT(lab.errors, ::testing::IsEmpty());
  EXPECT_FALSE(planner::has_changes(plan));
  EXPECT_TRUE(plan.drift.empty());
  for (const planner::ResourceChange& change : plan.changes) {
    EXPECT_EQ(change.action, planner::Action::NoOp) << change.address.str();
  }
}

void apply_and_expect_no_changes(ApplyLab& lab) {
  const planner::ApplyResult result = lab.apply();
  ASSERT_EQ(result.result, core::RunResult::Applied) << causes(result);
  expect_no_changes(lab);
}

const planner::ResourceChange& change_of(const planner::Plan& plan, const std::string& address) {
  for (const planner::ResourceChange& change : plan.changes) {
    if (change.address.str() == address) {
      return change;
    }
  }
  static const planner::ResourceChange kNone;
  ADD_FAILURE() << "no change of " << address;
  return kNone;
}

planner::Action action_of(const planner::Plan& plan, const std::string& address) {
  return change_of(plan, address).action;
}

}  // namespace aim::apply_test
