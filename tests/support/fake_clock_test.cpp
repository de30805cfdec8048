#include "tests/support/fake_clock.hpp"

#include <gtest/gtest.h>

#include <thread>
#include <vector>

namespace aim::support {

using std::chrono::milliseconds;

TEST(FakeClock, WaitMovesBothClocksOnAndReturns) {
  FakeClock clock;
  const core::Utc utc = clock.utc_now();
  const core::Steady steady = clock.steady_now();
  EXPECT_TRUE(clock.wait_for(milliseconds(1500), {}));
  EXPECT_EQ(clock.utc_now() - utc, milliseconds(1500));
  EXPECT_EQ(clock.steady_now() - steady, milliseconds(1500));
}

TEST(FakeClock, StoppedWaitTakesNoTime) {
  FakeClock clock;
  const core::Steady before = clock.steady_now();
  std::stop_source stop;
  stop.request_stop();
  EXPECT_FALSE(clock.wait_for(milliseconds(1500), stop.get_token()));
  EXPECT_EQ(clock.steady_now(), before);
}

TEST(FakeClock, PacedWaitTakesItsFractionUnlessStopped) {
  FakeClock clock(100);
  const auto begin = std::chrono::steady_clock::now();
  EXPECT_TRUE(clock.wait_for(milliseconds(1000), {}));
  EXPECT_GE(std::chrono::steady_clock::now() - begin, milliseconds(10));
  std::stop_source stop;
  const FakeClock::Subscription listening = clock.subscribe([&] { stop.request_stop(); });
  EXPECT_FALSE(clock.wait_for(std::chrono::hours(1000), stop.get_token()));
}

TEST(FakeClock, ListenerThatStopsTheWaitIsHeeded) {
  FakeClock clock;
  std::stop_source stop;
  const FakeClock::Subscription listening = clock.subscribe([&] { stop.request_stop(); });
  EXPECT_FALSE(clock.wait_for(milliseconds(1), stop.get_token()));
}

TEST(FakeClock, ListenersAreToldUntilTheirSubscriptionEnds) {
  FakeClock clock;
  int calls = 0;
  {
    const FakeClock::Subscription listening = clock.subscribe([&] { ++calls; });
    clock.advance(milliseconds(1));
    clock.advance(milliseconds(1));
  }
  clock.advance(milliseconds(1));
  EXPECT_EQ(calls, 2);
}

TEST(FakeClock, WaitsOnSeveralThreadsAddUp) {
  FakeClock clock;
  const core::Steady before = clock.steady_now();
  std::vector<std::jthread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      for (int j = 0; j < 100; ++j) {
        clock.wait_for(milliseconds(1), {});
      }
    });
  }
  threads.clear();
  EXPECT_EQ(clock.steady_now() - before, milliseconds(400));
}

}  // namespace aim::support
