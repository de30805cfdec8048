#include <gmock/gmock.h>

#include "providers/docker/docker_engine.hpp"
#include "tests/support/memory_docker_lab.hpp"

namespace aim::support {

using core::ErrorCode;

namespace {

MemoryDockerOptions speaking(const std::string& version) {
  MemoryDockerOptions options;
  options.api_version = version;
  return options;
}

struct MemoryDocker141 : MemoryDockerLab {};

struct MemoryDocker144 : MemoryDockerLab {
  MemoryDocker144() : MemoryDockerLab(speaking("1.44")) { minor = 44; }
};

struct MemoryDocker152 : MemoryDockerLab {
  MemoryDocker152() : MemoryDockerLab(speaking("1.52")) { minor = 52; }
};

constexpr const char* kTwoNetworks =
    R"(,"HostConfig":{"NetworkMode":"n"},"NetworkingConfig":{"EndpointsConfig":)"
    R"({"n":{"Aliases":["one"]},"m":{}}})";

constexpr const char* kTwins = R"({"Name":"n"})";

}  // namespace

TEST_F(MemoryDocker141, SpeaksNoNewerVersion) {
  minor = 44;
  const auto answer = ask("GET", "/info");
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->status, 400);
  EXPECT_EQ(answer->body,
            "{\"message\":\"client version 1.44 is too new. Maximum supported API version is "
            "1.41\"}\n");
}

TEST_F(MemoryDocker141, TakesOneNetworkAtBirth) {
  const auto answer = ask("POST",
                          "/containers/create?name=web",
                          std::string(R"({"Image":"app:1")") + kTwoNetworks + "}");
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->status, 400);
}

TEST_F(MemoryDocker141, CountsTheShortIdAmongTheAliases) {
  EXPECT_EQ(status("POST", "/networks/create", kTwins), 201);
  run("web", R"(,"HostConfig":{"NetworkMode":"n"})");
  const std::string id = docker.container("web")->id;
  const auto seen = object("GET", "/containers/web/json");
  EXPECT_EQ(seen.at("NetworkSettings").at("Networks").at("n").at("Aliases"),
            boost::json::array{id.substr(0, 12)});
}

TEST_F(MemoryDocker141, PassesOverWhatItDoesNotKnowYet) {
  create("web",
         R"(,"Healthcheck":{"Test":["CMD","true"],"StartInterval":5000000},)"
         R"("HostConfig":{"Mounts":[{"Type":"volume","Source":"v","Target":"/a",)"
         R"("VolumeOptions":{"NoCopy":true,"Subpath":"x"}}]})");
  const auto seen = object("GET", "/containers/web/json");
  EXPECT_EQ(seen.at("Config").at("Healthcheck"), boost::json::parse(R"({"Test":["CMD","true"]})"));
  EXPECT_EQ(seen.at("HostConfig").at("Mounts").at(0).at("VolumeOptions"),
            boost::json::parse(R"({"NoCopy":true})"));
  EXPECT_EQ(status("POST", "/networks/create", R"({"Name":"six","EnableIPv6":true})"), 404);
}

TEST_F(MemoryDocker152, KnowsWhatCameLater) {
  create("web",
         R"(,"Healthcheck":{"Test":["CMD","true"],"StartInterval":5000000},)"
         R"("HostConfig":{"Mounts":[{"Type":"volume","Source":"v","Target":"/a",)"
         R"("VolumeOptions":{"Subpath":"x"}}]})");
  const auto seen = object("GET", "/containers/web/json");
  EXPECT_EQ(seen.at("Config").at("Healthcheck").at("StartInterval"), 5'000'000);
  EXPECT_EQ(seen.at("HostConfig").at("Mounts").at(0).at("VolumeOptions").at("Subpath"), "x");
  EXPECT_EQ(status("POST", "/networks/create", R"({"Name":"six","EnableIPv6":true})"), 201);
}

TEST_F(MemoryDocker141, TakesEachNumberOfAHealthcheckThatIsZeroFromTheImage) {
  FakeImage image{.ref = "checks:1"};
  image.healthcheck = {"CMD", "probe"};
  image.healthcheck_numbers = {{"StartPeriod", 90'000'000'000}, {"Retries", 7}};
  docker.add_image(image);
  const auto made = ask("POST",
                        "/containers/create?name=own",
                        R"({"Image":"checks:1","Healthcheck":{"Interval":1000000,"Retries":0}})");
  ASSERT_TRUE(made);
  const auto seen = object("GET", "/containers/own/json");
  EXPECT_EQ(seen.at("Config").at("Healthcheck"),
            boost::json::parse(R"({"Test":["CMD","probe"],"Interval":1000000,
                                   "StartPeriod":90000000000,"Retries":7})"));
}

TEST_F(MemoryDocker141, LogsDoNotSayHowTheyAreFramed) {
  create("web");
  EXPECT_FALSE(ask("GET", "/containers/web/logs?stdout=1")->headers.contains("content-type"));
}

TEST_F(MemoryDocker141, MalformedJsonIsItsOwnFault) {
  EXPECT_EQ(status("POST", "/containers/create?name=web", "{bad"), 500);
  EXPECT_EQ(status("POST", "/containers/create?name=web", R"({"Image":5})"), 500);
}

TEST_F(MemoryDocker144, TakesSeveralNetworksAtBirth) {
  create("web", kTwoNetworks);
  EXPECT_THAT(docker.container("web")->networks, testing::ElementsAre("m", "n"));
}

TEST_F(MemoryDocker144, NeverMakesASecondNetworkOfAName) {
  EXPECT_EQ(status("POST", "/networks/create", kTwins), 201);
  EXPECT_EQ(status("POST", "/networks/create", kTwins), 409);
}

TEST_F(MemoryDocker144, RefusesConditionsItDoesNotKnow) {
  create("web");
  EXPECT_EQ(status("POST", "/containers/web/wait?condition=foo"), 400);
}

TEST_F(MemoryDocker144, StillSpeaksTheOldVersion) {
  minor = 41;
  EXPECT_EQ(status("GET", "/info"), 200);
}

TEST_F(MemoryDocker144, MalformedJsonIsTheCallersFault) {
  EXPECT_EQ(status("POST", "/containers/create?name=web", "{bad"), 400);
}

TEST_F(MemoryDocker152, RefusesOldClientsInPlainText) {
  minor = 41;
  const auto answer = ask("GET", "/info");
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->status, 400);
  EXPECT_EQ(answer->headers.at("content-type"), "text/plain; charset=utf-8");
  EXPECT_EQ(answer->body,
            "client version 1.41 is too old. Minimum supported API version is 1.44, please upgrade "
            "your client to a newer version\n");
}

TEST_F(MemoryDocker152, ShowsAddressesByNetworkOnly) {
  run("web");
  const auto settings = object("GET", "/containers/web/json").at("NetworkSettings").as_object();
  EXPECT_FALSE(settings.contains("IPAddress"));
  EXPECT_FALSE(settings.at("Networks").at("bridge").at("IPAddress").as_string().empty());
}

TEST_F(MemoryDocker152, LeavesEmptyKeysOfImagesOut) {
  const auto config = object("GET", "/images/app:1/json").at("Config").as_object();
  EXPECT_FALSE(config.contains("Entrypoint"));
  EXPECT_FALSE(config.contains("Labels"));
}

TEST_F(MemoryDocker152, WritesBridgeForTheDefaultNetwork) {
  create("web", R"(,"HostConfig":{"NetworkMode":"default"})");
  EXPECT_EQ(object("GET", "/containers/web/json").at("HostConfig").at("NetworkMode"), "bridge");
}

TEST_F(MemoryDocker152, StreamsTellErrorsInDetailOnly) {
  docker.add_registry_image({.ref = "big:1"}, {.error = "unknown blob"});
  const std::string body = ask("POST", "/images/create?fromImage=big&tag=1")->body;
  EXPECT_NE(body.find(R"({"errorDetail":{"message":"unknown blob"}})"), std::string::npos) << body;
}

/// What the provider makes of a container must not depend on the Engine's version.
TEST(MemoryDockerVersions, ProjectionIsTheSameFromAllOfThem) {
  std::vector<core::ObservedContainer> seen;
  for (const char* version : {"1.41", "1.44", "1.52"}) {
    FakeClock clock;
    MemoryDocker docker(clock, speaking(version));
    docker.add_image({.ref = "app:1", .env = {"FROM=image"}, .volumes = {"/cache"}});
    providers::DockerEngine engine(docker);
    ASSERT_TRUE(engine.perform(core::CreateNetwork{"n", {}, {}}, {}));
    ASSERT_TRUE(engine.perform(core::CreateNetwork{"m", {}, {}}, {}));
    core::CreateContainer call;
    call.name = "web";
    call.attributes = {{"image", "app:1"},
                       {"env", core::Map{{"OURS", "1"}}},
                       {"ports", core::List{"127.0.0.1:8000:80/tcp"}},
                       {"memory", 64 * 1024 * 1024},
                       {"ipc", "host"}};
    call.networks = {{"n", {"alias"}, {}}, {"m", {}, {}}};
    const auto made = engine.perform(call, {});
    ASSERT_TRUE(made) << version << ": " << core::to_string(made.error());
    ASSERT_TRUE(engine.perform(core::StartContainer{"web"}, {}));
    const auto container = engine.inspect_container("web", {});
    ASSERT_TRUE(container) << version << ": " << core::to_string(container.error());
    seen.push_back(*container);
  }
  EXPECT_EQ(seen[0].attributes, seen[1].attributes);
  EXPECT_EQ(seen[1].attributes, seen[2].attributes);
  EXPECT_EQ(seen[0].live_ports, seen[2].live_ports);
  for (const core::ObservedContainer& container : seen) {
    ASSERT_EQ(container.networks.size(), 2U);
    EXPECT_NE(container.networks.at("n").ip_address, "");
    EXPECT_THAT(container.networks.at("n").aliases, testing::Contains("alias"));
  }
}

}  // namespace aim::support
