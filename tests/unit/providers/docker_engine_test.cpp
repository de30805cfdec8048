#include "providers/docker/docker_engine.hpp"

#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <latch>
#include <thread>

#include "tests/unit/providers/scripted_transport.hpp"

namespace aim::providers {
namespace {

using core::ErrorCode;
using core::make_error;
using test::ScriptedTransport;

constexpr const char* kRunning =
    R"({"Id":"abc123","Name":"/lab-web","State":{"Status":"running"},"Config":{"Image":"a:1"}})";
constexpr const char* kRunningWithTerminal =
    R"({"Id":"abc123","Name":"/lab-web","State":{"Status":"running"},"Config":{"Tty":true}})";

core::Error broken() {
  return make_error(ErrorCode::Unreachable, "the connection broke after the request was sent");
}

std::string frame(char stream, std::string_view text) {
  std::string bytes{stream, '\0', '\0', '\0', '\0', '\0', '\0', static_cast<char>(text.size())};
  return bytes.append(text);
}

TEST(DockerEngine, AgreesOnAVersionOnce) {
  ScriptedTransport docker;
  docker.speaking("1.41")
      .on("GET /v1.41/networks", 200, "[]")
      .on("GET /v1.41/containers/json?all=1", 200, "[]");
  DockerEngine engine(docker);
  EXPECT_EQ(docker.pings(), 0U);
  EXPECT_TRUE(engine.list_networks({}));
  EXPECT_TRUE(engine.list_containers({}));
  EXPECT_EQ(docker.pings(), 1U);
}

TEST(DockerEngine, SpeaksNoNewerVersionThanItKnows) {
  ScriptedTransport docker;
  docker.speaking("1.99").on("GET /v1.56/networks", 200, "[]");
  DockerEngine engine(docker);
  EXPECT_TRUE(engine.list_networks({}));
}

TEST(DockerEngine, RefusesAnEngineThatIsTooOld) {
  ScriptedTransport docker;
  docker.speaking("1.40");
  DockerEngine engine(docker);
  const auto networks = engine.list_networks({});
  ASSERT_FALSE(networks);
  EXPECT_EQ(networks.error(),
            make_error(ErrorCode::Unsupported,
                       "this Docker Engine speaks API 1.40 at most; aim needs 1.41, which came "
                       "with Docker 20.10"));
}

TEST(DockerEngine, RefusesWhatIsNoEngine) {
  ScriptedTransport docker;
  docker.on("GET /_ping", 200, "<html>");
  DockerEngine engine(docker);
  const auto networks = engine.list_networks({});
  ASSERT_FALSE(networks);
  EXPECT_EQ(networks.error(),
            make_error(ErrorCode::Protocol, "what answered is not a Docker Engine"));
}

TEST(DockerEngine, AsksAgainAfterAPingThatFailed) {
  ScriptedTransport docker;
  docker.on("GET /_ping", make_error(ErrorCode::Unreachable, "cannot connect"))
      .speaking("1.41")
      .on("GET /v1.41/networks", 200, "[]");
  DockerEngine engine(docker);
  EXPECT_FALSE(engine.list_networks({}));
  EXPECT_TRUE(engine.list_networks({}));
}

TEST(DockerEngine, LetsOneOfManyThreadsAgree) {
  ScriptedTransport docker;
  docker.speaking("1.41");
  constexpr int kThreads = 8;
  for (int i = 0; i < kThreads; ++i) {
    docker.on("GET /v1.41/networks", 200, "[]");
  }
  DockerEngine engine(docker);
  std::latch together(kThreads);
  std::vector<std::thread> threads;
  for (int i = 0; i < kThreads; ++i) {
    threads.emplace_back([&] {
      together.arrive_and_wait();
      EXPECT_TRUE(engine.list_networks({}));
    });
  }
  for (std::thread& thread : threads) {
    thread.join();
  }
  EXPECT_EQ(docker.pings(), 1U);
}

TEST(DockerEngine, AgreesAnewWhenTheDaemonWasExchanged) {
  ScriptedTransport docker;
  docker.speaking("1.52")
      .on("GET /v1.52/networks", 400, "client version 1.52 is too new. Maximum supported is 1.41")
      .speaking("1.41")
      .on("GET /v1.41/networks", 200, "[]");
  DockerEngine engine(docker);
  EXPECT_TRUE(engine.list_networks({}));
}

TEST(DockerEngine, DoesNotHaggleForEver) {
  ScriptedTransport docker;
  const std::string refusal = "client version 1.56 is too old. Minimum supported is 1.60";
  docker.speaking("1.60")
      .on("GET /v1.56/networks", 400, refusal)
      .speaking("1.60")
      .on("GET /v1.56/networks", 400, refusal)
      .on("GET /version", 500, "");
  DockerEngine engine(docker);
  const auto networks = engine.list_networks({});
  ASSERT_FALSE(networks);
  EXPECT_EQ(networks.error(), make_error(ErrorCode::Unsupported, refusal));
  EXPECT_TRUE(docker.used_up());
}

TEST(DockerEngine, TellsWhoItIs) {
  ScriptedTransport docker;
  docker.speaking("1.44").on(
      "GET /v1.44/info",
      200,
      R"({"ServerVersion":"25.0.3","Name":"gpu1","OSType":"linux","Architecture":"x86_64"})");
  DockerEngine engine(docker);
  const auto info = engine.info({});
  ASSERT_TRUE(info);
  EXPECT_EQ(*info, (core::EngineInfo{"25.0.3", "1.44", "gpu1", "linux", "x86_64"}));
}

TEST(DockerEngine, SaysThatAContainerDoesNotExist) {
  ScriptedTransport docker;
  docker.speaking("1.41").on(
      "GET /v1.41/containers/nope/json", 404, R"({"message":"No such container: nope"})");
  DockerEngine engine(docker);
  const auto container = engine.inspect_container("nope", {});
  ASSERT_FALSE(container);
  EXPECT_EQ(container.error(), make_error(ErrorCode::NotFound, "No such container: nope"));
}

TEST(DockerEngine, DoesNotFollowRedirections) {
  ScriptedTransport docker;
  docker.speaking("1.41").on("GET /v1.41/volumes", 301, "");
  DockerEngine engine(docker);
  const auto volumes = engine.list_volumes({});
  ASSERT_FALSE(volumes);
  EXPECT_EQ(volumes.error(),
            make_error(ErrorCode::Protocol, "Docker answered with HTTP status 301"));
}

TEST(DockerEngine, StopsBeforeItAsks) {
  ScriptedTransport docker;
  DockerEngine engine(docker);
  std::stop_source stop;
  stop.request_stop();
  const auto networks = engine.list_networks(stop.get_token());
  ASSERT_FALSE(networks);
  EXPECT_EQ(networks.error().code, ErrorCode::Cancelled);
}

struct Output {
  std::string out;
  std::string err;
};

core::LogSink into(Output& output) {
  return [&output](const core::LogPiece& piece) {
    (piece.is_stderr ? output.err : output.out) += piece.text;
  };
}

TEST(DockerEngineLogs, TakesFramesApart) {
  ScriptedTransport docker;
  docker.speaking("1.41")
      .on("GET /v1.41/containers/lab-web/json", 200, kRunning)
      .on("GET /v1.41/containers/abc123/logs?stdout=1&stderr=1&tail=5",
          200,
          frame(1, "hello\n") + frame(2, "oops\n"));
  DockerEngine engine(docker);
  Output output;
  core::LogRequest request;
  request.tail = 5;
  ASSERT_TRUE(engine.logs("lab-web", request, into(output), {}));
  EXPECT_EQ(output.out, "hello\n");
  EXPECT_EQ(output.err, "oops\n");
}

TEST(DockerEngineLogs, TakesATerminalsOutputAsItIs) {
  ScriptedTransport docker;
  docker.speaking("1.41")
      .on("GET /v1.41/containers/lab-web/json", 200, kRunningWithTerminal)
      .on("GET /v1.41/containers/abc123/logs?stdout=1&stderr=1", 200, "raw \x01 text\r\n");
  DockerEngine engine(docker);
  Output output;
  ASSERT_TRUE(engine.logs("lab-web", {}, into(output), {}));
  EXPECT_EQ(output.out, "raw \x01 text\r\n");
}

TEST(DockerEngineLogs, MayBeSilentForEverOnlyWhenFollowed) {
  ScriptedTransport docker;
  const std::string plain = "GET /v1.41/containers/abc123/logs?stdout=1&stderr=1";
  docker.speaking("1.41")
      .on("GET /v1.41/containers/x/json", 200, kRunning)
      .on("GET /v1.41/containers/x/json", 200, kRunning)
      .on(plain, 200, "")
      .on(plain + "&follow=1", 200, "");
  DockerEngine engine(docker);
  Output output;
  core::LogRequest follow;
  follow.follow = true;
  ASSERT_TRUE(engine.logs("x", {}, into(output), {}));
  ASSERT_TRUE(engine.logs("x", follow, into(output), {}));
  EXPECT_EQ(docker.limit_of(plain), std::chrono::seconds(30));
  EXPECT_EQ(docker.limit_of(plain + "&follow=1"), std::chrono::seconds(0));
}

TEST(DockerEngineLogs, SaysThatADriverKeepsNone) {
  ScriptedTransport docker;
  docker.speaking("1.41")
      .on("GET /v1.41/containers/x/json", 200, kRunning)
      .on("GET /v1.41/containers/abc123/logs?stdout=1&stderr=1",
          501,
          R"({"message":"configured logging driver does not support reading"})");
  DockerEngine engine(docker);
  Output output;
  const auto logs = engine.logs("x", {}, into(output), {});
  ASSERT_FALSE(logs);
  EXPECT_EQ(logs.error().code, ErrorCode::Unsupported);
}

TEST(DockerEngineLogs, NoticesAStreamThatWasCut) {
  ScriptedTransport docker;
  docker.speaking("1.41")
      .on("GET /v1.41/containers/x/json", 200, kRunning)
      .on("GET /v1.41/containers/abc123/logs?stdout=1&stderr=1", 200, "not framed at all");
  DockerEngine engine(docker);
  Output output;
  const auto logs = engine.logs("x", {}, into(output), {});
  ASSERT_FALSE(logs);
  EXPECT_EQ(logs.error().code, ErrorCode::Protocol);
}

constexpr const char* kWait = "POST /v1.41/containers/x/wait?condition=not-running";

TEST(DockerEngineWait, TellsHowAContainerEnded) {
  ScriptedTransport docker;
  docker.speaking("1.41")
      .on(kWait, 200, R"({"Error":null,"StatusCode":137})")
      .on("GET /v1.41/containers/x/json",
          200,
          R"({"Id":"x","Name":"/x","State":{"Status":"exited","OOMKilled":true,"Error":"e"},"Config":{}})");
  DockerEngine engine(docker);
  const auto exit = engine.wait_exit("x", {});
  ASSERT_TRUE(exit);
  EXPECT_EQ(exit->exit_code, 137);
  EXPECT_TRUE(exit->oom_killed);
  EXPECT_EQ(exit->error, "e");
  EXPECT_EQ(docker.limit_of(kWait), std::chrono::seconds(0));
}

TEST(DockerEngineWait, DoesNotMindThatTheContainerIsGoneAfterwards) {
  ScriptedTransport docker;
  docker.speaking("1.41")
      .on(kWait, 200, R"({"StatusCode":2})")
      .on("GET /v1.41/containers/x/json", 404, R"({"message":"No such container: x"})");
  DockerEngine engine(docker);
  const auto exit = engine.wait_exit("x", {});
  ASSERT_TRUE(exit);
  EXPECT_EQ(exit->exit_code, 2);
}

TEST(DockerEngineWait, SaysThatThereIsNoContainer) {
  ScriptedTransport docker;
  docker.speaking("1.41").on(kWait, 404, R"({"message":"No such container: x"})");
  DockerEngine engine(docker);
  const auto exit = engine.wait_exit("x", {});
  ASSERT_FALSE(exit);
  EXPECT_EQ(exit.error().code, ErrorCode::NotFound);
}

constexpr const char* kPull = "POST /v1.41/images/create?fromImage=a%2Fb&tag=1";

std::string pull_lines() {
  return "{\"status\":\"Pulling from a/b\",\"id\":\"1\"}\r\n"
         "{\"status\":\"Downloading\",\"progressDetail\":{\"current\":3,\"total\":9},\"id\":\"l\"}"
         "\r\n"
         "{\"status\":\"Pull complete\",\"progressDetail\":{},\"id\":\"l\"}\r\n"
         "{\"status\":\"Status: Downloaded newer image for a/b:1\"}\r\n";
}

TEST(DockerEnginePull, ReportsProgressAndProvesIt) {
  ScriptedTransport docker;
  docker.speaking("1.41")
      .on(kPull, 200, pull_lines())
      .on("GET /v1.41/images/a/b:1/json", 200, R"({"Id":"sha256:1"})");
  DockerEngine engine(docker);
  std::vector<std::uint64_t> bytes;
  const auto image = engine.pull(
      {"a/b:1", {}}, [&](const core::PullProgress& p) { bytes.push_back(p.current_bytes); }, {});
  ASSERT_TRUE(image);
  EXPECT_EQ(image->id, "sha256:1");
  EXPECT_EQ(bytes, (std::vector<std::uint64_t>{0, 3, 9, 9}));
  EXPECT_EQ(docker.limit_of(kPull), std::chrono::seconds(120));
}

core::Error pull_failure(int status, const std::string& body) {
  ScriptedTransport docker;
  docker.speaking("1.41").on(kPull, status, body);
  if (status == 200) {
    docker.on(kPull, status, body);  // a damaged layer is fetched anew
  }
  DockerEngine engine(docker);
  const auto image = engine.pull({"a/b:1", {}}, [](const core::PullProgress&) {}, {});
  EXPECT_FALSE(image);
  return image ? core::Error{} : image.error();
}

TEST(DockerEnginePull, FindsAFailureInsideSuccess) {
  EXPECT_EQ(pull_failure(200,
                         pull_lines() + "{\"errorDetail\":{\"message\":\"unknown blob\"},"
                                        "\"error\":\"unknown blob\"}\r\n"),
            make_error(ErrorCode::Failed,
                       "unknown blob. What docker.io holds of the image is damaged: push it "
                       "again"));
}

TEST(DockerEnginePull, FindsAFailureBeforeTheFirstByte) {
  EXPECT_EQ(pull_failure(404, R"({"message":"manifest for a/b:1 not found"})"),
            make_error(ErrorCode::NotFound,
                       "manifest for a/b:1 not found. docker.io has no such image: check the name "
                       "and the tag"));
  EXPECT_EQ(pull_failure(500, R"({"message":"dial tcp: connection refused"})"),
            make_error(ErrorCode::Unreachable,
                       "dial tcp: connection refused. Docker cannot reach docker.io: check its "
                       "network, proxy and certificates"));
}

TEST(DockerEnginePull, NoticesAStreamThatWasCut) {
  EXPECT_EQ(pull_failure(200, "{\"status\":\"Pull"),
            make_error(ErrorCode::Protocol, "the answer ends inside a JSON object"));
}

TEST(DockerEnginePull, BelievesOnlyWhatIsThere) {
  ScriptedTransport docker;
  docker.speaking("1.41")
      .on(kPull, 200, pull_lines())
      .on("GET /v1.41/images/a/b:1/json", 404, R"({"message":"No such image: a/b:1"})");
  DockerEngine engine(docker);
  const auto image = engine.pull({"a/b:1", {}}, [](const core::PullProgress&) {}, {});
  ASSERT_FALSE(image);
  EXPECT_EQ(image.error(),
            make_error(ErrorCode::Failed,
                       "Docker reported no error while pulling a/b:1, but does not have it"));
}

TEST(DockerEnginePull, PullsOneDigest) {
  ScriptedTransport docker;
  docker.speaking("1.41")
      .on("POST /v1.41/images/create?fromImage=a%2Fb&tag=sha256%3A12", 200, "")
      .on("GET /v1.41/images/a/b@sha256:12/json", 200, R"({"Id":"sha256:1"})");
  DockerEngine engine(docker);
  EXPECT_TRUE(engine.pull({"a/b:1@sha256:12", {}}, [](const core::PullProgress&) {}, {}));
}

TEST(DockerEnginePull, RefusesAnId) {
  ScriptedTransport docker;
  DockerEngine engine(docker);
  const auto image = engine.pull({"sha256:12", {}}, [](const core::PullProgress&) {}, {});
  ASSERT_FALSE(image);
  EXPECT_EQ(image.error().code, ErrorCode::Invalid);
}

TEST(DockerEnginePull, ReportsABrokenConnection) {
  ScriptedTransport docker;
  docker.speaking("1.41").on(kPull, broken());
  DockerEngine engine(docker);
  const auto image = engine.pull({"a/b:1", {}}, [](const core::PullProgress&) {}, {});
  ASSERT_FALSE(image);
  EXPECT_EQ(image.error(), broken());
}

}  // namespace
}  // namespace aim::providers
