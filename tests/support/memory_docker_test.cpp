#include "tests/support/memory_docker.hpp"

#include <future>

#include "tests/support/memory_docker_lab.hpp"

namespace aim::support {

using core::ContainerStatus;
using core::ErrorCode;
using std::chrono::milliseconds;
using std::chrono::seconds;

namespace {

using MemoryDockerTest = MemoryDockerLab;

Program ends_after(milliseconds time, std::int64_t code) {
  Program program;
  program.exits_after = time;
  program.exit_code = code;
  return program;
}

}  // namespace

TEST_F(MemoryDockerTest, ProgramEndsWhenItsTimeHasCome) {
  docker.set_program({}, ends_after(seconds(5), 7));
  run("web");
  clock.advance(milliseconds(4999));
  EXPECT_EQ(docker.container("web")->status, ContainerStatus::Running);
  clock.advance(milliseconds(1));
  EXPECT_EQ(docker.container("web")->status, ContainerStatus::Exited);
  EXPECT_EQ(docker.container("web")->exit_code, 7);
}

TEST_F(MemoryDockerTest, LastMatchingProgramIsPlayed) {
  docker.set_program({.image = "app:1"}, ends_after(seconds(1), 1));
  docker.set_program({.name = "b.*"}, ends_after(seconds(1), 2));
  docker.set_program({.argument = "--crash"}, ends_after(seconds(1), 3));
  run("web");
  run("bee");
  run("cee", R"(,"Cmd":["serve","--crash"])");
  clock.advance(seconds(1));
  EXPECT_EQ(docker.container("web")->exit_code, 1);
  EXPECT_EQ(docker.container("bee")->exit_code, 2);
  EXPECT_EQ(docker.container("cee")->exit_code, 3);
}

TEST_F(MemoryDockerTest, StopOfASlowProgramTakesItsTime) {
  Program slow;
  slow.stops_after = seconds(3);
  docker.set_program({}, slow);
  run("web");
  const core::Steady before = clock.steady_now();
  EXPECT_EQ(status("POST", "/containers/web/stop?t=10"), 204);
  EXPECT_EQ(clock.steady_now() - before, seconds(3));
  EXPECT_EQ(docker.container("web")->exit_code, 143);
}

TEST_F(MemoryDockerTest, StopKillsAfterTheGracePeriod) {
  Program deaf;
  deaf.stops_after.reset();
  docker.set_program({}, deaf);
  run("web");
  const core::Steady before = clock.steady_now();
  EXPECT_EQ(status("POST", "/containers/web/stop?t=20"), 204);
  EXPECT_EQ(clock.steady_now() - before, seconds(20));
  EXPECT_EQ(docker.container("web")->exit_code, 137);
}

TEST_F(MemoryDockerTest, RestartsComeAfterADoublingPause) {
  docker.set_program({}, ends_after(milliseconds(0), 1));
  run("web", R"(,"HostConfig":{"RestartPolicy":{"Name":"always"}})");
  clock.advance(milliseconds(0));
  EXPECT_EQ(docker.container("web")->status, ContainerStatus::Restarting);
  const auto restarts = [&] { return object("GET", "/containers/web/json")["RestartCount"]; };
  EXPECT_EQ(restarts(), 1);
  clock.advance(milliseconds(100));
  EXPECT_EQ(restarts(), 2);
  clock.advance(milliseconds(199));
  EXPECT_EQ(restarts(), 2);
  clock.advance(milliseconds(1));
  EXPECT_EQ(restarts(), 3);
}

TEST_F(MemoryDockerTest, WaitIsAnsweredByTheTimeThatAnotherThreadPasses) {
  docker.set_program({}, ends_after(seconds(60), 9));
  run("web");
  std::promise<void> begun;
  auto waiting = std::async(std::launch::async, [&] {
    std::string body;
    providers::HttpRequest request{"POST", "/v1.41/containers/web/wait", {}, {}};
    begun.set_value();
    const auto answer = docker.stream(
        request,
        [&](std::string_view piece) {
          body += piece;
          return true;
        },
        milliseconds(0),
        stop.get_token());
    return answer ? body : core::to_string(answer.error());
  });
  begun.get_future().wait();
  clock.advance(seconds(60));
  EXPECT_EQ(waiting.get(), "{\"Error\":null,\"StatusCode\":9}\n");
}

TEST_F(MemoryDockerTest, WaitWithADeadlineMovesTheClockItself) {
  docker.set_program({}, ends_after(seconds(60), 9));
  run("web");
  const core::Steady before = clock.steady_now();
  const auto early = ask("POST", "/containers/web/wait", {}, seconds(20));
  ASSERT_FALSE(early);
  EXPECT_EQ(early.error().code, ErrorCode::Timeout);
  EXPECT_EQ(clock.steady_now() - before, seconds(20));
  EXPECT_TRUE(ask("POST", "/containers/web/wait", {}, seconds(300)));
  EXPECT_EQ(clock.steady_now() - before, seconds(60));
}

TEST_F(MemoryDockerTest, WaitEndsWithCancelledWhenStopped) {
  run("web");
  auto waiting = std::async(std::launch::async, [&] {
    return docker.stream(
        {"POST", "/v1.41/containers/web/wait", {}, {}},
        [](std::string_view) { return true; },
        milliseconds(0),
        stop.get_token());
  });
  stop.request_stop();
  const auto answer = waiting.get();
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, ErrorCode::Cancelled);
}

TEST_F(MemoryDockerTest, HealthFollowsTheProgram) {
  Program program;
  program.healthy_after = seconds(25);
  docker.set_program({}, program);
  run("web", R"(,"Healthcheck":{"Test":["CMD","probe"],"Interval":10000000000,"Retries":5})");
  const auto health = [&] {
    return std::string(
        object("GET", "/containers/web/json").at("State").at("Health").at("Status").as_string());
  };
  EXPECT_EQ(health(), "starting");
  clock.advance(seconds(20));
  EXPECT_EQ(health(), "starting");
  clock.advance(seconds(10));
  EXPECT_EQ(health(), "healthy");
  docker.end_program("web", 0);
  EXPECT_EQ(health(), "unhealthy");
}

TEST_F(MemoryDockerTest, OutOfMemoryIsTold) {
  run("web");
  docker.end_program("web", 137, true);
  const auto state = object("GET", "/containers/web/json").at("State").as_object();
  EXPECT_EQ(state.at("OOMKilled"), true);
  EXPECT_EQ(state.at("ExitCode"), 137);
}

TEST_F(MemoryDockerTest, DaemonRestartBringsBackWhatItsPolicySays) {
  run("always", R"(,"HostConfig":{"RestartPolicy":{"Name":"always"}})");
  run("unless", R"(,"HostConfig":{"RestartPolicy":{"Name":"unless-stopped"}})");
  run("by-hand", R"(,"HostConfig":{"RestartPolicy":{"Name":"unless-stopped"}})");
  run("no");
  create("never-started", R"(,"HostConfig":{"RestartPolicy":{"Name":"always"}})");
  EXPECT_EQ(status("POST", "/containers/by-hand/stop"), 204);
  docker.restart_daemon();
  EXPECT_EQ(docker.container("always")->status, ContainerStatus::Running);
  EXPECT_EQ(docker.container("unless")->status, ContainerStatus::Running);
  EXPECT_EQ(docker.container("by-hand")->status, ContainerStatus::Exited);
  EXPECT_EQ(docker.container("no")->status, ContainerStatus::Exited);
  EXPECT_EQ(docker.container("no")->exit_code, 137);
  EXPECT_EQ(docker.container("never-started")->status, ContainerStatus::Created);
}

TEST_F(MemoryDockerTest, PortOfAForeignProgramIsInUse) {
  docker.occupy_host_port(8000);
  create("web",
         R"(,"ExposedPorts":{"80/tcp":{}},"HostConfig":{"PortBindings":)"
         R"({"80/tcp":[{"HostIp":"127.0.0.1","HostPort":"8000"}]}})");
  const auto answer = ask("POST", "/containers/web/start");
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->status, 500);
  EXPECT_NE(answer->body.find("listen tcp4 127.0.0.1:8000: bind: address already in use"),
            std::string::npos)
      << answer->body;
}

TEST_F(MemoryDockerTest, GpuRequestNeedsItsDriver) {
  create("web",
         R"(,"HostConfig":{"DeviceRequests":[{"Driver":"nvidia","Count":-1,)"
         R"("Capabilities":[["gpu"]]}]})");
  const auto answer = ask("POST", "/containers/web/start");
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->status, 500);
  EXPECT_EQ(answer->body,
            "{\"message\":\"could not select device driver \\\"nvidia\\\" with capabilities: "
            "[[gpu]]\"}\n");
}

TEST_F(MemoryDockerTest, CreationHoldsItsNameBeforeItIsSeen) {
  docker.set_latency({"POST", "^/containers/create"}, seconds(10));
  const auto answer =
      ask("POST", "/containers/create?name=web", R"({"Image":"app:1"})", seconds(4));
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, ErrorCode::Timeout);
  EXPECT_FALSE(docker.container("web"));
  EXPECT_EQ(docker.outside("POST", "/containers/create?name=web", R"({"Image":"app:1"})").status,
            409);
  EXPECT_EQ(docker.outside("GET", "/containers/web/json").status, 404);
  clock.advance(seconds(6));
  EXPECT_TRUE(docker.container("web"));
}

TEST_F(MemoryDockerTest, RemovalIsSeenWhileItIsUnderWay) {
  create("web");
  docker.begin_removal("web", seconds(5));
  EXPECT_EQ(docker.container("web")->status, ContainerStatus::Removing);
  const auto again = ask("DELETE", "/containers/web");
  ASSERT_TRUE(again);
  EXPECT_EQ(again->status, 409);
  EXPECT_EQ(again->body, "{\"message\":\"removal of container web is already in progress\"}\n");
  EXPECT_EQ(status("POST", "/containers/web/start"), 409);
  clock.advance(seconds(5));
  EXPECT_FALSE(docker.container("web"));
}

TEST_F(MemoryDockerTest, OldEnginesMakeTwinNetworksAtTheSameTime) {
  docker.set_latency({"POST", "^/networks/create"}, seconds(1));
  const std::string body = R"({"Name":"n","CheckDuplicate":true})";
  ASSERT_FALSE(ask("POST", "/networks/create", body, milliseconds(1)));
  EXPECT_EQ(status("POST", "/networks/create", body), 201);
  EXPECT_EQ(docker.network_names(), (std::vector<std::string>{"n", "n"}));
}

TEST_F(MemoryDockerTest, ExecPlaysItsScript) {
  docker.set_exec({}, {"cat", "/etc/x"}, {4, "out", "err"});
  run("web");
  const auto made = object("POST",
                           "/containers/web/exec",
                           R"({"Cmd":["cat","/etc/x"],"AttachStdout":true,"AttachStderr":true})");
  const std::string id(made.at("Id").as_string());
  const auto answer = ask("POST", "/exec/" + id + "/start", "{}");
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->body, std::string("\1\0\0\0\0\0\0\3out\2\0\0\0\0\0\0\3err", 22));
  EXPECT_EQ(object("GET", "/exec/" + id + "/json").at("ExitCode"), 4);
}

TEST_F(MemoryDockerTest, EventsTellWhatHappened) {
  run("web");
  EXPECT_EQ(status("DELETE", "/containers/web?force=1"), 204);
  const auto answer = ask(
      "GET", "/events?since=0&until=1767225601&filters=%7B%22type%22%3A%5B%22container%22%5D%7D");
  ASSERT_TRUE(answer) << core::to_string(answer.error());
  std::vector<std::string> actions;
  std::size_t begin = 0;
  for (std::size_t end = answer->body.find('\n'); end != std::string::npos;
       end = answer->body.find('\n', begin)) {
    actions.emplace_back(
        boost::json::parse(answer->body.substr(begin, end - begin)).at("Action").as_string());
    begin = end + 1;
  }
  EXPECT_EQ(actions, (std::vector<std::string>{"create", "start", "die", "destroy"}));
}

TEST_F(MemoryDockerTest, ListKnowsItsFilters) {
  run("web", R"(,"Labels":{"k":"v"})");
  create("other", R"(,"Labels":{"k":"w"})");
  const auto names = [&](const std::string& query) {
    std::vector<std::string> found;
    const auto answer = ask("GET", "/containers/json?" + query);
    const boost::json::value list = boost::json::parse(answer->body);
    for (const boost::json::value& one : list.as_array()) {
      found.emplace_back(one.at("Names").at(0).as_string());
    }
    return found;
  };
  EXPECT_EQ(names(""), std::vector<std::string>{"/web"});
  EXPECT_EQ(names("all=1"), (std::vector<std::string>{"/other", "/web"})) << "newest first";
  EXPECT_EQ(names("all=1&filters=%7B%22label%22%3A%5B%22k%3Dw%22%5D%7D"),
            std::vector<std::string>{"/other"});
  EXPECT_EQ(names("all=1&filters=%7B%22name%22%3A%5B%22%5E%2F%3Fweb%24%22%5D%7D"),
            std::vector<std::string>{"/web"});
  EXPECT_EQ(status("GET", "/containers/json?filters=%7B%22foo%22%3A%5B%22x%22%5D%7D"), 400);
  EXPECT_EQ(status("GET", "/containers/json?filters=x"), 500);
}

TEST_F(MemoryDockerTest, ListShowsTheIdOfAnImageWhoseTagHasMoved) {
  create("web");
  docker.add_image({.ref = "app:1", .content = "new"});
  const auto list = boost::json::parse(ask("GET", "/containers/json?all=1")->body);
  EXPECT_EQ(list.at(0).at("Image"), list.at(0).at("ImageID"));
  EXPECT_EQ(object("GET", "/containers/web/json").at("Config").at("Image"), "app:1");
}

TEST_F(MemoryDockerTest, WorldsThatDoTheSameHaveTheSameLines) {
  run("web");
  const std::vector<std::string> before = docker.world_lines();
  EXPECT_EQ(status("POST", "/containers/web/rename?name=other"), 204);
  EXPECT_EQ(status("POST", "/containers/other/stop"), 204);
  EXPECT_NE(docker.world_lines(), before);
  EXPECT_EQ(status("POST", "/containers/other/rename?name=web"), 204);
  EXPECT_EQ(status("POST", "/containers/web/start"), 204);
  EXPECT_EQ(docker.world_lines(), before);
}

TEST_F(MemoryDockerTest, PullTakesItsTimeAndIsLostWhenCutOff) {
  docker.add_registry_image({.ref = "big:1"}, {.layers = 2, .time_per_layer = seconds(100)});
  int pieces = 0;
  const auto cut = docker.stream({"POST", "/v1.41/images/create?fromImage=big&tag=1", {}, {}},
                                 [&](std::string_view) { return ++pieces < 4; },
                                 seconds(60),
                                 {});
  ASSERT_TRUE(cut);
  EXPECT_FALSE(docker.has_image("big:1"));
  const core::Steady before = clock.steady_now();
  EXPECT_EQ(status("POST", "/images/create?fromImage=big&tag=1"), 200);
  EXPECT_EQ(clock.steady_now() - before, seconds(200));
  EXPECT_TRUE(docker.has_image("big:1"));
}

}  // namespace aim::support
