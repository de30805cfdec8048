#include "planner/configuration_env_file.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>

#include "planner/interpolation.hpp"
#include "planner/schema_normalise.hpp"

namespace aim::planner {

namespace {

constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";
constexpr std::string_view kBlanks = " \t\v\f\r";

/// How the file is named in messages: from where aim was started, as the configuration is.
std::string shown_name(const std::string& path, const core::SourceRange& named_at) {
  const std::size_t slash = named_at.file.rfind('/');
  return path.starts_with('/') || slash == std::string::npos
             ? path
             : named_at.file.substr(0, slash + 1) + path;
}

core::SourceRange line_range(const std::string& file, std::uint32_t number, std::size_t length) {
  core::SourceRange range;
  range.file = file;
  range.begin = {number, 1};
  range.end = {number, static_cast<std::uint32_t>(length) + 1};
  return range;
}

class EnvFileReader {
 public:
  EnvFileReader(std::string file, const ConfigurationInput& input, core::Diagnostics& diagnostics)
      : file_(std::move(file)), input_(input), diagnostics_(diagnostics) {}

  std::vector<EnvFileVariable> run(std::string_view text) {
    if (text.starts_with(kByteOrderMark)) {
      text.remove_prefix(kByteOrderMark.size());
    }
    std::uint32_t number = 0;
    while (!text.empty()) {
      const std::size_t end = text.find('\n');
      std::string_view line = text.substr(0, end);
      text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
      if (line.ends_with('\r')) {
        line.remove_suffix(1);
      }
      read(line, ++number);
    }
    return std::move(variables_);
  }

 private:
  void read(std::string_view line, std::uint32_t number) {
    const core::SourceRange range = line_range(file_, number, line.size());
    const std::size_t begin = line.find_first_not_of(kBlanks);
    if (begin == std::string_view::npos || line[begin] == '#') {
      return;
    }
    line.remove_prefix(begin);
    const std::size_t equals = line.find('=');
    std::string name(line.substr(0, equals));
    if (equals == std::string_view::npos) {
      name.erase(name.find_last_not_of(kBlanks) + 1);
    }
    if (name.empty()) {
      diagnostics_.error("Invalid line in an env file",
                         "The line begins with `=`, so it names no variable. Write KEY=VALUE.",
                         range);
      return;
    }
    if (name.find_first_of(kBlanks) != std::string::npos) {
      diagnostics_.error(
          "Invalid line in an env file",
          fmt::format(
              "The name {} has a blank in it. Write KEY=VALUE, without `export` and without "
              "blanks around the `=`.",
              shown(name)),
          range);
      return;
    }
    if (equals != std::string_view::npos) {
      add(std::move(name), std::string(line.substr(equals + 1)), range);
    } else if (const auto value = input_.environment(name)) {
      add(name, *value, range);
    }
  }

  void add(std::string name, std::string value, const core::SourceRange& range) {
    if (value.find('\0') != std::string::npos) {
      diagnostics_.error("Invalid value",
                         fmt::format("The value of {} contains a zero byte, which no program can "
                                     "receive.",
                                     shown(name)),
                         range);
      return;
    }
    variables_.push_back({std::move(name), core::Secret(std::move(value)), range});
  }

  std::string file_;
  const ConfigurationInput& input_;
  core::Diagnostics& diagnostics_;
  std::vector<EnvFileVariable> variables_;
};

}  // namespace

std::vector<EnvFileVariable> read_env_file(const std::string& path,
                                           const core::SourceRange& named_at,
                                           const ConfigurationInput& input,
                                           core::Diagnostics& diagnostics) {
  const core::Result<std::string> text = input.read_file(path, named_at.file);
  if (!text) {
    diagnostics.error(
        "File cannot be read",
        fmt::format("`env_file` names {}: {}. A relative path begins at the file it is "
                    "written in.",
                    path,
                    core::to_string(text.error())),
        named_at);
    return {};
  }
  const std::string file = shown_name(path, named_at);
  if (!is_utf8(*text)) {
    diagnostics.error(
        "Invalid UTF-8", fmt::format("The env file {} does not hold UTF-8 text.", file), named_at);
    return {};
  }
  return EnvFileReader(file, input, diagnostics).run(*text);
}

}  // namespace aim::planner
