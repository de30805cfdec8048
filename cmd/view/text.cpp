#include "cmd/view/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace aim::view {

namespace {

struct Range {
  char32_t first;
  char32_t last;
};

bool in_ranges(const Range* begin, const Range* end, char32_t character) {
  const Range* after = std::upper_bound(
      begin, end, character, [](char32_t c, const Range& range) { return c < range.first; });
  return after != begin && character <= (after - 1)->last;
}

// Characters that a terminal does not show as themselves: C0, DEL, C1, zero-width and
// direction-changing ones, line separators, interlinear and tag characters. Source: Unicode 15,
// general categories Cc, Cf, Zl and Zp, but for the joiners U+200C and U+200D.
constexpr std::array<Range, 11> kHidden = {{{0x00, 0x1f},
                                            {0x7f, 0x9f},
                                            {0xad, 0xad},
                                            {0x61c, 0x61c},
                                            {0x200b, 0x200b},
                                            {0x200e, 0x200f},
                                            {0x2028, 0x202e},
                                            {0x2060, 0x206f},
                                            {0xfeff, 0xfeff},
                                            {0xfff9, 0xfffb},
                                            {0xe0000, 0xe007f}}};

// Combining marks and joiners: Unicode 15, the blocks that hold nothing else.
constexpr std::array<Range, 9> kZeroWidth = {{{0x300, 0x36f},
                                              {0x483, 0x489},
                                              {0x591, 0x5bd},
                                              {0x1ab0, 0x1aff},
                                              {0x1dc0, 0x1dff},
                                              {0x200c, 0x200d},
                                              {0x20d0, 0x20ff},
                                              {0xfe00, 0xfe0f},
                                              {0xfe20, 0xfe2f}}};

// East Asian Width W and F, by block, and the emoji blocks: Unicode 15, EastAsianWidth.
constexpr std::array<Range, 14> kWide = {{{0x1100, 0x115f},
                                          {0x2e80, 0x303e},
                                          {0x3041, 0x4dbf},
                                          {0x4e00, 0xa4cf},
                                          {0xa960, 0xa97f},
                                          {0xac00, 0xd7a3},
                                          {0xf900, 0xfaff},
                                          {0xfe30, 0xfe6f},
                                          {0xff01, 0xff60},
                                          {0xffe0, 0xffe6},
                                          {0x1f300, 0x1f64f},
                                          {0x1f680, 0x1f6ff},
                                          {0x1f900, 0x1f9ff},
                                          {0x20000, 0x3fffd}}};

bool is_hidden(char32_t character) {
  return in_ranges(kHidden.data(), kHidden.data() + kHidden.size(), character);
}

void append_visible(std::string& out, std::string_view bytes, const CodePoint& point) {
  if (!point.valid) {
    out += fmt::format("\\x{:02x}", static_cast<unsigned char>(bytes.front()));
  } else if (point.value == '\n') {
    out += "\\n";
  } else if (point.value == '\r') {
    out += "\\r";
  } else if (point.value == '\t') {
    out += "\\t";
  } else if (point.value < 0x80) {
    out += fmt::format("\\x{:02x}", static_cast<unsigned>(point.value));
  } else {
    out += fmt::format("\\u{{{:x}}}", static_cast<unsigned>(point.value));
  }
}

}  // namespace

CodePoint first_code_point(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char lead = byte(0);
  const CodePoint bad{lead, 1, false};
  if (lead < 0x80) {
    return {lead, 1, true};
  }
  std::size_t size = 0;
  char32_t value = 0;
  char32_t least = 0;
  if (lead >= 0xc2 && lead <= 0xdf) {
    size = 2;
    value = lead & 0x1fU;
    least = 0x80;
  } else if (lead >= 0xe0 && lead <= 0xef) {
    size = 3;
    value = lead & 0x0fU;
    least = 0x800;
  } else if (lead >= 0xf0 && lead <= 0xf4) {
    size = 4;
    value = lead & 0x07U;
    least = 0x10000;
  } else {
    return bad;
  }
  if (text.size() < size) {
    return bad;
  }
  for (std::size_t i = 1; i < size; ++i) {
    if ((byte(i) & 0xc0U) != 0x80U) {
      return bad;
    }
    value = (value << 6U) | (byte(i) & 0x3fU);
  }
  const bool surrogate = value >= 0xd800 && value <= 0xdfff;
  return value < least || value > 0x10ffff || surrogate ? bad : CodePoint{value, size, true};
}

std::string escape_line(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  while (!text.empty()) {
    const CodePoint point = first_code_point(text);
    if (!point.valid || is_hidden(point.value)) {
      append_visible(out, text, point);
    } else {
      out.append(text.substr(0, point.size));
    }
    text.remove_prefix(point.size);
  }
  return out;
}

std::string escape_text(std::string_view text) {
  std::string out;
  while (true) {
    const std::size_t end = text.find('\n');
    std::string_view line = text.substr(0, end);
    if (line.ends_with('\r')) {
      line.remove_suffix(1);
    }
    std::string shown;
    while (true) {
      const std::size_t tab = line.find('\t');
      shown += escape_line(line.substr(0, tab));
      if (tab == std::string_view::npos) {
        break;
      }
      shown.append(4 - display_width(shown) % 4, ' ');
      line.remove_prefix(tab + 1);
    }
    out += shown;
    if (end == std::string_view::npos) {
      return out;
    }
    out += '\n';
    text.remove_prefix(end + 1);
  }
}

std::string quote(std::string_view text) {
  std::string out = "\"";
  while (!text.empty()) {
    const CodePoint point = first_code_point(text);
    if (!point.valid || is_hidden(point.value)) {
      append_visible(out, text, point);
    } else {
      if (point.value == '"' || point.value == '\\') {
        out += '\\';
      }
      out.append(text.substr(0, point.size));
    }
    text.remove_prefix(point.size);
  }
  return out + '"';
}

std::string valid_utf8(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  while (!text.empty()) {
    const CodePoint point = first_code_point(text);
    if (point.valid) {
      out.append(text.substr(0, point.size));
    } else {
      append_visible(out, text, point);
    }
    text.remove_prefix(point.size);
  }
  return out;
}

std::size_t column_count(char32_t character) {
  if (character < 0x300) {
    return 1;
  }
  if (in_ranges(kZeroWidth.data(), kZeroWidth.data() + kZeroWidth.size(), character)) {
    return 0;
  }
  return in_ranges(kWide.data(), kWide.data() + kWide.size(), character) ? 2 : 1;
}

std::size_t display_width(std::string_view text) {
  std::size_t columns = 0;
  while (!text.empty()) {
    const CodePoint point = first_code_point(text);
    columns += column_count(point.value);
    text.remove_prefix(point.size);
  }
  return columns;
}

std::size_t prefix_for_width(std::string_view text, std::size_t columns) {
  std::size_t bytes = 0;
  std::size_t taken = 0;
  while (bytes < text.size()) {
    const CodePoint point = first_code_point(text.substr(bytes));
    taken += column_count(point.value);
    if (taken > columns) {
      break;
    }
    bytes += point.size;
  }
  return bytes;
}

std::string cut_to_width(std::string_view text, std::size_t columns) {
  if (prefix_for_width(text, columns) == text.size()) {
    return std::string(text);
  }
  if (columns <= 3) {
    return std::string(text.substr(0, prefix_for_width(text, columns)));
  }
  return std::string(text.substr(0, prefix_for_width(text, columns - 3))) + "...";
}

std::string pad_to_width(std::string_view text, std::size_t columns) {
  std::string padded(text);
  const std::size_t width = display_width(text);
  if (width < columns) {
    padded.append(columns - width, ' ');
  }
  return padded;
}

namespace {

void wrap_paragraph(std::string_view text, std::size_t columns, std::vector<std::string>& lines) {
  // Leading spaces are a layout of the author's and are kept.
  const std::size_t start = std::min(text.find_first_not_of(' '), text.size());
  std::string line(text.substr(0, start));
  bool empty = true;
  text.remove_prefix(start);
  while (!text.empty()) {
    const std::size_t space = text.find(' ');
    const std::string_view word = text.substr(0, space);
    if (!word.empty()) {
      const std::size_t needed = display_width(line) + (empty ? 0 : 1) + display_width(word);
      if (!empty && needed > columns) {
        lines.push_back(std::move(line));
        line.clear();
        empty = true;
      }
      if (!empty) {
        line += ' ';
      }
      line += word;
      empty = false;
    }
    text.remove_prefix(space == std::string_view::npos ? text.size() : space + 1);
  }
  lines.push_back(std::move(line));
}

}  // namespace

std::vector<std::string> wrap(std::string_view text, std::size_t columns) {
  std::vector<std::string> lines;
  if (text.empty()) {
    return lines;
  }
  while (true) {
    const std::size_t end = text.find('\n');
    wrap_paragraph(text.substr(0, end), columns, lines);
    if (end == std::string_view::npos) {
      return lines;
    }
    text.remove_prefix(end + 1);
  }
}

std::vector<std::string> break_hard(std::string_view text, std::size_t columns) {
  std::vector<std::string> lines;
  do {
    // One character at least, or a width of nothing would never end.
    const std::size_t first = text.empty() ? 0 : first_code_point(text).size;
    std::size_t bytes = std::max(prefix_for_width(text, columns), first);
    // Spaces at the end of a line would not be seen; they begin the next one.
    const std::size_t visible = text.substr(0, bytes).find_last_not_of(' ') + 1;
    if (bytes < text.size() && visible > 0) {
      bytes = visible;
    }
    lines.emplace_back(text.substr(0, bytes));
    text.remove_prefix(bytes);
  } while (!text.empty());
  return lines;
}

std::string elapsed_text(std::chrono::milliseconds elapsed) {
  const std::int64_t seconds = std::max<std::int64_t>(0, elapsed.count() / 1000);
  if (seconds < 60) {
    return fmt::format("{}s", seconds);
  }
  if (seconds < 3600) {
    return fmt::format("{}m{}s", seconds / 60, seconds % 60);
  }
  return fmt::format("{}h{}m", seconds / 3600, seconds % 3600 / 60);
}

std::string bytes_text(std::uint64_t bytes) {
  static constexpr std::array<std::string_view, 4> kUnits = {"KiB", "MiB", "GiB", "TiB"};
  if (bytes < 1024) {
    return fmt::format("{} B", bytes);
  }
  double amount = static_cast<double>(bytes) / 1024;
  std::size_t unit = 0;
  while (amount >= 1023.95 && unit + 1 < kUnits.size()) {
    amount /= 1024;
    ++unit;
  }
  return fmt::format("{:.1f} {}", amount, kUnits.at(unit));
}

}  // namespace aim::view
