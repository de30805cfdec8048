#include "tests/model_server/arguments.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>
#include <charconv>
#include <cmath>

#include "tests/model_server/flag_table.hpp"

namespace aim::model_server {
namespace {

constexpr std::string_view kDefaultModel = "Qwen/Qwen3-0.6B";

std::string serve_error(std::string_view message) {
  return fmt::format("usage: vllm serve [model_tag] [options]\nvllm serve: error: {}\n", message);
}

// argparse reports what nobody recognised from the outermost parser, hence the other usage line.
std::string outer_error(std::string_view message) {
  return fmt::format(
      "usage: vllm [-h] [-v] {{chat,complete,serve,bench,collect-env,run-batch}} ...\n"
      "vllm: error: {}\n",
      message);
}

template <typename Number>
bool is_number(std::string_view text) {
  if (text.starts_with('+')) {
    text.remove_prefix(1);
  }
  Number value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc{} && end == text.data() + text.size() && !text.empty();
}

std::string negated(std::string_view flag) { return fmt::format("--no-{}", flag.substr(2)); }

std::string shown_name(const Flag& flag) {
  if (flag.kind == Kind::Negatable) {
    return fmt::format("{}/{}", flag.name, negated(flag.name));
  }
  return flag.short_form.empty() ? std::string(flag.name)
                                 : fmt::format("{}/{}", flag.name, flag.short_form);
}

std::vector<std::string> split_words(std::string_view text) {
  std::vector<std::string> words;
  while (!text.empty()) {
    const auto end = std::min(text.find(' '), text.size());
    words.emplace_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return words;
}

/// The complaint about one value, or empty.
std::string value_error(const Flag& flag, std::string_view value) {
  switch (flag.kind) {
    case Kind::Integer:
    case Kind::IntegerList:
      return is_number<std::int64_t>(value) ? "" : fmt::format("invalid int value: '{}'", value);
    case Kind::Number:
      return is_number<double>(value) ? "" : fmt::format("invalid float value: '{}'", value);
    case Kind::HumanInteger:
      if (flag.name == "--max-model-len" && (value == "auto" || value == "-1")) {
        return "";
      }
      return human_integer(value) ? ""
                                  : fmt::format("invalid human_readable_int value: '{}'", value);
    case Kind::Choice: {
      const auto choices = split_words(flag.choices);
      if (std::find(choices.begin(), choices.end(), value) != choices.end()) {
        return "";
      }
      return fmt::format(
          "invalid choice: '{}' (choose from '{}')", value, fmt::join(choices, "', '"));
    }
    case Kind::Json: {
      boost::system::error_code error;
      static_cast<void>(boost::json::parse(value, error));
      return error ? fmt::format("Value {} cannot be converted to <function loads>.", value) : "";
    }
    case Kind::Switch:
    case Kind::Negatable:
    case Kind::Text:
    case Kind::OptionalText:
    case Kind::List:
      return "";
  }
  return "";
}

class Parser {
 public:
  explicit Parser(std::span<const std::string> words) : words_(words) {}

  std::variant<Arguments, Refusal> run() {
    if (const auto refusal = check_model_first()) {
      return *refusal;
    }
    while (next_ < words_.size() && error_.empty()) {
      const std::string& word = words_[next_++];
      if (only_positionals_ || !looks_like_flag(word)) {
        take_positional(word);
      } else if (word == "--") {
        only_positionals_ = true;
      } else {
        take_flag(word);
      }
    }
    if (!error_.empty()) {
      return Refusal{serve_error(error_), 2};
    }
    if (!unrecognised_.empty()) {
      return Refusal{
          outer_error(fmt::format("unrecognized arguments: {}", fmt::join(unrecognised_, " "))), 2};
    }
    if (const auto given = arguments_.value("--model"); given && arguments_.model.empty()) {
      arguments_.model = *given;
    }
    if (arguments_.model.empty()) {
      arguments_.model = kDefaultModel;
    }
    return std::move(arguments_);
  }

 private:
  /// vLLM ends so, since the list of served names would swallow a model that follows it.
  std::optional<Refusal> check_model_first() const {
    const auto given = [this](std::string_view flag) {
      return std::any_of(words_.begin(), words_.end(), [&](const std::string& word) {
        return word == flag || word.starts_with(fmt::format("{}=", flag));
      });
    };
    if (given("--served-model-name") && words_.front().starts_with('-') && !given("--model") &&
        !given("--config")) {
      return Refusal{
          "ValueError: `model` should be provided as the first positional argument when using "
          "`vllm serve`. i.e. `vllm serve <model> --<arg> <value>`.\n",
          1};
    }
    return std::nullopt;
  }

  static bool looks_like_flag(std::string_view word) {
    return word.size() > 1 && word.front() == '-' && !is_number<double>(word) &&
           word.find(' ') == std::string_view::npos;
  }

  void take_positional(const std::string& word) {
    if (arguments_.model.empty()) {
      arguments_.model = word;
    } else {
      unrecognised_.push_back(word);
    }
  }

  void take_flag(const std::string& word) {
    const auto equals = word.find('=');
    std::string name = word.substr(0, equals);
    std::optional<std::string> attached;
    if (equals != std::string::npos) {
      attached = word.substr(equals + 1);
    }
    const auto dot = std::min(name.find('.'), name.size());
    std::replace(name.begin(), name.begin() + static_cast<std::ptrdiff_t>(dot), '_', '-');
    const Flag* flag = find(name.substr(0, dot));
    if (!error_.empty()) {
      return;
    }
    if (flag == nullptr || (dot < name.size() && flag->kind != Kind::Json)) {
      unrecognised_.push_back(word);
    } else if (dot < name.size()) {
      take_one(*flag, fmt::format("{}{}", flag->name, name.substr(dot)), attached, Check::Off);
    } else {
      take_value(*flag, attached);
    }
  }

  /// Exact, then short, then by unique prefix. `negative_` says whether the --no- form matched.
  const Flag* find(std::string_view name) {
    std::vector<std::pair<const Flag*, bool>> prefixed;
    for (const Flag& flag : flags()) {
      const std::string no_form = flag.kind == Kind::Negatable ? negated(flag.name) : "";
      if (name == flag.name || (!flag.short_form.empty() && name == flag.short_form)) {
        negative_ = false;
        return &flag;
      }
      if (name == no_form) {
        negative_ = true;
        return &flag;
      }
      if (name.starts_with("--") && flag.name.starts_with(name)) {
        prefixed.emplace_back(&flag, false);
      }
      if (name.starts_with("--") && no_form.starts_with(name)) {
        prefixed.emplace_back(&flag, true);
      }
    }
    if (prefixed.size() > 1) {
      std::vector<std::string> names;
      names.reserve(prefixed.size());
      for (const auto& [flag, negative] : prefixed) {
        names.push_back(negative ? negated(flag->name) : std::string(flag->name));
      }
      error_ = fmt::format("ambiguous option: {} could match {}", name, fmt::join(names, ", "));
    }
    if (prefixed.size() != 1) {
      return nullptr;
    }
    negative_ = prefixed.front().second;
    return prefixed.front().first;
  }

  enum class Check { On, Off };

  void take_value(const Flag& flag, const std::optional<std::string>& attached) {
    switch (flag.kind) {
      case Kind::Switch:
      case Kind::Negatable:
        if (attached) {
          fail(flag, fmt::format("ignored explicit argument '{}'", *attached));
          return;
        }
        arguments_.values[negative_ ? negated(flag.name) : std::string(flag.name)];
        return;
      case Kind::OptionalText:
        if (!attached && !value_follows()) {
          arguments_.values[std::string(flag.name)];
          return;
        }
        take_one(flag, std::string(flag.name), attached, Check::On);
        return;
      case Kind::List:
      case Kind::IntegerList:
        take_list(flag, attached);
        return;
      case Kind::Text:
      case Kind::Integer:
      case Kind::HumanInteger:
      case Kind::Number:
      case Kind::Choice:
      case Kind::Json:
        take_one(flag, std::string(flag.name), attached, Check::On);
        return;
    }
  }

  void take_one(const Flag& flag,
                const std::string& name,
                const std::optional<std::string>& attached,
                Check check) {
    if (!attached && !value_follows()) {
      fail(flag, "expected one argument");
      return;
    }
    const std::string value = attached ? *attached : words_[next_++];
    if (const auto error = check == Check::On ? value_error(flag, value) : ""; !error.empty()) {
      fail(flag, error);
      return;
    }
    arguments_.values[name].push_back(value);
  }

  void take_list(const Flag& flag, const std::optional<std::string>& attached) {
    if (!attached && !value_follows()) {
      fail(flag, "expected at least one argument");
      return;
    }
    std::vector<std::string>& list = arguments_.values[std::string(flag.name)];
    list.clear();  // a repeated list flag replaces the first
    if (attached) {
      list.push_back(*attached);
    }
    while (!attached && value_follows()) {
      list.push_back(words_[next_++]);
    }
    for (const std::string& value : list) {
      if (const auto error = value_error(flag, value); !error.empty()) {
        fail(flag, error);
        return;
      }
    }
  }

  [[nodiscard]] bool value_follows() const {
    return next_ < words_.size() && words_[next_] != "--" && !looks_like_flag(words_[next_]);
  }

  void fail(const Flag& flag, std::string_view message) {
    error_ = fmt::format("argument {}: {}", shown_name(flag), message);
  }

  std::span<const std::string> words_;
  std::size_t next_ = 0;
  bool only_positionals_ = false;
  bool negative_ = false;
  Arguments arguments_;
  std::vector<std::string> unrecognised_;
  std::string error_;
};

}  // namespace

bool Arguments::has(std::string_view flag) const { return values.contains(std::string(flag)); }

std::optional<std::string> Arguments::value(std::string_view flag) const {
  const auto found = values.find(std::string(flag));
  if (found == values.end() || found->second.empty()) {
    return std::nullopt;
  }
  return found->second.back();
}

std::vector<std::string> Arguments::list(std::string_view flag) const {
  const auto found = values.find(std::string(flag));
  return found == values.end() ? std::vector<std::string>{} : found->second;
}

std::variant<Arguments, Refusal> parse_arguments(std::span<const std::string> words) {
  if (!words.empty() && words.front() == "serve") {
    words = words.subspan(1);
  }
  return Parser(words).run();
}

std::optional<std::int64_t> human_integer(std::string_view text) {
  constexpr std::string_view kDecimal = "kmgt";
  constexpr std::string_view kBinary = "KMGT";
  if (text.empty()) {
    return std::nullopt;
  }
  double factor = 1;
  if (const auto at = kDecimal.find(text.back()); at != std::string_view::npos) {
    factor = std::pow(1000.0, static_cast<double>(at + 1));
  } else if (const auto binary = kBinary.find(text.back()); binary != std::string_view::npos) {
    factor = std::pow(1024.0, static_cast<double>(binary + 1));
  }
  if (factor > 1) {
    text.remove_suffix(1);
  }
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size() || value < 0 ||
      value * factor > 9e15 || std::trunc(value * factor) != value * factor) {
    return std::nullopt;
  }
  return static_cast<std::int64_t>(value * factor);
}

}  // namespace aim::model_server
