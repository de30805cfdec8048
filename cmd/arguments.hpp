#pragma once

#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.hpp"

namespace aim::cmd {

/// Whether an option that takes a value may stand without one; the value is then given with `=`.
enum class OptionValue { Required, Optional };

/// One option of a command. Long names work with one dash and with two.
struct Option {
  std::string_view name;        ///< "lock-timeout"
  std::string_view value = {};  ///< what stands for its value in help, "FILE"; empty: a switch
  std::string_view help;
  char short_name = '\0';
  bool repeatable = false;
  OptionValue needs = OptionValue::Required;
};

/// Positional arguments of a command.
struct Positional {
  std::string_view name;  ///< "PLAN"
  bool required = false;
  bool many = false;
};

/// What was given on the command line, checked against the options of the command.
class Arguments {
 public:
  [[nodiscard]] bool has(std::string_view option) const;
  /// The last value given for `option`.
  [[nodiscard]] std::optional<std::string> value(std::string_view option) const;
  [[nodiscard]] std::vector<std::string> values(std::string_view option) const;

  [[nodiscard]] const std::vector<std::string>& positional() const { return positional_; }

  std::map<std::string, std::vector<std::string>, std::less<>> given_;
  std::vector<std::string> positional_;
};

/// Parses `words` (without program and command name). The only place that knows
/// boost::program_options. Errors: Invalid, with a suggestion for an unknown option.
[[nodiscard]] core::Result<Arguments> parse_arguments(const std::vector<std::string>& words,
                                                      std::span<const Option> options,
                                                      std::span<const Positional> positional);

}  // namespace aim::cmd
