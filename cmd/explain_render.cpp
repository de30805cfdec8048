#include <fmt/format.h>

#include <boost/json.hpp>

#include "cmd/explain.hpp"
#include "cmd/view/text.hpp"

namespace aim::cmd {

namespace json = boost::json;

namespace {

constexpr std::size_t kColumns = 80;

std::string place(const core::SourceRange& range) {
  return fmt::format("{}:{}:{}", range.file, range.begin.line, range.begin.column);
}

std::string_view word(Origin::From from) {
  switch (from) {
    case Origin::From::File:
      return "file";
    case Origin::From::Default:
      return "default";
    case Origin::From::Recipe:
      return "recipe";
    case Origin::From::Configuration:
      return "configuration";
    case Origin::From::Recorded:
      return "recorded";
    case Origin::From::Apply:
      return "apply";
  }
  return {};
}

std::string shown(const Origin& origin) {
  switch (origin.from) {
    case Origin::From::Default:
      return "built-in default";
    case Origin::From::Recipe:
      return "chosen with the recipe";
    case Origin::From::Configuration:
      return "follows from the configuration";
    case Origin::From::Recorded:
      return "decided at the last apply";
    case Origin::From::Apply:
      return "decided at apply";
    case Origin::From::File:
      break;
  }
  std::string text = origin.range ? place(*origin.range) : std::string("the configuration");
  if (!origin.section.empty()) {
    text += fmt::format(", under {}", origin.section);
  }
  for (const std::string& variable : origin.variables) {
    text += fmt::format(", variable {}", variable);
  }
  return text;
}

/// The value and its origin on one line where they fit.
std::string value_lines(const ExplainedValue& value) {
  std::string line =
      fmt::format("  {} = {}", view::escape_line(value.name), view::escape_line(value.shown));
  const std::string origin = "# " + shown(value.origin);
  if (line.size() + 2 + origin.size() <= kColumns) {
    return fmt::format("{}  {}\n", line, origin);
  }
  return fmt::format("{}\n      {}\n", line, origin);
}

std::string command_lines(const DockerCommand& command) {
  std::string text = "\nAs docker commands, without aim's labels and checks:\n";
  for (const std::string& variable : command.variables) {
    text += fmt::format("  # first: export {}=... (a secret, which is not shown)\n", variable);
  }
  for (const std::string& attribute : command.left_out) {
    text += fmt::format("  # without `{}`, which docker run has no option for\n", attribute);
  }
  std::string line;
  for (const char c : command.script) {
    if (c == '\n') {
      text += "  " + line + "\n";
      line.clear();
    } else {
      line += c;
    }
  }
  return text;
}

std::string decision_lines(const recipes::Decision& decision, const std::string& model) {
  std::string text = fmt::format(
      "\nRecipe:\n  {}, {}\n", decision.recipe, decision.verified ? "verified" : "not verified");
  for (const std::string& reason : decision.reasons) {
    text += fmt::format("  {}\n", view::escape_line(reason));
  }
  return text +
         fmt::format("  The others, and why not: aim explain {}\n", view::escape_line(model));
}

}  // namespace

std::string render_explanation(const Explanation& explanation) {
  std::string text = explanation.address.str();
  if (explanation.range) {
    text += fmt::format("  ({})", place(*explanation.range));
  }
  text += fmt::format("\n  on Docker: {}{}\n  deployed:  {}\n",
                      explanation.docker_name,
                      explanation.external ? " (external: never made or removed here)" : "",
                      explanation.external ? "not by aim"
                      : explanation.generation > 0
                          ? fmt::format("generation {}", explanation.generation)
                          : std::string("not yet"));
  if (!explanation.values.empty()) {
    text += "\nValues:\n";
  }
  for (const ExplainedValue& value : explanation.values) {
    text += value_lines(value);
  }
  if (explanation.decision) {
    text += decision_lines(*explanation.decision, explanation.model);
  }
  if (!explanation.needs.empty()) {
    text += "\nDepends on:\n";
  }
  for (const ExplainedDependency& need : explanation.needs) {
    text += fmt::format("  {}: {}\n", need.address.str(), fmt::join(need.reasons, "; "));
  }
  if (!explanation.needed_by.empty()) {
    text += "\nNeeded by:\n";
  }
  for (const core::Address& other : explanation.needed_by) {
    text += fmt::format("  {}\n", other.str());
  }
  return explanation.command ? text + command_lines(*explanation.command) : text;
}

json::value explanation_json(const Explanation& explanation) {
  json::array values;
  for (const ExplainedValue& value : explanation.values) {
    json::object origin{{"from", word(value.origin.from)}};
    if (value.origin.range) {
      origin.emplace("file", value.origin.range->file);
      origin.emplace("line", value.origin.range->begin.line);
      origin.emplace("column", value.origin.range->begin.column);
    }
    if (!value.origin.section.empty()) {
      origin.emplace("section", value.origin.section);
    }
    if (!value.origin.variables.empty()) {
      origin.emplace("variables", json::value_from(value.origin.variables));
    }
    values.emplace_back(
        json::object{{"name", value.name}, {"value", value.shown}, {"origin", std::move(origin)}});
  }
  json::array needs;
  for (const ExplainedDependency& need : explanation.needs) {
    needs.emplace_back(
        json::object{{"address", need.address.str()}, {"reasons", json::value_from(need.reasons)}});
  }
  json::array needed_by;
  for (const core::Address& other : explanation.needed_by) {
    needed_by.emplace_back(other.str());
  }
  json::object document{{"format_version", "1.0"},
                        {"address", explanation.address.str()},
                        {"docker_name", explanation.docker_name},
                        {"external", explanation.external},
                        {"generation", explanation.generation},
                        {"values", std::move(values)},
                        {"depends_on", std::move(needs)},
                        {"needed_by", std::move(needed_by)}};
  if (explanation.decision) {
    document.emplace("recipe",
                     json::object{{"id", explanation.decision->recipe},
                                  {"verified", explanation.decision->verified},
                                  {"reasons", json::value_from(explanation.decision->reasons)},
                                  {"fit", explanation.decision->fit}});
  }
  if (explanation.command) {
    document.emplace("docker",
                     json::object{{"script", explanation.command->script},
                                  {"variables", json::value_from(explanation.command->variables)},
                                  {"left_out", json::value_from(explanation.command->left_out)}});
  }
  return document;
}

}  // namespace aim::cmd
