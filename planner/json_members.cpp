#include "planner/json_members.hpp"

#include <fmt/format.h>

#include <boost/json.hpp>

namespace aim::planner {

namespace json = boost::json;
using core::Address;
using core::Map;
using core::Value;

void Fault::set(std::string what) {
  if (!what_) {
    what_ = std::move(what);
  }
}

JsonMembers::JsonMembers(const json::value* json, std::string place, Fault& fault)
    : object_(json ? json->if_object() : nullptr), place_(std::move(place)), fault_(&fault) {
  if (object_ == nullptr) {
    fault_->set(fmt::format("{} is not an object", place_.empty() ? "the plan" : place_));
  }
}

const json::value* JsonMembers::find(std::string_view key) const {
  return object_ ? object_->if_contains(key) : nullptr;
}

const json::value* JsonMembers::at(std::string_view key) const {
  const json::value* value = find(key);
  if (value == nullptr) {
    fault_->set(fmt::format("{} is missing", place(key)));
  }
  return value;
}

std::string JsonMembers::text(std::string_view key) const {
  const json::value* value = at(key);
  const json::string* string = value ? value->if_string() : nullptr;
  if (string == nullptr) {
    fault_->set(fmt::format("{} is not a text", place(key)));
    return {};
  }
  return std::string(*string);
}

std::int64_t JsonMembers::integer(std::string_view key) const {
  const json::value* value = at(key);
  const std::int64_t* number = value ? value->if_int64() : nullptr;
  if (number == nullptr) {
    fault_->set(fmt::format("{} is not a whole number", place(key)));
    return 0;
  }
  return *number;
}

bool JsonMembers::boolean(std::string_view key) const {
  const json::value* value = at(key);
  const bool* truth = value ? value->if_bool() : nullptr;
  if (truth == nullptr) {
    fault_->set(fmt::format("{} is not true or false", place(key)));
    return false;
  }
  return *truth;
}

Address JsonMembers::address(std::string_view key) const { return parse(text(key), place(key)); }

Address JsonMembers::parse(const std::string& text, const std::string& where) const {
  const core::Result<Address> parsed = Address::parse(text);
  if (!parsed) {
    fault_->set(fmt::format("{} is not an address", where));
    return {};
  }
  return *parsed;
}

Value JsonMembers::value(std::string_view key) const {
  const json::value* member = at(key);
  if (member == nullptr) {
    return {};
  }
  core::Result<Value> parsed = core::value_from_json(*member);
  if (!parsed) {
    fault_->set(fmt::format("{}: {}", place(key), parsed.error().message));
    return {};
  }
  return std::move(*parsed);
}

Map JsonMembers::map(std::string_view key) const {
  Value member = value(key);
  Map* map = member.get<Map>();
  if (map == nullptr) {
    fault_->set(fmt::format("{} is not a map", place(key)));
    return {};
  }
  return std::move(*map);
}

std::optional<Map> JsonMembers::optional_map(std::string_view key) const {
  const json::value* member = at(key);
  return member == nullptr || member->is_null() ? std::nullopt : std::optional(map(key));
}

void JsonMembers::for_each(std::string_view key, const EachElement& each) const {
  const json::value* member = at(key);
  const json::array* array = member ? member->if_array() : nullptr;
  if (array == nullptr) {
    fault_->set(fmt::format("{} is not a list", place(key)));
    return;
  }
  for (std::size_t i = 0; i < array->size(); ++i) {
    each((*array)[i], fmt::format("{}[{}]", place(key), i));
  }
}

void JsonMembers::for_each_member(std::string_view key, const EachMember& each) const {
  const json::value* member = at(key);
  const json::object* object = member ? member->if_object() : nullptr;
  if (object == nullptr) {
    fault_->set(fmt::format("{} is not an object", place(key)));
    return;
  }
  for (const auto& [name, value] : *object) {
    each(std::string(name), value, fmt::format("{}[\"{}\"]", place(key), std::string_view(name)));
  }
}

std::vector<std::string> JsonMembers::texts(std::string_view key) const {
  std::vector<std::string> list;
  for_each(key, [&](const json::value& item, const std::string& where) {
    const json::string* string = item.if_string();
    if (string == nullptr) {
      fault_->set(fmt::format("{} is not a text", where));
      return;
    }
    list.emplace_back(*string);
  });
  return list;
}

std::vector<Address> JsonMembers::addresses(std::string_view key) const {
  std::vector<Address> list;
  for (const std::string& text : texts(key)) {
    list.push_back(parse(text, place(key)));
  }
  return list;
}

std::string JsonMembers::place(std::string_view key) const {
  return place_.empty() ? std::string(key) : fmt::format("{}.{}", place_, key);
}

}  // namespace aim::planner
