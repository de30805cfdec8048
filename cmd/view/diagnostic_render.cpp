#include "cmd/view/diagnostic_render.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>

namespace aim::view {

namespace json = boost::json;
using core::Diagnostic;
using core::Severity;
using core::SourceFiles;
using core::SourcePosition;
using core::SourceRange;

namespace {

Tone tone_of(Severity severity) {
  switch (severity) {
    case Severity::Error:
      return Tone::Red;
    case Severity::Warning:
      return Tone::Yellow;
    case Severity::Note:
      return Tone::Cyan;
  }
  return Tone::Plain;
}

/// A source line as it is shown, and the columns in it that the range takes.
struct ShownLine {
  std::string text;
  std::size_t mark_begin = 0;
  std::size_t mark_end = 0;
};

ShownLine show_line(std::string_view line, const SourceRange& range) {
  ShownLine shown;
  const bool ends_here = range.end.line == range.begin.line;
  std::size_t width = 0;
  std::uint32_t column = 1;
  bool begun = false;
  bool ended = false;
  while (!line.empty()) {
    if (!begun && column >= range.begin.column) {
      shown.mark_begin = width;
      begun = true;
    }
    if (begun && !ended && ends_here && column >= range.end.column) {
      shown.mark_end = width;
      ended = true;
    }
    const CodePoint point = first_code_point(line);
    std::string cell = point.valid && point.value == '\t' ? std::string(4 - width % 4, ' ')
                                                          : escape_line(line.substr(0, point.size));
    width += display_width(cell);
    shown.text += cell;
    line.remove_prefix(point.size);
    ++column;
  }
  if (!begun) {
    shown.mark_begin = width;
  }
  if (!ended) {
    shown.mark_end = width;
  }
  shown.mark_end = std::max(shown.mark_end, shown.mark_begin + 1);
  return shown;
}

/// Drops the first `columns` columns, which are known to end between two characters or inside a
/// wide one, whose other half becomes a space.
std::string without_prefix(std::string_view text, std::size_t columns) {
  const std::size_t bytes = prefix_for_width(text, columns);
  std::string rest(text.substr(bytes));
  const std::size_t dropped = display_width(text.substr(0, bytes));
  if (dropped < columns && !rest.empty()) {
    const CodePoint split = first_code_point(rest);
    rest.replace(
        0, split.size, display_width(text.substr(bytes, split.size)) - (columns - dropped), ' ');
  }
  return rest;
}

/// Cuts a line that is wider than `columns` so that the beginning of the mark stays visible.
void cut_around_mark(ShownLine& shown, std::size_t columns) {
  static constexpr std::string_view kCut = "...";
  const std::size_t width = display_width(shown.text);
  if (std::max(width, shown.mark_begin + 1) <= columns) {
    shown.mark_end = std::min(shown.mark_end, columns);
    return;
  }
  std::size_t start = 0;
  if (shown.mark_begin + 1 > columns - kCut.size()) {
    const std::size_t wanted = shown.mark_begin - columns / 3;
    const std::size_t last = std::max(width, shown.mark_begin + 1) - (columns - kCut.size());
    start = std::min(wanted, last);
  }
  std::string text = start > 0 ? std::string(kCut) : "";
  const std::size_t offset = text.size();
  text += cut_to_width(without_prefix(shown.text, start), columns - offset);
  shown.text = std::move(text);
  shown.mark_begin = shown.mark_begin - start + offset;
  shown.mark_end = std::min(shown.mark_end - start + offset, columns);
}

std::string place(const SourceRange& range) {
  return range.file.empty()
             ? std::string()
             : fmt::format(
                   "{}:{}:{}: ", escape_line(range.file), range.begin.line, range.begin.column);
}

void append_source(std::string& out,
                   const SourceRange& range,
                   const SourceFiles& sources,
                   Tone tone,
                   Colour colour) {
  const std::optional<std::string> line = sources.line(range.file, range.begin.line);
  if (!line) {
    return;
  }
  const std::string number = fmt::format("  {} | ", range.begin.line);
  ShownLine shown = show_line(*line, range);
  cut_around_mark(shown, kColumns - number.size());
  std::string mark(shown.mark_end - shown.mark_begin, '~');
  mark.front() = '^';
  out += fmt::format("{}{}\n", number, shown.text);
  out += fmt::format("{:>{}}| {}{}\n",
                     "",
                     number.size() - 2,
                     std::string(shown.mark_begin, ' '),
                     paint(tone, mark, colour));
}

void append_detail(std::string& out, const std::string& detail) {
  for (const std::string& line : wrap(escape_text(detail), kColumns - 2)) {
    out += line.empty() ? "\n" : "  " + line + "\n";
  }
}

}  // namespace

std::string_view to_string(Severity severity) {
  switch (severity) {
    case Severity::Error:
      return "error";
    case Severity::Warning:
      return "warning";
    case Severity::Note:
      return "note";
  }
  return "";
}

std::string render_diagnostic(const Diagnostic& diagnostic,
                              const SourceFiles& sources,
                              Colour colour) {
  const Tone tone = tone_of(diagnostic.severity);
  std::string out = diagnostic.range ? place(*diagnostic.range) : "";
  out += paint(tone, fmt::format("{}:", to_string(diagnostic.severity)), colour);
  out += " " + paint(Tone::Bold, escape_line(diagnostic.summary), colour) + "\n";
  if (diagnostic.range) {
    append_source(out, *diagnostic.range, sources, tone, colour);
  }
  append_detail(out, diagnostic.detail);
  for (const core::RelatedPlace& related : diagnostic.related) {
    out += place(related.range) + escape_line(related.message) + "\n";
    append_source(out, related.range, sources, Tone::Cyan, colour);
  }
  return out;
}

std::string render_diagnostics(const core::Diagnostics& diagnostics,
                               const SourceFiles& sources,
                               Colour colour) {
  std::string out;
  for (const Diagnostic& diagnostic : diagnostics.sorted()) {
    if (!out.empty()) {
      out += '\n';
    }
    out += render_diagnostic(diagnostic, sources, colour);
  }
  return out;
}

namespace {

/// Bytes before a column of a line; its whole size when the column is behind its end.
std::size_t byte_of_column(std::string_view line, std::uint32_t column) {
  std::size_t bytes = 0;
  for (std::uint32_t current = 1; current < column && bytes < line.size(); ++current) {
    bytes += first_code_point(line.substr(bytes)).size;
  }
  return bytes;
}

json::object position_json(const SourcePosition& position, const std::string* text) {
  json::object object{{"line", position.line}, {"column", position.column}};
  if (text != nullptr) {
    std::size_t begin = 0;
    for (std::uint32_t line = 1; line < position.line && begin < text->size(); ++line) {
      begin = std::min(text->find('\n', begin), text->size() - 1) + 1;
    }
    const std::string_view rest = std::string_view(*text).substr(begin);
    object.emplace("byte",
                   begin + byte_of_column(rest.substr(0, rest.find('\n')), position.column));
  }
  return object;
}

json::value range_json(const SourceRange& range, const SourceFiles& sources) {
  const std::string* text = sources.text(range.file);
  return json::object{{"filename", valid_utf8(range.file)},
                      {"start", position_json(range.begin, text)},
                      {"end", position_json(range.end, text)}};
}

json::value snippet_json(const SourceRange& range, const SourceFiles& sources) {
  const std::optional<std::string> line = sources.line(range.file, range.begin.line);
  if (!line) {
    return nullptr;
  }
  const std::size_t begin = byte_of_column(*line, range.begin.column);
  const std::size_t end =
      range.end.line == range.begin.line ? byte_of_column(*line, range.end.column) : line->size();
  return json::object{{"context", nullptr},
                      {"code", valid_utf8(*line)},
                      {"start_line", range.begin.line},
                      {"highlight_start_offset", begin},
                      {"highlight_end_offset", std::max(begin, end)},
                      {"values", json::array()}};
}

}  // namespace

json::value diagnostic_json(const Diagnostic& diagnostic, const SourceFiles& sources) {
  json::object object{{"severity", to_string(diagnostic.severity)},
                      {"summary", valid_utf8(diagnostic.summary)},
                      {"detail", valid_utf8(diagnostic.detail)}};
  if (!diagnostic.address.empty()) {
    object.emplace("address", valid_utf8(diagnostic.address));
  }
  if (diagnostic.range && !diagnostic.range->file.empty()) {
    object.emplace("range", range_json(*diagnostic.range, sources));
    object.emplace("snippet", snippet_json(*diagnostic.range, sources));
  }
  if (!diagnostic.related.empty()) {
    json::array related;
    for (const core::RelatedPlace& other : diagnostic.related) {
      related.push_back(json::object{{"message", valid_utf8(other.message)},
                                     {"range", range_json(other.range, sources)}});
    }
    object.emplace("related", std::move(related));
  }
  return object;
}

}  // namespace aim::view
