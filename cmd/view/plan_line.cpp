#include "cmd/view/plan_line.hpp"

#include "core/result.hpp"

namespace aim::view {

namespace {

Tone tone_of(Symbol symbol) {
  switch (symbol) {
    case Symbol::None:
      return Tone::Plain;
    case Symbol::Add:
      return Tone::Green;
    case Symbol::Change:
      return Tone::Yellow;
    case Symbol::Remove:
    case Symbol::Replace:
      return Tone::Red;
    case Symbol::Forget:
      return Tone::Cyan;
  }
  return Tone::Plain;
}

}  // namespace

std::string_view to_string(Symbol symbol) {
  switch (symbol) {
    case Symbol::None:
      return "";
    case Symbol::Add:
      return "+";
    case Symbol::Change:
      return "~";
    case Symbol::Remove:
      return "-";
    case Symbol::Replace:
      return "-/+";
    case Symbol::Forget:
      return ".";
  }
  return "";
}

std::string to_text(const std::vector<Line>& lines, Colour colour) {
  std::string out;
  for (const Line& line : lines) {
    const std::string_view symbol = to_string(line.symbol);
    // The text begins in column indent + 2 whatever the symbol's width.
    const std::size_t symbol_room = line.indent + 1;
    AIM_CHECK(symbol.size() <= symbol_room);
    std::string row(symbol_room - symbol.size(), ' ');
    row += paint(tone_of(line.symbol), symbol, colour);
    row += ' ';
    row += paint(line.tone, line.text, colour);
    if (line.text.empty() && symbol.empty()) {
      row.clear();
    }
    if (!line.remark.empty()) {
      row += "  " + paint(Tone::Red, line.remark, colour);
    }
    if (line.text.empty() && line.remark.empty()) {
      row.erase(row.find_last_not_of(' ') + 1);
    }
    out += row + '\n';
  }
  return out;
}

}  // namespace aim::view
