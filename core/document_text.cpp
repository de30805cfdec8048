#include "core/document_text.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace aim::core {

namespace {

constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

std::uint8_t byte_at(std::string_view text, std::size_t offset) {
  return static_cast<std::uint8_t>(text[offset]);
}

bool is_continuation(std::uint8_t byte) { return (byte & 0xC0U) == 0x80U; }

std::uint32_t code_points(std::string_view text) {
  return static_cast<std::uint32_t>(std::count_if(text.begin(), text.end(), [](char c) {
    return !is_continuation(static_cast<std::uint8_t>(c));
  }));
}

bool in_range(std::uint8_t byte, std::uint8_t low, std::uint8_t high) {
  return low <= byte && byte <= high;
}

/// Whether `second` may follow `first`: no overlong forms, no surrogates, nothing past U+10FFFF.
bool second_byte_fits(std::uint8_t first, std::uint8_t second) {
  switch (first) {
    case 0xE0:
      return in_range(second, 0xA0, 0xBF);
    case 0xED:
      return in_range(second, 0x80, 0x9F);
    case 0xF0:
      return in_range(second, 0x90, 0xBF);
    case 0xF4:
      return in_range(second, 0x80, 0x8F);
    default:
      return is_continuation(second);
  }
}

void refuse_encoding(std::string_view text,
                     std::size_t offset,
                     const TextPositions& positions,
                     Diagnostics& diagnostics) {
  if (offset == 0 && (text.starts_with("\xFF\xFE") || text.starts_with("\xFE\xFF"))) {
    diagnostics.error("Invalid UTF-8",
                      "The file begins like UTF-16. aim reads UTF-8 only; save the file as UTF-8.",
                      positions.range(0, 1));
    return;
  }
  diagnostics.error("Invalid UTF-8",
                    fmt::format("The byte 0x{:02x} at this place is no part of a UTF-8 text, so "
                                "the file cannot be read. Save it as UTF-8.",
                                byte_at(text, offset)),
                    positions.range(offset, offset + 1));
}

void refuse_control(std::string_view text,
                    std::size_t offset,
                    const TextPositions& positions,
                    Diagnostics& diagnostics) {
  if (text[offset] == '\r') {
    diagnostics.error("Control character",
                      "A carriage return stands here without a line feed, which ends no line. Save "
                      "the file with line ends of Unix or Windows.",
                      positions.range(offset, offset + 1));
    return;
  }
  diagnostics.error(
      "Control character",
      fmt::format("The control character 0x{0:02x} stands here, which YAML does not "
                  "allow. Remove it; between double quotes it can be written \\x{0:02x}.",
                  byte_at(text, offset)),
      positions.range(offset, offset + 1));
}

bool is_forbidden_control(std::string_view text, std::size_t offset) {
  const std::uint8_t byte = byte_at(text, offset);
  if (byte == '\r') {
    return offset + 1 >= text.size() || text[offset + 1] != '\n';
  }
  return (byte < 0x20 && byte != '\t' && byte != '\n') || byte == 0x7F;
}

}  // namespace

TextPositions::TextPositions(const std::string& file, std::string_view text)
    : file_(file), text_(text), line_begins_{0} {
  for (std::size_t end = text.find('\n'); end != std::string_view::npos;
       end = text.find('\n', end + 1)) {
    line_begins_.push_back(end + 1);
  }
}

SourcePosition TextPositions::at(std::size_t offset) const {
  offset = std::min(offset, text_.size());
  const auto next = [this] {
    return last_line_ + 1 < line_begins_.size() ? line_begins_[last_line_ + 1] : text_.size() + 1;
  };
  if (offset < line_begins_[last_line_] || offset >= next()) {
    const auto after = std::upper_bound(line_begins_.begin(), line_begins_.end(), offset);
    last_line_ = static_cast<std::size_t>(after - line_begins_.begin()) - 1;
    last_offset_ = line_begins_[last_line_];
    last_column_ = 1;
  }
  if (offset >= last_offset_) {
    last_column_ += code_points(text_.substr(last_offset_, offset - last_offset_));
  } else {
    last_column_ -= code_points(text_.substr(offset, last_offset_ - offset));
  }
  last_offset_ = offset;
  return {static_cast<std::uint32_t>(last_line_ + 1), last_column_};
}

SourceRange TextPositions::range(std::size_t begin, std::size_t end) const {
  const SourcePosition from = at(begin);
  return {file_, from, at(std::max(begin, end))};
}

std::string_view without_bom(std::string_view text) {
  return text.starts_with(kByteOrderMark) ? text.substr(kByteOrderMark.size()) : text;
}

std::size_t utf8_length(std::string_view text, std::size_t offset) {
  const std::uint8_t first = byte_at(text, offset);
  if (first < 0x80) {
    return 1;
  }
  std::size_t length = 0;
  if (in_range(first, 0xC2, 0xDF)) {
    length = 2;
  } else if (in_range(first, 0xE0, 0xEF)) {
    length = 3;
  } else if (in_range(first, 0xF0, 0xF4)) {
    length = 4;
  }
  if (length == 0 || text.size() - offset < length ||
      !second_byte_fits(first, byte_at(text, offset + 1))) {
    return 0;
  }
  for (std::size_t i = 2; i < length; ++i) {
    if (!is_continuation(byte_at(text, offset + i))) {
      return 0;
    }
  }
  return length;
}

TextCheck check_text(std::string_view text,
                     const TextPositions& positions,
                     Diagnostics& diagnostics) {
  for (std::size_t offset = 0; offset < text.size();) {
    const std::size_t length = utf8_length(text, offset);
    if (length == 0) {
      refuse_encoding(text, offset, positions, diagnostics);
      return TextCheck::Refused;
    }
    if (length == 1 && is_forbidden_control(text, offset)) {
      refuse_control(text, offset, positions, diagnostics);
      return TextCheck::Refused;
    }
    offset += length;
  }
  return TextCheck::Passed;
}

}  // namespace aim::core
