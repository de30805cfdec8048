#include "cmd/view/table.hpp"

#include <algorithm>

#include "cmd/view/text.hpp"

namespace aim::view {

std::string render_table(const Table& table) {
  std::vector<std::size_t> widths;
  for (const std::vector<std::string>& row : table) {
    widths.resize(std::max(widths.size(), row.size()), 0);
    for (std::size_t i = 0; i < row.size(); ++i) {
      widths[i] = std::max(widths[i], display_width(escape_line(row[i])));
    }
  }
  std::string out;
  for (const std::vector<std::string>& row : table) {
    std::string line;
    for (std::size_t i = 0; i < row.size(); ++i) {
      if (widths[i] > 0) {
        line += pad_to_width(escape_line(row[i]), widths[i]) + "  ";
      }
    }
    line.erase(line.find_last_not_of(' ') + 1);
    out += line + '\n';
  }
  return out;
}

}  // namespace aim::view
