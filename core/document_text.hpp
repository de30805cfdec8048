#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/diagnostic.hpp"
#include "core/source.hpp"

namespace aim::core {

/// Turns byte offsets of one text into lines and columns. Both must outlive it. Asking for offsets
/// near the last one is cheap, also in a line of megabytes.
class TextPositions {
 public:
  TextPositions(const std::string& file, std::string_view text);

  /// The position of `offset`; past the end it is that of the end.
  [[nodiscard]] SourcePosition at(std::size_t offset) const;
  [[nodiscard]] SourceRange range(std::size_t begin, std::size_t end) const;

 private:
  const std::string& file_;
  std::string_view text_;
  std::vector<std::size_t> line_begins_;
  // Where the last question ended; the next one is nearly always in the same line.
  mutable std::size_t last_line_ = 0;
  mutable std::size_t last_offset_ = 0;
  mutable std::uint32_t last_column_ = 1;
};

/// The text without a byte order mark.
[[nodiscard]] std::string_view without_bom(std::string_view text);

enum class TextCheck { Passed, Refused };

/// Refuses, with an error at the place, what no YAML text may hold: bytes that are not UTF-8,
/// control characters, a carriage return that ends no line.
[[nodiscard]] TextCheck check_text(std::string_view text,
                                   const TextPositions& positions,
                                   Diagnostics& diagnostics);

/// Length of the well-formed UTF-8 sequence at `offset`, or 0. Source: RFC 3629, section 4.
[[nodiscard]] std::size_t utf8_length(std::string_view text, std::size_t offset);

}  // namespace aim::core
