#include "recipes/argument_values.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>

#include "recipes/fields.hpp"

namespace aim::recipes {

using core::Value;

namespace {

std::string shown_value(const Value& value) {
  if (const std::string* text = value.get<std::string>()) {
    return in_quotes(*text);
  }
  if (value.is<core::List>()) {
    return "a list";
  }
  if (value.is<core::Map>()) {
    return "a map";
  }
  if (const double* number = value.get<double>()) {
    return fmt::format("{}", *number);
  }
  return core::canonical_json(value);
}

bool is_whole_number(std::string_view text, bool suffixes) {
  if (suffixes && !text.empty() &&
      std::string_view("kmgtKMGT").find(text.back()) != std::string_view::npos) {
    text.remove_suffix(1);
  }
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return !text.empty() && error == std::errc{} && end == text.data() + text.size();
}

bool is_number(std::string_view text) {
  double number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return !text.empty() && error == std::errc{} && end == text.data() + text.size() &&
         std::isfinite(number);
}

bool is_word(const std::vector<std::string>& words, std::string_view text) {
  return std::find(words.begin(), words.end(), text) != words.end();
}

/// A scalar as the text it would be on the command line; nothing for lists and maps.
std::optional<std::string> scalar_text(const Value& value) {
  if (const std::string* text = value.get<std::string>()) {
    return *text;
  }
  if (const std::int64_t* number = value.get<std::int64_t>()) {
    return std::to_string(*number);
  }
  if (const double* number = value.get<double>()) {
    return fmt::format("{}", *number);
  }
  return std::nullopt;
}

ValueCheck check_switch(const Flag& flag, const Value& value) {
  ValueCheck result{value, {}, false, false};
  if (value.is<bool>()) {
    return result;
  }
  const std::string* text = value.get<std::string>();
  if (text != nullptr && (*text == "true" || *text == "false")) {
    result.value = Value(*text == "true");
    result.became_switch = true;
    return result;
  }
  if (!flag.value_optional) {
    result.fault =
        fmt::format("takes no value, but it is {}. Write `true`, or `false` to leave it out.",
                    shown_value(value));
  }
  return result;
}

std::string choices_of(const Flag& flag) {
  constexpr std::size_t kMost = 12;
  std::vector<std::string> shown(
      flag.choices.begin(),
      flag.choices.begin() + static_cast<std::ptrdiff_t>(std::min(kMost, flag.choices.size())));
  return listed(shown) + (flag.choices.size() > kMost ? " and others" : "");
}

void check_scalar(const Flag& flag, const std::string& text, ValueCheck& result) {
  bool good = true;
  switch (flag.type) {
    case FlagType::Int:
      good = is_whole_number(text, flag.suffixes) || is_word(flag.special, text);
      break;
    case FlagType::Float:
      good = is_number(text) || is_word(flag.special, text);
      break;
    case FlagType::Choice:
      if (!flag.choices.empty() && !is_word(flag.choices, text)) {
        const std::string near = core::did_you_mean(text, flag.choices);
        result.fault_of_choice = true;
        result.fault = fmt::format("does not take {}. {}{}It takes {}.",
                                   in_quotes(text),
                                   near,
                                   near.empty() ? "" : " ",
                                   choices_of(flag));
      }
      return;
    case FlagType::Bool:
    case FlagType::String:
    case FlagType::Path:
    case FlagType::List:
    case FlagType::Json:
      return;
  }
  if (!good) {
    result.fault = fmt::format("takes {}, but it is {}.", to_string(flag.type), in_quotes(text));
  }
}

}  // namespace

ValueCheck check_value(const Flag& flag, bool negated, const Value& value) {
  if (negated || flag.type == FlagType::Bool) {
    return check_switch(flag, value);
  }
  ValueCheck result{value, {}, false, false};
  if (const bool* truth = value.get<bool>()) {
    // Leaving out is always possible.
    if (*truth && !flag.value_optional) {
      result.fault = fmt::format(
          "needs a value: {}.",
          flag.type == FlagType::Choice ? choices_of(flag) : std::string(to_string(flag.type)));
    }
    return result;
  }
  if (const std::optional<std::string> text = scalar_text(value)) {
    check_scalar(flag, *text, result);
    return result;
  }
  const bool list = value.is<core::List>();
  const bool takes = flag.type == FlagType::Json || (list && flag.type == FlagType::List);
  if (!takes && (list || value.is<core::Map>())) {
    result.fault = fmt::format("takes {}, but it is {}.", to_string(flag.type), shown_value(value));
  }
  return result;
}

}  // namespace aim::recipes
