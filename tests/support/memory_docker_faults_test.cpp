#include <gmock/gmock.h>

#include <thread>

#include "tests/support/memory_docker_lab.hpp"

namespace aim::support {

using core::ErrorCode;
using std::chrono::seconds;
using testing::ElementsAre;

namespace {

class MemoryDockerFaults : public MemoryDockerLab {
 protected:
  core::Result<providers::HttpResponse> make(const std::string& volume) {
    return ask("POST", "/volumes/create", R"({"Name":")" + volume + "\"}");
  }
};

}  // namespace

TEST_F(MemoryDockerFaults, CallsAreRecordedAndThoseThatChangeSomethingNumbered) {
  create("web");
  EXPECT_EQ(status("GET", "/containers/web/json"), 200);
  EXPECT_EQ(status("POST", "/containers/web/start"), 204);
  EXPECT_EQ(docker.outside("DELETE", "/containers/web?force=1").status, 204);
  const std::vector<RecordedCall> calls = docker.calls();
  ASSERT_EQ(calls.size(), 3U);
  EXPECT_EQ(calls[0].change_number, 1U);
  EXPECT_EQ(calls[0].body, R"({"Image":"app:1"})");
  EXPECT_EQ(calls[0].api_version, "1.41");
  EXPECT_EQ(calls[0].status, 201);
  EXPECT_EQ(calls[1].change_number, 0U);
  EXPECT_EQ(calls[2].change_number, 2U);
  EXPECT_THAT(docker.changing_lines(),
              ElementsAre("POST /containers/create?name=web", "POST /containers/web/start"));
}

TEST_F(MemoryDockerFaults, WaitingAndRunningACommandChangeNothing) {
  run("web");
  docker.forget_calls();
  EXPECT_EQ(status("POST", "/containers/web/exec", R"({"Cmd":["true"]})"), 201);
  EXPECT_EQ(status("POST", "/containers/web/stop"), 204);
  EXPECT_EQ(status("POST", "/containers/web/wait"), 200);
  EXPECT_THAT(docker.changing_lines(), ElementsAre("POST /containers/web/stop"));
}

TEST_F(MemoryDockerFaults, NumberedChangeFailsWithoutEffect) {
  docker.fail_change(2, Fault::answer(500, "no space left on device"));
  EXPECT_EQ(make("one")->status, 201);
  const auto second = make("two");
  ASSERT_TRUE(second);
  EXPECT_EQ(second->status, 500);
  EXPECT_EQ(second->body, "{\"message\":\"no space left on device\"}\n");
  EXPECT_EQ(make("three")->status, 201);
  EXPECT_THAT(docker.volume_names(), ElementsAre("one", "three"));
}

TEST_F(MemoryDockerFaults, MatchingCallFailsAtItsOccurrenceAndSoOften) {
  docker.fail({"GET", "^/containers/json"}, Fault::answer(500, "busy"), 2, 2);
  EXPECT_EQ(status("GET", "/containers/json"), 200);
  EXPECT_EQ(status("GET", "/containers/json"), 500);
  EXPECT_EQ(status("GET", "/volumes"), 200);
  EXPECT_EQ(status("GET", "/containers/json"), 500);
  EXPECT_EQ(status("GET", "/containers/json"), 200);
}

TEST_F(MemoryDockerFaults, LostReplyHasItsEffect) {
  docker.fail_change(1, Fault::lose_reply());
  const auto lost = make("one");
  ASSERT_FALSE(lost);
  EXPECT_EQ(lost.error().code, ErrorCode::Unreachable);
  EXPECT_THAT(docker.volume_names(), ElementsAre("one"));
}

TEST_F(MemoryDockerFaults, HangLastsUntilTheDeadline) {
  docker.fail_change(1, Fault::hang());
  docker.fail_change(2, Fault::hang_after_effect());
  const core::Steady before = clock.steady_now();
  EXPECT_EQ(make("one").error().code, ErrorCode::Timeout);
  EXPECT_EQ(clock.steady_now() - before, seconds(30));
  EXPECT_EQ(make("two").error().code, ErrorCode::Timeout);
  EXPECT_EQ(clock.steady_now() - before, seconds(60));
  EXPECT_THAT(docker.volume_names(), ElementsAre("two"));
}

TEST_F(MemoryDockerFaults, StoppedHangIsCancelled) {
  docker.fail_change(1, Fault::hang());
  stop.request_stop();
  EXPECT_EQ(make("one").error().code, ErrorCode::Cancelled);
}

TEST_F(MemoryDockerFaults, LatencyBeyondTheDeadlineIsATimeoutWithEffect) {
  docker.set_latency({"POST", "^/volumes"}, seconds(40));
  const core::Steady before = clock.steady_now();
  EXPECT_EQ(make("one").error().code, ErrorCode::Timeout);
  EXPECT_EQ(clock.steady_now() - before, seconds(30));
  EXPECT_THAT(docker.volume_names(), ElementsAre("one"));
}

TEST_F(MemoryDockerFaults, LatencyPassesOnTheClock) {
  docker.set_latency({"POST", "^/volumes"}, seconds(2));
  const core::Steady before = clock.steady_now();
  EXPECT_EQ(make("one")->status, 201);
  EXPECT_EQ(clock.steady_now() - before, seconds(2));
}

TEST_F(MemoryDockerFaults, CrashBeforeTheEffectOfACall) {
  docker.crash_at(2, Crash::BeforeEffect);
  EXPECT_TRUE(make("one"));
  EXPECT_FALSE(docker.crashed());
  EXPECT_EQ(make("two").error().code, ErrorCode::Unreachable);
  EXPECT_TRUE(docker.crashed());
  EXPECT_EQ(make("three").error().code, ErrorCode::Unreachable);
  EXPECT_EQ(ask("GET", "/volumes").error().code, ErrorCode::Unreachable);
  EXPECT_THAT(docker.volume_names(), ElementsAre("one"));
}

TEST_F(MemoryDockerFaults, CrashAfterTheEffectOfACall) {
  docker.crash_at(2, Crash::AfterEffect);
  EXPECT_TRUE(make("one"));
  EXPECT_EQ(make("two").error().code, ErrorCode::Unreachable);
  EXPECT_EQ(make("three").error().code, ErrorCode::Unreachable);
  EXPECT_THAT(docker.volume_names(), ElementsAre("one", "two"));
  docker.heal();
  EXPECT_TRUE(make("three"));
}

TEST_F(MemoryDockerFaults, WhatWaitsWhenTheCrashComesIsBrokenOff) {
  run("web");
  docker.forget_calls();
  docker.crash_at(1, Crash::BeforeEffect);
  std::stop_source never;
  std::jthread crash([&] { EXPECT_FALSE(make("one")); });
  const auto waited = docker.stream(
      {"POST", "/v1.41/containers/web/wait", {}, {}},
      [](std::string_view) { return true; },
      std::chrono::milliseconds(0),
      never.get_token());
  ASSERT_FALSE(waited);
  EXPECT_EQ(waited.error().code, ErrorCode::Unreachable);
}

}  // namespace aim::support
