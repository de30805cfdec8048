#include <boost/json.hpp>

#include "cmd/view/plan_render.hpp"
#include "planner/plan_file.hpp"
#include "planner/plan_json.hpp"
#include "tests/unit/cmd/golden.hpp"
#include "tests/unit/cmd/plan_cases.hpp"

namespace aim {
namespace {

class PlanGolden : public testing::TestWithParam<test::PlanCase> {};

std::string rendered(const planner::Plan& plan) {
  return view::render_plan(plan, {}, view::Colour::Off);
}

std::string json_of(const planner::Plan& plan) {
  return boost::json::serialize(planner::plan_json(plan, {"0.1.0", std::nullopt}));
}

TEST_P(PlanGolden, Text) {
  test::expect_golden("plan/" + GetParam().name + ".txt", rendered(GetParam().plan));
}

TEST_P(PlanGolden, Json) {
  test::expect_golden("plan/" + GetParam().name + ".json",
                      test::pretty_json(json_of(GetParam().plan)));
}

TEST_P(PlanGolden, FitsEightyColumns) {
  std::istringstream lines(rendered(GetParam().plan));
  for (std::string line; std::getline(lines, line);) {
    // A resource's own name is never broken.
    if (line.find("a-name-of-sixty") == std::string::npos) {
      EXPECT_LE(view::display_width(line), view::kColumns) << line;
    }
  }
}

TEST_P(PlanGolden, ColourChangesNothingButColour) {
  std::string coloured = view::render_plan(GetParam().plan, {}, view::Colour::On);
  for (std::size_t at = coloured.find('\x1b'); at != std::string::npos;
       at = coloured.find('\x1b')) {
    coloured.erase(at, coloured.find('m', at) - at + 1);
  }
  EXPECT_EQ(coloured, rendered(GetParam().plan));
}

TEST_P(PlanGolden, NothingSensitiveAnywhere) {
  const planner::Plan& plan = GetParam().plan;
  for (const std::string& text : {rendered(plan),
                                  json_of(plan),
                                  planner::canonical_plan_bytes(plan),
                                  planner::format_plan_file({plan, std::nullopt})}) {
    EXPECT_EQ(text.find(test::kSecretContent), std::string::npos);
  }
}

TEST_P(PlanGolden, SurvivesTheFile) {
  const planner::Plan& plan = GetParam().plan;
  const core::Utc created(std::chrono::milliseconds(1'767'225'600'123));
  const auto loaded = planner::parse_plan_file(planner::format_plan_file({plan, created}));
  ASSERT_TRUE(loaded) << core::to_string(loaded.error());
  EXPECT_EQ(loaded->created, created);
  EXPECT_EQ(planner::canonical_plan_bytes(loaded->plan), planner::canonical_plan_bytes(plan));
  EXPECT_EQ(rendered(loaded->plan), rendered(plan));
  EXPECT_EQ(json_of(loaded->plan), json_of(plan));
  EXPECT_TRUE(planner::differences(loaded->plan, plan).empty());
}

INSTANTIATE_TEST_SUITE_P(Cases,
                         PlanGolden,
                         testing::ValuesIn(test::plan_cases()),
                         [](const auto& each) { return each.param.name; });

}  // namespace
}  // namespace aim
