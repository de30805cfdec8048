#include "cmd/view/field_render.hpp"

#include "cmd/view/sequence_diff.hpp"
#include "cmd/view/value_render.hpp"
#include "tests/unit/cmd/plan_cases.hpp"

namespace aim::view {
namespace {

using core::Kind;
using core::List;
using core::Map;
using core::Secret;
using core::Value;
using planner::FieldChange;

List numbers(std::initializer_list<int> all) { return List(all.begin(), all.end()); }

/// The list that the edits make of `before`.
List apply(const List& before, const List& after, const std::vector<SequenceEdit>& edits) {
  List result;
  std::size_t at = 0;
  for (const SequenceEdit& edit : edits) {
    for (std::size_t i = 0; i < edit.kept; ++i) {
      result.push_back(before.at(at++));
    }
    EXPECT_EQ(at, edit.removed_begin);
    at += edit.removed;
    EXPECT_EQ(result.size(), edit.added_begin);
    for (std::size_t i = 0; i < edit.added; ++i) {
      result.push_back(after.at(edit.added_begin + i));
    }
  }
  EXPECT_EQ(at, before.size());
  return result;
}

TEST(SequenceDiff, FindsTheLongestCommonPart) {
  const std::vector<SequenceEdit> edits =
      sequence_diff(numbers({1, 2, 3, 4, 5}), numbers({1, 3, 4, 6, 5}));
  EXPECT_EQ(edits, (std::vector<SequenceEdit>{{1, 1, 1, 1, 0}, {2, 4, 0, 3, 1}, {1, 5, 0, 5, 0}}));
}

TEST(SequenceDiff, TurnsOneListIntoTheOther) {
  // Every pair of lists of up to four elements out of two.
  std::vector<List> all{{}};
  for (std::size_t i = 0; i < all.size() && all[i].size() < 4; ++i) {
    for (const int element : {0, 1}) {
      List longer = all[i];
      longer.emplace_back(element);
      all.push_back(std::move(longer));
    }
  }
  for (const List& before : all) {
    for (const List& after : all) {
      EXPECT_EQ(apply(before, after, sequence_diff(before, after)), after);
    }
  }
}

TEST(SequenceDiff, GivesUpOnVeryLongDifferences) {
  List before;
  List after;
  for (int i = 0; i < 2000; ++i) {
    before.emplace_back(i);
    after.emplace_back(-i - 1);
  }
  EXPECT_EQ(sequence_diff(before, after), (std::vector<SequenceEdit>{{0, 0, 2000, 0, 2000}}));
}

std::string fields_text(Kind kind,
                        const std::vector<FieldChange>& fields,
                        const Map* before = nullptr,
                        const Map* after = nullptr) {
  std::vector<Line> lines;
  render_fields({kind, fields, before, after, {}}, 0, lines);
  return to_text(lines, Colour::Off);
}

TEST(InlineValue, ShowsUnitsOfTheTable) {
  const auto* grace = planner::find_attribute(Kind::Container, "stop_grace_period");
  const auto* memory = planner::find_attribute(Kind::Container, "memory");
  EXPECT_EQ(inline_value(grace, 90'000), "1m30s");
  EXPECT_EQ(inline_value(memory, std::int64_t{16} << 30U), "16GiB");
  EXPECT_EQ(inline_value(nullptr, 90'000), "90000");
}

TEST(InlineValue, ShowsEveryKindOfValue) {
  EXPECT_EQ(inline_value(nullptr, Value()), "null");
  EXPECT_EQ(inline_value(nullptr, true), "true");
  EXPECT_EQ(inline_value(nullptr, 1.5), "1.5");
  EXPECT_EQ(inline_value(nullptr, "a\"b"), "\"a\\\"b\"");
  EXPECT_EQ(inline_value(nullptr, List{}), "[]");
  EXPECT_EQ(inline_value(nullptr, Map{}), "{}");
  EXPECT_EQ(inline_value(nullptr, List{Map{{"a b", 1}}}), "[{ \"a b\" = 1 }]");
  EXPECT_EQ(inline_value(nullptr, core::Unknown{}), "(known after apply)");
  EXPECT_EQ(inline_value(nullptr, core::Template{}), "(known after apply)");
  EXPECT_EQ(inline_value(nullptr, Secret("x")), "(sensitive value)");
}

TEST(RenderFields, HidesAnAttributeThatTheTableCallsSensitive) {
  ASSERT_TRUE(planner::find_attribute(Kind::Endpoint, "api_key")->sensitive);
  EXPECT_EQ(fields_text(Kind::Endpoint, {{{"api_key"}, "old key", "new key", true, {}}}),
            "~ api_key = (sensitive value)  # forces replacement\n");
  EXPECT_EQ(fields_text(Kind::Endpoint, {{{"api_key", "inner"}, "old key", "new key", true, {}}}),
            "~ api_key = (sensitive value)\n");
}

TEST(RenderFields, TurnsAMapIntoAText) {
  EXPECT_EQ(fields_text(Kind::Container, {{{"odd"}, Map{{"a", 1}}, "text", false, {}}}),
            "- odd = {\n"
            "    - a = 1\n"
            "  }\n"
            "+ odd = \"text\"\n");
}

TEST(RenderFields, ShowsIndexesOfLists) {
  const Map after{{"odd", List{1, 3, 5}}};
  EXPECT_EQ(
      fields_text(Kind::Container, {{{"odd", std::size_t{1}}, 2, 3, false, {}}}, nullptr, &after),
      "~ odd = {\n"
      "    ~ [1] = 2 -> 3\n"
      "      # (2 unchanged elements hidden)\n"
      "  }\n");
}

TEST(RenderFields, CountsAttributesThatNoLineShows) {
  const Map before{{"a", 1}, {"gone", 2}, {"null", Value()}, {"x", 1}};
  const Map after{{"a", 1}, {"x", 2}};
  EXPECT_EQ(fields_text(Kind::Container, {{{"x"}, 1, 2, false, {}}}, &before, &after),
            "~ x = 1 -> 2\n"
            "  # (2 unchanged attributes hidden)\n");
}

TEST(RenderFields, ShortensIdsAndNothingElse) {
  const std::string id(64, 'a');
  EXPECT_EQ(fields_text(Kind::Container,
                        {{{"image_id"}, "sha256:" + id, id, false, {}},
                         {{"user"}, "1", id.substr(0, 40), false, {}}}),
            "~ user     = \"1\" -> \"" + id.substr(0, 40) + "\"\n" +
                "~ image_id = \"sha256:aaaaaaaaaaaa\" -> \"aaaaaaaaaaaa\"\n");
}

TEST(RenderFields, GivesALongNameALineOfItsOwn) {
  const std::string name(60, 'n');
  const std::string value(30, 'v');
  EXPECT_EQ(fields_text(Kind::Container, {{{name}, Value(), value, true, {}}}),
            "+ " + name + " =\n" + "    \"" + value + "\"  # forces replacement\n");
}

}  // namespace
}  // namespace aim::view
