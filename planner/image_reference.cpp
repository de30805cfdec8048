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

namespace {

/// The part before tag and digest.
std::string_view name_part(std::string_view reference) {
  reference = reference.substr(0, reference.find('@'));
  const std::size_t colon = reference.rfind(':');
  const bool tagged =
      colon != std::string_view::npos && reference.find('/', colon) == std::string_view::npos;
  return tagged ? reference.substr(0, colon) : reference;
}

std::string whole_repository(std::string_view name) {
  for (const std::string_view hub : {"docker.io/", "index.docker.io/"}) {
    if (name.starts_with(hub)) {
      name.remove_prefix(hub.size());
      break;
    }
  }
  const std::size_t slash = name.find('/');
  const std::string_view first =
      slash == std::string_view::npos ? std::string_view() : name.substr(0, slash);
  if (first.find_first_of(".:") != std::string_view::npos || first == "localhost" ||
      std::any_of(first.begin(), first.end(), is_upper)) {
    return std::string(name);
  }
  return std::string("docker.io/") + (first.empty() ? "library/" : "") + std::string(name);
}

}  // namespace

ImageName parse_image(std::string_view reference) {
  ImageName image;
  if (is_sha256(reference)) {
    image.id = reference;
    return image;
  }
  const std::string_view name = name_part(reference);
  image.repository = whole_repository(name);
  if (const std::size_t at = reference.find('@'); at != std::string_view::npos) {
    image.digest = reference.substr(at + 1);
    reference = reference.substr(0, at);
  }
  if (reference.size() > name.size()) {
    image.tag = reference.substr(name.size() + 1);
  } else if (image.digest.empty()) {
    image.tag = "latest";
  }
  return image;
}

std::string with_digest(std::string_view reference, std::string_view digest) {
  return std::string(name_part(reference)) + "@" + std::string(digest);
}

std::optional<std::string> digest_in(const std::vector<std::string>& repo_digests,
                                     std::string_view reference,
                                     std::string_view preferred) {
  const std::string repository = parse_image(reference).repository;
  std::optional<std::string> found;
  for (const std::string& text : repo_digests) {
    const ImageName one = parse_image(text);
    if (one.repository != repository || one.digest.empty()) {
      continue;
    }
    if (one.digest == preferred) {
      return one.digest;
    }
    if (!found || one.digest < *found) {
      found = one.digest;
    }
  }
  return found;
}

bool same_image(std::string_view a, std::string_view b) {
  return a == b || parse_image(a) == parse_image(b);
}

}  // namespace aim::planner
