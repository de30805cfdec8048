#include <fmt/format.h>

#include "tests/contract/face.hpp"

namespace aim::contract_test {

using core::ContainerStatus;
using core::ErrorCode;
using std::chrono::seconds;

namespace {

bool has_exited(const core::ObservedContainer& seen) {
  return seen.state.status == ContainerStatus::Exited;
}

}  // namespace

TEST_P(Contract, StartMayBeRepeated) {
  const std::string id = must(container("a", runs_until_stopped()));
  must(core::StartContainer{id});
  const core::ObservedContainer seen = inspect(id);
  EXPECT_EQ(seen.state.status, ContainerStatus::Running);
  EXPECT_NE(seen.state.started_at, "");
  must(core::StartContainer{id});
  EXPECT_EQ(inspect(id).state.started_at, seen.state.started_at);
}

TEST_P(Contract, StartOfAMissingContainerIsNotFound) {
  EXPECT_EQ(refused(core::StartContainer{name("none")}).code, ErrorCode::NotFound);
}

TEST_P(Contract, StopGivesTheProgramTheChanceToEnd) {
  const std::string id = must(container("a", runs_until_stopped()));
  must(core::StartContainer{id});
  must(core::StopContainer{id, seconds(10)});
  const core::ObservedContainer seen = inspect(id);
  EXPECT_EQ(seen.state.status, ContainerStatus::Exited);
  EXPECT_EQ(seen.state.exit_code, 143);
  EXPECT_NE(seen.state.finished_at, "");
}

TEST_P(Contract, StopKillsWhatDoesNotEndInItsGracePeriod) {
  const std::string id = must(container("a", ignores_stop()));
  must(core::StartContainer{id});
  const core::Steady begin = clock.steady_now();
  must(core::StopContainer{id, seconds(1)});
  EXPECT_GE(clock.steady_now() - begin, std::chrono::milliseconds(900));
  EXPECT_EQ(inspect(id).state.exit_code, 137);
}

TEST_P(Contract, StopMayBeRepeatedAndComeBeforeTheFirstStart) {
  const std::string id = must(container("a", runs_until_stopped()));
  must(core::StopContainer{id, seconds(1)});
  EXPECT_EQ(inspect(id).state.status, ContainerStatus::Created);
  must(core::StartContainer{id});
  must(core::StopContainer{id, seconds(5)});
  must(core::StopContainer{id, seconds(5)});
}

TEST_P(Contract, StopOfAMissingContainerIsNotFound) {
  EXPECT_EQ(refused(core::StopContainer{name("none"), seconds(1)}).code, ErrorCode::NotFound);
}

TEST_P(Contract, KillEndsAtOnceAndMayBeRepeated) {
  const std::string id = must(container("a", ignores_stop()));
  must(core::StartContainer{id});
  must(core::KillContainer{id});
  const core::ObservedContainer seen = await(id, has_exited);
  EXPECT_EQ(seen.state.exit_code, 137);
  EXPECT_FALSE(seen.state.oom_killed);
  must(core::KillContainer{id});
}

TEST_P(Contract, StoppedContainerStartsAgain) {
  const std::string id = must(container("a", runs_until_stopped()));
  must(core::StartContainer{id});
  const std::string first = inspect(id).state.started_at;
  must(core::StopContainer{id, seconds(5)});
  must(core::StartContainer{id});
  const core::ObservedContainer seen = inspect(id);
  EXPECT_EQ(seen.state.status, ContainerStatus::Running);
  EXPECT_EQ(seen.state.exit_code, 0);
  EXPECT_NE(seen.state.started_at, first);
}

TEST_P(Contract, ExitCodeIsKept) {
  const std::string id = must(container("a", exits(42)));
  must(core::StartContainer{id});
  EXPECT_EQ(await(id, has_exited).state.exit_code, 42);
}

TEST_P(Contract, PausedContainerIsUnpausedAndThatMayBeRepeated) {
  const std::string id = must(container("a", runs_until_stopped()));
  must(core::StartContainer{id});
  ASSERT_EQ(raw("POST", "/containers/" + id + "/pause").status, 204);
  EXPECT_EQ(inspect(id).state.status, ContainerStatus::Paused);
  must(core::UnpauseContainer{id});
  must(core::PauseContainer{id});
  must(core::PauseContainer{id});
  EXPECT_EQ(inspect(id).state.status, ContainerStatus::Paused);
  must(core::UnpauseContainer{id});
  EXPECT_EQ(inspect(id).state.status, ContainerStatus::Running);
  must(core::UnpauseContainer{id});
}

TEST_P(Contract, StoppedContainerCannotBeUnpaused) {
  const std::string id = must(container("a", runs_until_stopped()));
  const core::Error error = refused(core::UnpauseContainer{id});
  EXPECT_EQ(error.message, fmt::format("Container {} is not paused", id));
}

TEST_P(Contract, PausedContainerCannotBeStarted) {
  const std::string id = must(container("a", runs_until_stopped()));
  must(core::StartContainer{id});
  ASSERT_EQ(raw("POST", "/containers/" + id + "/pause").status, 204);
  const core::Error error = refused(core::StartContainer{id});
  EXPECT_EQ(error.code, ErrorCode::Conflict);
  EXPECT_EQ(error.message, "cannot start a paused container, try unpause instead");
}

TEST_P(Contract, MissingProgramIsSeenAtStart) {
  const std::string id = must(container("a", is_missing()));
  const core::Error error = refused(core::StartContainer{id});
  EXPECT_EQ(error.code, ErrorCode::Invalid);
  EXPECT_NE(error.message.find("executable file not found"), std::string::npos) << error.message;
  const core::ObservedContainer seen = inspect(id);
  EXPECT_EQ(seen.state.status, ContainerStatus::Created);
  EXPECT_EQ(seen.state.exit_code, 127);
  EXPECT_NE(seen.state.error.find("executable file not found"), std::string::npos);
}

TEST_P(Contract, MissingDeviceIsSeenAtStart) {
  core::CreateContainer call = container("a", runs_until_stopped());
  call.attributes["devices"] = core::List{"/dev/aim-no-such-device"};
  const std::string id = must(call);
  const core::Error error = refused(core::StartContainer{id});
  EXPECT_EQ(error.code, ErrorCode::Failed);
  EXPECT_EQ(error.message,
            "error gathering device information while adding custom device "
            "\"/dev/aim-no-such-device\": no such file or directory");
  EXPECT_EQ(inspect(id).state.exit_code, 128);
}

TEST_P(Contract, PublishedPortIsLiveOnlyWhileTheContainerRuns) {
  core::CreateContainer call = container("a", runs_until_stopped());
  call.attributes["ports"] = core::List{fmt::format("127.0.0.1:{}:8000/tcp", port())};
  const std::string id = must(call);
  EXPECT_TRUE(inspect(id).live_ports.empty());
  must(core::StartContainer{id});
  const core::PublishedPort expected{"127.0.0.1", port(), 8000, "tcp"};
  EXPECT_EQ(inspect(id).live_ports, std::vector<core::PublishedPort>{expected});
  must(core::StopContainer{id, seconds(5)});
  EXPECT_TRUE(inspect(id).live_ports.empty());
}

TEST_P(Contract, PortOfAnotherContainerIsAConflictAtStart) {
  for (const char* tail : {"a", "b"}) {
    core::CreateContainer call = container(tail, runs_until_stopped());
    call.attributes["ports"] = core::List{fmt::format("127.0.0.1:{}:8000/tcp", port())};
    must(call);
  }
  must(core::StartContainer{name("a")});
  const core::Error error = refused(core::StartContainer{name("b")});
  EXPECT_EQ(error.code, ErrorCode::Conflict);
  EXPECT_NE(error.message.find(
                fmt::format("Bind for 127.0.0.1:{} failed: port is already allocated", port())),
            std::string::npos)
      << error.message;
  EXPECT_EQ(inspect(name("b")).state.status, ContainerStatus::Created);
  EXPECT_NE(inspect(name("b")).state.error, "");

  must(core::StopContainer{name("a"), seconds(5)});
  must(core::StartContainer{name("b")});
  EXPECT_EQ(inspect(name("b")).state.error, "");
}

TEST_P(Contract, PortOnEveryAddressClashesWithOneAddress) {
  core::CreateContainer one = container("a", runs_until_stopped());
  one.attributes["ports"] = core::List{fmt::format("127.0.0.1:{}:8000/tcp", port())};
  must(one);
  core::CreateContainer every = container("b", runs_until_stopped());
  every.attributes["ports"] = core::List{fmt::format("0.0.0.0:{}:8000/tcp", port())};
  must(every);
  must(core::StartContainer{name("a")});
  const core::Error error = refused(core::StartContainer{name("b")});
  EXPECT_EQ(error.code, ErrorCode::Conflict);
  EXPECT_NE(error.message.find("address already in use"), std::string::npos) << error.message;
}

TEST_P(Contract, PortThatIsNotExposedIsNotBound) {
  const std::string body = fmt::format(
      R"({{"Image":"{}","Cmd":["sleep","1000"],"HostConfig":{{"PortBindings":{{"8000/tcp":)"
      R"([{{"HostIp":"127.0.0.1","HostPort":"{}"}}]}}}}}})",
      image(),
      port());
  ASSERT_EQ(raw("POST", "/containers/create?name=" + name("a"), body).status, 201);
  must(core::StartContainer{name("a")});
  EXPECT_TRUE(inspect(name("a")).live_ports.empty());
}

TEST_P(Contract, RestartPolicyStartsAgainAndCounts) {
  core::CreateContainer call = container("a", exits(3));
  call.restart = "on-failure:2";
  const std::string id = must(call);
  must(core::StartContainer{id});
  const core::ObservedContainer seen = await(id, [](const core::ObservedContainer& now) {
    return now.state.status == ContainerStatus::Exited && now.state.restart_count == 2;
  });
  EXPECT_EQ(seen.state.exit_code, 3);
}

TEST_P(Contract, PolicyDoesNotBringBackWhatWasStopped) {
  core::CreateContainer call = container("a", runs_until_stopped());
  call.restart = "always";
  const std::string id = must(call);
  must(core::StartContainer{id});
  must(core::StopContainer{id, seconds(5)});
  EXPECT_EQ(inspect(id).state.status, ContainerStatus::Exited);
  EXPECT_EQ(inspect(id).state.restart_count, 0);
}

TEST_P(Contract, CrashLoopCanBeStopped) {
  core::CreateContainer call = container("a", exits(3));
  call.restart = "always";
  const std::string id = must(call);
  must(core::StartContainer{id});
  await(id, [](const core::ObservedContainer& now) { return now.state.restart_count >= 2; });
  must(core::StopContainer{id, seconds(5)});
  EXPECT_EQ(inspect(id).state.status, ContainerStatus::Exited);
}

TEST_P(Contract, HealthIsStartingThenHealthyAndUnhealthyOnceStopped) {
  core::CreateContainer call = container("a", runs_until_stopped());
  call.attributes["healthcheck"] = core::Map{{"test", core::List{"CMD", "true"}},
                                             {"interval", 200},
                                             {"timeout", 5000},
                                             {"start_period", 0},
                                             {"retries", 3}};
  const std::string id = must(call);
  EXPECT_EQ(inspect(id).state.health, "");
  must(core::StartContainer{id});
  await(id, [](const core::ObservedContainer& now) { return now.state.health == "healthy"; });
  must(core::StopContainer{id, seconds(5)});
  EXPECT_EQ(inspect(id).state.health, "unhealthy");
}

TEST_P(Contract, FailingChecksMakeItUnhealthyAndItRunsOn) {
  Act act = runs_until_stopped();
  act.played.healthy_after.reset();
  core::CreateContainer call = container("a", act);
  call.attributes["healthcheck"] = core::Map{{"test", core::List{"CMD", "false"}},
                                             {"interval", 100},
                                             {"timeout", 5000},
                                             {"start_period", 0},
                                             {"retries", 2}};
  const std::string id = must(call);
  must(core::StartContainer{id});
  const core::ObservedContainer seen =
      await(id, [](const core::ObservedContainer& now) { return now.state.health == "unhealthy"; });
  EXPECT_EQ(seen.state.status, ContainerStatus::Running);
}

}  // namespace aim::contract_test
