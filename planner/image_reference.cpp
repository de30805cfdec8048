#include "planner/image_reference.hpp"

#include <algorithm>
#include <string_view>

namespace aim::planner {

namespace {

bool is_lower(char c) { return c >= 'a' && c <= 'z'; }

bool is_upper(char c) { return c >= 'A' && c <= 'Z'; }

bool is_digit(char c) { return c >= '0' && c <= '9'; }

bool is_word(char c) { return is_lower(c) || is_upper(c) || is_digit(c); }

bool is_hex(char c) { return is_digit(c) || (c >= 'a' && c <= 'f'); }

/// Lower-case words joined by one of ".", "_", "__" or dashes, as the image grammar has it.
bool is_path_component(std::string_view text) {
  if (text.empty() || !(is_lower(text.front()) || is_digit(text.front())) ||
      !(is_lower(text.back()) || is_digit(text.back()))) {
    return false;
  }
  std::string_view separator;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (is_lower(text[i]) || is_digit(text[i])) {
      separator = {};
      continue;
    }
    separator = text.substr(i - separator.size(), separator.size() + 1);
    const bool dashes = separator.find_first_not_of('-') == std::string_view::npos;
    if (!dashes && separator != "." && separator != "_" && separator != "__") {
      return false;
    }
  }
  return true;
}

bool is_domain(std::string_view text) {
  const std::size_t colon = text.find(':');
  const std::string_view host = text.substr(0, colon);
  const bool good_host = !host.empty() && is_word(host.front()) && is_word(host.back()) &&
                         std::all_of(host.begin(), host.end(), [](char c) {
                           return is_word(c) || c == '.' || c == '-';
                         });
  if (colon == std::string_view::npos) {
    return good_host;
  }
  const std::string_view port = text.substr(colon + 1);
  return good_host && !port.empty() && std::all_of(port.begin(), port.end(), is_digit);
}

bool is_repository(std::string_view text) {
  const std::size_t slash = text.find('/');
  if (slash != std::string_view::npos) {
    const std::string_view first = text.substr(0, slash);
    // Docker takes the first part for a registry if it could not be part of a repository.
    if (first.find_first_of(".:") != std::string_view::npos || first == "localhost" ||
        std::any_of(first.begin(), first.end(), is_upper)) {
      if (!is_domain(first)) {
        return false;
      }
      text.remove_prefix(slash + 1);
    }
  }
  while (true) {
    const std::size_t end = text.find('/');
    if (!is_path_component(text.substr(0, end))) {
      return false;
    }
    if (end == std::string_view::npos) {
      return true;
    }
    text.remove_prefix(end + 1);
  }
}

bool is_tag(std::string_view text) {
  return !text.empty() && text.size() <= 128 && (is_word(text.front()) || text.front() == '_') &&
         std::all_of(text.begin(), text.end(), [](char c) {
           return is_word(c) || c == '_' || c == '.' || c == '-';
         });
}

bool is_sha256(std::string_view text) {
  constexpr std::string_view kPrefix = "sha256:";
  return text.starts_with(kPrefix) && text.size() == kPrefix.size() + 64 &&
         std::all_of(text.begin() + kPrefix.size(), text.end(), is_hex);
}

}  // namespace

std::optional<std::string> canonical_image(const std::string& text) {
  if (is_sha256(text)) {
    return text;
  }
  std::string_view rest = text;
  const std::size_t at = rest.find('@');
  if (at != std::string_view::npos) {
    if (!is_sha256(rest.substr(at + 1))) {
      return std::nullopt;
    }
    rest = rest.substr(0, at);
  }
  const std::size_t colon = rest.rfind(':');
  const std::size_t slash = rest.rfind('/');
  const bool tagged =
      colon != std::string_view::npos && (slash == std::string_view::npos || colon > slash);
  if (tagged && !is_tag(rest.substr(colon + 1))) {
    return std::nullopt;
  }
  if (!is_repository(tagged ? rest.substr(0, colon) : rest)) {
    return std::nullopt;
  }
  return tagged || at != std::string_view::npos ? text : text + ":latest";
}

}  // namespace aim::planner
