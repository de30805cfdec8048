#include "cmd/arguments.hpp"

#include <fmt/format.h>

#include <boost/program_options.hpp>

#include "core/diagnostic.hpp"

namespace aim::cmd {

namespace po = boost::program_options;
using core::ErrorCode;
using core::make_error;

bool Arguments::has(std::string_view option) const { return given_.contains(option); }

std::optional<std::string> Arguments::value(std::string_view option) const {
  const auto found = given_.find(option);
  if (found == given_.end() || found->second.empty()) {
    return std::nullopt;
  }
  return found->second.back();
}

std::vector<std::string> Arguments::values(std::string_view option) const {
  const auto found = given_.find(option);
  return found == given_.end() ? std::vector<std::string>() : found->second;
}

namespace {

po::options_description describe(std::span<const Option> options) {
  po::options_description description;
  for (const Option& option : options) {
    std::string name(option.name);
    if (option.short_name != '\0') {
      name += fmt::format(",{}", option.short_name);
    }
    if (option.value.empty()) {
      description.add_options()(name.c_str(), "");
    } else {
      auto* value = po::value<std::vector<std::string>>()->composing();
      if (option.needs == OptionValue::Optional) {
        value->implicit_value({}, "");
      }
      description.add_options()(name.c_str(), value, "");
    }
  }
  description.add_options()("[positional]", po::value<std::vector<std::string>>(), "");
  return description;
}

std::string unknown_option(const std::string& given, std::span<const Option> options) {
  std::vector<std::string> names;
  for (const Option& option : options) {
    names.push_back(fmt::format("--{}", option.name));
  }
  std::string bare = given;
  bare.erase(0, bare.find_first_not_of('-'));
  const std::string hint = core::did_you_mean("--" + bare, names);
  return fmt::format("unknown option \"{}\"{}{}", given, hint.empty() ? "" : ". ", hint);
}

}  // namespace

core::Result<Arguments> parse_arguments(const std::vector<std::string>& words,
                                        std::span<const Option> options,
                                        std::span<const Positional> positional) {
  const po::options_description description = describe(options);
  po::positional_options_description rest;
  rest.add("[positional]", -1);
  const int style =
      (po::command_line_style::unix_style | po::command_line_style::allow_long_disguise) &
      ~po::command_line_style::allow_guessing;
  Arguments arguments;
  try {
    const po::parsed_options parsed =
        po::command_line_parser(words).options(description).positional(rest).style(style).run();
    for (const po::option& option : parsed.options) {
      if (option.string_key == "[positional]") {
        arguments.positional_.insert(
            arguments.positional_.end(), option.value.begin(), option.value.end());
        continue;
      }
      std::vector<std::string>& values = arguments.given_[option.string_key];
      values.insert(values.end(), option.value.begin(), option.value.end());
    }
  } catch (const po::unknown_option& unknown) {
    return make_error(ErrorCode::Invalid, unknown_option(unknown.get_option_name(), options));
  } catch (const po::error& wrong) {
    return make_error(ErrorCode::Invalid, wrong.what());
  }
  for (const Option& option : options) {
    if (!option.repeatable && arguments.values(option.name).size() > 1) {
      return make_error(ErrorCode::Invalid, fmt::format("--{} is given twice", option.name));
    }
  }
  std::size_t required = 0;
  bool many = false;
  for (const Positional& one : positional) {
    required += one.required ? 1U : 0U;
    many = many || one.many;
  }
  if (arguments.positional_.size() < required) {
    return make_error(ErrorCode::Invalid,
                      fmt::format("{} is missing", positional[arguments.positional_.size()].name));
  }
  if (!many && arguments.positional_.size() > positional.size()) {
    return make_error(
        ErrorCode::Invalid,
        fmt::format("unexpected argument \"{}\"", arguments.positional_[positional.size()]));
  }
  return arguments;
}

}  // namespace aim::cmd
