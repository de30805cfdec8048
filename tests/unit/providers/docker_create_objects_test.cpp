#include <gtest/gtest.h>

#include <boost/json.hpp>

#include "tests/unit/providers/actor_fixture.hpp"

namespace aim::providers {
namespace {

namespace json = boost::json;
using core::ErrorCode;
using core::Labels;
using core::make_error;
using test::broken;
using test::expect_error;
using test::Fixture;
using test::kBirth;
using test::message;

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

}  // namespace
}  // namespace aim::providers
