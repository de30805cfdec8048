#include "cmd/view/foreign_stream.hpp"

#include <algorithm>

#include "cmd/view/text.hpp"

namespace aim::view {

namespace {

/// Bytes at the end of `text` that may be the beginning of a character, or of CR LF.
std::size_t unfinished(std::string_view text) {
  if (text.ends_with('\r')) {
    return 1;
  }
  for (std::size_t back = 1; back <= std::min<std::size_t>(3, text.size()); ++back) {
    const auto byte = static_cast<unsigned char>(text[text.size() - back]);
    if ((byte & 0xc0U) == 0x80U) {
      continue;
    }
    const std::size_t needed = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : byte >= 0xc2 ? 2 : 1;
    return needed > back ? back : 0;
  }
  return 0;
}

std::string make_safe(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    const std::size_t stop = std::min(text.find_first_of("\n\t\r"), text.size());
    out += escape_line(text.substr(0, stop));
    text.remove_prefix(stop);
    if (text.starts_with("\r\n")) {
      text.remove_prefix(1);
    }
    if (!text.empty()) {
      out += text.front() == '\t' ? '\t' : '\n';
      text.remove_prefix(1);
    }
  }
  return out;
}

}  // namespace

std::string ForeignStream::feed(std::string_view piece) {
  std::string whole = std::move(carry_);
  whole += piece;
  const std::size_t kept = unfinished(whole);
  carry_ = whole.substr(whole.size() - kept);
  return make_safe(std::string_view(whole).substr(0, whole.size() - kept));
}

std::string ForeignStream::finish() {
  const std::string rest = std::move(carry_);
  carry_.clear();
  return make_safe(rest);
}

}  // namespace aim::view
