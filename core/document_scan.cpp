#include "core/document_scan.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <vector>

#include "core/document_extent.hpp"

namespace aim::core {

namespace {

/// Characters that end a plain scalar between brackets, each with a control character in its
/// stead: check_text has refused texts that hold those.
struct Mark {
  char written;
  char stand_in;
};

constexpr std::array<Mark, 6> kMarks = {
    {{'{', '\x01'}, {'}', '\x02'}, {'[', '\x03'}, {']', '\x05'}, {',', '\x06'}, {':', '\x07'}}};

bool is_blank(char c) { return c == ' ' || c == '\t'; }

bool is_break(char c) { return c == '\n' || c == '\r'; }

bool is_flow_mark(char c) { return c == ',' || c == '[' || c == ']' || c == '{' || c == '}'; }

class StructureScan {
 public:
  StructureScan(std::string_view text,
                const TextPositions& positions,
                const DocumentLimits& limits,
                Diagnostics& diagnostics)
      : text_(text), positions_(positions), limits_(limits), diagnostics_(diagnostics) {}

  std::optional<ScannedText> run() {
    while (readable_ && offset_ < text_.size()) {
      scan_line();
    }
    return readable_ ? std::optional(std::move(result_)) : std::nullopt;
  }

 private:
  // ---- the block style: lines, indentation, keys ----

  void scan_line() {
    line_begin_ = offset_;
    while (at(offset_) == ' ') {
      ++offset_;
    }
    const std::size_t indent = offset_ - line_begin_;
    const std::size_t first_tab = offset_;
    skip_blanks();
    if (is_end(offset_)) {
      next_line();
      return;
    }
    if (at(offset_) == '#') {
      open_plain_ = false;
      next_line();
      return;
    }
    // A plain text goes on in lines that are deeper than the block it stands in.
    if (open_plain_ && static_cast<std::ptrdiff_t>(indent) > parent_) {
      scan_plain();
      return;
    }
    if (offset_ != first_tab) {
      refuse(kTabSummary, kTabDetail, first_tab, first_tab + 1);
      return;
    }
    open_plain_ = false;
    scan_line_start(indent);
  }

  void scan_line_start(std::size_t indent) {
    if (indent == 0 && is_document_mark()) {
      offset_ += 3;
      parent_ = -1;
    } else if (indent == 0 && at(offset_) == '%') {
      scan_directive();
      return;
    }
    key_column_ = column();
    while (readable_ && scan_block_token()) {
    }
  }

  void scan_directive() {
    const std::string_view rest = text_.substr(offset_);
    if (rest.starts_with("%YAML ") || rest.starts_with("%TAG ")) {
      next_line();
      return;
    }
    refuse("Malformed YAML",
           "A line that begins with `%` is a directive to the YAML reader, and there is none of "
           "this name. Put text that begins with `%` in quotes.",
           offset_,
           offset_ + 1);
  }

  /// One token of a line; false when the line is done.
  bool scan_block_token() {
    skip_blanks();
    if (is_end(offset_) || (at(offset_) == '#' && is_blank(at(offset_ - 1)))) {
      next_line();
      return false;
    }
    const char c = at(offset_);
    const bool indicator = is_blank_or_end(offset_ + 1);
    if (indicator && (c == '-' || c == '?')) {
      if (!count_item()) {
        return false;
      }
      parent_ = column();
      ++offset_;
      skip_blanks();
      key_column_ = column();
    } else if (indicator && c == ':') {
      parent_ = key_column_;
      ++offset_;
    } else if (c == '&' || c == '!' || c == '*') {
      skip_word();
    } else if (c == '"' || c == '\'') {
      scan_quoted();
    } else if ((c == '|' || c == '>') && is_block_header()) {
      scan_block_scalar();
      return false;
    } else if (c == '[' || c == '{') {
      scan_flow();
    } else {
      return scan_plain();
    }
    return true;
  }

  /// True when the plain text was a key and its line goes on.
  bool scan_plain() {
    while (!is_end(offset_)) {
      const char c = at(offset_);
      if (c == ':' && is_blank_or_end(offset_ + 1)) {
        parent_ = key_column_;
        open_plain_ = false;
        ++offset_;
        return true;
      }
      if (c == '#' && is_blank(at(offset_ - 1))) {
        open_plain_ = false;
        next_line();
        return false;
      }
      ++offset_;
    }
    open_plain_ = true;
    next_line();
    return false;
  }

  bool is_block_header() const {
    std::size_t end = offset_ + 1;
    while (at(end) == '+' || at(end) == '-' || (at(end) >= '0' && at(end) <= '9')) {
      ++end;
    }
    if (!is_blank_or_end(end)) {
      return false;
    }
    while (is_blank(at(end))) {
      ++end;
    }
    return is_end(end) || at(end) == '#';
  }

  void scan_block_scalar() {
    std::optional<std::ptrdiff_t> content;
    for (std::size_t i = offset_ + 1; !is_blank_or_end(i); ++i) {
      if (at(i) >= '1' && at(i) <= '9') {
        content = std::max<std::ptrdiff_t>(parent_, 0) + (at(i) - '0');
      }
    }
    next_line();
    while (offset_ < text_.size()) {
      line_begin_ = offset_;
      while (at(offset_) == ' ') {
        ++offset_;
      }
      if (!is_end(offset_)) {
        const std::ptrdiff_t indent = column();
        if (!content) {
          content = std::max(indent, parent_ + 1);
        }
        if (indent < *content) {
          offset_ = line_begin_;
          return;
        }
      }
      next_line();
    }
  }

  // ---- the flow style: brackets ----

  void scan_flow() {
    std::vector<std::size_t> open;
    bool plain = false;
    bool after_json = false;  // a `:` right after a quote or a bracket needs no blank
    do {
      const char c = at(offset_);
      if (c == '#' && (is_blank(at(offset_ - 1)) || is_break(at(offset_ - 1)))) {
        skip_comment();
      } else if (is_blank(c) || is_break(c)) {
        ++offset_;
      } else if (is_flow_mark(c)) {
        plain = false;
        after_json = c == ']' || c == '}';
        scan_flow_mark(open);
      } else if (c == '$' && at(offset_ + 1) == '{') {
        plain = true;
        scan_interpolation();
      } else if (c == ':' &&
                 (after_json || is_blank_or_end(offset_ + 1) || is_flow_mark(at(offset_ + 1)))) {
        plain = after_json = false;
        ++offset_;
      } else if (!plain && (c == '"' || c == '\'')) {
        after_json = true;
        scan_quoted();
      } else if (!plain && (c == '&' || c == '!' || c == '*')) {
        skip_word();
      } else {
        plain = true;
        after_json = false;
        ++offset_;
      }
    } while (readable_ && !open.empty() && offset_ < text_.size());
    if (readable_ && !open.empty()) {
      refuse("Bracket is never closed",
             fmt::format("The {} that opens here has no `{}` before the end of the file.",
                         at(open.back()) == '[' ? "list" : "map",
                         at(open.back()) == '[' ? ']' : '}'),
             open.back(),
             open.back() + 1);
    }
  }

  /// False when there are too many, which was reported then.
  bool count_item() {
    if (++items_ <= limits_.nodes) {
      return true;
    }
    refuse("Document is too large",
           fmt::format("A file may hold {} values; this one holds more. Split it into several "
                       "files.",
                       limits_.nodes),
           offset_,
           offset_ + 1);
    return false;
  }

  void scan_flow_mark(std::vector<std::size_t>& open) {
    const char c = at(offset_);
    if (!count_item()) {
      return;
    }
    if (c == '[' || c == '{') {
      open.push_back(offset_);
      if (open.size() > limits_.depth) {
        refuse("Nested too deep",
               fmt::format("Lists and maps may be nested {} deep, and here the next one begins. "
                           "This is deeper than any configuration needs.",
                           limits_.depth),
               offset_,
               offset_ + 1);
        return;
      }
    } else if (c != ',') {
      open.pop_back();
    }
    ++offset_;
  }

  void scan_interpolation() {
    const std::size_t line_end = std::min(text_.find('\n', offset_), text_.size());
    const std::size_t brace = text_.substr(0, line_end).find('}', offset_);
    if (brace == std::string_view::npos) {
      ++offset_;
      return;
    }
    const std::size_t end = brace + 1;
    const std::string_view written = text_.substr(offset_, end - offset_);
    diagnostics_.error("Unquoted interpolation",
                       fmt::format("`{0}` stands between brackets without quotes, where YAML takes "
                                   "its braces for a map. Put the value in quotes: \"{0}\".",
                                   written),
                       positions_.range(offset_, end));
    if (result_.repaired.empty()) {
      result_.repaired = std::string(text_);
    }
    for (std::size_t i = offset_; i < end; ++i) {
      for (const Mark& mark : kMarks) {
        if (text_[i] == mark.written) {
          result_.repaired[i] = mark.stand_in;
        }
      }
    }
    offset_ = end;
  }

  // ---- both ----

  void scan_quoted() {
    const std::optional<std::size_t> end = quoted_end(text_, offset_);
    if (!end) {
      refuse("Quote is never closed",
             fmt::format("The {} quote that opens here is not closed before the end of the file.",
                         at(offset_) == '"' ? "double" : "single"),
             offset_,
             offset_ + 1);
      return;
    }
    // Columns of what follows on the line where the text ends must not be negative.
    const std::size_t last_break = text_.substr(0, *end).rfind('\n');
    if (last_break != std::string_view::npos && last_break >= offset_) {
      line_begin_ = last_break + 1;
    }
    offset_ = *end;
  }

  void refuse(std::string summary, std::string detail, std::size_t begin, std::size_t end) {
    diagnostics_.error(std::move(summary), std::move(detail), positions_.range(begin, end));
    readable_ = false;
  }

  void skip_blanks() {
    while (is_blank(at(offset_))) {
      ++offset_;
    }
  }

  void skip_word() {
    ++offset_;
    while (!is_blank_or_end(offset_) && !is_flow_mark(at(offset_))) {
      ++offset_;
    }
  }

  void skip_comment() { offset_ = std::min(text_.find('\n', offset_), text_.size()); }

  void next_line() {
    offset_ = std::min(text_.find('\n', offset_), text_.size());
    offset_ = std::min(offset_ + 1, text_.size());
  }

  bool is_document_mark() const {
    const std::string_view rest = text_.substr(offset_);
    return (rest.starts_with("---") || rest.starts_with("...")) && is_blank_or_end(offset_ + 3);
  }

  std::ptrdiff_t column() const { return static_cast<std::ptrdiff_t>(offset_ - line_begin_); }

  /// The character at `offset`, or a line feed outside the text.
  char at(std::size_t offset) const { return offset < text_.size() ? text_[offset] : '\n'; }

  /// Whether a line ends at `offset`. A carriage return is always part of a line's end.
  bool is_end(std::size_t offset) const { return is_break(at(offset)); }

  bool is_blank_or_end(std::size_t offset) const { return is_blank(at(offset)) || is_end(offset); }

  std::string_view text_;
  const TextPositions& positions_;
  const DocumentLimits& limits_;
  Diagnostics& diagnostics_;
  ScannedText result_;
  bool readable_ = true;
  std::size_t offset_ = 0;
  std::size_t line_begin_ = 0;
  std::size_t items_ = 0;
  std::ptrdiff_t parent_ = -1;     ///< column of the block that a value here belongs to
  std::ptrdiff_t key_column_ = 0;  ///< where a key on this line would begin
  bool open_plain_ = false;        ///< the line before ended inside a plain text
};

}  // namespace

std::optional<ScannedText> scan_structure(std::string_view text,
                                          const TextPositions& positions,
                                          const DocumentLimits& limits,
                                          Diagnostics& diagnostics) {
  return StructureScan(text, positions, limits, diagnostics).run();
}

std::string restore_marks(std::string text) {
  for (char& c : text) {
    for (const Mark& mark : kMarks) {
      if (c == mark.stand_in) {
        c = mark.written;
      }
    }
  }
  return text;
}

}  // namespace aim::core
