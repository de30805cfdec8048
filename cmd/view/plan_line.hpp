#pragma once

#include <string>
#include <vector>

#include "cmd/view/terminal.hpp"

namespace aim::view {

/// What stands in front of a line of a plan.
enum class Symbol { None, Add, Change, Remove, Replace, Forget };

[[nodiscard]] std::string_view to_string(Symbol symbol);  ///< "+", "~", "-", "-/+", ".", ""

/// One line of a plan before it is put together. The symbol stands in column `indent`, the text
/// two columns behind it; "-/+" begins two columns further left.
struct Line {
  std::size_t indent = 0;
  Symbol symbol = Symbol::None;
  std::string text;    ///< escaped
  std::string remark;  ///< "# forces replacement", two spaces behind the text
  Tone tone = Tone::Plain;

  bool operator==(const Line&) const = default;
};

/// The lines with their line ends.
[[nodiscard]] std::string to_text(const std::vector<Line>& lines, Colour colour);

}  // namespace aim::view
