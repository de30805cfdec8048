#include "planner/variables.hpp"

#include <gtest/gtest.h>

#include "tests/unit/planner/configuration_fixture.hpp"

namespace aim::planner {
namespace {

using core::List;
using core::Map;
using core::Value;

/// A configuration with one variable `x`; `declaration` is the inside of its map.
struct VariableCase : ConfigurationCase {
  explicit VariableCase(const std::string& declaration)
      : ConfigurationCase("project: lab\nvariables:\n  x: {" + declaration + "}\n") {}

  VariableValue value() {
    const Configuration configuration = load();
    EXPECT_EQ(report(), "");
    const auto found = configuration.variables.find("x");
    return found == configuration.variables.end() ? VariableValue{} : found->second;
  }
};

std::string report_of_variable(const std::string& declaration) {
  VariableCase one(declaration);
  static_cast<void>(one.load());
  return one.report();
}

TEST(Variables, LaterSourcesWin) {
  VariableCase one("type: integer, default: 1");
  EXPECT_EQ(one.value(), (VariableValue{1, false, "default"}));
  one.input.environment_variables = {{"x", "2"}};
  EXPECT_EQ(one.value(), (VariableValue{2, false, "AIM_VAR_x"}));
  one.input.variable_files = {{"aim.vars.yaml", "x: 3\n"}};
  EXPECT_EQ(one.value(), (VariableValue{3, false, "aim.vars.yaml"}));
  one.input.variable_files.push_back({"z.auto.vars.yaml", "x: 4\n"});
  EXPECT_EQ(one.value(), (VariableValue{4, false, "z.auto.vars.yaml"}));
  one.input.flag_variables = {{"x", "5"}, {"x", "6"}};
  EXPECT_EQ(one.value(), (VariableValue{6, false, "--var"}));
}

TEST(Variables, TextBecomesTheDeclaredType) {
  const auto given = [](const std::string& declaration, const std::string& text) {
    VariableCase one(declaration);
    one.input.flag_variables = {{"x", text}};
    return one.value().value;
  };
  EXPECT_EQ(given("type: string", "007"), Value("007"));
  EXPECT_EQ(given("", "true"), Value("true"));
  EXPECT_EQ(given("type: integer", "-7"), Value(-7));
  EXPECT_EQ(given("type: number", "1.5"), Value(1.5));
  EXPECT_EQ(given("type: number", "2"), Value(2));
  EXPECT_EQ(given("type: boolean", "true"), Value(true));
  EXPECT_EQ(given("type: list", "[1, a]"), Value(List{1, "a"}));
  EXPECT_EQ(given("type: map", "{a: {b: 1}}"), Value(Map{{"a", Map{{"b", 1}}}}));
}

TEST(Variables, TheDefaultGivesTheTypeThatIsNotDeclared) {
  VariableCase one("default: 4");
  one.input.flag_variables = {{"x", "8"}};
  EXPECT_EQ(one.value().value, Value(8));
}

TEST(Variables, KeepTextsAsTheyAreWritten) {
  EXPECT_EQ(VariableCase("type: string, default: 1.10").value().value, Value("1.10"));
}

TEST(Variables, NullIsAValue) {
  EXPECT_EQ(VariableCase("type: integer, default: ~").value().value, Value());
}

TEST(Variables, TakeTheEnvironmentAndFilesInDefaultsAndFiles) {
  VariableCase one("type: integer, default: \"${env:N}\"");
  one.environment = {{"N", "7"}};
  EXPECT_EQ(one.value().value, Value(7));
  one.input.variable_files = {{"v.yaml", "x: \"${file:number}\"\n"}};
  one.other_files = {{"number", " 8\n"}};
  EXPECT_EQ(one.value().value, Value(8));
}

TEST(Variables, TheEnvironmentOfADefaultIsNeededOnlyWhenItIsUsed) {
  VariableCase one("default: \"${env:MISSING}\"");
  one.input.flag_variables = {{"x", "given"}};
  EXPECT_EQ(one.value().value, Value("given"));
  EXPECT_EQ(report_of_variable("default: \"${env:MISSING}\""),
            "aim.yaml:3:17: error: Environment variable is not set\n"
            "  `${env:MISSING}` needs MISSING in the environment of aim, where it is not set. Set "
            "it, or write ${env:MISSING:-TEXT} with a text for when it is not.\n");
}

TEST(Variables, FlagsAndEnvironmentAreTakenLiterally) {
  VariableCase one("");
  one.input.flag_variables = {{"x", "${env:HOME}"}};
  EXPECT_EQ(one.value().value, Value("${env:HOME}"));
}

TEST(Variables, AreRequiredWithoutADefault) {
  EXPECT_EQ(report_of_variable("type: integer"),
            "aim.yaml:3:3: error: Variable is not set\n"
            "  `x` has no default, and nothing gives it a value. Give it one with --var x=VALUE, "
            "AIM_VAR_x or aim.vars.yaml.\n");
}

TEST(Variables, ThatAreSensitiveMayBeLeftUnset) {
  ConfigurationCase one(
      "project: lab\n"
      "variables:\n"
      "  a: { sensitive: true }\n"
      "  b: { sensitive: true, default: \"x ${env:NOT_SET}\" }\n"
      "  c: { sensitive: true, default: \"${env:NOT_SET:-}\" }\n"
      "  d: { sensitive: true, type: map }\n"
      "containers:\n"
      "  web: { image: x, env: { A: \"${var.a}\", B: \"text ${var.b}\", C: \"${var.c}\", D: "
      "\"${var.d.key.inner}\", E: \"${container.other.container_name}:${var.a}\" } }\n"
      "  other: { image: x }\n");
  const Configuration configuration = one.load();
  EXPECT_EQ(one.report(), "");
  std::vector<std::string> unset;
  for (const auto& [name, range] : configuration.unset_variables) {
    unset.push_back(fmt::format("{}:{}", name, range.begin.line));
  }
  EXPECT_EQ(unset, (std::vector<std::string>{"a:3", "b:4", "d:6"}));
  const core::Map& env =
      *configuration.resources.at(core::Address{core::Kind::Container, "web", std::nullopt})
           .attributes.at("env")
           .get<core::Map>();
  for (const char* name : {"A", "B", "D"}) {
    const core::Secret* secret = env.at(name).get<core::Secret>();
    ASSERT_NE(secret, nullptr) << name;
    EXPECT_FALSE(secret->known()) << name;
  }
  EXPECT_TRUE(env.at("C").get<core::Secret>()->known());
  EXPECT_TRUE(env.at("E").is<core::Template>());
}

TEST(Variables, NameTheOriginOfAWrongType) {
  VariableCase one("type: integer, default: 1");
  one.input.flag_variables = {{"x", "four"}};
  static_cast<void>(one.load());
  EXPECT_EQ(one.report(),
            "error: Bad value of a variable\n"
            "  The variable `x` must be a whole number, but --var gives \"four\".\n");
  VariableCase two("type: list, default: []");
  two.input.environment_variables = {{"x", "{a: b}"}};
  static_cast<void>(two.load());
  EXPECT_EQ(two.report(),
            "error: Bad value of a variable\n"
            "  The variable `x` must be a list, but AIM_VAR_x gives \"{a: b}\".\n");
  VariableCase three("type: boolean, default: true");
  three.input.variable_files = {{"aim.vars.yaml", "x: 1\n"}};
  static_cast<void>(three.load());
  EXPECT_EQ(three.report(),
            "aim.vars.yaml:1:4: error: Bad value of a variable\n"
            "  The variable `x` must be true or false, but aim.vars.yaml gives 1.\n");
}

TEST(Variables, AreValidated) {
  EXPECT_EQ(report_of_variable("default: 9, minimum: 1, maximum: 8"),
            "aim.yaml:3:16: error: Bad value of a variable\n"
            "  The variable `x` must be at most 8, but the default gives 9.\n");
  EXPECT_EQ(report_of_variable("default: 0.5, minimum: 1"),
            "aim.yaml:3:16: error: Bad value of a variable\n"
            "  The variable `x` must be at least 1, but the default gives 0.5.\n");
  EXPECT_EQ(report_of_variable("default: c, choices: [a, b]"),
            "aim.yaml:3:16: error: Bad value of a variable\n"
            "  The variable `x` must be one of a and b, but the default gives \"c\".\n");
  EXPECT_EQ(report_of_variable("default: c3, pattern: \"[a-z]+\""),
            "aim.yaml:3:16: error: Bad value of a variable\n"
            "  The variable `x` must be text that matches the pattern [a-z]+, but the default "
            "gives \"c3\".\n");
  EXPECT_EQ(report_of_variable("default: abc, pattern: \"^[a-z]+$\""), "");
}

TEST(Variables, NeverShowASensitiveValue) {
  VariableCase one("sensitive: true, type: integer, default: 1, maximum: 5");
  one.input.flag_variables = {{"x", "12345"}};
  static_cast<void>(one.load());
  EXPECT_EQ(one.report(),
            "error: Bad value of a variable\n"
            "  The variable `x` must be at most 5, but --var gives another value (it is "
            "sensitive).\n");
}

TEST(Variables, APatternThatTakesForEverEnds) {
  VariableCase one("pattern: \"(a*)*(a*)*(a*)*b\"");
  one.input.flag_variables = {{"x", std::string(5'000, 'a')}};
  static_cast<void>(one.load());
  EXPECT_TRUE(one.diagnostics.has_errors());
}

TEST(Variables, UndeclaredOnesAreSilentInTheEnvironmentAWarningInAFileAnErrorAsAFlag) {
  VariableCase one("default: 1");
  one.input.environment_variables = {{"y", "1"}};
  one.input.variable_files = {{"aim.vars.yaml", "xx: 1\n"}};
  one.input.flag_variables = {{"xy", "1"}};
  static_cast<void>(one.load());
  EXPECT_EQ(one.report(),
            "aim.vars.yaml:1:1: warning: Undeclared variable\n"
            "  The configuration does not declare `xx`, so this value has no effect. Did you mean "
            "`x`? Declare it under `variables`, or remove it here.\n"
            "error: Undeclared variable\n"
            "  --var sets `xy`, which the configuration does not declare. Did you mean `x`? "
            "Declare it under `variables`, or drop the flag.\n");
}

TEST(Variables, DeclarationsAreChecked) {
  EXPECT_EQ(report_of_variable("tpye: integer, default: 1"),
            "aim.yaml:3:7: error: Unknown key\n"
            "  `variables.x` has no key \"tpye\". Did you mean `type`? It takes type, default, "
            "sensitive, description, minimum, maximum, choices and pattern.\n");
  EXPECT_EQ(report_of_variable("type: int, default: 1"),
            "aim.yaml:3:13: error: Unknown type of a variable\n"
            "  `variables.x.type` is \"int\", which is no type. There are string, integer, number, "
            "boolean, list and map.\n");
  EXPECT_EQ(report_of_variable("default: a, minimum: 1"),
            "aim.yaml:3:19: error: Constraint does not fit the type\n"
            "  `variables.x.minimum` is a constraint for numbers, but the variable is text. Change "
            "`type`, or remove the constraint.\n");
  EXPECT_EQ(report_of_variable("default: a, pattern: \"(\""),
            "aim.yaml:3:28: error: Bad pattern\n"
            "  `variables.x.pattern` is \"(\", which is no regular expression (as in "
            "ECMAScript).\n");
  EXPECT_EQ(report_of_variable("default: a, sensitive: maybe"),
            "aim.yaml:3:30: error: Wrong type\n"
            "  `variables.x.sensitive` must be true or false, but it is \"maybe\".\n");
  EXPECT_EQ(report_of("project: lab\nvariables: { 1x: { default: 1 }, y: 5 }\n"),
            "aim.yaml:2:14: error: Bad name of a variable\n"
            "  \"1x\" cannot be the name of a variable: a name begins with a letter or _, and goes "
            "on with letters, digits, _ and -.\n"
            "aim.yaml:2:37: error: Wrong type\n"
            "  `variables.y` must be a map, but it is 5.\n");
}

TEST(Variables, DefaultsCannotReferToOtherThings) {
  EXPECT_EQ(
      report_of("project: lab\nvariables: { x: { default: \"${var.y}\" }, y: { default: 1 } }\n"),
      "aim.yaml:2:29: error: Reference is not possible here\n"
      "  `${var.y}` is not known in a value of a variable, which must be known before "
      "anything else. Write the value out, or take it from ${env:NAME}.\n");
}

}  // namespace
}  // namespace aim::planner
