#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace aim::model_server {

/// A command line that was understood.
struct Arguments {
  std::string model;                                       ///< the positional or --model
  std::map<std::string, std::vector<std::string>> values;  ///< by long name, `--no-x` as itself

  [[nodiscard]] bool has(std::string_view flag) const;
  /// The last value given, or nothing.
  [[nodiscard]] std::optional<std::string> value(std::string_view flag) const;
  [[nodiscard]] std::vector<std::string> list(std::string_view flag) const;
};

/// What to print and with which status to end instead of serving.
struct Refusal {
  std::string text;  ///< for standard error
  int exit_status = 2;
};

/// Reads `[serve] [MODEL] --flag value ...` as argparse does for `vllm serve`: dashes and
/// underscores alike, `--flag=value`, unique prefixes, `--json-flag.key value`.
[[nodiscard]] std::variant<Arguments, Refusal> parse_arguments(std::span<const std::string> words);

/// "32k" is 32000, "32K" is 32768; nothing if it is no number of that form.
[[nodiscard]] std::optional<std::int64_t> human_integer(std::string_view text);

}  // namespace aim::model_server
