#include <gtest/gtest.h>

#include "planner/readiness.hpp"

namespace aim::planner {
namespace {

using core::Map;
using std::chrono::hours;
using std::chrono::minutes;

const core::Address kJob{core::Kind::Container, "fetch", std::nullopt};

ReadinessPolicy policy_of(Map attributes) {
  attributes.emplace("job", true);
  const auto policy = readiness_policy(kJob, attributes);
  EXPECT_TRUE(policy);
  return policy.value_or(ReadinessPolicy());
}

std::string given_up(const Readiness& readiness, core::Steady now) {
  const Readiness::Next next = readiness.next(now);
  const auto* give_up = std::get_if<Readiness::GiveUp>(&next);
  return give_up ? give_up->cause : "goes on";
}

TEST(JobReadiness, IsExitCodeZero) {
  const core::Steady start{};
  Readiness readiness(policy_of({}), start);
  EXPECT_TRUE(std::holds_alternative<Readiness::Wait>(readiness.next(start)));
  readiness.on_exit({0, false, {}});
  EXPECT_TRUE(std::holds_alternative<Readiness::Ready>(readiness.next(start)));
}

TEST(JobReadiness, IsNoOtherExit) {
  const core::Steady start{};
  Readiness failed(policy_of({}), start);
  failed.on_exit({3, false, {}});
  EXPECT_EQ(given_up(failed, start), "exited with code 3");
  Readiness killed(policy_of({}), start);
  killed.on_exit({0, true, {}});
  EXPECT_EQ(given_up(killed, start), "was killed because it ran out of memory (OOM)");
}

TEST(JobReadiness, IsWaitedForFourHours) {
  const core::Steady start{};
  const Readiness readiness(policy_of({}), start);
  EXPECT_EQ(given_up(readiness, start + hours(4) - minutes(1)), "goes on");
  EXPECT_EQ(given_up(readiness, start + hours(4)), "was not done after 4h");
}

TEST(JobReadiness, ALimitCountsFromTheLastLineOfItsLog) {
  const core::Steady start{};
  Readiness readiness(policy_of({{"readiness", Map{{"start_timeout", 600'000}}}}), start);
  readiness.on_progress(start + minutes(9));
  EXPECT_EQ(given_up(readiness, start + minutes(18)), "goes on");
  EXPECT_EQ(given_up(readiness, start + minutes(19)),
            "was not done after 10m without any progress");
}

}  // namespace
}  // namespace aim::planner
