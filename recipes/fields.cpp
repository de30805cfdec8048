#include "recipes/fields.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <sstream>

namespace aim::recipes {

using core::Diagnostics;
using core::Node;

namespace {

constexpr std::size_t kShownBytes = 60;

}  // namespace

Fields::Fields(const Node& node, std::string name, Diagnostics& diagnostics)
    : node_(node), name_(std::move(name)), diagnostics_(diagnostics) {
  static const Node::Entries kNone;
  if (std::holds_alternative<core::Null>(node.data)) {
    entries_ = &kNone;
  } else if (const Node::Entries* entries = node.entries()) {
    entries_ = entries;
  } else {
    diagnostics_.error("Wrong type",
                       fmt::format("{} must be a map, but it is {}.", name_, described(node)),
                       node.range);
  }
}

const Node* Fields::take(std::string_view key) {
  known_.emplace_back(key);
  if (entries_ == nullptr) {
    return nullptr;
  }
  const auto found = std::find_if(
      entries_->begin(), entries_->end(), [&](const auto& entry) { return entry.key == key; });
  if (found == entries_->end() || std::holds_alternative<core::Null>(found->value.data)) {
    return nullptr;
  }
  return &found->value;
}

void Fields::wrong_type(const Node& found, std::string_view key, std::string_view expected) {
  diagnostics_.error("Wrong type",
                     fmt::format("`{}` must be {}, but it is {}.", key, expected, described(found)),
                     found.range);
}

std::optional<std::string> Fields::text(std::string_view key) {
  const Node* found = take(key);
  if (found == nullptr) {
    return std::nullopt;
  }
  if (const std::string* text = std::get_if<std::string>(&found->data)) {
    return *text;
  }
  wrong_type(*found, key, "text");
  return std::nullopt;
}

std::string Fields::required_text(std::string_view key) {
  const std::size_t before = diagnostics_.items().size();
  const std::optional<std::string> found = text(key);
  if (found && !found->empty()) {
    return *found;
  }
  if (is_map() && diagnostics_.items().size() == before) {
    diagnostics_.error(
        "Missing key", fmt::format("{} needs the key `{}`.", name_, key), node_.range);
  }
  return {};
}

std::optional<std::int64_t> Fields::integer(std::string_view key, std::int64_t least) {
  const Node* found = take(key);
  if (found == nullptr) {
    return std::nullopt;
  }
  const std::int64_t* number = std::get_if<std::int64_t>(&found->data);
  if (number != nullptr && *number >= least) {
    return *number;
  }
  wrong_type(*found, key, fmt::format("a whole number from {} on", least));
  return std::nullopt;
}

std::optional<double> Fields::number(std::string_view key) {
  const Node* found = take(key);
  if (found == nullptr) {
    return std::nullopt;
  }
  if (const double* number = std::get_if<double>(&found->data)) {
    return *number;
  }
  if (const std::int64_t* whole = std::get_if<std::int64_t>(&found->data)) {
    return static_cast<double>(*whole);
  }
  wrong_type(*found, key, "a number");
  return std::nullopt;
}

std::optional<bool> Fields::truth(std::string_view key) {
  const Node* found = take(key);
  if (found == nullptr) {
    return std::nullopt;
  }
  if (const bool* truth = std::get_if<bool>(&found->data)) {
    return *truth;
  }
  wrong_type(*found, key, "true or false");
  return std::nullopt;
}

std::vector<std::string> Fields::texts(std::string_view key) {
  const Node* found = take(key);
  if (found == nullptr) {
    return {};
  }
  if (const std::string* text = std::get_if<std::string>(&found->data)) {
    return {*text};
  }
  std::vector<std::string> result;
  if (const Node::Items* items = found->items()) {
    for (const Node& item : *items) {
      const std::string* text = std::get_if<std::string>(&item.data);
      if (text == nullptr) {
        wrong_type(item, key, "a list of texts");
        continue;
      }
      result.push_back(*text);
    }
    return result;
  }
  wrong_type(*found, key, "a text or a list of texts");
  return {};
}

const Node::Entries& Fields::map(std::string_view key) {
  static const Node::Entries kNone;
  const Node* found = take(key);
  if (found == nullptr) {
    return kNone;
  }
  if (const Node::Entries* entries = found->entries()) {
    return *entries;
  }
  wrong_type(*found, key, "a map");
  return kNone;
}

const Node::Items& Fields::list(std::string_view key) {
  static const Node::Items kNone;
  const Node* found = take(key);
  if (found == nullptr) {
    return kNone;
  }
  if (const Node::Items* items = found->items()) {
    return *items;
  }
  wrong_type(*found, key, "a list");
  return kNone;
}

void Fields::finish() {
  if (entries_ == nullptr) {
    return;
  }
  for (const core::MapEntry& entry : *entries_) {
    const auto has = [&](const std::vector<std::string>& keys) {
      return std::find(keys.begin(), keys.end(), entry.key) != keys.end();
    };
    if (entry.key.starts_with("x-") || has(known_) || has(ignored_)) {
      continue;
    }
    const std::string near = core::did_you_mean(entry.key, known_);
    diagnostics_.error("Unknown key",
                       fmt::format("{} has no key {}. {}{}It takes {}.",
                                   name_,
                                   in_quotes(entry.key),
                                   near,
                                   near.empty() ? "" : " ",
                                   listed(known_)),
                       entry.key_range);
  }
}

std::string in_quotes(std::string_view text) {
  std::string shown;
  for (const char c : text.substr(0, kShownBytes)) {
    if (static_cast<unsigned char>(c) < 0x20 || c == '\x7f') {
      shown += fmt::format("\\x{:02x}", static_cast<unsigned>(static_cast<unsigned char>(c)));
    } else {
      shown += c;
    }
  }
  // Never half a character of UTF-8.
  if (text.size() > kShownBytes) {
    while (!shown.empty() && (static_cast<unsigned char>(shown.back()) & 0xC0U) == 0x80U) {
      shown.pop_back();
    }
    if (!shown.empty() && (static_cast<unsigned char>(shown.back()) & 0x80U) != 0) {
      shown.pop_back();
    }
    shown += "...";
  }
  return "\"" + shown + "\"";
}

std::string listed(const std::vector<std::string>& words, std::string_view last) {
  std::string text;
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (i > 0) {
      text += i + 1 == words.size() ? fmt::format(" {} ", last) : ", ";
    }
    text += words[i];
  }
  return text;
}

std::string described(const Node& node) {
  return std::visit(core::overloaded{[](core::Null) -> std::string { return "null"; },
                                     [](const Node::Items&) -> std::string { return "a list"; },
                                     [](const Node::Entries&) -> std::string { return "a map"; },
                                     [](const std::string& text) { return in_quotes(text); },
                                     [&](const auto&) { return node.raw; }},
                    node.data);
}

core::Value value_of(const Node& node, const core::Path& path, core::Positions* positions) {
  if (positions != nullptr) {
    positions->insert_or_assign(core::to_string(path), node.range);
  }
  core::Path inner = path;
  inner.emplace_back(std::size_t{0});
  if (const Node::Items* items = node.items()) {
    core::List list;
    for (const Node& item : *items) {
      inner.back() = list.size();
      list.push_back(value_of(item, inner, positions));
    }
    return list;
  }
  if (const Node::Entries* entries = node.entries()) {
    core::Map map;
    for (const core::MapEntry& entry : *entries) {
      inner.back() = entry.key;
      map.insert_or_assign(entry.key, value_of(entry.value, inner, positions));
      if (positions != nullptr) {
        positions->insert_or_assign(core::to_string(inner), entry.key_range);
      }
    }
    return map;
  }
  return std::visit(
      core::overloaded{[](const Node::Items&) -> core::Value { return {}; },
                       [](const Node::Entries&) -> core::Value { return {}; },
                       [](const auto& scalar) -> core::Value { return core::Value(scalar); }},
      node.data);
}

core::Result<std::string> read_text(const std::string& file, std::size_t limit) {
  std::error_code code;
  const std::uintmax_t size = std::filesystem::file_size(file, code);
  if (code == std::errc::no_such_file_or_directory) {
    return core::make_error(core::ErrorCode::NotFound, fmt::format("there is no file {}", file));
  }
  if (!code && size > limit) {
    return core::make_error(core::ErrorCode::Failed,
                            fmt::format("{} has more than {} bytes", file, limit));
  }
  std::ifstream stream(file, std::ios::binary);
  std::ostringstream text;
  if (code || !stream || !(text << stream.rdbuf() || size == 0)) {
    return core::make_error(
        core::ErrorCode::Failed,
        fmt::format("{} cannot be read: {}", file, code ? code.message() : std::strerror(errno)));
  }
  return std::move(text).str();
}

}  // namespace aim::recipes
