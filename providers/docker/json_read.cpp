#include "providers/docker/json_read.hpp"

#include <fmt/format.h>

#include <boost/json.hpp>
#include <limits>

namespace aim::providers::json_read {

namespace json = boost::json;
using core::ErrorCode;
using core::make_error;

core::Result<json::value> parse(std::string_view body) {
  boost::system::error_code error;
  // An answer is read once and dropped: one growing block instead of an allocation a value.
  json::value value =
      json::parse(body, error, json::make_shared_resource<json::monotonic_resource>());
  if (error) {
    return make_error(ErrorCode::Protocol,
                      fmt::format("Docker's answer is not JSON: {}", error.message()));
  }
  return value;
}

core::Result<json::value> parse_object(std::string_view body) {
  core::Result<json::value> value = parse(body);
  if (value && !value->is_object()) {
    return make_error(ErrorCode::Protocol, "Docker's answer is not a JSON object");
  }
  return value;
}

const json::object* object_at(const json::object& in, std::string_view key) {
  const json::value* value = in.if_contains(key);
  return value ? value->if_object() : nullptr;
}

const json::array* array_at(const json::object& in, std::string_view key) {
  const json::value* value = in.if_contains(key);
  return value ? value->if_array() : nullptr;
}

std::string text_at(const json::object& in, std::string_view key) {
  const json::value* value = in.if_contains(key);
  const json::string* text = value ? value->if_string() : nullptr;
  return text ? std::string(*text) : std::string();
}

std::int64_t integer_at(const json::object& in, std::string_view key) {
  const json::value* value = in.if_contains(key);
  if (value == nullptr) {
    return 0;
  }
  if (const std::int64_t* number = value->if_int64()) {
    return *number;
  }
  // Beyond the range of signed numbers the Engine means "as much as there is".
  return value->is_uint64() ? std::numeric_limits<std::int64_t>::max() : 0;
}

bool boolean_at(const json::object& in, std::string_view key) {
  const json::value* value = in.if_contains(key);
  const bool* truth = value ? value->if_bool() : nullptr;
  return truth && *truth;
}

std::vector<std::string> texts_at(const json::object& in, std::string_view key) {
  std::vector<std::string> texts;
  if (const json::array* array = array_at(in, key)) {
    for (const json::value& item : *array) {
      if (const json::string* text = item.if_string()) {
        texts.emplace_back(*text);
      }
    }
  }
  return texts;
}

core::Labels text_map_at(const json::object& in, std::string_view key) {
  core::Labels texts;
  if (const json::object* object = object_at(in, key)) {
    for (const auto& [name, value] : *object) {
      if (const json::string* text = value.if_string()) {
        texts.emplace(name, *text);
      }
    }
  }
  return texts;
}

}  // namespace aim::providers::json_read
