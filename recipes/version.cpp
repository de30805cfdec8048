#include "recipes/version.hpp"

#include <algorithm>
#include <cctype>
#include <charconv>

namespace aim::recipes {

namespace {

bool is_digit(char c) { return std::isdigit(static_cast<unsigned char>(c)) != 0; }

/// Takes the digits at the front.
std::optional<int> take_number(std::string_view& text) {
  int number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || text.empty() || !is_digit(text.front())) {
    return std::nullopt;
  }
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  return number;
}

std::string_view tag_of(std::string_view image) {
  image = image.substr(0, image.find('@'));
  const std::size_t colon = image.rfind(':');
  const std::size_t slash = image.rfind('/');
  if (colon == std::string_view::npos || (slash != std::string_view::npos && colon < slash)) {
    return {};
  }
  return image.substr(colon + 1);
}

}  // namespace

std::optional<Version> parse_version(std::string_view text) {
  Version version;
  constexpr std::string_view kAfter = "after ";
  if (text.starts_with(kAfter)) {
    version.after = true;
    text.remove_prefix(kAfter.size());
  }
  if (text.starts_with('v') || (text.starts_with('b') && text.size() > 1)) {
    text.remove_prefix(1);
  }
  std::optional<int> number = take_number(text);
  if (!number) {
    return std::nullopt;
  }
  version.numbers.push_back(*number);
  while (text.size() > 1 && text.front() == '.' && is_digit(text[1])) {
    text.remove_prefix(1);
    number = take_number(text);
    if (!number) {
      return std::nullopt;
    }
    version.numbers.push_back(*number);
  }
  constexpr std::string_view kPost = ".post";
  if (text.starts_with(kPost)) {
    text.remove_prefix(kPost.size());
    number = take_number(text);
    if (!number) {
      return std::nullopt;
    }
    version.post = *number;
  }
  if (!text.empty() && text.front() != '-') {
    return std::nullopt;
  }
  while (version.numbers.size() > 1 && version.numbers.back() == 0) {
    version.numbers.pop_back();
  }
  return version;
}

ImageVersion image_version(std::string_view image) {
  std::string_view tag = tag_of(image);
  const bool digest_only = tag.empty() && image.find('@') != std::string_view::npos;
  if (digest_only) {
    return {ImageVersion::Kind::Unknown, {}, "a digest"};
  }
  if (tag.empty()) {
    tag = "latest";
  }
  ImageVersion result{ImageVersion::Kind::Unknown, {}, std::string(tag)};
  if (tag.starts_with("latest") || tag.starts_with("nightly") || tag == "main" ||
      tag.starts_with("server")) {
    // llama.cpp: server, server-cuda, server-rocm; with a build behind it is server-cuda-b6325.
    result.kind = ImageVersion::Kind::Newest;
    const std::size_t dash = tag.rfind("-b");
    if (tag.starts_with("server") && dash != std::string_view::npos) {
      tag.remove_prefix(dash + 1);
    } else {
      return result;
    }
  }
  // A version has a dot or is a build of llama.cpp: "20250101" is a date.
  const bool plausible = tag.find('.') != std::string_view::npos || tag.starts_with('b');
  if (const std::optional<Version> version = parse_version(tag); version && plausible) {
    result.kind = ImageVersion::Kind::Known;
    result.version = *version;
  }
  return result;
}

std::string_view image_repository(std::string_view image) {
  image = image.substr(0, image.find('@'));
  const std::string_view tag = tag_of(image);
  return tag.empty() ? image : image.substr(0, image.size() - tag.size() - 1);
}

}  // namespace aim::recipes
