#include <gtest/gtest.h>

#include <boost/json.hpp>

#include "providers/docker/tar.hpp"
#include "tests/unit/providers/actor_fixture.hpp"

namespace aim::providers {
namespace {

namespace json = boost::json;
using core::ErrorCode;
using core::Labels;
using core::make_error;
using core::Map;
using test::broken;
using test::dead;
using test::described;
using test::expect_error;
using test::Fixture;
using test::kBirth;
using test::message;

std::string labelled(const Labels& labels, std::string_view name = "/lab-web") {
  json::object texts;
  for (const auto& [key, text] : labels) {
    texts[key] = text;
  }
  return described("created", {{"Name", name}, {"Config", {{"Labels", texts}}}});
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

TEST(PutFiles, GoToTheRootOfTheContainer) {
  Fixture f;
  f.docker.on("PUT /v1.41/containers/abc/archive?path=%2F", 200);
  EXPECT_TRUE(f.perform(core::PutFiles{"abc", Map{{"/etc/x", Map{{"content", "c"}}}}}));
}

TEST(CopyFiles, ReadsEachAndPutsAllBackAtOnce) {
  Fixture f;
  f.docker
      .on("GET /v1.41/containers/abc/archive?path=%2Fetc%2Fx",
          200,
          tar_archive({{"x", "content", 0600, 5, 6}}))
      .on("PUT /v1.41/containers/abc/archive?path=%2F", 200);
  EXPECT_TRUE(f.perform(core::CopyFiles{"abc", {{"/etc/x", "/kept"}}}));
  const auto put = only_file_of(f.docker.body_of("PUT /v1.41/containers/abc/archive?path=%2F"));
  ASSERT_TRUE(put);
  EXPECT_EQ(put->content, "content");
  EXPECT_EQ(put->mode, 0600U);
  EXPECT_EQ(put->uid, 5U);
  EXPECT_EQ(put->gid, 6U);
}

TEST(CopyFiles, PutsNothingWhenOneIsMissing) {
  Fixture f;
  f.docker.on("GET /v1.41/containers/abc/archive?path=%2Fetc%2Fx",
              404,
              message("Could not find the file /etc/x in container abc"));
  expect_error(f.perform(core::CopyFiles{"abc", {{"/etc/x", "/kept"}}}),
               make_error(ErrorCode::NotFound, "Could not find the file /etc/x in container abc"));
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
  call.networks = {{"lab-a", {}, ""}, {"lab-b", {}, ""}};
  f.docker.on(kCreate, 201, R"({"Id":"abc"})")
      .on("POST /v1.41/networks/lab-b/connect", 500, message("no space left"))
      .on("DELETE /v1.41/containers/abc?v=1&force=1", 500, message("device busy"))
      .on("GET /v1.41/containers/abc/json", 200, labelled(kBirth));
  const auto made = f.perform(call);
  ASSERT_FALSE(made);
  EXPECT_EQ(core::to_string(made.error()),
            "no space left, while connecting it to network lab-b, and container abc could not be "
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

}  // namespace
}  // namespace aim::providers
