#pragma once

#include <fmt/format.h>

#include <map>
#include <string>
#include <vector>

#include "planner/configuration.hpp"

namespace aim::planner {

/// Surroundings in memory: files, an environment, and what came of loading them.
struct ConfigurationCase {
  ConfigurationInput input;
  std::map<std::string, std::string> environment;
  std::map<std::string, std::string> other_files;  ///< for ${file:...}, by path
  core::SourceFiles sources;
  core::Diagnostics diagnostics;

  explicit ConfigurationCase(std::string text = "") {
    input.environment = [this](const std::string& name) {
      const auto found = environment.find(name);
      return found == environment.end() ? std::nullopt : std::optional(found->second);
    };
    input.read_file = [this](const std::string& path,
                             const std::string& relative_to) -> core::Result<std::string> {
      const auto found = other_files.find(path);
      if (found == other_files.end()) {
        return core::make_error(core::ErrorCode::NotFound,
                                fmt::format("there is no {} beside {}", path, relative_to));
      }
      return found->second;
    };
    if (!text.empty()) {
      input.files.push_back({"aim.yaml", std::move(text)});
    }
  }

  ConfigurationCase(const ConfigurationCase&) = delete;
  ConfigurationCase& operator=(const ConfigurationCase&) = delete;

  Configuration load() { return load_configuration(input, sources, diagnostics); }

  /// Each diagnostic as "file:line:col: severity: summary\n  detail\n", related places below it.
  [[nodiscard]] std::string report() const {
    std::string text;
    for (const core::Diagnostic& item : diagnostics.sorted()) {
      if (item.range) {
        text += fmt::format(
            "{}:{}:{}: ", item.range->file, item.range->begin.line, item.range->begin.column);
      }
      const bool warning = item.severity == core::Severity::Warning;
      text +=
          fmt::format("{}: {}\n  {}\n", warning ? "warning" : "error", item.summary, item.detail);
      for (const core::RelatedPlace& related : item.related) {
        text += fmt::format("  {}:{}:{}: {}\n",
                            related.range.file,
                            related.range.begin.line,
                            related.range.begin.column,
                            related.message);
      }
    }
    return text;
  }
};

/// What loading one file reports.
inline std::string report_of(const std::string& text) {
  ConfigurationCase one(text);
  static_cast<void>(one.load());
  return one.report();
}

/// What loading `body` below `project: lab` reports; its first line is line 2.
inline std::string report_of_body(const std::string& body) {
  return report_of("project: lab\n" + body);
}

}  // namespace aim::planner
