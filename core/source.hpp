#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace aim::core {

/// A place in a text. Lines and columns count from 1; a column counts Unicode code points.
struct SourcePosition {
  std::uint32_t line = 1;
  std::uint32_t column = 1;

  auto operator<=>(const SourcePosition&) const = default;
};

/// A half-open range in a named file. An empty `file` means: no place in a file (a flag, say).
struct SourceRange {
  std::string file;  ///< as the user would write it, relative to the working directory
  SourcePosition begin;
  SourcePosition end;

  auto operator<=>(const SourceRange&) const = default;
};

/// The texts that ranges point into, for showing the line under a diagnostic.
class SourceFiles {
 public:
  /// Keeps `text` under `name`; a second add of the same name replaces the first.
  void add(std::string name, std::string text);

  /// The text of one line without its end, or nothing if there is no such file or line.
  [[nodiscard]] std::optional<std::string> line(std::string_view file, std::uint32_t number) const;

  /// The whole text, or null.
  [[nodiscard]] const std::string* text(std::string_view file) const;

  [[nodiscard]] const std::map<std::string, std::string, std::less<>>& all() const {
    return texts_;
  }

 private:
  std::map<std::string, std::string, std::less<>> texts_;
};

}  // namespace aim::core
