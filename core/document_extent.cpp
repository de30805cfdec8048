#include "core/document_extent.hpp"

#include <algorithm>

namespace aim::core {

namespace {

bool is_space(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

}  // namespace

std::optional<std::size_t> quoted_end(std::string_view text, std::size_t begin) {
  const char quote = text[begin];
  std::size_t offset = begin + 1;
  while (true) {
    offset = quote == '"' ? text.find_first_of("\"\\", offset) : text.find('\'', offset);
    if (offset == std::string_view::npos) {
      return std::nullopt;
    }
    const bool escape = text[offset] == '\\' ||
                        (quote == '\'' && offset + 1 < text.size() && text[offset + 1] == '\'');
    if (!escape) {
      return offset + 1;
    }
    offset += 2;
  }
}

std::size_t flow_end(std::string_view text, std::size_t offset) {
  while (offset < text.size() && text[offset] != ']' && text[offset] != '}') {
    if (text[offset] == '#' && offset > 0 && is_space(text[offset - 1])) {
      offset = std::min(text.find('\n', offset), text.size());
    } else {
      ++offset;
    }
  }
  return std::min(offset + 1, text.size());
}

std::size_t scalar_end(std::string_view text, std::size_t begin, std::string_view content) {
  if (begin >= text.size()) {
    return begin;
  }
  if (text[begin] == '"' || text[begin] == '\'') {
    return quoted_end(text, begin).value_or(text.size());
  }
  if (text.substr(begin).starts_with(content)) {
    return begin + content.size();
  }
  std::size_t end = std::min(text.find('\n', begin), text.size());
  while (end > begin && is_space(text[end - 1])) {
    --end;
  }
  return end;
}

std::size_t alias_end(std::string_view text, std::size_t begin) {
  std::size_t end = begin + 1;
  while (end < text.size() && !is_space(text[end]) &&
         std::string_view(",[]{}").find(text[end]) == std::string_view::npos) {
    ++end;
  }
  return std::min(end, text.size());
}

std::size_t properties_end(std::string_view text, std::size_t begin) {
  std::size_t offset = begin;
  while (offset < text.size() && (text[offset] == '&' || text[offset] == '!')) {
    while (offset < text.size() && !is_space(text[offset])) {
      ++offset;
    }
    while (offset < text.size() && is_space(text[offset])) {
      ++offset;
    }
  }
  return offset;
}

}  // namespace aim::core
