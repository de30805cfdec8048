#include <gtest/gtest.h>

#include <boost/json.hpp>

#include "providers/docker/docker_engine.hpp"
#include "tests/unit/providers/scripted_transport.hpp"

namespace aim::providers {
namespace {

namespace json = boost::json;
using core::CallOutcome;
using core::ErrorCode;
using core::Labels;
using core::make_error;
using core::Map;
using core::Result;
using test::ScriptedTransport;

const Labels kBirth{{"dev.aim.run", "r1"},
                    {"dev.aim.address", "container.web"},
                    {"dev.aim.generation", "2"},
                    {"team", "search"}};

core::Error broken() {
  return make_error(ErrorCode::Unreachable, "the connection broke after the request was sent");
}

core::Error dead() { return make_error(ErrorCode::Unreachable, "cannot connect"); }

std::string message(std::string_view text) {
  return json::serialize(json::object{{"message", text}});
}

/// An inspect answer.
std::string described(std::string_view status, json::object more = {}) {
  json::object root{{"Id", "abc123def4567890"},
                    {"Name", "/lab-web"},
                    {"State", {{"Status", status}}},
                    {"Config", json::object{}}};
  for (const auto& [key, value] : more) {
    root[key] = value;
  }
  return json::serialize(root);
}

std::string labelled(const Labels& labels, std::string_view name = "/lab-web") {
  json::object texts;
  for (const auto& [key, text] : labels) {
    texts[key] = text;
  }
  return described("created", {{"Name", name}, {"Config", {{"Labels", texts}}}});
}

std::string attached(json::object networks) {
  return described("running", {{"NetworkSettings", {{"Networks", std::move(networks)}}}});
}

struct Fixture {
  ScriptedTransport docker;
  DockerEngine engine{docker};

  explicit Fixture(const std::string& version = "1.41") { docker.speaking(version); }

  Result<CallOutcome> perform(const core::Call& call) { return engine.perform(call, {}); }

  ~Fixture() { EXPECT_TRUE(docker.used_up()) << "something was laid out and never asked for"; }

  Fixture(const Fixture&) = delete;
  Fixture& operator=(const Fixture&) = delete;
};

void expect_error(const Result<CallOutcome>& outcome, const core::Error& error) {
  ASSERT_FALSE(outcome);
  EXPECT_EQ(core::to_string(outcome.error()), core::to_string(error));
  EXPECT_EQ(outcome.error().code, error.code);
}

core::CreateContainer web() {
  core::CreateContainer call;
  call.name = "lab-web";
  call.attributes = {{"image", "a:1"}};
  call.labels = kBirth;
  return call;
}

constexpr const char* kCreate = "POST /v1.41/containers/create?name=lab-web";
constexpr const char* kInspectName = "GET /v1.41/containers/lab-web/json";
constexpr const char* kInspect = "GET /v1.41/containers/x/json";

TEST(CreateContainer, GivesIdAndWarnings) {
  Fixture f;
  f.docker.on(kCreate, 201, R"({"Id":"abc","Warnings":["no swap"]})");
  const auto made = f.perform(web());
  ASSERT_TRUE(made);
  EXPECT_EQ(made->id, "abc");
  EXPECT_EQ(made->warnings, (std::vector<std::string>{"no swap"}));
}

TEST(CreateContainer, ConnectsFurtherNetworksOnOldEngines) {
  Fixture f;
  core::CreateContainer call = web();
  call.networks = {{"lab-a", {}, ""}, {"lab-b", {"w"}, ""}, {"lab-c", {}, ""}};
  f.docker.on(kCreate, 201, R"({"Id":"abc"})")
      .on("POST /v1.41/networks/lab-b/connect", 200)
      .on("POST /v1.41/networks/lab-c/connect", 200);
  EXPECT_TRUE(f.perform(call));
  EXPECT_EQ(f.docker.body_of("POST /v1.41/networks/lab-b/connect"),
            R"({"Container":"abc","EndpointConfig":{"Aliases":["w"]}})");
}

TEST(CreateContainer, NeedsOneCallOnNewEngines) {
  Fixture f("1.44");
  core::CreateContainer call = web();
  call.networks = {{"lab-a", {}, ""}, {"lab-b", {}, ""}};
  f.docker.on("POST /v1.44/containers/create?name=lab-web", 201, R"({"Id":"abc"})");
  EXPECT_TRUE(f.perform(call));
}

TEST(CreateContainer, PutsFilesIn) {
  Fixture f;
  core::CreateContainer call = web();
  call.attributes.emplace("files", Map{{"/etc/x", "content"}});
  f.docker.on(kCreate, 201, R"({"Id":"abc"})")
      .on("PUT /v1.41/containers/abc/archive?path=%2F", 200);
  EXPECT_TRUE(f.perform(call));
}

TEST(CreateContainer, LeavesNoHalfContainer) {
  Fixture f;
  core::CreateContainer call = web();
  call.networks = {{"lab-a", {}, ""}, {"lab-b", {}, ""}};
  f.docker.on(kCreate, 201, R"({"Id":"abc"})")
      .on("POST /v1.41/networks/lab-b/connect", 404, message("network lab-b not found"))
      .on("DELETE /v1.41/containers/abc?v=1&force=1", 204);
  expect_error(f.perform(call),
               core::while_doing(make_error(ErrorCode::NotFound, "network lab-b not found"),
                                 "while connecting it to network lab-b"));
}

TEST(CreateContainer, SaysThatAHalfContainerIsLeft) {
  Fixture f;
  core::CreateContainer call = web();
  call.attributes.emplace("files", Map{{"/etc/x", "content"}});
  f.docker.on(kCreate, 201, R"({"Id":"abc"})")
      .on("PUT /v1.41/containers/abc/archive?path=%2F", 500, message("no space left"))
      .on("DELETE /v1.41/containers/abc?v=1&force=1", 500, message("device busy"));
  const auto made = f.perform(call);
  ASSERT_FALSE(made);
  EXPECT_EQ(core::to_string(made.error()),
            "no space left, while putting its files into it, and container abc could not be "
            "removed again: device busy");
}

TEST(CreateContainer, SendsNothingThatItCannotEncode) {
  Fixture f;
  core::CreateContainer call = web();
  call.restart = "sometimes";
  expect_error(
      f.perform(call),
      make_error(ErrorCode::Invalid, "container lab-web: \"sometimes\" is no restart policy"));
  EXPECT_TRUE(f.docker.lines().empty());
}

TEST(CreateContainer, AdoptsItsOwnWhenTheAnswerWasLost) {
  Fixture f;
  f.docker.on(kCreate, broken()).on(kInspectName, 200, labelled(kBirth));
  const auto made = f.perform(web());
  ASSERT_TRUE(made);
  EXPECT_EQ(made->id, "abc123def4567890");
}

TEST(CreateContainer, AdoptsItsOwnWhenTheNameIsTakenByIt) {
  Fixture f;
  f.docker.on(kCreate, 409, message("Conflict. The container name \"/lab-web\" is in use"))
      .on(kInspectName, 200, labelled(kBirth));
  EXPECT_TRUE(f.perform(web()));
}

TEST(CreateContainer, FinishesWhatItAdopted) {
  Fixture f;
  core::CreateContainer call = web();
  call.networks = {{"lab-a", {}, ""}, {"lab-b", {}, ""}};
  f.docker.on(kCreate, broken())
      .on(kInspectName, 200, labelled(kBirth))
      .on("POST /v1.41/networks/lab-b/connect", 200);
  EXPECT_TRUE(f.perform(call));
}

TEST(CreateContainer, NamesWhoHoldsTheName) {
  for (const char* differs : {"dev.aim.run", "dev.aim.address", "dev.aim.generation"}) {
    Fixture f;
    Labels other = kBirth;
    other[differs] = "other";
    f.docker.on(kCreate, 409, message("in use")).on(kInspectName, 200, labelled(other));
    expect_error(
        f.perform(web()),
        make_error(ErrorCode::Conflict, "the name lab-web is taken by container abc123def456"));
  }
}

TEST(CreateContainer, DoesNotTakeAnUnlabelledOneForItsOwn) {
  Fixture f;
  core::CreateContainer call = web();
  call.labels = {};
  f.docker.on(kCreate, 409, message("in use")).on(kInspectName, 200, labelled({}));
  expect_error(
      f.perform(call),
      make_error(ErrorCode::Conflict, "the name lab-web is taken by container abc123def456"));
}

TEST(CreateContainer, DoesNotTakeAnIdForAName) {
  Fixture f;
  f.docker.on(kCreate, broken()).on(kInspectName, 200, labelled(kBirth, "/other"));
  expect_error(f.perform(web()), broken());
}

TEST(CreateContainer, KeepsTheErrorWhenNothingIsThere) {
  Fixture f;
  f.docker.on(kCreate, broken()).on(kInspectName, 404, message("No such container"));
  expect_error(f.perform(web()), broken());
}

TEST(CreateContainer, KeepsTheErrorWhenDockerIsDead) {
  Fixture f;
  f.docker.on(kCreate, broken()).on(kInspectName, dead());
  expect_error(f.perform(web()), broken());
}

TEST(CreateContainer, DoesNotLookAfterAPlainRefusal) {
  Fixture f;
  f.docker.on(kCreate, 404, message("No such image: a:1"));
  expect_error(f.perform(web()), make_error(ErrorCode::NotFound, "No such image: a:1"));
}

TEST(Perform, SucceedsOnADirectAnswer) {
  const std::vector<std::pair<core::Call, std::string>> calls = {
      {core::StartContainer{"x"}, "POST /v1.41/containers/x/start"},
      {core::StopContainer{"x", std::chrono::seconds(9)}, "POST /v1.41/containers/x/stop?t=9"},
      {core::KillContainer{"x"}, "POST /v1.41/containers/x/kill"},
      {core::UnpauseContainer{"x"}, "POST /v1.41/containers/x/unpause"},
      {core::RenameContainer{"x", "y"}, "POST /v1.41/containers/x/rename?name=y"},
      {core::RemoveContainer{"x", false, true}, "DELETE /v1.41/containers/x?v=1&force=0"},
      {core::ConnectNetwork{"x", {"n", {}, ""}}, "POST /v1.41/networks/n/connect"},
      {core::DisconnectNetwork{"x", "n"}, "POST /v1.41/networks/n/disconnect"},
      {core::RemoveNetwork{"n"}, "DELETE /v1.41/networks/n"},
      {core::RemoveVolume{"v"}, "DELETE /v1.41/volumes/v"}};
  for (const auto& [call, line] : calls) {
    Fixture f;
    f.docker.on(line, 204);
    EXPECT_TRUE(f.perform(call)) << line;
    EXPECT_EQ(f.docker.lines(), std::vector<std::string>{line});
  }
}

TEST(Perform, TakesAlreadySoForSuccess) {
  const std::vector<std::pair<core::Call, std::pair<std::string, int>>> calls = {
      {core::StartContainer{"x"}, {"POST /v1.41/containers/x/start", 304}},
      {core::StopContainer{"x", std::chrono::seconds(9)},
       {"POST /v1.41/containers/x/stop?t=9", 304}},
      {core::RemoveContainer{"x", false, true}, {"DELETE /v1.41/containers/x?v=1&force=0", 404}},
      {core::RemoveNetwork{"n"}, {"DELETE /v1.41/networks/n", 404}},
      {core::RemoveVolume{"v"}, {"DELETE /v1.41/volumes/v", 404}}};
  for (const auto& [call, answer] : calls) {
    Fixture f;
    f.docker.on(answer.first, answer.second, message("as it was"));
    EXPECT_TRUE(f.perform(call)) << answer.first;
  }
}

TEST(Perform, LooksWhenNoAnswerCame) {
  struct Case {
    core::Call call;
    std::string line;
    std::string done;  ///< inspect answer after which it counts as done
    std::string not_done;
  };

  const std::string on_n = attached({{"n", json::object{}}});
  const std::string on_none = attached({});
  const std::string renamed = described("running", {{"Name", "/y"}});
  const std::vector<Case> cases = {
      {core::StartContainer{"x"},
       "POST /v1.41/containers/x/start",
       described("running"),
       described("exited")},
      {core::StopContainer{"x", std::chrono::seconds(9)},
       "POST /v1.41/containers/x/stop?t=9",
       described("exited"),
       described("running")},
      {core::KillContainer{"x"},
       "POST /v1.41/containers/x/kill",
       described("exited"),
       described("running")},
      {core::UnpauseContainer{"x"},
       "POST /v1.41/containers/x/unpause",
       described("running"),
       described("paused")},
      {core::RenameContainer{"x", "y"},
       "POST /v1.41/containers/x/rename?name=y",
       renamed,
       described("running")},
      {core::ConnectNetwork{"x", {"n", {}, ""}}, "POST /v1.41/networks/n/connect", on_n, on_none},
      {core::DisconnectNetwork{"x", "n"}, "POST /v1.41/networks/n/disconnect", on_none, on_n}};
  for (const Case& one : cases) {
    {
      Fixture f;
      f.docker.on(one.line, broken()).on(kInspect, 200, one.done);
      EXPECT_TRUE(f.perform(one.call)) << one.line;
    }
    {
      Fixture f;
      f.docker.on(one.line, broken()).on(kInspect, 200, one.not_done);
      expect_error(f.perform(one.call), broken());
    }
    Fixture f;
    f.docker.on(one.line, broken()).on(kInspect, dead());
    expect_error(f.perform(one.call), broken());
  }
}

TEST(Perform, LooksWhetherWhatWasRemovedIsGone) {
  const std::vector<std::tuple<core::Call, std::string, std::string>> cases = {
      {core::RemoveContainer{"x", false, true}, "DELETE /v1.41/containers/x?v=1&force=0", kInspect},
      {core::RemoveNetwork{"n"}, "DELETE /v1.41/networks/n", "GET /v1.41/networks/n"},
      {core::RemoveVolume{"v"}, "DELETE /v1.41/volumes/v", "GET /v1.41/volumes/v"}};
  for (const auto& [call, line, look] : cases) {
    {
      Fixture f;
      f.docker.on(line, broken()).on(look, 404, message("no such"));
      EXPECT_TRUE(f.perform(call)) << line;
    }
    Fixture f;
    f.docker.on(line, broken()).on(look, 200, described("running"));
    expect_error(f.perform(call), broken());
  }
}

TEST(Perform, GivesEachCallItsTime) {
  Fixture f;
  f.docker.on("POST /v1.41/containers/x/stop?t=600", 204).on("POST /v1.41/containers/x/start", 204);
  EXPECT_TRUE(f.perform(core::StopContainer{"x", std::chrono::seconds(600)}));
  EXPECT_TRUE(f.perform(core::StartContainer{"x"}));
  EXPECT_EQ(f.docker.limit_of("POST /v1.41/containers/x/stop?t=600"), std::chrono::seconds(660));
  EXPECT_EQ(f.docker.limit_of("POST /v1.41/containers/x/start"), std::chrono::seconds(120));
}

TEST(StartContainer, SaysThatAPortIsTaken) {
  Fixture f;
  const std::string text = "Bind for 0.0.0.0:8000 failed: port is already allocated";
  f.docker.on("POST /v1.41/containers/x/start", 500, message(text));
  expect_error(f.perform(core::StartContainer{"x"}), make_error(ErrorCode::Conflict, text));
}

TEST(KillContainer, TakesADeadOneForSuccess) {
  Fixture f;
  f.docker.on("POST /v1.41/containers/x/kill", 409, message("Container x is not running"))
      .on(kInspect, 200, described("exited"));
  EXPECT_TRUE(f.perform(core::KillContainer{"x"}));
}

TEST(UnpauseContainer, TakesARunningOneForSuccess) {
  Fixture f;
  f.docker.on("POST /v1.41/containers/x/unpause", 500, message("Container x is not paused"))
      .on(kInspect, 200, described("running"));
  EXPECT_TRUE(f.perform(core::UnpauseContainer{"x"}));
}

TEST(RenameContainer, TakesTheSameNameForSuccess) {
  Fixture f;
  f.docker
      .on("POST /v1.41/containers/x/rename?name=lab-web",
          400,
          message("Renaming a container with the same name as its current name"))
      .on(kInspect, 200, described("running"));
  EXPECT_TRUE(f.perform(core::RenameContainer{"x", "lab-web"}));
}

TEST(RenameContainer, SaysThatTheNameIsTaken) {
  Fixture f;
  f.docker
      .on("POST /v1.41/containers/x/rename?name=y", 409, message("name is in use by container z"))
      .on(kInspect, 200, described("running"));
  expect_error(f.perform(core::RenameContainer{"x", "y"}),
               make_error(ErrorCode::Conflict, "name is in use by container z"));
}

constexpr const char* kRemove = "DELETE /v1.41/containers/x?v=1&force=0";
constexpr const char* kAwait = "POST /v1.41/containers/x/wait?condition=removed";
const std::string kInProgress = message("removal of container x is already in progress");

TEST(RemoveContainer, WaitsForSomebodyElsesRemoval) {
  Fixture f;
  f.docker.on(kRemove, 409, kInProgress)
      .on(kAwait, 200, R"({"StatusCode":0})")
      .on(kInspect, 404, message("No such container: x"));
  EXPECT_TRUE(f.perform(core::RemoveContainer{"x", false, true}));
  EXPECT_EQ(f.docker.limit_of(kAwait), std::chrono::seconds(120));
}

TEST(RemoveContainer, FindsThatItIsGoneBeforeItWaits) {
  Fixture f;
  f.docker.on(kRemove, 409, kInProgress).on(kAwait, 404, message("No such container: x"));
  EXPECT_TRUE(f.perform(core::RemoveContainer{"x", false, true}));
}

TEST(RemoveContainer, SaysThatTheOtherRemovalFailed) {
  Fixture f;
  f.docker.on(kRemove, 409, kInProgress)
      .on(kAwait, 200, R"({"StatusCode":0,"Error":{"Message":"busy"}})")
      .on(kInspect, 200, described("dead"));
  expect_error(f.perform(core::RemoveContainer{"x", false, true}),
               make_error(ErrorCode::Conflict,
                          "container abc123def456 is being removed by somebody else and is still "
                          "there"));
}

TEST(RemoveContainer, SaysThatItRuns) {
  Fixture f;
  f.docker.on(kRemove, 409, message("You cannot remove a running container x"));
  expect_error(f.perform(core::RemoveContainer{"x", false, true}),
               make_error(ErrorCode::Conflict, "You cannot remove a running container x"));
}

constexpr const char* kUpdate = "POST /v1.41/containers/x/update";

std::string limited(std::int64_t memory) {
  return described(
      "running",
      {{"HostConfig",
        {{"Memory", memory}, {"RestartPolicy", {{"Name", "always"}, {"MaximumRetryCount", 0}}}}}});
}

TEST(UpdateContainer, LooksBeforeAndAfter) {
  Fixture f;
  f.docker.on(kInspect, 200, limited(100))
      .on(kUpdate, 200, R"({"Warnings":["no swap"]})")
      .on(kInspect, 200, limited(200));
  const auto done = f.perform(core::UpdateContainer{"x", {{"memory", 200}}});
  ASSERT_TRUE(done);
  EXPECT_EQ(done->warnings, (std::vector<std::string>{"no swap"}));
  EXPECT_EQ(json::parse(f.docker.body_of(kUpdate)),
            json::value({{"RestartPolicy", {{"Name", "always"}, {"MaximumRetryCount", 0}}},
                         {"Memory", 200},
                         {"MemorySwap", 400}}));
}

TEST(UpdateContainer, FailsWhenDockerIgnoredIt) {
  Fixture f;
  f.docker.on(kInspect, 200, limited(100))
      .on(kUpdate, 200, R"({"Warnings":null})")
      .on(kInspect, 200, limited(100));
  expect_error(
      f.perform(core::UpdateContainer{"x", {{"memory", 200}, {"restart", "no"}}}),
      make_error(ErrorCode::Failed, "Docker reported success but did not change memory, restart"));
}

TEST(UpdateContainer, GoesByWhatIsThereWhenNoAnswerCame) {
  {
    Fixture f;
    f.docker.on(kInspect, 200, limited(100)).on(kUpdate, broken()).on(kInspect, 200, limited(200));
    EXPECT_TRUE(f.perform(core::UpdateContainer{"x", {{"memory", 200}}}));
  }
  Fixture f;
  f.docker.on(kInspect, 200, limited(100)).on(kUpdate, broken()).on(kInspect, 200, limited(100));
  expect_error(f.perform(core::UpdateContainer{"x", {{"memory", 200}}}), broken());
}

TEST(UpdateContainer, PassesARefusalOn) {
  Fixture f;
  f.docker.on(kInspect, 200, limited(100)).on(kUpdate, 400, message("Minimum memory limit"));
  expect_error(f.perform(core::UpdateContainer{"x", {{"memory", 1}}}),
               make_error(ErrorCode::Invalid, "Minimum memory limit"));
}

TEST(ConnectNetwork, TakesTheSameAttachmentForSuccess) {
  const core::ConnectNetwork call{"x", {"n", {"web"}, "10.0.0.5"}};
  const auto seen = [](json::object endpoint) { return attached({{"n", std::move(endpoint)}}); };
  const json::object same{{"Aliases", {"web", "more"}},
                          {"IPAMConfig", {{"IPv4Address", "10.0.0.5"}}}};
  const json::object no_alias{{"IPAMConfig", {{"IPv4Address", "10.0.0.5"}}}};
  const json::object no_address{{"Aliases", json::array{"web"}}};
  const std::string line = "POST /v1.41/networks/n/connect";
  const std::string refusal = "endpoint with name lab-web already exists in network n";
  {
    Fixture f;
    f.docker.on(line, 403, message(refusal)).on(kInspect, 200, seen(same));
    EXPECT_TRUE(f.perform(call));
  }
  for (const json::object& other : {no_alias, no_address}) {
    Fixture f;
    f.docker.on(line, 403, message(refusal)).on(kInspect, 200, seen(other));
    expect_error(f.perform(call), make_error(ErrorCode::Conflict, refusal));
  }
}

TEST(DisconnectNetwork, TakesNoAttachmentForSuccess) {
  for (const int status : {500, 403, 404}) {
    Fixture f;
    f.docker.on("POST /v1.41/networks/n/disconnect", status, message("is not connected"))
        .on(kInspect, 200, attached({{"other", json::object{}}}));
    EXPECT_TRUE(f.perform(core::DisconnectNetwork{"x", "n"})) << status;
  }
}

TEST(DisconnectNetwork, SaysThatThereIsNoContainer) {
  Fixture f;
  f.docker.on("POST /v1.41/networks/n/disconnect", 404, message("No such container: x"))
      .on(kInspect, 404, message("No such container: x"));
  expect_error(f.perform(core::DisconnectNetwork{"x", "n"}),
               make_error(ErrorCode::NotFound, "No such container: x"));
}

constexpr const char* kCreateNetwork = "POST /v1.41/networks/create";
constexpr const char* kInspectNetwork = "GET /v1.41/networks/lab-n";

std::string network(const Labels& labels) {
  json::object texts;
  for (const auto& [key, text] : labels) {
    texts[key] = text;
  }
  return json::serialize(
      json::object{{"Id", "0123456789abcdef"}, {"Name", "lab-n"}, {"Labels", texts}});
}

TEST(CreateNetwork, GivesTheId) {
  Fixture f;
  f.docker.on(kCreateNetwork, 201, R"({"Id":"n1","Warning":"w"})");
  const auto made = f.perform(core::CreateNetwork{"lab-n", {}, kBirth});
  ASSERT_TRUE(made);
  EXPECT_EQ(made->id, "n1");
  EXPECT_EQ(made->warnings, (std::vector<std::string>{"w"}));
}

TEST(CreateNetwork, AdoptsItsOwn) {
  for (const bool lost : {true, false}) {
    Fixture f;
    if (lost) {
      f.docker.on(kCreateNetwork, broken());
    } else {
      f.docker.on(kCreateNetwork, 409, message("network with name lab-n already exists"));
    }
    f.docker.on(kInspectNetwork, 200, network(kBirth));
    const auto made = f.perform(core::CreateNetwork{"lab-n", {}, kBirth});
    ASSERT_TRUE(made);
    EXPECT_EQ(made->id, "0123456789abcdef");
  }
}

TEST(CreateNetwork, NamesWhoHoldsTheName) {
  Fixture f;
  f.docker.on(kCreateNetwork, 409, message("network with name lab-n already exists"))
      .on(kInspectNetwork, 200, network({}));
  expect_error(f.perform(core::CreateNetwork{"lab-n", {}, kBirth}),
               make_error(ErrorCode::Conflict, "the name lab-n is taken by network 0123456789ab"));
}

TEST(CreateNetwork, SaysThatItsAddressesAreTaken) {
  Fixture f;
  const std::string text = "Pool overlaps with other one on this address space";
  f.docker.on(kCreateNetwork, 403, message(text)).on(kInspectNetwork, 404, message("not found"));
  expect_error(f.perform(core::CreateNetwork{"lab-n", {}, kBirth}),
               make_error(ErrorCode::Conflict, text));
}

constexpr const char* kCreateVolume = "POST /v1.41/volumes/create";
constexpr const char* kInspectVolume = "GET /v1.41/volumes/lab-v";

std::string volume(const Labels& labels) {
  json::object texts;
  for (const auto& [key, text] : labels) {
    texts[key] = text;
  }
  return json::serialize(json::object{{"Name", "lab-v"}, {"Labels", texts}});
}

TEST(CreateVolume, GivesTheName) {
  Fixture f;
  f.docker.on(kCreateVolume, 201, volume(kBirth));
  const auto made = f.perform(core::CreateVolume{"lab-v", {}, kBirth});
  ASSERT_TRUE(made);
  EXPECT_EQ(made->id, "lab-v");
}

TEST(CreateVolume, NoticesThatDockerAnsweredWithAnOldOne) {
  Labels other_holder = kBirth;
  other_holder["dev.aim.lock"] = "somebody@elsewhere";
  for (const Labels& labels : {Labels{}, other_holder}) {
    Fixture f;
    f.docker.on(kCreateVolume, 201, volume(labels));
    expect_error(f.perform(core::CreateVolume{"lab-v", {}, kBirth}),
                 make_error(ErrorCode::Conflict,
                            "a volume named lab-v exists already and was made by somebody else"));
  }
}

TEST(CreateVolume, ComparesBirthLabelsOnly) {
  Fixture f;
  Labels less = kBirth;
  less.erase("team");
  f.docker.on(kCreateVolume, 201, volume(less));
  EXPECT_TRUE(f.perform(core::CreateVolume{"lab-v", {}, kBirth}));
}

TEST(CreateVolume, LooksWhenNoAnswerCame) {
  {
    Fixture f;
    f.docker.on(kCreateVolume, broken()).on(kInspectVolume, 200, volume(kBirth));
    EXPECT_TRUE(f.perform(core::CreateVolume{"lab-v", {}, kBirth}));
  }
  Fixture f;
  f.docker.on(kCreateVolume, broken()).on(kInspectVolume, 404, message("no such volume"));
  expect_error(f.perform(core::CreateVolume{"lab-v", {}, kBirth}), broken());
}

TEST(Perform, DoesNothingAfterAStop) {
  ScriptedTransport docker;
  DockerEngine engine(docker);
  std::stop_source stop;
  stop.request_stop();
  const auto outcome = engine.perform(core::StartContainer{"x"}, stop.get_token());
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().code, ErrorCode::Cancelled);
}

}  // namespace
}  // namespace aim::providers
