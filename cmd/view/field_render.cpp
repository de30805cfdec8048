#include "cmd/view/field_render.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "cmd/view/value_render.hpp"
#include "planner/plan_json.hpp"
#include "planner/schema.hpp"

namespace aim::view {

using core::Kind;
using core::List;
using core::Map;
using core::PathStep;
using core::Value;
using planner::Attribute;
using planner::attribute_of;
using planner::FieldChange;

namespace {

/// Ids are as long as they are unique for people: 12 digits, as Docker itself prints them.
Value shortened(std::string_view name, const Value& value) {
  static constexpr std::string_view kHash = "sha256:";
  const std::string* text = value.get<std::string>();
  if (text == nullptr || (name != "id" && name != "image_digest" && !name.ends_with("_id"))) {
    return value;
  }
  const std::size_t start = text->starts_with(kHash) ? kHash.size() : 0;
  const bool is_digest = text->size() == start + 64 &&
                         text->find_first_not_of("0123456789abcdef", start) == std::string::npos;
  return is_digest ? Value(text->substr(0, start + 12)) : value;
}

/// Changed fields by the step of the path they share.
struct FieldTree {
  const FieldChange* leaf = nullptr;
  std::map<PathStep, FieldTree> members;
};

/// The trees by first step, which is always the name of an attribute.
std::map<std::string, FieldTree> by_attribute(const std::vector<FieldChange>& fields) {
  std::map<std::string, FieldTree> trees;
  for (const FieldChange& field : fields) {
    AIM_CHECK(!field.path.empty() && std::holds_alternative<std::string>(field.path.front()));
    FieldTree* node = &trees[std::get<std::string>(field.path.front())];
    for (std::size_t i = 1; i < field.path.size(); ++i) {
      node = &node->members[field.path[i]];
    }
    node->leaf = &field;
  }
  return trees;
}

std::string step_text(const PathStep& step) {
  if (const std::size_t* index = std::get_if<std::size_t>(&step)) {
    return fmt::format("[{}]", *index);
  }
  return key_text(std::get<std::string>(step));
}

const Value* member(const Value* whole, const PathStep& step) {
  if (whole == nullptr) {
    return nullptr;
  }
  if (const std::size_t* index = std::get_if<std::size_t>(&step)) {
    const List* list = whole->get<List>();
    return list && *index < list->size() ? &(*list)[*index] : nullptr;
  }
  const Map* map = whole->get<Map>();
  return map ? core::find(*map, std::get<std::string>(step)) : nullptr;
}

std::size_t element_count(const Value* whole) {
  if (whole == nullptr) {
    return 0;
  }
  if (const List* list = whole->get<List>()) {
    return list->size();
  }
  const Map* map = whole->get<Map>();
  return map == nullptr ? 0
                        : static_cast<std::size_t>(
                              std::count_if(map->begin(), map->end(), [](const auto& entry) {
                                return !entry.second.is_null();
                              }));
}

/// One changed field, or the fields inside one attribute.
struct NodeView {
  std::string prefix;
  std::string name;
  const Attribute* attribute = nullptr;
  const Value* after = nullptr;  ///< the planned value there, null when not known
};

void render_node(const FieldTree& tree,
                 const NodeView& node,
                 std::size_t indent,
                 std::vector<Line>& lines) {
  if (tree.leaf != nullptr) {
    const FieldChange& field = *tree.leaf;
    render_difference({indent,
                       node.prefix,
                       "",
                       field.forces_replacement ? std::string(kForces) : std::string(),
                       node.attribute},
                      shortened(node.name, field.before),
                      shortened(node.name, field.after),
                      lines);
    return;
  }
  if (node.attribute != nullptr && node.attribute->sensitive) {
    lines.push_back(
        {indent, Symbol::Change, node.prefix + std::string(kSensitive), "", Tone::Plain});
    return;
  }
  std::size_t columns = 0;
  std::size_t changed_and_present = 0;
  for (const auto& [step, inner] : tree.members) {
    columns = std::max(columns, display_width(step_text(step)));
    const Value* value = member(node.after, step);
    changed_and_present += value != nullptr && !value->is_null() ? 1 : 0;
  }
  lines.push_back({indent, Symbol::Change, node.prefix + "{", "", Tone::Plain});
  for (const auto& [step, inner] : tree.members) {
    const std::string text = step_text(step);
    const std::string* key = std::get_if<std::string>(&step);
    render_node(inner,
                {pad_to_width(text, columns) + " = ",
                 text,
                 key ? member_attribute(node.attribute, *key) : nullptr,
                 member(node.after, step)},
                indent + 4,
                lines);
  }
  render_hidden(element_count(node.after) - changed_and_present, "element", indent + 4, lines);
  lines.push_back({indent, Symbol::None, "}", "", Tone::Plain});
}

/// Attributes of the configuration before computed ones, each group by name.
template <class Named>
std::vector<std::string> in_order(Kind kind, const Named& named) {
  std::vector<std::string> names;
  for (const bool configured : {true, false}) {
    for (const auto& [name, value] : named) {
      const planner::Attribute* attribute = planner::find_attribute(kind, name);
      const bool hidden = attribute != nullptr && attribute->internal;
      if (!hidden && (attribute != nullptr) == configured) {
        names.push_back(name);
      }
    }
  }
  return names;
}

std::size_t widest(const std::vector<std::string>& names) {
  std::size_t columns = 0;
  for (const std::string& name : names) {
    columns = std::max(columns, display_width(key_text(name)));
  }
  return columns;
}

/// Attributes that have a value before or after and that no line was written for.
std::size_t hidden_attributes(const FieldsView& view,
                              const std::map<std::string, FieldTree>& trees,
                              const std::vector<std::string>& written) {
  std::set<std::string> hidden;
  for (const Map* map : {view.before, view.after}) {
    if (map == nullptr) {
      continue;
    }
    for (const auto& [name, value] : *map) {
      const planner::Attribute* attribute = planner::find_attribute(view.kind, name);
      const bool internal = attribute != nullptr && attribute->internal;
      if (!internal && !value.is_null() && !trees.contains(name) &&
          std::find(written.begin(), written.end(), name) == written.end()) {
        hidden.insert(name);
      }
    }
  }
  return hidden.size();
}

}  // namespace

void render_whole(
    Kind kind, const Map& values, Symbol symbol, std::size_t indent, std::vector<Line>& lines) {
  Map present;
  for (const auto& [name, value] : values) {
    if (!value.is_null()) {
      present.emplace(name, shortened(name, value));
    }
  }
  const std::vector<std::string> names = in_order(kind, present);
  const std::size_t columns = widest(names);
  for (const std::string& name : names) {
    render_value({indent,
                  pad_to_width(key_text(name), columns) + " = ",
                  symbol == Symbol::Remove ? " -> null" : "",
                  "",
                  attribute_of(kind, name)},
                 symbol,
                 present.at(name),
                 lines);
  }
}

void render_fields(const FieldsView& view, std::size_t indent, std::vector<Line>& lines) {
  const std::map<std::string, FieldTree> trees = by_attribute(view.fields);
  std::vector<std::string> unchanged;
  for (const std::string& name : view.shown) {
    const Value* value = view.after ? core::find(*view.after, name) : nullptr;
    if (value && !value->is_null() && !trees.contains(name)) {
      unchanged.push_back(name);
    }
  }
  const std::vector<std::string> changed = in_order(view.kind, trees);
  const std::size_t columns = std::max(widest(changed), widest(unchanged));
  const auto prefix = [&](const std::string& name) {
    return pad_to_width(key_text(name), columns) + " = ";
  };
  for (const std::string& name : changed) {
    render_node(trees.at(name),
                {prefix(name),
                 name,
                 attribute_of(view.kind, name),
                 view.after ? core::find(*view.after, name) : nullptr},
                indent,
                lines);
  }
  for (const std::string& name : unchanged) {
    render_value({indent, prefix(name), "", "", attribute_of(view.kind, name)},
                 Symbol::None,
                 shortened(name, *core::find(*view.after, name)),
                 lines);
  }
  render_hidden(hidden_attributes(view, trees, unchanged), "attribute", indent, lines);
}

}  // namespace aim::view
