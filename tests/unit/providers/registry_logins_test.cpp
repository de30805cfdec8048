#include "providers/docker/registry_logins.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "tests/support/fake_clock.hpp"

namespace aim::providers {
namespace {

namespace fs = std::filesystem;
using core::ErrorCode;

/// A directory with config.json and credential helpers, which is all of the helpers' PATH but for
/// the system's own.
class Home {
 public:
  Home() {
    std::string pattern = (fs::temp_directory_path() / "aim-test-XXXXXX").string();
    path_ = ::mkdtemp(pattern.data());
  }

  ~Home() { fs::remove_all(path_); }

  Home(const Home&) = delete;
  Home& operator=(const Home&) = delete;

  void config(std::string_view text) const { std::ofstream(path_ / "config.json") << text; }

  /// `script` is run by a shell. Every key that it was asked for is written down.
  void helper(const std::string& name, const std::string& script) const {
    const fs::path file = path_ / ("docker-credential-" + name);
    std::ofstream(file) << "#!/bin/sh\nread -r key\necho \"$1 $key\" >>"
                        << (path_ / "asked").string() << "\n"
                        << script << "\n";
    fs::permissions(file, fs::perms::owner_all);
  }

  [[nodiscard]] std::string asked() const {
    std::ostringstream text;
    text << std::ifstream(path_ / "asked").rdbuf();
    return text.str();
  }

  [[nodiscard]] DockerLogins::Inputs inputs() const {
    DockerLogins::Inputs inputs;
    inputs.config_dir = path_.string();
    inputs.helper.environment = {"PATH=" + path_.string() + ":/bin:/usr/bin", "HELPER_USER=grace"};
    return inputs;
  }

  [[nodiscard]] std::string file() const { return (path_ / "config.json").string(); }

 private:
  fs::path path_;
};

constexpr const char* kWithHelper = R"({"credHelpers": {"ghcr.io": "test"}})";

TEST(DockerLogins, ComesAsAnybodyWithoutAFile) {
  const Home home;
  support::FakeClock clock;
  DockerLogins logins(home.inputs(), clock);
  const auto login = logins.find("ghcr.io", {});
  ASSERT_TRUE(login);
  EXPECT_FALSE(login->credentials);
  EXPECT_EQ(login->origin, home.file());
}

TEST(DockerLogins, TakesTheVariableBeforeTheFile) {
  const Home home;
  home.config(R"({"auths": {"ghcr.io": {"auth": "ZmlsZTpi"}, "b.example": {"auth": "ZmlsZTpi"}}})");
  support::FakeClock clock;
  DockerLogins::Inputs inputs = home.inputs();
  inputs.auth_config = R"({"auths": {"ghcr.io": {"auth": "ZW52OmI="}}})";
  DockerLogins logins(inputs, clock);
  const auto both = logins.find("ghcr.io", {});
  ASSERT_TRUE(both);
  EXPECT_EQ(both->credentials.value().username, "env");
  EXPECT_EQ(both->origin, "auths[\"ghcr.io\"] of DOCKER_AUTH_CONFIG");
  const auto file_alone = logins.find("b.example", {});
  ASSERT_TRUE(file_alone);
  EXPECT_EQ(file_alone->credentials.value().username, "file");
}

TEST(DockerLogins, AsksAHelperOnceInFiveMinutes) {
  const Home home;
  home.config(kWithHelper);
  home.helper("test",
              R"(printf '{"ServerURL":"%s","Username":"%s","Secret":"s3"}' "$key" "$HELPER_USER")");
  support::FakeClock clock;
  DockerLogins logins(home.inputs(), clock);
  for (int i = 0; i < 2; ++i) {
    const auto login = logins.find("ghcr.io", {});
    ASSERT_TRUE(login) << core::to_string(login.error());
    EXPECT_EQ(login->credentials.value().username, "grace");
    EXPECT_EQ(login->credentials.value().password.reveal(), "s3");
    EXPECT_EQ(login->origin, "credHelpers[\"ghcr.io\"] of " + home.file());
  }
  EXPECT_EQ(home.asked(), "get ghcr.io\n");
  clock.advance(std::chrono::minutes(6));
  EXPECT_TRUE(logins.find("ghcr.io", {}));
  EXPECT_EQ(home.asked(), "get ghcr.io\nget ghcr.io\n");
}

TEST(DockerLogins, GoesOnWhereAHelperHasNothing) {
  const Home home;
  home.config(
      R"({"credHelpers": {"ghcr.io": "test"}, "auths": {"ghcr.io": {"auth": "ZmlsZTpi"}}})");
  home.helper("test", "echo credentials not found in native keychain; exit 1");
  support::FakeClock clock;
  DockerLogins logins(home.inputs(), clock);
  const auto login = logins.find("ghcr.io", {});
  ASSERT_TRUE(login) << core::to_string(login.error());
  EXPECT_EQ(login->credentials.value().username, "file");
}

/// The error when docker-credential-test is such a script.
core::Error with_helper(const std::string& script, std::stop_token stop = {}) {
  const Home home;
  home.config(kWithHelper);
  if (!script.empty()) {
    home.helper("test", script);
  }
  support::FakeClock clock;
  DockerLogins::Inputs inputs = home.inputs();
  inputs.helper.timeout = std::chrono::milliseconds(500);
  DockerLogins logins(inputs, clock);
  const auto login = logins.find("ghcr.io", std::move(stop));
  EXPECT_FALSE(login);
  core::Error error = login ? core::Error{} : login.error();
  const std::size_t place = error.message.find(home.file());
  EXPECT_NE(place, std::string::npos) << error.message;
  error.message.replace(place, home.file().size(), "config.json");
  return error;
}

TEST(DockerLogins, NeverShowsWhatAHelperPrinted) {
  EXPECT_EQ(with_helper("echo hunter2; echo hunter2 >&2; exit 3"),
            core::make_error(
                ErrorCode::Denied,
                "the credential helper docker-credential-test: it ended with exit code 3; what it "
                "says is not shown, since it may hold a secret: run it by hand, with `get` and "
                "ghcr.io on its standard input (credHelpers[\"ghcr.io\"] of config.json)"));
  EXPECT_EQ(with_helper("echo hunter2"),
            core::make_error(ErrorCode::Denied,
                             "the credential helper docker-credential-test: what it printed is "
                             "not a JSON object (credHelpers[\"ghcr.io\"] of config.json)"));
}

TEST(DockerLogins, SaysThatAHelperIsMissing) {
  EXPECT_EQ(with_helper(""),
            core::make_error(ErrorCode::Denied,
                             "the credential helper docker-credential-test is not on the PATH "
                             "(credHelpers[\"ghcr.io\"] of config.json)"));
}

TEST(DockerLogins, DoesNotWaitForEver) {
  const auto begin = std::chrono::steady_clock::now();
  EXPECT_EQ(with_helper("exec sleep 60"),
            core::make_error(ErrorCode::Timeout,
                             "the credential helper docker-credential-test: it did not answer "
                             "within 500 ms (credHelpers[\"ghcr.io\"] of config.json)"));
  // Closed its output and goes on all the same.
  EXPECT_EQ(with_helper("exec sleep 60 >&-").code, ErrorCode::Timeout);
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(20));
}

TEST(DockerLogins, StopsWhenAsked) {
  std::stop_source source;
  source.request_stop();
  EXPECT_EQ(with_helper("exec sleep 60", source.get_token()).code, ErrorCode::Cancelled);
}

TEST(DockerLogins, SaysWhichFileCannotBeRead) {
  const Home home;
  home.config("{hunter2");
  support::FakeClock clock;
  DockerLogins logins(home.inputs(), clock);
  EXPECT_EQ(logins.find("ghcr.io", {}).error(),
            core::make_error(ErrorCode::Denied, home.file() + " is not a JSON object"));
}

}  // namespace
}  // namespace aim::providers
