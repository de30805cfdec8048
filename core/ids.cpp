#include "core/ids.hpp"

#include <algorithm>

namespace aim::core {

namespace {

bool is_lower_or_digit(char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); }

bool is_word(char c) { return is_lower_or_digit(c) || (c >= 'A' && c <= 'Z'); }

/// Reads a quoted key that begins after `["`; nothing unless it ends with `"]` and the text.
std::optional<std::string> parse_key(std::string_view text) {
  std::string key;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '"') {
      return text.substr(i) == "\"]" ? std::optional(key) : std::nullopt;
    }
    if (c != '\\') {
      key += c;
      continue;
    }
    ++i;
    if (i >= text.size() || (text[i] != '"' && text[i] != '\\')) {
      return std::nullopt;
    }
    key += text[i];
  }
  return std::nullopt;
}

}  // namespace

bool ProjectNameRules::valid(std::string_view text) {
  return !text.empty() && text.size() <= 40 && text.front() != '-' &&
         std::all_of(
             text.begin(), text.end(), [](char c) { return is_lower_or_digit(c) || c == '-'; });
}

bool ResourceNameRules::valid(std::string_view text) {
  return !text.empty() && text.size() <= 63 && is_word(text.front()) &&
         std::all_of(
             text.begin(), text.end(), [](char c) { return is_word(c) || c == '-' || c == '_'; });
}

bool ContainerIdRules::valid(std::string_view text) {
  return text.size() == 64 && std::all_of(text.begin(), text.end(), [](char c) {
           return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
         });
}

std::string_view to_string(Kind kind) {
  switch (kind) {
    case Kind::Endpoint:
      return "endpoint";
    case Kind::Container:
      return "container";
    case Kind::Network:
      return "network";
    case Kind::Volume:
      return "volume";
  }
  return "";
}

std::string_view section_name(Kind kind) {
  switch (kind) {
    case Kind::Endpoint:
      return "endpoints";
    case Kind::Container:
      return "containers";
    case Kind::Network:
      return "networks";
    case Kind::Volume:
      return "volumes";
  }
  return "";
}

std::optional<Kind> kind_from(std::string_view word) {
  for (const Kind kind : kAllKinds) {
    if (to_string(kind) == word) {
      return kind;
    }
  }
  return std::nullopt;
}

Result<Address> Address::parse(std::string_view text) {
  const auto bad = [&] {
    return make_error(ErrorCode::Invalid,
                      fmt::format("\"{}\" is not an address; one is written KIND.NAME or "
                                  "KIND.NAME[\"key\"], KIND being endpoint, container, network "
                                  "or volume",
                                  text));
  };
  const std::size_t dot = text.find('.');
  if (dot == std::string_view::npos) {
    return bad();
  }
  const std::optional<Kind> kind = kind_from(text.substr(0, dot));
  if (!kind) {
    return bad();
  }
  std::string_view rest = text.substr(dot + 1);
  Address address{*kind, std::string(rest), std::nullopt};
  if (const std::size_t bracket = rest.find('['); bracket != std::string_view::npos) {
    address.name = std::string(rest.substr(0, bracket));
    rest.remove_prefix(bracket);
    if (!rest.starts_with("[\"")) {
      return bad();
    }
    address.key = parse_key(rest.substr(2));
    if (!address.key) {
      return bad();
    }
  }
  if (!ResourceNameRules::valid(address.name)) {
    return bad();
  }
  return address;
}

std::string Address::str() const {
  std::string text = fmt::format("{}.{}", to_string(kind), name);
  if (key) {
    text += "[\"";
    for (const char c : *key) {
      if (c == '"' || c == '\\') {
        text += '\\';
      }
      text += c;
    }
    text += "\"]";
  }
  return text;
}

}  // namespace aim::core
