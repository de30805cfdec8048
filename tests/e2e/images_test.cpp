#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>

#include <boost/json.hpp>
#include <cstdlib>
#include <fstream>
#include <random>
#include <sstream>

#include "tests/e2e/lab.hpp"
#include "tests/support/own_registry.hpp"

namespace aim::e2e {
namespace {

namespace fs = std::filesystem;
using support::OwnRegistry;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

std::string contents(const fs::path& path) {
  std::ostringstream text;
  text << std::ifstream(path, std::ios::binary).rdbuf();
  return text.str();
}

/// All that was printed, with its lines joined: messages are broken where the terminal ends.
std::string said(const Finished& finished) {
  std::string text;
  for (const char c : finished.out + "\n" + finished.err) {
    const bool blank = c == ' ' || c == '\n';
    if (!blank || (!text.empty() && text.back() != ' ')) {
      text += blank ? ' ' : c;
    }
  }
  return text;
}

void write_random(const fs::path& file, std::size_t bytes) {
  std::mt19937_64 random(std::random_device{}());
  std::ofstream stream(file, std::ios::binary | std::ios::trunc);
  for (std::size_t written = 0; written < bytes; written += sizeof(std::uint64_t)) {
    const std::uint64_t word = random();
    stream.write(reinterpret_cast<const char*>(&word), sizeof word);
  }
}

/// A project, and a registry whose image "app" serves a model.
struct ImageLab {
  ImageLab(const std::string& name, OwnRegistry::Access access)
      : lab(name), registry(access), config(lab.directory() / "docker") {
    fs::create_directories(config);
    log_in("pusher", OwnRegistry::kPassword);
  }

  ~ImageLab() {
    for (const std::string& reference : built) {
      static_cast<void>(lab.try_docker({"rmi", "-f", reference}));
    }
  }

  /// Writes the config.json that a user with that password would have, in a directory of its own.
  void log_in(const std::string& directory, const std::string& password) const {
    fs::create_directories(config / directory);
    std::ofstream(config / directory / "config.json")
        << fmt::format(R"({{"auths": {{"{}": {{"username": "{}", "password": "{}"}}}}}})",
                       registry.host(),
                       OwnRegistry::kUser,
                       password);
  }

  /// Builds an image with two layers of its own, pushes it as "app:TAG" and forgets it here.
  void push(const std::string& tag) {
    const fs::path context = lab.directory() / "context";
    fs::create_directories(context);
    write_random(context / "small", 200'000);
    write_random(context / "large", 12'000'000);
    std::ofstream(context / "Dockerfile")
        << "FROM " << kImage1 << "\nCOPY small /small\nCOPY large /large\n";
    lab.docker({"build", "-q", "-t", image(tag), context.string()});
    built.push_back(image(tag));
    // Docker's client reads "username" and "password" only as "auth".
    fs::create_directories(config / "cli");
    std::ofstream(config / "cli" / "config.json") << fmt::format(
        R"({{"auths": {{"{}": {{"auth": "dGVzdGVyOnJpZ2h0LWhvcnNl"}}}}}})", registry.host());
    lab.docker({"--config", (config / "cli").string(), "push", "-q", image(tag)});
    digests[tag] = lab.docker({"inspect", "-f", "{{index .RepoDigests 0}}", image(tag)});
    digests[tag] = digests[tag].substr(digests[tag].find('@') + 1);
    lab.docker({"rmi", image(tag)});
  }

  [[nodiscard]] std::string image(const std::string& tag) const {
    return registry.host() + "/app:" + tag;
  }

  /// Digests of the layers of the image, the lowest first.
  [[nodiscard]] std::vector<std::string> layers(const std::string& tag) const {
    const boost::json::value manifest =
        boost::json::parse(contents(registry.blob_file(digests.at(tag))));
    std::vector<std::string> result;
    for (const boost::json::value& layer : manifest.at("layers").as_array()) {
      result.emplace_back(layer.at("digest").as_string());
    }
    return result;
  }

  void configure(const std::string& tag, const std::string& more = "") const {
    lab.configure(fmt::format(R"(
endpoints:
  chat:
    model: test/model
    image: "{}"
    port: {}
    stop_grace_period: 5s
    readiness: {{ interval: 200ms, start_timeout: 30s }}
{})",
                              image(tag),
                              lab.port(),
                              more));
  }

  /// Runs aim as a user with that directory for DOCKER_CONFIG.
  [[nodiscard]] Finished aim(std::vector<std::string> arguments,
                             const std::string& user = "pusher") const {
    return lab.aim(std::move(arguments), {{"DOCKER_CONFIG", (config / user).string()}});
  }

  void expect_no_changes() const {
    const Finished plan = aim({"plan", "--detailed-exitcode"});
    EXPECT_EQ(plan.code, 0) << plan.out << plan.err;
    EXPECT_THAT(plan.out, HasSubstr("No changes."));
  }

  [[nodiscard]] std::string running_image() const {
    return lab.docker({"inspect", "-f", "{{.Image}}", lab.project() + "-chat"});
  }

  Lab lab;
  OwnRegistry registry;
  fs::path config;
  std::map<std::string, std::string> digests;
  std::vector<std::string> built;
};

TEST(Images, ArePulledOnceWithProgressAndTheirDigestIsKnown) {
  ImageLab it("pull", OwnRegistry::Access::Anybody);
  it.push("1");
  it.configure("1",
               fmt::format("  second: {{ model: m, image: \"{}\", port: {}, "
                           "readiness: {{ interval: 200ms }} }}\n",
                           it.image("1"),
                           it.lab.port(1)));
  const Finished plan = it.aim({"plan"});
  EXPECT_EQ(plan.code, 0) << plan.out << plan.err;
  EXPECT_THAT(plan.out, HasSubstr(it.digests.at("1").substr(7, 12)));
  const Finished applied = it.aim({"apply", "--yes"});
  ASSERT_EQ(applied.code, 0) << applied.out << applied.err;
  EXPECT_THAT(said(applied), HasSubstr(it.image("1") + ": Pulling"));
  EXPECT_EQ(it.registry.requests("GET /v2/app/blobs/" + it.layers("1").back()), 1);
  const Finished shown = it.aim({"state", "show", "endpoint.chat"});
  EXPECT_THAT(shown.out, HasSubstr(it.digests.at("1").substr(7, 12)));
  const int before = it.registry.requests("/v2/");
  it.expect_no_changes();
  EXPECT_EQ(it.registry.requests("/v2/"), before) << "a plan without changes asks no registry";
}

TEST(Images, AWrongPasswordIsFoundAtPlan) {
  ImageLab it("wrong-password", OwnRegistry::Access::Tester);
  it.push("1");
  it.log_in("wrong", "lazy-donkey");
  it.configure("1");
  for (const std::vector<std::string>& command :
       {std::vector<std::string>{"plan"}, std::vector<std::string>{"apply", "--yes"}}) {
    const Finished refused = it.aim(command, "wrong");
    EXPECT_EQ(refused.code, 1);
    const std::string text = said(refused);
    EXPECT_THAT(text, HasSubstr("aim.yaml:7:12: error: Registry refuses access"));
    EXPECT_THAT(text, HasSubstr("unauthorized: authentication required"));
    EXPECT_THAT(text, HasSubstr("docker login " + it.registry.host()));
    EXPECT_THAT(text, HasSubstr("auths["));
    EXPECT_THAT(text, Not(HasSubstr("lazy-donkey")));
  }
  const Finished nobody = it.aim({"plan"}, "nobody");
  EXPECT_EQ(nobody.code, 1);
  EXPECT_THAT(said(nobody), HasSubstr("no basic auth credentials"));
  EXPECT_TRUE(it.lab.labelled().empty());
}

TEST(Images, TheRightPasswordReachesTheRegistryAndNothingElse) {
  ImageLab it("right-password", OwnRegistry::Access::Tester);
  it.push("1");
  it.configure("1");
  const Finished applied = it.aim({"apply", "--yes"});
  ASSERT_EQ(applied.code, 0) << applied.out << applied.err;
  EXPECT_THAT(said(applied), Not(HasSubstr(OwnRegistry::kPassword)));
  for (const fs::directory_entry& file :
       fs::recursive_directory_iterator(it.lab.directory() / ".aim")) {
    if (file.is_regular_file()) {
      EXPECT_THAT(contents(file.path()), Not(HasSubstr(OwnRegistry::kPassword))) << file.path();
    }
  }
}

TEST(Images, ACredentialHelperIsAsked) {
  ImageLab it("helper", OwnRegistry::Access::Tester);
  it.push("1");
  it.configure("1");
  const fs::path home = it.config / "helper";
  fs::create_directories(home);
  std::ofstream(home / "config.json")
      << fmt::format(R"({{"credHelpers": {{"https://{}/v2/": "stand-in"}}}})", it.registry.host());
  const fs::path program = home / "docker-credential-stand-in";
  std::ofstream(program) << fmt::format(
      "#!/bin/sh\nread -r key\necho \"$1 $key\" >>{}/asked\n"
      "printf '{{\"ServerURL\":\"%s\",\"Username\":\"{}\",\"Secret\":\"{}\"}}' \"$key\"\n",
      home.string(),
      OwnRegistry::kUser,
      OwnRegistry::kPassword);
  fs::permissions(program, fs::perms::owner_all);
  const std::map<std::string, std::string> environment = {
      {"DOCKER_CONFIG", home.string()}, {"PATH", home.string() + ":" + ::getenv("PATH")}};
  const Finished applied = it.lab.aim({"apply", "--yes"}, environment);
  ASSERT_EQ(applied.code, 0) << applied.out << applied.err;
  EXPECT_EQ(contents(home / "asked"), "get " + it.registry.host() + "\n");
  // One that breaks is told, and what it prints is not.
  std::ofstream(program) << "#!/bin/sh\necho lazy-donkey\necho lazy-donkey >&2\nexit 2\n";
  it.lab.docker({"rm", "-f", it.lab.project() + "-chat"});
  it.lab.docker({"rmi", "-f", it.image("1")});
  const Finished broken = it.lab.aim({"plan"}, environment);
  EXPECT_EQ(broken.code, 1);
  EXPECT_THAT(said(broken), HasSubstr("docker-credential-stand-in"));
  EXPECT_THAT(said(broken), Not(HasSubstr("lazy-donkey")));
}

TEST(Images, AVariableMayHoldTheCredentials) {
  ImageLab it("auth-variable", OwnRegistry::Access::Tester);
  it.push("1");
  it.configure("1");
  const std::string value = contents(it.config / "pusher" / "config.json");
  const Finished plan =
      it.lab.aim({"plan"}, {{"DOCKER_CONFIG", "/nonexistent"}, {"DOCKER_AUTH_CONFIG", value}});
  EXPECT_EQ(plan.code, 0) << plan.out << plan.err;
}

TEST(Images, AMissingTagIsFoundAtPlan) {
  ImageLab it("missing-tag", OwnRegistry::Access::Anybody);
  it.push("1");
  it.configure("9");
  const Finished plan = it.aim({"plan"});
  EXPECT_EQ(plan.code, 1);
  EXPECT_THAT(said(plan),
              AllOf(HasSubstr("aim.yaml:7:12: error: Image does not exist"),
                    HasSubstr("manifest unknown"),
                    HasSubstr("check the name and the")));
}

TEST(Images, ASilentRegistryIsAWarningAtPlanAndAnErrorInPrepare) {
  ImageLab it("silent-registry", OwnRegistry::Access::Anybody);
  it.push("1");
  it.configure("1");
  it.registry.stop();
  const Finished plan = it.aim({"plan"});
  EXPECT_EQ(plan.code, 0) << plan.err;
  EXPECT_THAT(said(plan), HasSubstr("warning: Registry could not be asked"));
  const Finished failed = it.aim({"apply", "--yes"});
  EXPECT_EQ(failed.code, 1) << failed.out << failed.err;
  EXPECT_THAT(said(failed), HasSubstr("connection refused"));
  EXPECT_TRUE(it.lab.labelled().empty());
  it.registry.start();
  const Finished applied = it.aim({"apply", "--yes"});
  EXPECT_EQ(applied.code, 0) << applied.out << applied.err;
  it.expect_no_changes();
}

TEST(Images, AMovedTagIsANoteAndReplacedByAnUpgrade) {
  ImageLab it("moved-tag", OwnRegistry::Access::Anybody);
  it.push("1");
  it.configure("1");
  const Finished first = it.aim({"apply", "--yes"});
  ASSERT_EQ(first.code, 0) << first.out << first.err;
  const std::string old_image = it.running_image();
  const std::string old_digest = it.digests.at("1");
  it.lab.docker({"tag", it.image("1"), "aim/moved-tag:kept"});
  it.built.emplace_back("aim/moved-tag:kept");
  it.push("1");  // other layers, the same tag
  const std::string new_digest = it.digests.at("1");
  ASSERT_NE(new_digest, old_digest);

  it.lab.docker({"pull", "-q", it.image("1")});
  const Finished noted = it.aim({"plan", "--detailed-exitcode"});
  EXPECT_EQ(noted.code, 0) << noted.out << noted.err;
  EXPECT_THAT(said(noted),
              AllOf(HasSubstr("note: Tag has moved"),
                    HasSubstr(old_image.substr(0, 19)),
                    HasSubstr("No changes.")));

  const Finished plan = it.aim({"plan", "--upgrade"});
  EXPECT_THAT(said(plan),
              AllOf(HasSubstr("endpoint.chat must be replaced (image_digest: aim.yaml:7)"),
                    HasSubstr(old_digest.substr(7, 12)),
                    HasSubstr(new_digest.substr(7, 12)),
                    HasSubstr("# forces replacement")))
      << plan.err;

  const Finished upgraded = it.aim({"apply", "--yes", "--upgrade=chat"});
  ASSERT_EQ(upgraded.code, 0) << upgraded.out << upgraded.err;
  EXPECT_NE(it.running_image(), old_image);
  EXPECT_EQ(it.lab.chat(it.lab.port(), "test/model").status, 200);
  it.expect_no_changes();
  const Finished again = it.aim({"plan", "--upgrade", "--detailed-exitcode"});
  EXPECT_EQ(again.code, 0) << again.out << again.err;
}

TEST(Images, PullAlwaysFollowsTheTagAndAnyOtherChangeDoesNot) {
  ImageLab it("follow-tag", OwnRegistry::Access::Anybody);
  it.push("1");
  it.configure("1");
  ASSERT_EQ(it.aim({"apply", "--yes"}).code, 0);
  const std::string old_image = it.running_image();
  it.lab.docker({"tag", it.image("1"), "aim/follow-tag:kept"});
  it.built.emplace_back("aim/follow-tag:kept");
  it.push("1");
  it.configure("1", "    env: { OTHER: value }\n");
  const Finished changed = it.aim({"apply", "--yes"});
  ASSERT_EQ(changed.code, 0) << changed.out << changed.err;
  EXPECT_EQ(it.running_image(), old_image) << "the digest behind a tag is decided once";
  it.configure("1", "    env: { OTHER: value }\n    pull: always\n");
  const Finished followed = it.aim({"apply", "--yes"});
  ASSERT_EQ(followed.code, 0) << followed.out << followed.err;
  EXPECT_NE(it.running_image(), old_image);
  it.expect_no_changes();
}

TEST(Images, ALayerThatIsMissingOrSpoiltFailsInPrepare) {
  ImageLab it("missing-layer", OwnRegistry::Access::Anybody);
  it.push("1");
  it.push("2");
  it.configure("1");
  ASSERT_EQ(it.aim({"apply", "--yes"}).code, 0);
  const std::string container = it.lab.project() + "-chat";
  const std::string before =
      it.lab.docker({"inspect", "-f", "{{.Id}} {{.State.StartedAt}}", container});
  const std::string layer = it.layers("2").back();
  const fs::path file = it.registry.blob_file(layer);
  const std::string saved = contents(file);
  fs::remove(file);
  it.configure("2");
  const Finished missing = it.aim({"apply", "--yes"});
  EXPECT_EQ(missing.code, 1) << missing.out << missing.err;
  EXPECT_THAT(said(missing), AllOf(HasSubstr("unknown blob"), HasSubstr("damaged")));
  // Docker itself asks for a layer more than once in a pull, so only more than in one can be told.
  EXPECT_GE(it.registry.requests("GET /v2/app/blobs/" + layer), 2) << "it is fetched anew";

  std::string spoilt = saved;
  spoilt.back() = static_cast<char>(spoilt.back() ^ 1);
  std::ofstream(file, std::ios::binary) << spoilt;
  const Finished bad = it.aim({"apply", "--yes"});
  EXPECT_EQ(bad.code, 1) << bad.out << bad.err;
  EXPECT_THAT(said(bad), AllOf(HasSubstr("verification failed"), HasSubstr("damaged")));
  EXPECT_EQ(it.lab.docker({"inspect", "-f", "{{.Id}} {{.State.StartedAt}}", container}), before)
      << "what runs is not touched";

  std::ofstream(file, std::ios::binary) << saved;
  const Finished good = it.aim({"apply", "--yes"});
  EXPECT_EQ(good.code, 0) << good.out << good.err;
  // The lower layers are those of an image that is here.
  EXPECT_EQ(it.registry.requests("GET /v2/app/blobs/" + it.layers("2").front()), 0);
}

TEST(Images, ThatAreNeverPulledMustBeHereAtPlan) {
  ImageLab it("pull-never", OwnRegistry::Access::Anybody);
  it.push("1");
  it.configure("1", "    pull: never\n");
  const Finished plan = it.aim({"plan"});
  EXPECT_EQ(plan.code, 1);
  EXPECT_THAT(said(plan),
              AllOf(HasSubstr("aim.yaml:7:12: error: Image is not on this Docker"),
                    HasSubstr("pull: never")));
  EXPECT_EQ(it.registry.requests("manifests/1"),
            it.registry.requests("PUT /v2/app/manifests/1") +
                it.registry.requests("HEAD /v2/app/manifests/1"))
      << "the registry is not asked";
}

}  // namespace
}  // namespace aim::e2e
