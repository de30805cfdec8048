#include <gtest/gtest.h>

#include "planner/readiness.hpp"
#include "planner/schema.hpp"

namespace aim::planner {
namespace {

using core::List;
using core::Map;
using core::Value;

const core::Address kWeb{core::Kind::Container, "web", std::nullopt};

/// The only check of a container with such a `readiness`.
Check check_of(Map readiness) {
  const auto policy = readiness_policy(kWeb, {{"readiness", Value(std::move(readiness))}});
  EXPECT_TRUE(policy && policy->checks.size() == 1);
  return policy ? policy->checks.at(0) : Check();
}

CheckVerdict answered(const Check& check, const std::string& body) {
  return judge(check, core::Result<core::ProbeAnswer>(core::ProbeAnswer{200, body, {}}));
}

TEST(Checks, SendABody) {
  const Check check = check_of({{"http", Map{{"method", "POST"}, {"port", 80}, {"body", "{}"}}}});
  EXPECT_EQ(check.request.method, "POST");
  EXPECT_EQ(check.request.body, "{}");
}

TEST(Checks, LookForValuesInTheAnswer) {
  const Check check = check_of(
      {{"http", Map{{"port", 80}, {"json", Map{{"data.0.ready", "true"}, {"n", "1.5"}}}}}});
  EXPECT_TRUE(answered(check, R"({"data": [{"ready": true}], "n": 1.5E0})").passed);
  const auto detail = [&](const std::string& body) { return answered(check, body).detail; };
  EXPECT_EQ(detail("ready"), "the answer is not JSON");
  EXPECT_EQ(detail(R"({"data": []})"), "the answer has no \"data.0.ready\"");
  EXPECT_EQ(detail(R"({"data": {"x": 1}})"), "the answer has no \"data.0.ready\"");
  EXPECT_EQ(detail(R"({"data": [{"ready": false}]})"), "\"data.0.ready\" is false, not true");
  EXPECT_EQ(detail(R"({"data": [{"ready": true}], "n": "a\nb"})"), "\"n\" is a b, not 1.5");
}

TEST(Checks, TextsAreComparedAsTheyAre) {
  const Check check = check_of({{"http", Map{{"port", 80}, {"json", Map{{"status", "ok"}}}}}});
  EXPECT_TRUE(answered(check, R"({"status": "ok"})").passed);
  EXPECT_FALSE(answered(check, R"({"status": "not ok"})").passed);
}

TEST(Checks, RunAProgram) {
  const Check check = check_of({{"exec", Map{{"command", List{"/bin/ready", "-q"}}}}});
  EXPECT_EQ(check.expect, Check::Expect::Exits);
  EXPECT_EQ(check.command, (std::vector<std::string>{"/bin/ready", "-q"}));
  const auto verdict = [&](core::Result<core::ExecResult> result) { return judge(check, result); };
  EXPECT_TRUE(verdict(core::ExecResult{0, "fine"}).passed);
  EXPECT_EQ(verdict(core::ExecResult{1, ""}).detail, "exited with code 1");
  EXPECT_EQ(verdict(core::ExecResult{126, "no such\nfile"}).detail,
            "exited with code 126: no such file");
  EXPECT_EQ(verdict(core::make_error(core::ErrorCode::Timeout, "it took too long")).detail,
            "it took too long");
}

TEST(Checks, LookForALine) {
  const Check check = check_of({{"log", Map{{"contains", "startup complete"}}}});
  EXPECT_EQ(check.expect, Check::Expect::Logs);
  EXPECT_EQ(check.contains, "startup complete");
}

}  // namespace
}  // namespace aim::planner
