#include <gtest/gtest.h>

#include <boost/json.hpp>

#include "tests/unit/providers/actor_fixture.hpp"

namespace aim::providers {
namespace {

namespace json = boost::json;
using core::ErrorCode;
using core::make_error;
using test::broken;
using test::dead;
using test::described;
using test::expect_error;
using test::Fixture;
using test::message;
using test::ScriptedTransport;

std::string attached(json::object networks) {
  return described("running", {{"NetworkSettings", {{"Networks", std::move(networks)}}}});
}

constexpr const char* kInspect = "GET /v1.41/containers/x/json";

TEST(Perform, SucceedsOnADirectAnswer) {
  const std::vector<std::pair<core::Call, std::string>> calls = {
      {core::StartContainer{"x"}, "POST /v1.41/containers/x/start"},
      {core::StopContainer{"x", std::chrono::seconds(9)}, "POST /v1.41/containers/x/stop?t=9"},
      {core::KillContainer{"x"}, "POST /v1.41/containers/x/kill"},
      {core::UnpauseContainer{"x"}, "POST /v1.41/containers/x/unpause"},
      {core::RenameContainer{"x", "y"}, "POST /v1.41/containers/x/rename?name=y"},
      {core::RemoveContainer{"x", false, true}, "DELETE /v1.41/containers/x?v=1&force=0"},
      {core::ConnectNetwork{"x", {"n", {}, ""}}, "POST /v1.41/networks/n/connect"},
      {core::DisconnectNetwork{"x", "n"}, "POST /v1.41/networks/n/disconnect"},
      {core::RemoveNetwork{"n"}, "DELETE /v1.41/networks/n"},
      {core::RemoveVolume{"v"}, "DELETE /v1.41/volumes/v"}};
  for (const auto& [call, line] : calls) {
    Fixture f;
    f.docker.on(line, 204);
    EXPECT_TRUE(f.perform(call)) << line;
    EXPECT_EQ(f.docker.lines(), std::vector<std::string>{line});
  }
}

TEST(Perform, TakesAlreadySoForSuccess) {
  const std::vector<std::pair<core::Call, std::pair<std::string, int>>> calls = {
      {core::StartContainer{"x"}, {"POST /v1.41/containers/x/start", 304}},
      {core::StopContainer{"x", std::chrono::seconds(9)},
       {"POST /v1.41/containers/x/stop?t=9", 304}},
      {core::RemoveContainer{"x", false, true}, {"DELETE /v1.41/containers/x?v=1&force=0", 404}},
      {core::RemoveNetwork{"n"}, {"DELETE /v1.41/networks/n", 404}},
      {core::RemoveVolume{"v"}, {"DELETE /v1.41/volumes/v", 404}}};
  for (const auto& [call, answer] : calls) {
    Fixture f;
    f.docker.on(answer.first, answer.second, message("as it was"));
    EXPECT_TRUE(f.perform(call)) << answer.first;
  }
}

TEST(Perform, LooksWhenNoAnswerCame) {
  struct Case {
    core::Call call;
    std::string line;
    std::string done;  ///< inspect answer after which it counts as done
    std::string not_done;
  };

  const std::string on_n = attached({{"n", json::object{}}});
  const std::string on_none = attached({});
  const std::string renamed = described("running", {{"Name", "/y"}});
  const std::vector<Case> cases = {
      {core::StartContainer{"x"},
       "POST /v1.41/containers/x/start",
       described("running"),
       described("exited")},
      {core::StopContainer{"x", std::chrono::seconds(9)},
       "POST /v1.41/containers/x/stop?t=9",
       described("exited"),
       described("running")},
      {core::KillContainer{"x"},
       "POST /v1.41/containers/x/kill",
       described("exited"),
       described("running")},
      {core::UnpauseContainer{"x"},
       "POST /v1.41/containers/x/unpause",
       described("running"),
       described("paused")},
      {core::RenameContainer{"x", "y"},
       "POST /v1.41/containers/x/rename?name=y",
       renamed,
       described("running")},
      {core::ConnectNetwork{"x", {"n", {}, ""}}, "POST /v1.41/networks/n/connect", on_n, on_none},
      {core::DisconnectNetwork{"x", "n"}, "POST /v1.41/networks/n/disconnect", on_none, on_n}};
  for (const Case& one : cases) {
    {
      Fixture f;
      f.docker.on(one.line, broken()).on(kInspect, 200, one.done);
      EXPECT_TRUE(f.perform(one.call)) << one.line;
    }
    {
      Fixture f;
      f.docker.on(one.line, broken()).on(kInspect, 200, one.not_done);
      expect_error(f.perform(one.call), broken());
    }
    Fixture f;
    f.docker.on(one.line, broken()).on(kInspect, dead());
    expect_error(f.perform(one.call), broken());
  }
}

TEST(Perform, LooksWhetherWhatWasRemovedIsGone) {
  const std::vector<std::tuple<core::Call, std::string, std::string>> cases = {
      {core::RemoveContainer{"x", false, true}, "DELETE /v1.41/containers/x?v=1&force=0", kInspect},
      {core::RemoveNetwork{"n"}, "DELETE /v1.41/networks/n", "GET /v1.41/networks/n"},
      {core::RemoveVolume{"v"}, "DELETE /v1.41/volumes/v", "GET /v1.41/volumes/v"}};
  for (const auto& [call, line, look] : cases) {
    {
      Fixture f;
      f.docker.on(line, broken()).on(look, 404, message("no such"));
      EXPECT_TRUE(f.perform(call)) << line;
    }
    Fixture f;
    f.docker.on(line, broken()).on(look, 200, described("running"));
    expect_error(f.perform(call), broken());
  }
}

TEST(Perform, GivesEachCallItsTime) {
  Fixture f;
  f.docker.on("POST /v1.41/containers/x/stop?t=600", 204).on("POST /v1.41/containers/x/start", 204);
  EXPECT_TRUE(f.perform(core::StopContainer{"x", std::chrono::seconds(600)}));
  EXPECT_TRUE(f.perform(core::StartContainer{"x"}));
  EXPECT_EQ(f.docker.limit_of("POST /v1.41/containers/x/stop?t=600"), std::chrono::seconds(660));
  EXPECT_EQ(f.docker.limit_of("POST /v1.41/containers/x/start"), std::chrono::seconds(120));
}

TEST(StartContainer, SaysThatAPortIsTaken) {
  Fixture f;
  const std::string text = "Bind for 0.0.0.0:8000 failed: port is already allocated";
  f.docker.on("POST /v1.41/containers/x/start", 500, message(text));
  expect_error(f.perform(core::StartContainer{"x"}), make_error(ErrorCode::Conflict, text));
}

TEST(KillContainer, TakesADeadOneForSuccess) {
  Fixture f;
  f.docker.on("POST /v1.41/containers/x/kill", 409, message("Container x is not running"))
      .on(kInspect, 200, described("exited"));
  EXPECT_TRUE(f.perform(core::KillContainer{"x"}));
}

TEST(UnpauseContainer, TakesARunningOneForSuccess) {
  Fixture f;
  f.docker.on("POST /v1.41/containers/x/unpause", 500, message("Container x is not paused"))
      .on(kInspect, 200, described("running"));
  EXPECT_TRUE(f.perform(core::UnpauseContainer{"x"}));
}

TEST(RenameContainer, TakesTheSameNameForSuccess) {
  Fixture f;
  f.docker
      .on("POST /v1.41/containers/x/rename?name=lab-web",
          400,
          message("Renaming a container with the same name as its current name"))
      .on(kInspect, 200, described("running"));
  EXPECT_TRUE(f.perform(core::RenameContainer{"x", "lab-web"}));
}

TEST(RenameContainer, SaysThatTheNameIsTaken) {
  Fixture f;
  f.docker
      .on("POST /v1.41/containers/x/rename?name=y", 409, message("name is in use by container z"))
      .on(kInspect, 200, described("running"));
  expect_error(f.perform(core::RenameContainer{"x", "y"}),
               make_error(ErrorCode::Conflict, "name is in use by container z"));
}

constexpr const char* kRemove = "DELETE /v1.41/containers/x?v=1&force=0";
constexpr const char* kAwait = "POST /v1.41/containers/x/wait?condition=removed";
const std::string kInProgress = message("removal of container x is already in progress");

TEST(RemoveContainer, WaitsForSomebodyElsesRemoval) {
  Fixture f;
  f.docker.on(kRemove, 409, kInProgress)
      .on(kAwait, 200, R"({"StatusCode":0})")
      .on(kInspect, 404, message("No such container: x"));
  EXPECT_TRUE(f.perform(core::RemoveContainer{"x", false, true}));
  EXPECT_EQ(f.docker.limit_of(kAwait), std::chrono::seconds(120));
}

TEST(RemoveContainer, FindsThatItIsGoneBeforeItWaits) {
  Fixture f;
  f.docker.on(kRemove, 409, kInProgress).on(kAwait, 404, message("No such container: x"));
  EXPECT_TRUE(f.perform(core::RemoveContainer{"x", false, true}));
}

TEST(RemoveContainer, SaysThatTheOtherRemovalFailed) {
  Fixture f;
  f.docker.on(kRemove, 409, kInProgress)
      .on(kAwait, 200, R"({"StatusCode":0,"Error":{"Message":"busy"}})")
      .on(kInspect, 200, described("dead"));
  expect_error(f.perform(core::RemoveContainer{"x", false, true}),
               make_error(ErrorCode::Conflict,
                          "container abc123def456 is being removed by somebody else and is still "
                          "there"));
}

TEST(RemoveContainer, SaysThatItRuns) {
  Fixture f;
  f.docker.on(kRemove, 409, message("You cannot remove a running container x"));
  expect_error(f.perform(core::RemoveContainer{"x", false, true}),
               make_error(ErrorCode::Conflict, "You cannot remove a running container x"));
}

constexpr const char* kUpdate = "POST /v1.41/containers/x/update";

std::string limited(std::int64_t memory) {
  return described(
      "running",
      {{"HostConfig",
        {{"Memory", memory}, {"RestartPolicy", {{"Name", "always"}, {"MaximumRetryCount", 0}}}}}});
}

TEST(UpdateContainer, LooksBeforeAndAfter) {
  Fixture f;
  f.docker.on(kInspect, 200, limited(100))
      .on(kUpdate, 200, R"({"Warnings":["no swap"]})")
      .on(kInspect, 200, limited(200));
  const auto done = f.perform(core::UpdateContainer{"x", {{"memory", 200}}});
  ASSERT_TRUE(done);
  EXPECT_EQ(done->warnings, (std::vector<std::string>{"no swap"}));
  EXPECT_EQ(json::parse(f.docker.body_of(kUpdate)),
            json::value({{"RestartPolicy", {{"Name", "always"}, {"MaximumRetryCount", 0}}},
                         {"Memory", 200},
                         {"MemorySwap", 400}}));
}

TEST(UpdateContainer, FailsWhenDockerIgnoredIt) {
  Fixture f;
  f.docker.on(kInspect, 200, limited(100))
      .on(kUpdate, 200, R"({"Warnings":null})")
      .on(kInspect, 200, limited(100));
  expect_error(
      f.perform(core::UpdateContainer{"x", {{"memory", 200}, {"restart", "no"}}}),
      make_error(ErrorCode::Failed, "Docker reported success but did not change memory, restart"));
}

TEST(UpdateContainer, GoesByWhatIsThereWhenNoAnswerCame) {
  {
    Fixture f;
    f.docker.on(kInspect, 200, limited(100)).on(kUpdate, broken()).on(kInspect, 200, limited(200));
    EXPECT_TRUE(f.perform(core::UpdateContainer{"x", {{"memory", 200}}}));
  }
  Fixture f;
  f.docker.on(kInspect, 200, limited(100)).on(kUpdate, broken()).on(kInspect, 200, limited(100));
  expect_error(f.perform(core::UpdateContainer{"x", {{"memory", 200}}}), broken());
}

TEST(UpdateContainer, PassesARefusalOn) {
  Fixture f;
  f.docker.on(kInspect, 200, limited(100)).on(kUpdate, 400, message("Minimum memory limit"));
  expect_error(f.perform(core::UpdateContainer{"x", {{"memory", 1}}}),
               make_error(ErrorCode::Invalid, "Minimum memory limit"));
}

TEST(ConnectNetwork, TakesTheSameAttachmentForSuccess) {
  const core::ConnectNetwork call{"x", {"n", {"web"}, "10.0.0.5"}};
  const auto seen = [](json::object endpoint) { return attached({{"n", std::move(endpoint)}}); };
  const json::object same{{"Aliases", {"web", "more"}},
                          {"IPAMConfig", {{"IPv4Address", "10.0.0.5"}}}};
  const json::object no_alias{{"IPAMConfig", {{"IPv4Address", "10.0.0.5"}}}};
  const json::object no_address{{"Aliases", json::array{"web"}}};
  const std::string line = "POST /v1.41/networks/n/connect";
  const std::string refusal = "endpoint with name lab-web already exists in network n";
  {
    Fixture f;
    f.docker.on(line, 403, message(refusal)).on(kInspect, 200, seen(same));
    EXPECT_TRUE(f.perform(call));
  }
  for (const json::object& other : {no_alias, no_address}) {
    Fixture f;
    f.docker.on(line, 403, message(refusal)).on(kInspect, 200, seen(other));
    expect_error(f.perform(call), make_error(ErrorCode::Conflict, refusal));
  }
}

TEST(DisconnectNetwork, TakesNoAttachmentForSuccess) {
  for (const int status : {500, 403, 404}) {
    Fixture f;
    f.docker.on("POST /v1.41/networks/n/disconnect", status, message("is not connected"))
        .on(kInspect, 200, attached({{"other", json::object{}}}));
    EXPECT_TRUE(f.perform(core::DisconnectNetwork{"x", "n"})) << status;
  }
}

TEST(DisconnectNetwork, SaysThatThereIsNoContainer) {
  Fixture f;
  f.docker.on("POST /v1.41/networks/n/disconnect", 404, message("No such container: x"))
      .on(kInspect, 404, message("No such container: x"));
  expect_error(f.perform(core::DisconnectNetwork{"x", "n"}),
               make_error(ErrorCode::NotFound, "No such container: x"));
}

TEST(Perform, DoesNothingAfterAStop) {
  ScriptedTransport docker;
  DockerEngine engine(docker);
  std::stop_source stop;
  stop.request_stop();
  const auto outcome = engine.perform(core::StartContainer{"x"}, stop.get_token());
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().code, ErrorCode::Cancelled);
}

}  // namespace
}  // namespace aim::providers
