#include <fmt/format.h>

#include <boost/json.hpp>

#include "providers/docker/registry_logins.hpp"
#include "tests/contract/face.hpp"
#include "tests/support/own_registry.hpp"

namespace aim::contract_test {

using core::ErrorCode;
using support::OwnRegistry;

namespace {

/// One user for every registry, or nobody.
class FixedLogin : public providers::RegistryLogins {
 public:
  core::Result<providers::RegistryLogin> find(const std::string&, std::stop_token) override {
    providers::RegistryLogin login{std::nullopt, "the test"};
    if (!user.empty()) {
      login.credentials = providers::RegistryCredentials{user, core::Secret(password), {}, {}};
    }
    return login;
  }

  std::string user;
  std::string password;
};

}  // namespace

/// A registry with one image in it, "HOST/aim/one:1", which the Engine does not have.
class WithRegistry : public Contract {
 protected:
  void have_registry(OwnRegistry::Access access) {
    if (memory) {
      host_ = "127.0.0.1:5009";
      if (access == OwnRegistry::Access::Tester) {
        memory->require_login(host_, OwnRegistry::kUser, OwnRegistry::kPassword);
      }
      memory->add_registry_image({.ref = one(), .content = "first"});
    } else {
      registry = std::make_unique<OwnRegistry>(access);
      host_ = registry->host();
      push(image(), "1");
      ASSERT_EQ(raw("DELETE", "/images/" + one()).status, 200);
    }
  }

  /// Puts a local image of the real Engine there as "aim/one:TAG".
  void push(const std::string& local, const std::string& tag) {
    const std::string name = fmt::format("{}/aim/one", host_);
    ASSERT_EQ(raw("POST", fmt::format("/images/{}/tag?repo={}&tag={}", local, name, tag)).status,
              201);
    providers::HttpRequest request;
    request.method = "POST";
    request.target = fmt::format("/v1.41/images/{}/push?tag={}", name, tag);
    request.headers["X-Registry-Auth"] =
        providers::registry_auth_header(
            {OwnRegistry::kUser, core::Secret(OwnRegistry::kPassword), {}, {}}, host_)
            .reveal();
    const auto pushed = transport().send(request, std::chrono::seconds(60), stop);
    ASSERT_TRUE(pushed) << core::to_string(pushed.error());
    ASSERT_EQ(pushed->body.find("errorDetail"), std::string::npos) << pushed->body;
  }

  [[nodiscard]] std::string one() const { return host_ + "/aim/one:1"; }

  [[nodiscard]] const std::string& host() const { return host_; }

  core::Result<core::ObservedImage> pull(const std::string& reference) {
    return docker().pull(
        {reference, {}}, [](const core::PullProgress&) {}, stop);
  }

  /// The Engine, logged in as `login` says.
  providers::DockerEngine& docker() {
    if (!docker_) {
      docker_ = std::make_unique<providers::DockerEngine>(
          transport(), std::string(), providers::RegistryAccess{login, clock});
    }
    return *docker_;
  }

  FixedLogin login;
  std::unique_ptr<OwnRegistry> registry;  ///< of the real Engine only

 private:
  std::string host_;
  std::unique_ptr<providers::DockerEngine> docker_;
};

TEST_P(WithRegistry, TellsTheDigestThatAPullBrings) {
  have_registry(OwnRegistry::Access::Anybody);
  const auto asked = docker().ask_registry(one(), stop);
  ASSERT_TRUE(asked) << core::to_string(asked.error());
  EXPECT_EQ(asked->platforms, (std::vector<core::Platform>{{"linux", "amd64"}}));
  EXPECT_FALSE(docker().inspect_image(one(), stop)) << "asking must not pull";
  const auto pulled = pull(one());
  ASSERT_TRUE(pulled) << core::to_string(pulled.error());
  const std::string by_digest = fmt::format("{}/aim/one@{}", host(), asked->digest);
  EXPECT_EQ(pulled->repo_digests, std::vector<std::string>{by_digest});
  const auto again = docker().ask_registry(by_digest, stop);
  ASSERT_TRUE(again) << core::to_string(again.error());
  EXPECT_EQ(again->digest, asked->digest);
  // A container made from the digest shows the digest, and the same image.
  core::CreateContainer call = container("a", runs_until_stopped());
  call.attributes["image"] = by_digest;
  must(call);
  EXPECT_EQ(core::string_at(inspect(name("a")).attributes, "image"), by_digest);
  EXPECT_EQ(inspect(name("a")).image_id, pulled->id);
  must(core::RemoveContainer{name("a"), true, true});
  EXPECT_EQ(raw("DELETE", "/images/" + one()).status, 200);
}

TEST_P(WithRegistry, SaysWhatIsMissing) {
  have_registry(OwnRegistry::Access::Anybody);
  const std::string advice =
      fmt::format(". {} has no such image: check the name and the tag", host());
  const auto asked = docker().ask_registry(host() + "/aim/one:9", stop);
  ASSERT_FALSE(asked);
  EXPECT_EQ(asked.error(),
            core::make_error(ErrorCode::NotFound, "manifest unknown: manifest unknown" + advice));
  EXPECT_EQ(docker().ask_registry(host() + "/aim/none:1", stop).error(), asked.error());
  EXPECT_EQ(pull(host() + "/aim/one:9").error(),
            core::make_error(ErrorCode::NotFound,
                             fmt::format("manifest for {}/aim/one:9 not found: manifest unknown: "
                                         "manifest unknown{}",
                                         host(),
                                         advice)));
}

TEST_P(WithRegistry, RefusesWhoHasNoCredentials) {
  have_registry(OwnRegistry::Access::Tester);
  const core::Error refused = core::make_error(
      ErrorCode::Denied,
      fmt::format("Head \"http://{0}/v2/aim/one/manifests/1\": no basic auth credentials. There "
                  "are no credentials for {0} in the test: `docker login {0}` puts them there",
                  host()));
  EXPECT_EQ(docker().ask_registry(one(), stop).error(), refused);
  EXPECT_EQ(pull(one()).error(), refused);
}

TEST_P(WithRegistry, RefusesAWrongPassword) {
  have_registry(OwnRegistry::Access::Tester);
  login.user = OwnRegistry::kUser;
  login.password = "wrong";
  const core::Error refused = core::make_error(
      ErrorCode::Denied,
      fmt::format("unauthorized: authentication required. The credentials of the test were used; "
                  "if they are old or wrong, renew them with `docker login {}`",
                  host()));
  EXPECT_EQ(docker().ask_registry(one(), stop).error(), refused);
  EXPECT_EQ(pull(one()).error(), refused);
}

TEST_P(WithRegistry, ServesWhoLogsIn) {
  have_registry(OwnRegistry::Access::Tester);
  login.user = OwnRegistry::kUser;
  login.password = OwnRegistry::kPassword;
  EXPECT_TRUE(docker().ask_registry(one(), stop));
  const auto pulled = pull(one());
  EXPECT_TRUE(pulled) << core::to_string(pulled.error());
  EXPECT_EQ(raw("DELETE", "/images/" + one()).status, 200);
  const auto other = docker().ask_registry(host() + "/aim/one:9", stop);
  EXPECT_EQ(other.error().code, ErrorCode::NotFound);
}

TEST_P(WithRegistry, ThatDoesNotAnswerIsUnreachable) {
  have_registry(OwnRegistry::Access::Anybody);
  if (memory) {
    memory->silence_registry(host(), true);
  } else {
    registry->stop();
  }
  const core::Error unreachable = core::make_error(
      ErrorCode::Unreachable,
      fmt::format(
          "Get \"http://{0}/v2/\": dial tcp {0}: connect: connection refused. Docker cannot "
          "reach {0}: check its network, proxy and certificates",
          host()));
  EXPECT_EQ(docker().ask_registry(one(), stop).error(), unreachable);
  EXPECT_EQ(pull(one()).error(), unreachable);
}

TEST_P(WithRegistry, AMovedTagLeavesTheOldImageToItsDigest) {
  have_registry(OwnRegistry::Access::Anybody);
  const auto first = pull(one());
  ASSERT_TRUE(first) << core::to_string(first.error());
  must(container("a", runs_until_stopped()));
  core::CreateContainer call = container("b", runs_until_stopped());
  call.attributes["image"] = one();
  must(call);
  if (memory) {
    memory->add_registry_image({.ref = one(), .content = "second"});
  } else {
    ASSERT_EQ(raw("POST",
                  fmt::format("/commit?container={}&repo=aim-moved&tag=1&changes={}",
                              name("a"),
                              providers::percent_encode("LABEL moved=yes")))
                  .status,
              201);
    push("aim-moved:1", "moved");
    // The registry's tag moves without the Engine's.
    ASSERT_EQ(raw("POST", fmt::format("/images/{}/tag?repo=aim-first&tag=1", one())).status, 201);
    push("aim-moved:1", "1");
  }
  const auto moved = docker().ask_registry(one(), stop);
  ASSERT_TRUE(moved) << core::to_string(moved.error());
  EXPECT_EQ(first->repo_digests.front().find(moved->digest), std::string::npos);
  const auto second = pull(one());
  ASSERT_TRUE(second) << core::to_string(second.error());
  EXPECT_NE(second->id, first->id);
  EXPECT_EQ(inspect(name("b")).image_id, first->id);
  const auto listed = docker().list_containers(stop);
  ASSERT_TRUE(listed);
  for (const core::ContainerSummary& one_listed : *listed) {
    if (one_listed.name == name("b")) {
      EXPECT_EQ(one_listed.image, first->id) << "the list shows that the tag has moved";
    }
  }
  const auto old = pull(first->repo_digests.front());
  ASSERT_TRUE(old) << core::to_string(old.error());
  EXPECT_EQ(old->id, first->id);
  must(core::RemoveContainer{name("a"), true, true});
  must(core::RemoveContainer{name("b"), true, true});
  for (const std::string& reference : {one(),
                                       std::string("aim-moved:1"),
                                       host() + "/aim/one:moved",
                                       std::string("aim-first:1"),
                                       first->repo_digests.front()}) {
    static_cast<void>(raw("DELETE", "/images/" + reference));
  }
}

/// Of the in-memory Docker alone: the end-to-end tests take a layer away from a real registry.
class DamagedRegistry : public WithRegistry {};

TEST_P(DamagedRegistry, ASecondPullBeginsAnew) {
  have_registry(OwnRegistry::Access::Anybody);
  memory->add_registry_image({.ref = one(), .content = "first"},
                             {.layers = 3, .error = "unknown blob", .failing_pulls = 2});
  EXPECT_EQ(pull(one()).error(),
            core::make_error(ErrorCode::Failed,
                             fmt::format("unknown blob. What {} holds of the image is damaged: "
                                         "push it again",
                                         host())));
  std::uint64_t most = 0;
  const auto pulled = docker().pull(
      {one(), {}},
      [&](const core::PullProgress& progress) { most = std::max(most, progress.current_bytes); },
      stop);
  EXPECT_TRUE(pulled) << core::to_string(pulled.error());
  EXPECT_EQ(most, 9'000'000U) << "Docker keeps nothing of a pull that failed";
}

INSTANTIATE_TEST_SUITE_P(Memory,
                         WithRegistry,
                         testing::Values(Face::InProcess, Face::UnixSocket),
                         face_name);
INSTANTIATE_TEST_SUITE_P(Memory,
                         DamagedRegistry,
                         testing::Values(Face::InProcess, Face::UnixSocket),
                         face_name);
INSTANTIATE_TEST_SUITE_P(Docker,
                         WithRegistry,
                         testing::ValuesIn(real_socket().empty()
                                               ? std::vector<Face>{}
                                               : std::vector<Face>{Face::RealEngine}),
                         face_name);
GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(WithRegistry);

}  // namespace aim::contract_test
