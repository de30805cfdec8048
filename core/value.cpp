#include "core/value.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>
#include <cmath>

namespace aim::core {

namespace json = boost::json;

namespace {

constexpr std::string_view kSecretKey = "$secret";
constexpr std::string_view kUnknownKey = "$unknown";
constexpr std::string_view kTemplateKey = "$template";

bool is_plain_word(std::string_view key) {
  return !key.empty() && std::all_of(key.begin(), key.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '-';
  });
}

bool contains(const Value& value, bool (*is_it)(const Value&)) {
  if (is_it(value)) {
    return true;
  }
  if (const List* list = value.get<List>()) {
    return std::any_of(
        list->begin(), list->end(), [&](const Value& item) { return contains(item, is_it); });
  }
  if (const Map* map = value.get<Map>()) {
    return std::any_of(
        map->begin(), map->end(), [&](const auto& entry) { return contains(entry.second, is_it); });
  }
  return false;
}

Value digest_at(const Value& value, std::string_view salt_prefix, Path& path) {
  if (const Secret* secret = value.get<Secret>()) {
    return secret->known() ? secret->with_digest(fmt::format("{}/{}", salt_prefix, to_string(path)))
                           : *secret;
  }
  if (const List* list = value.get<List>()) {
    List copy;
    for (std::size_t i = 0; i < list->size(); ++i) {
      path.emplace_back(i);
      copy.push_back(digest_at((*list)[i], salt_prefix, path));
      path.pop_back();
    }
    return copy;
  }
  if (const Map* map = value.get<Map>()) {
    Map copy;
    for (const auto& [key, item] : *map) {
      path.emplace_back(key);
      copy.emplace(key, digest_at(item, salt_prefix, path));
      path.pop_back();
    }
    return copy;
  }
  return value;
}

json::value part_to_json(const Template::Part& part) {
  return std::visit(
      overloaded{[](const std::string& text) -> json::value { return json::string(text); },
                 [](const Secret& secret) -> json::value {
                   return json::object{{kSecretKey, secret.digest()}};
                 },
                 [](const Reference& reference) -> json::value {
                   return json::object{{"address", reference.address.str()},
                                       {"attribute", reference.attribute}};
                 }},
      part);
}

Error malformed(std::string_view what) {
  return make_error(ErrorCode::Protocol, fmt::format("malformed value: {}", what));
}

Result<Template::Part> part_from_json(const json::value& part) {
  if (const json::string* text = part.if_string()) {
    return Template::Part(std::string(*text));
  }
  const json::object* object = part.if_object();
  if (object == nullptr) {
    return malformed("template part");
  }
  if (const json::value* secret = object->if_contains(kSecretKey); secret && secret->is_string()) {
    return Template::Part(Secret::from_digest(std::string(secret->get_string())));
  }
  const json::value* address = object->if_contains("address");
  const json::value* attribute = object->if_contains("attribute");
  if (!address || !attribute || !address->is_string() || !attribute->is_string()) {
    return malformed("template part");
  }
  Result<Address> parsed = Address::parse(std::string_view(address->get_string()));
  if (!parsed) {
    return parsed.error();
  }
  return Template::Part(Reference{*parsed, std::string(attribute->get_string())});
}

Result<Value> special_from_json(const json::object& object) {
  const auto& [key, value] = *object.begin();
  if (key == kSecretKey && value.is_string()) {
    return Value(Secret::from_digest(std::string(value.get_string())));
  }
  if (key == kUnknownKey) {
    return Value(Unknown{});
  }
  if (key == kTemplateKey && value.is_array()) {
    Template result;
    for (const json::value& item : value.get_array()) {
      Result<Template::Part> part = part_from_json(item);
      if (!part) {
        return part.error();
      }
      result.parts.push_back(std::move(*part));
    }
    return Value(std::move(result));
  }
  return malformed("a key with one $ that is not ours");
}

}  // namespace

std::string to_string(const Path& path) {
  std::string text;
  for (const PathStep& step : path) {
    if (const std::size_t* index = std::get_if<std::size_t>(&step)) {
      text += fmt::format("[{}]", *index);
    } else if (const std::string& key = std::get<std::string>(step); is_plain_word(key)) {
      text += text.empty() ? key : "." + key;
    } else {
      text += fmt::format("[{}]", json::serialize(json::string(key)));
    }
  }
  return text;
}

const Value* find(const Map& map, std::string_view key) {
  const auto found = map.find(key);
  return found == map.end() ? nullptr : &found->second;
}

std::optional<std::string> string_at(const Map& map, std::string_view key) {
  const Value* value = find(map, key);
  const std::string* text = value ? value->get<std::string>() : nullptr;
  return text ? std::optional(*text) : std::nullopt;
}

std::optional<std::int64_t> integer_at(const Map& map, std::string_view key) {
  const Value* value = find(map, key);
  const std::int64_t* number = value ? value->get<std::int64_t>() : nullptr;
  return number ? std::optional(*number) : std::nullopt;
}

std::optional<bool> boolean_at(const Map& map, std::string_view key) {
  const Value* value = find(map, key);
  const bool* truth = value ? value->get<bool>() : nullptr;
  return truth ? std::optional(*truth) : std::nullopt;
}

bool contains_unknown(const Value& value) {
  return contains(value, [](const Value& v) { return v.is<Unknown>(); });
}

bool contains_template(const Value& value) {
  return contains(value, [](const Value& v) { return v.is<Template>(); });
}

bool contains_secret(const Value& value) {
  return contains(value, [](const Value& v) {
    const Template* text = v.get<Template>();
    return v.is<Secret>() ||
           (text && std::any_of(text->parts.begin(), text->parts.end(), [](const auto& part) {
              return std::holds_alternative<Secret>(part);
            }));
  });
}

Value with_digests(const Value& value, std::string_view salt_prefix) {
  Path path;
  return digest_at(value, salt_prefix, path);
}

json::value to_json(const Value& value) {
  return std::visit(
      overloaded{[](Null) -> json::value { return nullptr; },
                 [](bool truth) -> json::value { return truth; },
                 [](std::int64_t number) -> json::value { return number; },
                 [](double number) -> json::value { return number; },
                 [](const std::string& text) -> json::value { return json::string(text); },
                 [](const List& list) -> json::value {
                   json::array array;
                   array.reserve(list.size());
                   for (const Value& item : list) {
                     array.push_back(to_json(item));
                   }
                   return array;
                 },
                 [](const Map& map) -> json::value { return to_json(map); },
                 [](const Secret& secret) -> json::value {
                   return json::object{{kSecretKey, secret.digest()}};
                 },
                 [](Unknown) -> json::value {
                   return json::object{{kUnknownKey, true}};
                 },
                 [](const Template& text) -> json::value {
                   json::array parts;
                   for (const Template::Part& part : text.parts) {
                     parts.push_back(part_to_json(part));
                   }
                   return json::object{{kTemplateKey, std::move(parts)}};
                 }},
      value.data());
}

json::value to_json(const Map& map) {
  json::object object;
  object.reserve(map.size());
  for (const auto& [key, item] : map) {
    object.emplace(key.starts_with('$') ? "$" + key : key, to_json(item));
  }
  return object;
}

Result<Value> value_from_json(const json::value& json) {
  switch (json.kind()) {
    case json::kind::null:
      return Value();
    case json::kind::bool_:
      return Value(json.get_bool());
    case json::kind::int64:
      return Value(json.get_int64());
    case json::kind::uint64:
      return Value(static_cast<double>(json.get_uint64()));
    case json::kind::double_:
      return Value(json.get_double());
    case json::kind::string:
      return Value(std::string(json.get_string()));
    case json::kind::array: {
      List list;
      for (const json::value& item : json.get_array()) {
        Result<Value> value = value_from_json(item);
        if (!value) {
          return value.error();
        }
        list.push_back(std::move(*value));
      }
      return Value(std::move(list));
    }
    case json::kind::object: {
      const json::object& object = json.get_object();
      if (object.size() == 1) {
        const std::string_view key = object.begin()->key();
        if (key.starts_with('$') && !key.starts_with("$$")) {
          return special_from_json(object);
        }
      }
      Map map;
      for (const auto& [key, item] : object) {
        Result<Value> value = value_from_json(item);
        if (!value) {
          return value.error();
        }
        std::string_view name = key;
        if (name.starts_with("$$")) {
          name.remove_prefix(1);
        }
        map.emplace(name, std::move(*value));
      }
      return Value(std::move(map));
    }
  }
  return malformed("unknown kind of JSON");
}

std::string canonical_json(const Value& value) { return json::serialize(to_json(value)); }

Result<Value> parse_canonical_json(std::string_view text) {
  boost::system::error_code failed;
  json::parse_options options;
  options.max_depth = 128;
  const json::value parsed = json::parse(text, failed, {}, options);
  if (failed) {
    return malformed(failed.message());
  }
  return value_from_json(parsed);
}

std::optional<SourceRange> position_of(const Positions& positions, Path path) {
  while (true) {
    if (const auto found = positions.find(to_string(path)); found != positions.end()) {
      return found->second;
    }
    if (path.empty()) {
      return std::nullopt;
    }
    path.pop_back();
  }
}

}  // namespace aim::core
