#include "planner/expression.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

namespace aim::planner {
namespace {

std::string shown(const ExpressionPart& part) {
  return std::visit(
      core::overloaded{[](const std::string& text) { return "'" + text + "'"; },
                       [](const VariableReference& v) {
                         std::string text = "var " + v.name;
                         for (const std::string& step : v.steps) {
                           text += "/" + step;
                         }
                         return text;
                       },
                       [](const EachReference& e) {
                         return std::string(e.part == EachReference::Part::Key ? "key" : "value");
                       },
                       [](const core::Reference& r) { return r.address.str() + " " + r.attribute; },
                       [](const InstanceReference& r) { return r.name + " [] " + r.attribute; },
                       [](ProjectReference) -> std::string { return "project"; },
                       [](WorkspaceReference) -> std::string { return "workspace"; },
                       [](const EnvironmentReference& e) {
                         return "env " + e.name + (e.fallback ? " or '" + *e.fallback + "'" : "");
                       },
                       [](const FileReference& f) { return "file " + f.path; },
                       [](BrokenReference) -> std::string { return "broken"; }},
      part.what);
}

/// The parts with their places, e.g. "'a'[0,1) var x[1,9)".
std::string parts_of(std::string_view text) {
  const Expression expression = parse_expression(text);
  EXPECT_TRUE(expression.errors.empty());
  std::string result;
  for (const ExpressionPart& part : expression.parts) {
    result +=
        fmt::format("{}{}[{},{})", result.empty() ? "" : " ", shown(part), part.begin, part.end);
  }
  return result;
}

std::string error_of(std::string_view text) {
  const Expression expression = parse_expression(text);
  std::string result;
  for (const ExpressionError& error : expression.errors) {
    result += fmt::format("[{},{}) {}: {}\n", error.begin, error.end, error.summary, error.detail);
  }
  return result;
}

using What = decltype(ExpressionPart::what);

/// What a text that is one interpolation means.
What only_part(std::string_view text) {
  const Expression expression = parse_expression(text);
  EXPECT_TRUE(expression.errors.empty());
  EXPECT_EQ(expression.parts.size(), 1U);
  return expression.parts.at(0).what;
}

TEST(Expression, TakesTextAsItIs) {
  EXPECT_EQ(parts_of("a $b {c} $"), "'a $b {c} $'[0,10)");
  EXPECT_EQ(parts_of(""), "");
}

TEST(Expression, ReadsEverySortOfReference) {
  EXPECT_EQ(parts_of("${var.x}"), "var x[0,8)");
  EXPECT_EQ(parts_of("${var.gpu-map.a.0}"), "var gpu-map/a/0[0,18)");
  EXPECT_EQ(parts_of("${endpoint.qwen.url}"), "endpoint.qwen url[0,20)");
  EXPECT_EQ(parts_of("${project}${workspace}"), "project[0,10) workspace[10,22)");
  EXPECT_EQ(parts_of("${env:HOME}"), "env HOME[0,11)");
  EXPECT_EQ(parts_of("${env:A:-b:-c d }"), "env A or 'b:-c d'[0,17)");
  EXPECT_EQ(parts_of("${env:A:-}"), "env A or ''[0,10)");
  EXPECT_EQ(parts_of("${file:/run/key.txt}"), "file /run/key.txt[0,20)");
}

TEST(Expression, ReadsReferencesInsideText) {
  EXPECT_EQ(parts_of("http://${endpoint.a.url}/v1?${var.q}"),
            "'http://'[0,7) endpoint.a url[7,24) '/v1?'[24,28) var q[28,36)");
}

TEST(Expression, AllowsBlanksInside) {
  EXPECT_EQ(parts_of("${ var.x }"), "var x[0,10)");
  EXPECT_EQ(parts_of("${ env:X }"), "env X[0,10)");
}

TEST(Expression, ReadsTwoDollarsAsALiteralOne) {
  EXPECT_EQ(parts_of("$${var.x}"), "'${var.x}'[0,9)");
  EXPECT_EQ(parts_of("a$${b} ${var.x} $$${c}"), "'a${b} '[0,7) var x[7,15) ' $${c}'[15,22)");
}

TEST(Expression, NamesAnInterpolationThatIsNeverClosed) {
  EXPECT_EQ(error_of("a ${var.x"),
            "[2,9) Interpolation is never closed: `${var.x` has no closing brace. Add it; where "
            "`${` is meant as text, write `$${`.\n");
}

TEST(Expression, SuggestsTheNearestKind) {
  EXPECT_EQ(error_of("${enpoint.qwen.url}"),
            "[0,19) Unknown reference: `${enpoint.qwen.url}` begins with \"enpoint\", which is no "
            "kind of resource and nothing else that can be referred to. Did you mean `endpoint`? "
            "It can be var.NAME, KIND.NAME.ATTRIBUTE, each.key, each.value, project, workspace, "
            "env:NAME or file:PATH; where `${` is meant as text, write `$${`.\n");
}

TEST(Expression, ExplainsAWordAlone) {
  EXPECT_EQ(error_of("${HOME}"),
            "[0,7) Unknown reference: `${HOME}` is nothing that can be referred to. An environment "
            "variable is written ${env:HOME}, a variable of the configuration ${var.HOME}; where "
            "`${` is meant as text, write `$${`.\n");
  EXPECT_EQ(error_of("${projet}").substr(0, 107),
            "[0,9) Unknown reference: `${projet}` is nothing that can be referred to. Did you mean "
            "`project`? An environ");
}

TEST(Expression, ExplainsMalformedReferences) {
  EXPECT_EQ(error_of("${var.a + 1}"),
            "[0,12) Malformed interpolation: `${var.a + 1}` names no variable. Write ${var.NAME}: "
            "a name begins with a letter or _, and goes on with letters, digits, _ and -. There "
            "are no operators and functions.\n");
  EXPECT_EQ(error_of("${endpoint.qwen}"),
            "[0,16) Malformed interpolation: `${endpoint.qwen}` names no attribute of "
            "endpoint.qwen. Write ${endpoint.qwen.ATTRIBUTE}.\n");
  EXPECT_EQ(error_of("${container.web.env.A}"),
            "[0,22) Malformed interpolation: `${container.web.env.A}` goes into an attribute, and "
            "only whole attributes can be referred to. Write ${container.web.env}.\n");
  EXPECT_EQ(error_of("${volume.a b.name}"),
            "[0,18) Malformed interpolation: `${volume.a b.name}` names no volume. Write "
            "${volume.NAME.ATTRIBUTE}: a name is 1 to 63 characters of a-z, A-Z, 0-9, - and _, and "
            "starts with a letter or digit.\n");
  EXPECT_EQ(error_of("${env:A?}"),
            "[0,9) Malformed interpolation: `${env:A?}` names no environment variable. Write "
            "${env:NAME}, or ${env:NAME:-TEXT} with a text for when it is not set.\n");
  EXPECT_EQ(error_of("${file:}"),
            "[0,8) Malformed interpolation: `${file:}` names no file. Write ${file:PATH}; a "
            "relative path begins at the file it is written in.\n");
}

TEST(Expression, TakesEachApart) {
  EXPECT_TRUE(only_part("${each.key}") == What(EachReference{EachReference::Part::Key, {}}));
  EXPECT_TRUE(only_part("${each.value.gpus.0}") ==
              What(EachReference{EachReference::Part::Value, {"gpus", "0"}}));
  EXPECT_EQ(error_of("${each.index}"),
            "[0,13) Malformed interpolation: `${each.index}` is nothing that `for_each` gives. "
            "Write ${each.key}, ${each.value} or, for a part of a map, ${each.value.PART}.\n");
}

TEST(Expression, TakesInstancesApart) {
  EXPECT_TRUE(only_part("${endpoint.qwen[\"a}.b\\\"c\"].url}") ==
              What(core::Reference{core::Address{core::Kind::Endpoint, "qwen", "a}.b\"c"}, "url"}));
  EXPECT_TRUE(
      only_part("${endpoint.qwen[each.value.of].url}") ==
      What(InstanceReference{
          core::Kind::Endpoint, "qwen", EachReference{EachReference::Part::Value, {"of"}}, "url"}));
  EXPECT_TRUE(
      only_part("${volume.v[var.key].name}") ==
      What(InstanceReference{core::Kind::Volume, "v", VariableReference{"key", {}}, "name"}));
  EXPECT_TRUE(only_part("${volume.v[*].name}") ==
              What(InstanceReference{core::Kind::Volume, "v", AllInstances{}, "name"}));
  EXPECT_EQ(error_of("${volume.v[0].name}"),
            "[0,19) Malformed interpolation: `${volume.v[0].name}` has `0` between the brackets. A "
            "key is written in quotes, volume.v[\"KEY\"]; each.key, each.value, var.NAME and, for "
            "all of them, * stand without.\n");
}

TEST(Expression, ReportsEveryError) {
  EXPECT_EQ(parse_expression("${a.b} ${c.d} ${var.x}").errors.size(), 2U);
}

}  // namespace
}  // namespace aim::planner
