#include "planner/schema.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "planner/schema_normalise.hpp"
#include "planner/schema_tables.hpp"

namespace aim::planner {

using core::List;
using core::Map;
using core::Value;

namespace {

constexpr std::string_view kSensitive = "(sensitive value)";
constexpr std::string_view kUnknown = "(known after apply)";

/// The code point that starts `text` and its length in bytes; length 0 if it is no UTF-8.
std::pair<std::uint32_t, std::size_t> first_code_point(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<std::uint32_t>(text[i]) & 0xFFU; };
  const std::uint32_t first = byte(0);
  if (first < 0x80U) {
    return {first, 1};
  }
  const std::size_t length = first >= 0xF0U && first < 0xF5U   ? 4
                             : first >= 0xE0U && first < 0xF0U ? 3
                             : first >= 0xC2U && first < 0xE0U ? 2
                                                               : 0;
  if (length == 0 || text.size() < length) {
    return {0, 0};
  }
  std::uint32_t code = first & (0xFFU >> (length + 1));
  for (std::size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xC0U) != 0x80U) {
      return {0, 0};
    }
    code = (code << 6U) | (byte(i) & 0x3FU);
  }
  return {code, length};
}

/// Control characters, and those that turn the direction of writing, can forge what a line says.
bool is_harmful(std::uint32_t code) {
  return code < 0x20U || (code >= 0x7FU && code < 0xA0U) || code == 0x200EU || code == 0x200FU ||
         (code >= 0x2028U && code <= 0x202EU) || (code >= 0x2066U && code <= 0x2069U);
}

std::string quoted(std::string_view text) {
  std::string result = "\"";
  while (!text.empty()) {
    const auto [code, length] = first_code_point(text);
    if (length == 0) {
      result += fmt::format("\\x{:02x}", static_cast<unsigned char>(text.front()));
    } else if (code == '"' || code == '\\') {
      result += {'\\', text.front()};
    } else if (code == '\n') {
      result += "\\n";
    } else if (code == '\t') {
      result += "\\t";
    } else if (is_harmful(code)) {
      result += fmt::format("\\u{:04x}", code);
    } else {
      result += text.substr(0, length);
    }
    text.remove_prefix(std::max<std::size_t>(length, 1));
  }
  return result + "\"";
}

bool is_plain_key(const std::string& key) {
  return !key.empty() && std::all_of(key.begin(), key.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '-' || c == '.' || c == '/';
  });
}

std::string number_text(double number) {
  std::string text = fmt::format("{}", number);
  return text.ends_with(".0") ? text.substr(0, text.size() - 2) : text;
}

std::string template_text(const core::Template& text) {
  std::string result;
  for (const core::Template::Part& part : text.parts) {
    if (const std::string* literal = std::get_if<std::string>(&part)) {
      result += *literal;
    } else if (const core::Reference* reference = std::get_if<core::Reference>(&part)) {
      result += fmt::format("${{{}.{}}}", reference->address.str(), reference->attribute);
    } else {
      return std::string(kSensitive);
    }
  }
  return quoted(result);
}

std::string display_map(std::span<const Attribute> members, const Map& map) {
  std::vector<std::string> entries;
  for (const auto& [key, value] : map) {
    entries.push_back(fmt::format("{}: {}",
                                  is_plain_key(key) ? key : quoted(key),
                                  display(find_member(members, key), value)));
  }
  return entries.empty() ? "{}" : fmt::format("{{ {} }}", fmt::join(entries, ", "));
}

/// Mounts and networks are lists and maps of objects whose members have types of their own.
std::string display_collection(const Attribute* attribute, const Value& value) {
  const Type type = attribute ? attribute->type : Type::Object;
  if (const Map* map = value.get<Map>()) {
    if (type != Type::Networks && type != Type::Files) {
      return display_map(attribute ? attribute->members : std::span<const Attribute>(), *map);
    }
    std::vector<std::string> entries;
    for (const auto& [key, item] : *map) {
      const Map* settings = item.get<Map>();
      entries.push_back(fmt::format(
          "{}: {}",
          is_plain_key(key) ? key : quoted(key),
          settings
              ? display_map(type == Type::Files ? file_members() : attachment_members(), *settings)
              : display(nullptr, item)));
    }
    return entries.empty() ? "{}" : fmt::format("{{ {} }}", fmt::join(entries, ", "));
  }
  std::vector<std::string> items;
  const std::span<const Attribute> members = type == Type::Mounts ? mount_members()
                                             : attribute          ? attribute->members
                                                                  : std::span<const Attribute>();
  for (const Value& item : *value.get<List>()) {
    const Map* object = item.get<Map>();
    items.push_back(object ? display_map(members, *object) : display(nullptr, item));
  }
  return fmt::format("[{}]", fmt::join(items, ", "));
}

std::string display_integer(const Attribute* attribute, std::int64_t number) {
  if (attribute && attribute->type == Type::Duration) {
    return format_duration(number);
  }
  if (attribute && attribute->type == Type::Size) {
    return format_size(number);
  }
  return fmt::format("{}", number);
}

}  // namespace

const Attribute* find_member(std::span<const Attribute> members, std::string_view name) {
  const auto found = std::find_if(
      members.begin(), members.end(), [&](const Attribute& member) { return member.name == name; });
  return found == members.end() ? nullptr : &*found;
}

const Attribute* find_attribute(core::Kind kind, std::string_view name) {
  const Attribute* written = find_member(attributes(kind), name);
  return written ? written : find_member(decided_attributes(kind), name);
}

std::string display(const Attribute* attribute, const Value& value) {
  if (attribute && attribute->sensitive && !value.is_null() && !value.is<core::Unknown>()) {
    return std::string(kSensitive);
  }
  return std::visit(
      core::overloaded{[](core::Null) -> std::string { return "null"; },
                       [](bool truth) -> std::string { return truth ? "true" : "false"; },
                       [&](std::int64_t number) { return display_integer(attribute, number); },
                       [](double number) { return number_text(number); },
                       [](const std::string& text) { return quoted(text); },
                       [&](const List&) { return display_collection(attribute, value); },
                       [&](const Map&) { return display_collection(attribute, value); },
                       [](const core::Secret&) { return std::string(kSensitive); },
                       [](core::Unknown) { return std::string(kUnknown); },
                       [](const core::Template& text) { return template_text(text); }},
      value.data());
}

std::string shown(std::string_view text) {
  constexpr std::size_t kMost = 80;
  if (text.size() <= kMost) {
    return quoted(text);
  }
  std::size_t end = kMost;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0U) == 0x80U) {
    --end;
  }
  return quoted(std::string(text.substr(0, end)) + "...");
}

std::string describe(const Value& value) {
  return std::visit(
      core::overloaded{[](core::Null) -> std::string { return "null"; },
                       [](const std::string& text) { return shown(text); },
                       [](const List&) -> std::string { return "a list"; },
                       [](const Map&) -> std::string { return "a map"; },
                       [](const core::Secret&) -> std::string { return "a sensitive value"; },
                       [](core::Unknown) -> std::string { return "not known yet"; },
                       [](const core::Template&) -> std::string { return "not known yet"; },
                       [&](const auto&) { return *text_from(value); }},
      value.data());
}

std::optional<std::string> text_from(const Value& value) {
  if (const std::string* text = value.get<std::string>()) {
    return *text;
  }
  if (const bool* truth = value.get<bool>()) {
    return *truth ? "true" : "false";
  }
  if (const std::int64_t* number = value.get<std::int64_t>()) {
    return fmt::format("{}", *number);
  }
  if (const double* number = value.get<double>()) {
    // It was written with a point, or it would have been a whole number.
    std::string text = fmt::format("{}", *number);
    return text.find_first_not_of("-0123456789") == std::string::npos ? text + ".0" : text;
  }
  return std::nullopt;
}

bool passes_unchecked(const Value& value) {
  return value.is<core::Template>() || value.is<core::Unknown>();
}

void refuse(const Site& site,
            std::string_view expected,
            const Value& value,
            std::string_view hint) {
  const bool is_collection = value.is<List>() || value.is<Map>();
  const bool wants_collection = expected.starts_with("a list") || expected.starts_with("a map");
  site.error(is_collection || wants_collection ? "Wrong type" : "Invalid value",
             fmt::format(
                 "`{}` must be {}, but it is {}.{}", site.name(), expected, describe(value), hint));
}

void refuse_secret(const Site& site) {
  site.error("Sensitive value is not possible here",
             fmt::format("aim itself reads `{}` and shows it in plans, so it cannot come from "
                         "anything sensitive.",
                         site.name()));
}

}  // namespace aim::planner
