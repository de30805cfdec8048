#include <gtest/gtest.h>

#include "providers/docker/docker_engine.hpp"
#include "providers/docker/registry_errors.hpp"
#include "tests/support/fake_clock.hpp"
#include "tests/unit/providers/scripted_transport.hpp"

namespace aim::providers {
namespace {

using core::ErrorCode;
using core::make_error;
using test::ScriptedTransport;

constexpr const char* kPull = "POST /v1.41/images/create?fromImage=ghcr.io%2Fa%2Fb&tag=1";
constexpr const char* kInspect = "GET /v1.41/images/ghcr.io/a/b:1/json";
constexpr const char* kDigestLine = "{\"status\":\"Digest: sha256:12\"}\r\n";

std::string told(const std::string& message) {
  return "{\"status\":\"Pulling from a/b\",\"id\":\"1\"}\r\n{\"errorDetail\":{\"message\":\"" +
         message + "\"},\"error\":\"" + message + "\"}\r\n";
}

/// Knows one user of each registry.
class OneLogin : public RegistryLogins {
 public:
  core::Result<RegistryLogin> find(const std::string& registry, std::stop_token) override {
    RegistryLogin login{std::nullopt, "config.json"};
    if (registry == "ghcr.io") {
      login.credentials = RegistryCredentials{"ada", core::Secret("hunter2"), {}, {}};
      login.origin = "auths[\"ghcr.io\"] of config.json";
    }
    return login;
  }
};

struct Puller {
  ScriptedTransport docker;
  support::FakeClock clock;
  OneLogin logins;
  DockerEngine engine{docker, {}, RegistryAccess{logins, clock}};
  std::vector<std::string> said;

  Puller() { docker.speaking("1.41"); }

  core::Result<core::ObservedImage> pull(std::stop_token stop = {}) {
    return engine.pull(
        {"ghcr.io/a/b:1", {}},
        [&](const core::PullProgress& progress) { said.push_back(progress.status); },
        std::move(stop));
  }
};

TEST(ImagePuller, FetchesADamagedLayerAnewOnce) {
  Puller it;
  it.docker.on(kPull, 200, told("unknown blob"))
      .on(kPull, 200, kDigestLine)
      .on(kInspect, 200, R"({"Id":"sha256:1"})");
  EXPECT_TRUE(it.pull());
  Puller again;
  again.docker.on(kPull, 200, told("unknown blob")).on(kPull, 200, told("unknown blob"));
  EXPECT_EQ(again.pull().error(),
            make_error(ErrorCode::Failed,
                       "unknown blob. What ghcr.io holds of the image is damaged: push it again"));
  EXPECT_TRUE(again.docker.used_up());
}

TEST(ImagePuller, AsksABusyRegistryAgainAndAtLastGivesUp) {
  Puller it;
  const std::string busy = R"({"message":"toomanyrequests: slow down"})";
  it.docker.on(kPull, 429, busy).on(kPull, 500, busy).on(kPull, 500, busy).on(kPull, 500, busy);
  const core::Steady begin = it.clock.steady_now();
  const core::Result<core::ObservedImage> pulled = it.pull();
  EXPECT_EQ(it.clock.steady_now() - begin, std::chrono::seconds(65));
  EXPECT_EQ(it.said,
            (std::vector<std::string>{"the registry is asked too much: again in 5s",
                                      "the registry is asked too much: again in 15s",
                                      "the registry is asked too much: again in 45s"}));
  EXPECT_EQ(pulled.error(),
            make_error(ErrorCode::Failed,
                       "toomanyrequests: slow down. ghcr.io limits how much is fetched: try "
                       "later, or use a mirror"));
}

TEST(ImagePuller, AStopEndsTheWaitForABusyRegistry) {
  Puller it;
  it.docker.on(kPull, 429, R"({"message":"toomanyrequests: slow down"})");
  std::stop_source source;
  const auto pulled = it.engine.pull(
      {"ghcr.io/a/b:1", {}},
      [&](const core::PullProgress&) { source.request_stop(); },
      source.get_token());
  EXPECT_EQ(pulled.error(), make_error(ErrorCode::Cancelled, "stopped"));
  EXPECT_TRUE(it.docker.used_up());
}

TEST(ImagePuller, SendsTheCredentialsAndSaysWhichTheyWere) {
  Puller it;
  it.docker.on(kPull, 500, R"({"message":"unauthorized: authentication required"})");
  EXPECT_EQ(it.pull().error(),
            make_error(ErrorCode::Denied,
                       "unauthorized: authentication required. The credentials of "
                       "auths[\"ghcr.io\"] of config.json were used; if they are old or wrong, "
                       "renew them with `docker login ghcr.io`"));
  EXPECT_EQ(it.docker.header_of(kPull, "X-Registry-Auth"),
            registry_auth_header({"ada", core::Secret("hunter2"), {}, {}}, "ghcr.io").reveal());
}

TEST(ImagePuller, AsksForAPlatform) {
  Puller it;
  it.docker.on(std::string(kPull) + "&platform=linux%2Farm64", 200, kDigestLine)
      .on(kInspect, 200, R"({"Id":"sha256:1"})");
  EXPECT_TRUE(it.engine.pull({"ghcr.io/a/b:1", "linux/arm64"}, [](const auto&) {}, {}));
}

TEST(ImagePuller, WaitsWhileOthersGetOn) {
  Puller it;
  const core::Error silent = make_error(ErrorCode::Timeout, "silent");
  // Another pull is heard while this one is silent.
  it.docker.on(kPull, silent);
  it.docker.on("POST /v1.41/images/create?fromImage=other&tag=1", 200, kDigestLine)
      .on("GET /v1.41/images/other:1/json", 200, R"({"Id":"sha256:2"})");
  it.docker.before(kPull, [&] {
    EXPECT_TRUE(it.engine.pull({"other:1", {}}, [](const auto&) {}, {}));
  });
  it.docker.on(kPull, 200, kDigestLine).on(kInspect, 200, R"({"Id":"sha256:1"})");
  EXPECT_TRUE(it.pull());
  // Nobody is.
  Puller alone;
  alone.docker.on(kPull, silent);
  EXPECT_EQ(alone.pull().error(), silent);
}

TEST(AskRegistry, TellsDigestAndPlatforms) {
  Puller it;
  constexpr const char* kAsk = "GET /v1.41/distribution/ghcr.io/a/b:1/json";
  it.docker.on(kAsk,
               200,
               R"({"Descriptor":{"digest":"sha256:12"},
                   "Platforms":[{"os":"linux","architecture":"amd64"},{"os":""}]})");
  const auto image = it.engine.ask_registry("ghcr.io/a/b:1", {});
  ASSERT_TRUE(image) << core::to_string(image.error());
  EXPECT_EQ(*image, (core::RegistryImage{"sha256:12", {{"linux", "amd64"}}}));
  EXPECT_NE(it.docker.header_of(kAsk, "X-Registry-Auth"), "");
  it.docker.on(kAsk, 200, "{}");
  EXPECT_EQ(it.engine.ask_registry("ghcr.io/a/b:1", {}).error(),
            make_error(ErrorCode::Protocol, "Docker's answer lacks the digest of an image"));
}

TEST(RegistryProblems, AreReadOffTheEnginesWords) {
  const auto of = registry_problem;
  EXPECT_EQ(of("manifest for a:9 not found: manifest unknown: manifest unknown"),
            RegistryProblem::Missing);
  EXPECT_EQ(of("no matching manifest for linux/amd64 in the manifest list entries"),
            RegistryProblem::NoPlatform);
  EXPECT_EQ(of("Head \"http://127.0.0.1:5001/v2/x/manifests/1\": no basic auth credentials"),
            RegistryProblem::Refused);
  EXPECT_EQ(of("pull access denied for x, repository does not exist or may require 'docker login'"),
            RegistryProblem::Refused);
  EXPECT_EQ(of("Get \"https://x/v2/\": dial tcp: lookup x: no such host"),
            RegistryProblem::Unreachable);
  EXPECT_EQ(of("toomanyrequests: You have reached your unauthenticated pull rate limit"),
            RegistryProblem::RateLimited);
  EXPECT_EQ(of("filesystem layer verification failed for digest sha256:12"),
            RegistryProblem::DamagedBlob);
  EXPECT_EQ(of("write /var/lib/docker/tmp/x: no space left on device"), RegistryProblem::DiskFull);
  EXPECT_EQ(of("something else"), RegistryProblem::Other);
}

TEST(RegistryErrors, SayWhatCanBeDone) {
  const RegistryLogin nobody{std::nullopt, "config.json"};
  const auto told_of = [&](const std::string& message, ErrorCode code = ErrorCode::Failed) {
    return registry_error(make_error(code, message), "a/b:1", nobody);
  };
  EXPECT_EQ(told_of("pull access denied for a/b", ErrorCode::NotFound),
            make_error(ErrorCode::Denied,
                       "pull access denied for a/b. There are no credentials for docker.io in "
                       "config.json: `docker login` puts them there"));
  EXPECT_EQ(told_of("manifest unknown", ErrorCode::NotFound),
            make_error(ErrorCode::NotFound,
                       "manifest unknown. docker.io has no such image: check the name and the "
                       "tag"));
  EXPECT_EQ(told_of("dial tcp: i/o timeout"),
            make_error(ErrorCode::Unreachable,
                       "dial tcp: i/o timeout. Docker cannot reach docker.io: check its network, "
                       "proxy and certificates"));
  EXPECT_EQ(told_of("no space left on device"),
            make_error(ErrorCode::Failed,
                       "no space left on device. Docker's disk is full: `docker system df` shows "
                       "what fills it"));
  EXPECT_EQ(told_of("toomanyrequests: x"),
            make_error(ErrorCode::Failed,
                       "toomanyrequests: x. docker.io limits how much is fetched by those who are "
                       "not logged in: try later, or use a mirror"));
  // What did not come from the Engine stays as it is.
  EXPECT_EQ(told_of("denied", ErrorCode::Timeout), make_error(ErrorCode::Timeout, "denied"));
}

}  // namespace
}  // namespace aim::providers
