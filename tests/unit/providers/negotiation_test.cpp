#include "providers/docker/negotiation.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "core/engine.hpp"
#include "providers/docker/docker_engine.hpp"
#include "tests/unit/providers/scripted_transport.hpp"

namespace aim::providers {
namespace {

using core::ErrorCode;
using core::make_error;
using test::ScriptedTransport;

HttpResponse podman(const std::string& release) {
  return {200, {{"api-version", "1.41"}, {"libpod-api-version", release}}, "OK"};
}

Greeting speaking(int minor) {
  Greeting greeting;
  greeting.newest = {1, minor};
  return greeting;
}

TEST(Negotiation, TakesTheNewestThatBothKnow) {
  for (const auto& [theirs, agreed] :
       {std::pair{41, 41}, {44, 44}, {52, 52}, {56, 56}, {57, 56}, {99, 56}}) {
    const auto version = choose_version(speaking(theirs), "");
    ASSERT_TRUE(version) << theirs;
    EXPECT_EQ(*version, (ApiVersion{1, agreed}));
  }
}

TEST(Negotiation, ObeysAPin) {
  EXPECT_EQ(*choose_version(speaking(52), "1.44"), (ApiVersion{1, 44}));
  EXPECT_EQ(choose_version(speaking(52), "new").error(),
            make_error(ErrorCode::Invalid,
                       "DOCKER_API_VERSION is \"new\", which is not a version such as 1.41"));
  for (const std::string pin : {"1.40", "1.57", "2.0"}) {
    EXPECT_EQ(choose_version(speaking(52), pin).error(),
              make_error(ErrorCode::Unsupported,
                         "DOCKER_API_VERSION asks for " + pin +
                             ", and aim knows 1.41 to 1.56; unset it, and aim agrees with the "
                             "Engine by itself"));
  }
  EXPECT_EQ(choose_version(speaking(41), "1.44").error(),
            make_error(ErrorCode::Unsupported,
                       "DOCKER_API_VERSION asks for 1.44, and this Docker Engine speaks 1.41 at "
                       "most; unset it, and aim agrees with the Engine by itself"));
}

TEST(Negotiation, KnowsPodmanByItsGreeting) {
  const auto old = read_greeting(podman("4.3.1"));
  ASSERT_TRUE(old);
  EXPECT_EQ(old->product, "Podman 4.3.1");
  EXPECT_FALSE(old->updates_containers);
  EXPECT_TRUE(read_greeting(podman("5.0.0"))->updates_containers);
  EXPECT_TRUE(read_greeting(podman("6.1.0-dev"))->updates_containers);
  const auto docker = read_greeting({200, {{"api-version", "1.41"}}, "OK"});
  EXPECT_EQ(docker->product, "Docker Engine");
  EXPECT_TRUE(docker->updates_containers);
}

TEST(Negotiation, HintsAtTls) {
  const auto greeting =
      read_greeting({400, {}, "Client sent an HTTP request to an HTTPS server.\n"});
  ASSERT_FALSE(greeting);
  EXPECT_EQ(greeting.error(),
            make_error(ErrorCode::Protocol,
                       "this Docker Engine wants TLS; set DOCKER_TLS_VERIFY=1, and "
                       "DOCKER_CERT_PATH to the directory with ca.pem, cert.pem and key.pem"));
}

TEST(Negotiation, TellsBothSidesVersionsWhenOursIsTooOld) {
  ScriptedTransport docker;
  const std::string refusal =
      "client version 1.56 is too old. Minimum supported API version is 1.60, please upgrade your "
      "client to a newer version";
  docker.speaking("1.62")
      .on("GET /v1.56/networks", 400, refusal)
      .speaking("1.62")
      .on("GET /v1.56/networks", 400, refusal)
      .on("GET /version",
          200,
          R"({"Version":"34.1.0","ApiVersion":"1.62","MinAPIVersion":"1.60"})");
  DockerEngine engine(docker);
  const auto networks = engine.list_networks({});
  ASSERT_FALSE(networks);
  EXPECT_EQ(networks.error(),
            make_error(ErrorCode::Unsupported,
                       "Docker Engine 34.1.0 takes API 1.60 and newer, and aim knows 1.41 to 1.56; "
                       "use a newer aim, or lower min-api-version in the Engine's daemon.json"));
}

TEST(Negotiation, SaysThatThePinIsTooOld) {
  ScriptedTransport docker;
  const std::string refusal = "client version 1.41 is too old. Minimum supported is 1.44";
  docker.speaking("1.52")
      .on("GET /v1.41/networks", 400, refusal)
      .speaking("1.52")
      .on("GET /v1.41/networks", 400, refusal)
      .on("GET /version", 200, R"({"Version":"29.0.0","MinAPIVersion":"1.44"})");
  DockerEngine engine(docker, "1.41");
  const auto networks = engine.list_networks({});
  ASSERT_FALSE(networks);
  EXPECT_EQ(networks.error(),
            make_error(ErrorCode::Unsupported,
                       "DOCKER_API_VERSION asks for 1.41, and Docker Engine 29.0.0 takes 1.44 and "
                       "newer; unset it, and aim agrees with the Engine by itself"));
}

/// Answers a ping with an error once `waiting` threads may be waiting for it.
class SlowPing : public HttpTransport {
 public:
  core::Result<HttpResponse> send(const HttpRequest&,
                                  std::chrono::milliseconds,
                                  std::stop_token) override {
    ++pings;
    std::this_thread::sleep_for(std::chrono::milliseconds(200));
    return make_error(ErrorCode::Timeout, "no answer");
  }

  core::Result<HttpResponse> stream(const HttpRequest& request,
                                    const BodySink&,
                                    std::chrono::milliseconds limit,
                                    std::stop_token stop) override {
    return send(request, limit, std::move(stop));
  }

  std::atomic<int> pings{0};
};

TEST(Negotiation, IsTriedOnceForAllWhoWaitForIt) {
  SlowPing silent;
  DockerEngine engine(silent);
  std::vector<std::jthread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      const auto networks = engine.list_networks({});
      ASSERT_FALSE(networks);
      EXPECT_EQ(networks.error().code, ErrorCode::Timeout);
    });
  }
  threads.clear();
  EXPECT_LE(silent.pings, 2) << "a thread that came late may have tried for itself";
}

TEST(Negotiation, DoesNotAskPodman4ToUpdate) {
  ScriptedTransport docker;
  docker.on("GET /_ping", podman("4.3.1"));
  DockerEngine engine(docker);
  const auto outcome =
      engine.perform(core::UpdateContainer{"x", {{"restart", core::Value("no")}}}, {});
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error(),
            make_error(ErrorCode::Unsupported,
                       "Podman 4.3.1 cannot change a container that exists: it has no call to "
                       "update one; recreate the container, or use Podman 5 or newer"));
}

}  // namespace
}  // namespace aim::providers
