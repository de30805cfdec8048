#include "tests/support/fake_prober.hpp"

#include "tests/support/memory_docker_lab.hpp"

namespace aim::support {

using core::ErrorCode;
using std::chrono::milliseconds;
using std::chrono::seconds;

namespace {

class FakeProberTest : public MemoryDockerLab {
 protected:
  FakeProberTest() : prober(docker, clock) {}

  core::Result<core::ProbeAnswer> probe(const std::string& path, const std::string& body = {}) {
    core::ProbeTarget target;
    target.container_id = docker.container("web")->id;
    target.container_port = 8000;
    core::ProbeRequest request;
    request.path = path;
    request.method = body.empty() ? "GET" : "POST";
    request.body = body;
    return prober.http(target, request, stop.get_token());
  }

  FakeProber prober;
};

}  // namespace

TEST_F(FakeProberTest, RunningContainerIsAModelServerByItself) {
  run("web", R"(,"Cmd":["serve","big/model","--served-model-name","small"])");
  EXPECT_EQ(probe("/health")->status, 200);
  EXPECT_EQ(probe("/v1/models")->body,
            R"({"object":"list","data":[{"id":"small","object":"model"}]})");
  const auto answer = probe("/v1/chat/completions", "{}");
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->status, 200);
  EXPECT_EQ(boost::json::parse(answer->body).at("usage").at("completion_tokens"), 8);
  EXPECT_EQ(prober.probes().size(), 3U);
}

TEST_F(FakeProberTest, ContainerThatDoesNotRunRefuses) {
  create("web");
  const auto answer = probe("/health");
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, ErrorCode::Unreachable);
  EXPECT_EQ(answer.error().message, "connection refused");
}

TEST_F(FakeProberTest, ServerListensLaterAndIsReadyLaterStill) {
  prober.serve({.image = "app:1"}, {.listens_after = seconds(10), .ready_after = seconds(30)});
  run("web");
  EXPECT_EQ(probe("/health").error().code, ErrorCode::Unreachable);
  clock.advance(seconds(10));
  EXPECT_EQ(probe("/health")->status, 503);
  clock.advance(seconds(20));
  EXPECT_EQ(probe("/health")->status, 200);
}

TEST_F(FakeProberTest, ServerThatIsNeverReadyStays503) {
  ModelServer never;
  never.ready_after.reset();
  prober.serve({}, never);
  run("web");
  clock.advance(seconds(100'000));
  EXPECT_EQ(probe("/health")->status, 503);
}

TEST_F(FakeProberTest, HealthMayBeFineAndInferenceNot) {
  prober.serve({}, {.inference_status = 500});
  run("web");
  EXPECT_EQ(probe("/health")->status, 200);
  EXPECT_EQ(probe("/v1/chat/completions", "{}")->status, 500);
}

TEST_F(FakeProberTest, WrongModelIsListed) {
  prober.serve({}, {.models = {"other"}});
  run("web", R"(,"Cmd":["--served-model-name","wanted"])");
  EXPECT_EQ(probe("/v1/models")->body,
            R"({"object":"list","data":[{"id":"other","object":"model"}]})");
}

TEST_F(FakeProberTest, HangingInferenceTakesTheWholeTimeout) {
  prober.serve({}, {.inference_hangs = true});
  run("web");
  const core::Steady before = clock.steady_now();
  EXPECT_EQ(probe("/v1/chat/completions", "{}").error().code, ErrorCode::Timeout);
  EXPECT_EQ(clock.steady_now() - before, seconds(10));
}

TEST_F(FakeProberTest, KeyIsAskedFor) {
  prober.serve({}, {.api_key = "secret"});
  run("web");
  EXPECT_EQ(probe("/health")->status, 200);
  EXPECT_EQ(probe("/v1/models")->status, 401);
}

TEST_F(FakeProberTest, OtherPortRefuses) {
  prober.serve({}, {.port = 9000});
  run("web");
  EXPECT_EQ(probe("/health").error().code, ErrorCode::Unreachable);
}

TEST_F(FakeProberTest, ServerBelongsToTheContainerThatMatches) {
  prober.serve({.name = "web\\.g2"}, {.inference_status = 500});
  run("web.g2");
  run("web");
  EXPECT_EQ(probe("/v1/chat/completions", "{}")->status, 200);
  core::ProbeTarget candidate;
  candidate.container_id = docker.container("web.g2")->id;
  candidate.container_port = 8000;
  core::ProbeRequest request;
  request.path = "/v1/chat/completions";
  EXPECT_EQ(prober.http(candidate, request, {})->status, 500);
  EXPECT_TRUE(prober.tcp(candidate, seconds(1), {}));
}

}  // namespace aim::support
