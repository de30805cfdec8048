#include <fmt/format.h>

#include <algorithm>
#include <boost/regex.hpp>

#include "core/document_scalar.hpp"
#include "planner/evaluate.hpp"
#include "planner/schema_normalise.hpp"
#include "planner/variables.hpp"

namespace aim::planner {

using core::Diagnostics;
using core::Value;

namespace {

bool is_text_like(const Value& value) {
  return value.is<std::string>() || value.is<bool>() || value.is<std::int64_t>() ||
         value.is<double>();
}

/// A text as the plain scalar it would be in YAML: "5" is 5, "true" is true.
Value as_plain_scalar(const std::string& text) {
  const auto decided = core::decide_scalar(text);
  const core::Node::Data* data = std::get_if<core::Node::Data>(&decided);
  if (data == nullptr) {
    return text;
  }
  return std::visit(core::overloaded{[](const core::Node::Items&) { return Value(); },
                                     [](const core::Node::Entries&) { return Value(); },
                                     [](const auto& scalar) { return Value(scalar); }},
                    *data);
}

Value value_of(const core::Node& node) {
  return std::visit(core::overloaded{[](const core::Node::Items& items) {
                                       core::List list;
                                       for (const core::Node& item : items) {
                                         list.push_back(value_of(item));
                                       }
                                       return Value(std::move(list));
                                     },
                                     [](const core::Node::Entries& entries) {
                                       core::Map map;
                                       for (const core::MapEntry& entry : entries) {
                                         map.emplace(entry.key, value_of(entry.value));
                                       }
                                       return Value(std::move(map));
                                     },
                                     [](const auto& scalar) { return Value(scalar); }},
                    node.data);
}

bool fits(VariableType type, const Value& value) {
  switch (type) {
    case VariableType::String:
      return value.is<std::string>();
    case VariableType::Integer:
      return value.is<std::int64_t>();
    case VariableType::Number:
      return value.is<std::int64_t>() || value.is<double>();
    case VariableType::Boolean:
      return value.is<bool>();
    case VariableType::List:
      return value.is<core::List>();
    case VariableType::Map:
      return value.is<core::Map>();
  }
  return false;
}

Value converted(VariableType type, const Value& value, const std::string& raw) {
  switch (type) {
    case VariableType::String:
      return is_text_like(value) ? Value(raw.empty() ? as_text(value) : raw) : value;
    case VariableType::Integer:
    case VariableType::Number:
    case VariableType::Boolean:
      return value.is<std::string>() ? as_plain_scalar(*value.get<std::string>()) : value;
    case VariableType::List:
    case VariableType::Map:
      break;
  }
  const std::string* text = value.get<std::string>();
  if (text == nullptr) {
    return value;
  }
  Diagnostics unread;
  const std::optional<core::Node> node = core::read_document("", *text, unread);
  return node && !unread.has_errors() ? value_of(*node) : value;
}

/// The value for a message, unless it is secret.
std::string in_message(const VariableDeclaration& declaration, const Value& value) {
  return declaration.sensitive ? "another value (it is sensitive)" : describe(value);
}

void refuse_value(const VariableDeclaration& declaration,
                  const Value& value,
                  std::string_view expected,
                  const VariableOrigin& origin,
                  Diagnostics& diagnostics) {
  diagnostics.error("Bad value of a variable",
                    fmt::format("The variable `{}` must be {}, but {} gives {}.",
                                declaration.name,
                                expected,
                                origin.words,
                                in_message(declaration, value)),
                    origin.range);
}

bool matches(const std::string& text, const std::string& pattern) {
  try {
    return boost::regex_match(text, boost::regex(pattern));
  } catch (const std::runtime_error&) {
    // The pattern is a good one, so the search would take for ever, and was ended.
    return false;
  }
}

std::string number_in_words(double number) { return as_text(Value(number)); }

}  // namespace

std::optional<Value> convert_variable(const VariableDeclaration& declaration,
                                      const Value& value,
                                      const std::string& raw,
                                      const VariableOrigin& origin,
                                      Diagnostics& diagnostics) {
  if (value.is_null()) {
    return value;
  }
  Value result = converted(declaration.type, value, raw);
  if (fits(declaration.type, result)) {
    return result;
  }
  refuse_value(declaration, value, in_words(declaration.type), origin, diagnostics);
  return std::nullopt;
}

bool check_variable(const VariableDeclaration& declaration,
                    const Value& value,
                    const VariableOrigin& origin,
                    Diagnostics& diagnostics) {
  const auto refuse_it = [&](const std::string& expected) {
    refuse_value(declaration, value, expected, origin, diagnostics);
    return false;
  };
  const std::int64_t* whole = value.get<std::int64_t>();
  const double* fraction = value.get<double>();
  if (whole != nullptr || fraction != nullptr) {
    const double number = whole != nullptr ? static_cast<double>(*whole) : *fraction;
    if (declaration.minimum && !(number >= *declaration.minimum)) {
      return refuse_it("at least " + number_in_words(*declaration.minimum));
    }
    if (declaration.maximum && !(number <= *declaration.maximum)) {
      return refuse_it("at most " + number_in_words(*declaration.maximum));
    }
  }
  const std::vector<Value>& choices = declaration.choices;
  if (!choices.empty() && !value.is_null() &&
      std::find(choices.begin(), choices.end(), value) == choices.end()) {
    std::vector<std::string> words;
    for (const Value& choice : choices) {
      words.push_back(as_text(choice));
    }
    return refuse_it("one of " + listed(words));
  }
  const std::string* text = value.get<std::string>();
  if (text != nullptr && !declaration.pattern.empty() && !matches(*text, declaration.pattern)) {
    return refuse_it(fmt::format("text that matches the pattern {}", declaration.pattern));
  }
  return true;
}

std::string_view in_words(VariableType type) {
  switch (type) {
    case VariableType::String:
      return "text";
    case VariableType::Integer:
      return "a whole number";
    case VariableType::Number:
      return "a number";
    case VariableType::Boolean:
      return "true or false";
    case VariableType::List:
      return "a list";
    case VariableType::Map:
      return "a map";
  }
  return "";
}

bool is_pattern(const std::string& pattern) {
  try {
    static_cast<void>(boost::regex(pattern));
    return true;
  } catch (const boost::regex_error&) {
    return false;
  }
}

}  // namespace aim::planner
