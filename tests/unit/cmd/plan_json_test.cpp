#include "planner/plan_json.hpp"

#include <boost/json.hpp>

#include "tests/unit/cmd/plan_cases.hpp"

namespace aim::planner {
namespace {

namespace json = boost::json;
using core::Kind;
using core::List;
using core::Map;
using core::Secret;
using core::Unknown;
using core::Value;

json::object of_case(const std::string& name, const PlanJsonHeader& header = {"0.1.0", {}}) {
  return plan_json(test::plan_case(name), header).as_object();
}

TEST(PlanJson, TellsWhetherItCanBeApplied) {
  EXPECT_TRUE(of_case("create").at("applyable").as_bool());
  EXPECT_FALSE(of_case("no_changes").at("applyable").as_bool());
  const json::object errored = of_case("create", {"0.1.0", std::nullopt, Errored::Yes});
  EXPECT_FALSE(errored.at("applyable").as_bool());
  EXPECT_TRUE(errored.at("errored").as_bool());
}

TEST(PlanJson, IsIncompleteUnderTargets) {
  EXPECT_TRUE(of_case("create").at("complete").as_bool());
  EXPECT_FALSE(of_case("notes").at("complete").as_bool());
}

TEST(PlanJson, HasATimestampOnlyIfGiven) {
  EXPECT_EQ(of_case("create").if_contains("timestamp"), nullptr);
  const core::Utc time(std::chrono::milliseconds(1'767'225'600'000));
  EXPECT_EQ(of_case("create", {"0.1.0", time}).at("timestamp"), "2026-01-01T00:00:00Z");
}

TEST(PlanJson, WritesTheKeyAsIndex) {
  const json::array changes = of_case("for_each").at("resource_changes").as_array();
  EXPECT_EQ(changes.at(0).at("index"), "eu \"west\"");
  EXPECT_EQ(changes.at(0).at("name"), "embed");
}

TEST(PlanJson, UnknownValuesAreAbsentInMapsAndNullInLists) {
  const json::value change = of_case("unknown").at("resource_changes").at(0).at("change");
  EXPECT_EQ(json::serialize(change.at("after").at("env")), R"({"MODE":"a"})");
  EXPECT_EQ(json::serialize(change.at("after").at("command")), R"(["serve",null])");
  EXPECT_EQ(json::serialize(change.at("after_unknown")),
            R"({"command":[false,true],"container_id":true,"env":{"API":true},"image_id":true})");
}

TEST(PlanJson, SameForEqualPlans) {
  for (const test::PlanCase& each : test::plan_cases()) {
    EXPECT_EQ(json::serialize(plan_json(each.plan, {"0.1.0", {}})),
              json::serialize(plan_json(test::plan_case(each.name), {"0.1.0", {}})));
  }
}

TEST(PublicJson, HidesWhatTheTableCallsSensitive) {
  EXPECT_EQ(public_json(find_attribute(Kind::Endpoint, "api_key"), "open text"),
            "(sensitive value)");
}

TEST(FieldJson, TellsPathValuesAndMarks) {
  FieldChange field = test::written_field({"env", "TOKEN"}, Secret("x"), Unknown{}, 4);
  field.forces_replacement = true;
  EXPECT_EQ(json::serialize(field_json(Kind::Container, field)),
            R"x({"path":["env","TOKEN"],"before":"(sensitive value)","after":null,)x"
            R"("before_sensitive":true,"after_sensitive":false,"after_unknown":true,)"
            R"("forces_replacement":true,)"
            R"("range":{"filename":"aim.yaml","start":{"line":4,"column":5}}})");
}

TEST(FieldJson, HidesWhatLiesInsideASensitiveAttribute) {
  const json::value field =
      field_json(Kind::Endpoint, {{"api_key", "inner"}, "open", Value(), false, std::nullopt});
  EXPECT_EQ(field.at("before"), "(sensitive value)");
  EXPECT_TRUE(field.at("before_sensitive").as_bool());
  EXPECT_FALSE(field.at("after_sensitive").as_bool());
}

TEST(UtcText, WritesMillisecondsOnlyWhereThereAreAny) {
  EXPECT_EQ(utc_text(core::Utc(std::chrono::milliseconds(0))), "1970-01-01T00:00:00Z");
  EXPECT_EQ(utc_text(core::Utc(std::chrono::milliseconds(1'709'210'096'007))),
            "2024-02-29T12:34:56.007Z");
}

}  // namespace
}  // namespace aim::planner
