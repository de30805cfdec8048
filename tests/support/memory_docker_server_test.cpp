#include "tests/support/memory_docker_server.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <fmt/format.h>

#include <future>

#include "core/clock.hpp"

namespace aim::support {

using core::ErrorCode;
using providers::HttpRequest;
using std::chrono::milliseconds;
using std::chrono::seconds;

namespace {

class MemoryDockerServerTest : public testing::Test {
 protected:
  MemoryDockerServerTest()
      : docker(clock, options()),
        server(docker, fmt::format("{}aim-memory-docker-{}.sock", testing::TempDir(), ::getpid())),
        client({providers::HttpEndpoint::Scheme::Unix, server.path(), {}, 0}) {
    docker.add_image({.ref = "app:1"});
  }

  static MemoryDockerOptions options() {
    MemoryDockerOptions chosen;
    chosen.piece_bytes = 3;
    return chosen;
  }

  core::Result<providers::HttpResponse> ask(std::string method,
                                            std::string target,
                                            std::string body = {}) {
    return client.send(
        {std::move(method), "/v1.41" + target, {}, std::move(body)}, seconds(10), {});
  }

  void run(const std::string& name) {
    ASSERT_TRUE(ask("POST", "/containers/create?name=" + name, R"({"Image":"app:1"})"));
    ASSERT_TRUE(ask("POST", "/containers/" + name + "/start"));
  }

  core::SystemClock clock;
  MemoryDocker docker;
  MemoryDockerServer server;
  providers::HttpClient client;
};

}  // namespace

TEST_F(MemoryDockerServerTest, KeepsConnectionsAlive) {
  for (int i = 0; i < 20; ++i) {
    const auto answer = ask("GET", "/containers/json");
    ASSERT_TRUE(answer) << core::to_string(answer.error());
    EXPECT_EQ(answer->status, 200);
    EXPECT_EQ(answer->body, "[]\n");
  }
  EXPECT_EQ(server.connections(), 1U);
}

TEST_F(MemoryDockerServerTest, HeadHasHeadersAndNoBody) {
  const auto answer = client.send({"HEAD", "/_ping", {}, {}}, seconds(10), {});
  ASSERT_TRUE(answer) << core::to_string(answer.error());
  EXPECT_EQ(answer->headers.at("api-version"), "1.41");
  EXPECT_EQ(answer->body, "");
}

TEST_F(MemoryDockerServerTest, StreamsComeInPiecesOfTheChosenSize) {
  Program program;
  program.output = {{.text = "a long line of text"}};
  program.exits_after = milliseconds(0);
  docker.set_program({}, program);
  run("web");
  std::string body;
  const auto answer = client.stream({"GET", "/v1.41/containers/web/logs?stdout=1", {}, {}},
                                    [&](std::string_view piece) {
                                      body += piece;
                                      return true;
                                    },
                                    milliseconds(0),
                                    {});
  ASSERT_TRUE(answer) << core::to_string(answer.error());
  const std::string expected(
      "\1\0\0\0\0\0\0\x14"
      "a long line of text\n",
      28);
  EXPECT_EQ(body, expected);
}

TEST_F(MemoryDockerServerTest, AnswersOthersWhileOneWaits) {
  run("web");
  std::stop_source stop;
  auto waiting = std::async(std::launch::async, [&] {
    return client.stream(
        {"POST", "/v1.41/containers/web/wait", {}, {}},
        [](std::string_view) { return true; },
        milliseconds(0),
        stop.get_token());
  });
  EXPECT_EQ(ask("GET", "/containers/web/json")->status, 200);
  stop.request_stop();
  const auto answer = waiting.get();
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, ErrorCode::Cancelled);
}

TEST_F(MemoryDockerServerTest, BrokenExchangeClosesTheConnection) {
  docker.fail({"POST", "^/volumes"}, Fault::lose_reply());
  const auto answer = ask("POST", "/volumes/create", R"({"Name":"v1"})");
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, ErrorCode::Unreachable);
  EXPECT_EQ(docker.volume_names(), std::vector<std::string>{"v1"});
}

TEST_F(MemoryDockerServerTest, HangLastsUntilTheClientHasEnough) {
  docker.fail({"POST", "^/volumes"}, Fault::hang());
  const auto answer =
      client.send({"POST", "/v1.41/volumes/create", {}, R"({"Name":"v1"})"}, milliseconds(50), {});
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, ErrorCode::Timeout);
}

TEST_F(MemoryDockerServerTest, ExecIsARawStreamThatEndsWithTheConnection) {
  docker.set_exec({}, {"true"}, {0, "done", {}});
  run("web");
  const auto made = ask("POST", "/containers/web/exec", R"({"Cmd":["true"],"AttachStdout":true})");
  ASSERT_TRUE(made);
  const std::string id = made->body.substr(7, 64);
  const auto answer = ask("POST", "/exec/" + id + "/start", "{}");
  ASSERT_TRUE(answer) << core::to_string(answer.error());
  EXPECT_EQ(answer->body, std::string("\1\0\0\0\0\0\0\4done", 12));
}

TEST(MemoryDockerServerEnd, EndsWhileClientsWait) {
  core::SystemClock clock;
  MemoryDocker docker(clock);
  docker.add_image({.ref = "app:1"});
  docker.outside("POST", "/containers/create?name=web", R"({"Image":"app:1"})");
  docker.outside("POST", "/containers/web/start");
  const std::string path = fmt::format("{}aim-server-end-{}.sock", testing::TempDir(), ::getpid());
  auto server = std::make_unique<MemoryDockerServer>(docker, path);
  providers::HttpClient client({providers::HttpEndpoint::Scheme::Unix, path, {}, 0});
  auto waiting = std::async(std::launch::async, [&] {
    return client.stream({"POST", "/v1.41/containers/web/wait", {}, {}},
                         [](std::string_view) { return true; },
                         milliseconds(0),
                         {});
  });
  while (docker.calls().empty()) {
    clock.wait_for(milliseconds(1), {});
  }
  server.reset();
  const auto answer = waiting.get();
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, ErrorCode::Unreachable);
}

}  // namespace aim::support
