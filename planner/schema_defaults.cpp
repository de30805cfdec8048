#include <map>

#include "core/document.hpp"
#include "planner/schema_normalise.hpp"
#include "planner/schema_tables.hpp"

namespace aim::planner {

using core::List;
using core::Map;
using core::Value;

namespace {

Value value_of(const core::Node& node) {
  return std::visit(core::overloaded{[](const core::Node::Items& items) {
                                       List list;
                                       for (const core::Node& item : items) {
                                         list.push_back(value_of(item));
                                       }
                                       return Value(std::move(list));
                                     },
                                     [](const core::Node::Entries& entries) {
                                       Map map;
                                       for (const core::MapEntry& entry : entries) {
                                         map.emplace(entry.key, value_of(entry.value));
                                       }
                                       return Value(std::move(map));
                                     },
                                     [](const auto& scalar) { return Value(scalar); }},
                    node.data);
}

Value parse_default(std::string_view text) {
  core::Diagnostics diagnostics;
  const std::optional<core::Node> node = core::read_document("", text, diagnostics);
  AIM_CHECK(node && !diagnostics.has_errors());
  return value_of(*node);
}

using Defaults = std::map<const Attribute*, Value>;

void collect(std::span<const Attribute> members, Defaults& defaults) {
  for (const Attribute& member : members) {
    if (!member.default_text.empty()) {
      defaults.emplace(&member, parse_default(member.default_text));
    }
    collect(member.members, defaults);
  }
}

Defaults of_all_tables() {
  Defaults defaults;
  for (const core::Kind kind : core::kAllKinds) {
    collect(attributes(kind), defaults);
  }
  collect(mount_members(), defaults);
  collect(attachment_members(), defaults);
  collect(file_members(), defaults);
  return defaults;
}

}  // namespace

Value default_value(const Attribute& attribute) {
  // Reading YAML for each attribute of each of a thousand endpoints would take longer than the
  // plan. The tables never change, so neither does what was read.
  static const Defaults kDefaults = of_all_tables();
  const auto found = kDefaults.find(&attribute);
  if (found != kDefaults.end()) {
    return found->second;
  }
  return attribute.default_text.empty() ? Value() : parse_default(attribute.default_text);
}

}  // namespace aim::planner
