#include "tests/unit/providers/actor_fixture.hpp"

namespace aim::providers::test {

namespace json = boost::json;
using core::ErrorCode;
using core::make_error;

core::Error broken() {
  return make_error(ErrorCode::Unreachable, "the connection broke after the request was sent");
}

core::Error dead() { return make_error(ErrorCode::Unreachable, "cannot connect"); }

std::string message(std::string_view text) {
  return json::serialize(json::object{{"message", text}});
}

std::string described(std::string_view status, json::object more) {
  json::object root{{"Id", "abc123def4567890"},
                    {"Name", "/lab-web"},
                    {"State", {{"Status", status}}},
                    {"Config", json::object{}}};
  for (const auto& [key, value] : more) {
    root[key] = value;
  }
  return json::serialize(root);
}

Fixture::Fixture(const std::string& version) { docker.speaking(version); }

Fixture::~Fixture() {
  EXPECT_TRUE(docker.used_up()) << "something was laid out and never asked for";
}

core::Result<core::CallOutcome> Fixture::perform(const core::Call& call) {
  return engine.perform(call, {});
}

void expect_error(const core::Result<core::CallOutcome>& outcome, const core::Error& error) {
  ASSERT_FALSE(outcome);
  EXPECT_EQ(core::to_string(outcome.error()), core::to_string(error));
  EXPECT_EQ(outcome.error().code, error.code);
}

}  // namespace aim::providers::test
