#include "planner/plan_json.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>

namespace aim::planner {

namespace json = boost::json;
using core::Kind;
using core::List;
using core::Map;
using core::Path;
using core::PathStep;
using core::Value;

namespace {

constexpr std::string_view kFormatVersion = "1.2";
constexpr std::string_view kProvider = "docker";

bool is_unknown(const Value& value) {
  return value.is<core::Unknown>() || value.is<core::Template>();
}

bool is_secret(const Attribute* attribute, const Value& value) {
  if (value.is_null() || is_unknown(value)) {
    return false;
  }
  return value.is<core::Secret>() || (attribute != nullptr && attribute->sensitive);
}

const Attribute* member_of(const Attribute* attribute, std::string_view name) {
  if (attribute == nullptr) {
    return nullptr;
  }
  const auto found = std::find_if(attribute->members.begin(),
                                  attribute->members.end(),
                                  [&](const Attribute& member) { return member.name == name; });
  return found == attribute->members.end() ? nullptr : &*found;
}

enum class Mark { Sensitive, Unknown };

bool marked(Mark mark, const Attribute* attribute, const Value& value) {
  return mark == Mark::Sensitive ? is_secret(attribute, value) : is_unknown(value);
}

/// true where `value` is marked, the same shape around it; nothing where no part is marked.
std::optional<json::value> marks(Mark mark, const Attribute* attribute, const Value& value) {
  if (marked(mark, attribute, value)) {
    return json::value(true);
  }
  if (const Map* map = value.get<Map>()) {
    json::object object;
    for (const auto& [key, item] : *map) {
      if (std::optional<json::value> inner = marks(mark, member_of(attribute, key), item)) {
        object.emplace(key, std::move(*inner));
      }
    }
    return object.empty() ? std::nullopt : std::optional<json::value>(std::move(object));
  }
  if (const List* list = value.get<List>()) {
    json::array array;
    bool any = false;
    for (const Value& item : *list) {
      std::optional<json::value> inner = marks(mark, nullptr, item);
      any = any || inner.has_value();
      array.push_back(inner ? std::move(*inner) : json::value(false));
    }
    return any ? std::optional<json::value>(std::move(array)) : std::nullopt;
  }
  return std::nullopt;
}

json::value marks_of_resource(Mark mark, Kind kind, const std::optional<Map>& values) {
  if (!values) {
    return mark == Mark::Sensitive ? json::value(false) : json::value(json::object());
  }
  json::object object;
  for (const auto& [name, value] : *values) {
    if (std::optional<json::value> inner = marks(mark, attribute_of(kind, name), value)) {
      object.emplace(name, std::move(*inner));
    }
  }
  return object;
}

json::value resource_values(Kind kind, const std::optional<Map>& values) {
  if (!values) {
    return nullptr;
  }
  json::object object;
  for (const auto& [name, value] : *values) {
    if (!is_unknown(value)) {
      object.emplace(name, public_json(attribute_of(kind, name), value));
    }
  }
  return object;
}

json::object resource_head(const core::Address& address) {
  json::object object{{"address", address.str()},
                      {"mode", "managed"},
                      {"type", core::to_string(address.kind)},
                      {"name", address.name}};
  if (address.key) {
    object.emplace("index", *address.key);
  }
  object.emplace("provider_name", kProvider);
  return object;
}

json::array path_json(const Path& path) {
  json::array array;
  for (const PathStep& step : path) {
    if (const std::size_t* index = std::get_if<std::size_t>(&step)) {
      array.push_back(static_cast<std::int64_t>(*index));
    } else {
      array.push_back(json::string(std::get<std::string>(step)));
    }
  }
  return array;
}

json::value change_json(const ResourceChange& change) {
  const Kind kind = change.address.kind;
  json::object object{{"actions", actions_json(change.action)},
                      {"before", resource_values(kind, change.before)},
                      {"after", resource_values(kind, change.after)},
                      {"after_unknown", marks_of_resource(Mark::Unknown, kind, change.after)},
                      {"before_sensitive", marks_of_resource(Mark::Sensitive, kind, change.before)},
                      {"after_sensitive", marks_of_resource(Mark::Sensitive, kind, change.after)}};
  json::array paths;
  for (const FieldChange& field : change.fields) {
    if (field.forces_replacement && change.action == Action::Replace) {
      paths.push_back(path_json(field.path));
    }
  }
  if (!paths.empty()) {
    object.emplace("replace_paths", std::move(paths));
  }
  return object;
}

json::array resource_changes_json(const Plan& plan) {
  json::array array;
  for (const ResourceChange& change : plan.changes) {
    json::object object = resource_head(change.address);
    if (change.moved_from) {
      object.emplace("previous_address", change.moved_from->str());
    }
    object.emplace("change", change_json(change));
    if (change.reason != Reason::None) {
      object.emplace("action_reason", to_string(change.reason));
    }
    array.push_back(std::move(object));
  }
  return array;
}

/// Writes `value` at `path` inside `map`, as far as what lies on the way are maps.
void set_at(Map& map, const Path& path, const Value& value) {
  Map* place = &map;
  for (std::size_t i = 0; i < path.size(); ++i) {
    const std::string* key = std::get_if<std::string>(&path[i]);
    if (key == nullptr) {
      return;
    }
    if (i + 1 == path.size()) {
      place->insert_or_assign(*key, value);
      return;
    }
    Value& inner = (*place)[*key];
    if (!inner.is<Map>()) {
      inner = Map();
    }
    place = inner.get<Map>();
  }
}

json::array resource_drift_json(const Plan& plan) {
  json::array array;
  for (const Drift& drift : plan.drift) {
    const auto change =
        std::find_if(plan.changes.begin(), plan.changes.end(), [&](const ResourceChange& c) {
          return c.address == drift.address;
        });
    std::optional<Map> before =
        change != plan.changes.end() && change->before ? *change->before : Map();
    std::optional<Map> after = before;
    for (const FieldChange& field : drift.fields) {
      set_at(*before, field.path, field.before);
      set_at(*after, field.path, field.after);
    }
    if (drift.missing) {
      after.reset();
    }
    const Kind kind = drift.address.kind;
    json::object object = resource_head(drift.address);
    object.emplace(
        "change",
        json::object{{"actions", actions_json(drift.missing ? Action::Delete : Action::Update)},
                     {"before", resource_values(kind, before)},
                     {"after", resource_values(kind, after)},
                     {"after_unknown", json::object()},
                     {"before_sensitive", marks_of_resource(Mark::Sensitive, kind, before)},
                     {"after_sensitive", marks_of_resource(Mark::Sensitive, kind, after)}});
    array.push_back(std::move(object));
  }
  return array;
}

json::value output_value(const OutputChange& output, const Value& value) {
  return output.sensitive && !value.is_null() && !is_unknown(value) ? json::value(kRedacted)
                                                                    : public_json(nullptr, value);
}

json::object output_changes_json(const Plan& plan) {
  json::object object;
  for (const OutputChange& output : plan.outputs) {
    object.emplace(
        output.name,
        json::object{{"actions", actions_json(output.action)},
                     {"before", output_value(output, output.before)},
                     {"after", output_value(output, output.after)},
                     {"after_unknown", marks(Mark::Unknown, nullptr, output.after).value_or(false)},
                     {"before_sensitive", output.sensitive},
                     {"after_sensitive", output.sensitive}});
  }
  return object;
}

enum class Side { Before, After };

/// outputs and root_module of prior_state (what was recorded) and planned_values.
json::object values_json(const Plan& plan, Side side) {
  json::object outputs;
  for (const OutputChange& output : plan.outputs) {
    const Value& value = side == Side::Before ? output.before : output.after;
    if (value.is_null()) {
      continue;
    }
    json::object entry{{"sensitive", output.sensitive}};
    if (!is_unknown(value)) {
      entry.emplace("value", output_value(output, value));
    }
    outputs.emplace(output.name, std::move(entry));
  }
  json::array resources;
  for (const ResourceChange& change : plan.changes) {
    const std::optional<Map>& values = side == Side::Before ? change.before : change.after;
    if (!values) {
      continue;
    }
    json::object object = resource_head(change.address);
    object.emplace("schema_version", 0);
    object.emplace("values", resource_values(change.address.kind, values));
    object.emplace("sensitive_values",
                   marks_of_resource(Mark::Sensitive, change.address.kind, values));
    resources.push_back(std::move(object));
  }
  json::object module;
  if (!resources.empty()) {
    module.emplace("resources", std::move(resources));
  }
  return json::object{{"outputs", std::move(outputs)}, {"root_module", std::move(module)}};
}

json::object variables_json(const Plan& plan) {
  json::object object;
  for (const auto& [name, variable] : plan.variables) {
    const bool hidden = variable.sensitive && !variable.value.is_null();
    object.emplace(
        name,
        json::object{
            {"value", hidden ? json::value(kRedacted) : public_json(nullptr, variable.value)}});
  }
  return object;
}

}  // namespace

const Attribute* attribute_of(Kind kind, std::string_view name) {
  const Attribute* attribute = find_attribute(kind, name);
  if (attribute == nullptr && kind == Kind::Endpoint) {
    attribute = find_attribute(Kind::Container, name);
  }
  return attribute;
}

json::value public_json(const Attribute* attribute, const Value& value) {
  if (is_secret(attribute, value)) {
    return json::string(kRedacted);
  }
  return std::visit(
      core::overloaded{[](core::Null) -> json::value { return nullptr; },
                       [](bool truth) -> json::value { return truth; },
                       [](std::int64_t number) -> json::value { return number; },
                       [](double number) -> json::value { return number; },
                       [](const std::string& text) -> json::value { return json::string(text); },
                       [](const List& list) -> json::value {
                         json::array array;
                         for (const Value& item : list) {
                           array.push_back(public_json(nullptr, item));
                         }
                         return array;
                       },
                       [&](const Map& map) -> json::value {
                         json::object object;
                         for (const auto& [key, item] : map) {
                           if (!is_unknown(item)) {
                             object.emplace(key, public_json(member_of(attribute, key), item));
                           }
                         }
                         return object;
                       },
                       [](const core::Secret&) -> json::value { return json::string(kRedacted); },
                       [](core::Unknown) -> json::value { return nullptr; },
                       [](const core::Template&) -> json::value { return nullptr; }},
      value.data());
}

json::value actions_json(Action action) {
  switch (action) {
    case Action::NoOp:
      return json::array{"no-op"};
    case Action::Create:
      return json::array{"create"};
    case Action::Update:
      return json::array{"update"};
    case Action::Replace:
      return json::array{"delete", "create"};
    case Action::Delete:
      return json::array{"delete"};
    case Action::Forget:
      return json::array{"forget"};
  }
  return json::array();
}

json::value field_json(Kind kind, const FieldChange& field) {
  const Attribute* attribute = nullptr;
  bool inside_secret = false;
  for (std::size_t i = 0; i < field.path.size(); ++i) {
    const std::string* key = std::get_if<std::string>(&field.path[i]);
    attribute = key == nullptr ? nullptr
                : i == 0       ? attribute_of(kind, *key)
                               : member_of(attribute, *key);
    inside_secret = inside_secret || (attribute != nullptr && attribute->sensitive);
  }
  const auto shown = [&](const Value& value) {
    return inside_secret && !value.is_null() && !is_unknown(value) ? json::value(kRedacted)
                                                                   : public_json(attribute, value);
  };
  const auto sensitive = [&](const Value& value) {
    return inside_secret && !value.is_null() && !is_unknown(value)
               ? json::value(true)
               : marks(Mark::Sensitive, attribute, value).value_or(false);
  };
  json::object object{
      {"path", path_json(field.path)},
      {"before", shown(field.before)},
      {"after", shown(field.after)},
      {"before_sensitive", sensitive(field.before)},
      {"after_sensitive", sensitive(field.after)},
      {"after_unknown", marks(Mark::Unknown, attribute, field.after).value_or(false)},
      {"forces_replacement", field.forces_replacement}};
  if (field.source && !field.source->file.empty()) {
    object.emplace("range",
                   json::object{{"filename", field.source->file},
                                {"start",
                                 {{"line", field.source->begin.line},
                                  {"column", field.source->begin.column}}}});
  }
  return object;
}

json::value plan_json(const Plan& plan, const PlanJsonHeader& header) {
  json::object object{{"format_version", kFormatVersion}, {"aim_version", header.aim_version}};
  object.emplace("variables", variables_json(plan));
  object.emplace("planned_values", values_json(plan, Side::After));
  object.emplace("resource_drift", resource_drift_json(plan));
  object.emplace("resource_changes", resource_changes_json(plan));
  object.emplace("output_changes", output_changes_json(plan));
  object.emplace("prior_state",
                 json::object{{"format_version", "1.0"},
                              {"aim_version", header.aim_version},
                              {"values", values_json(plan, Side::Before)}});
  if (header.timestamp) {
    object.emplace("timestamp", utc_text(*header.timestamp));
  }
  const bool errored = header.errored == Errored::Yes;
  object.emplace("applyable", !errored && has_changes(plan));
  object.emplace("complete",
                 !errored && plan.options.targets.empty() && plan.options.excludes.empty());
  object.emplace("errored", errored);
  return object;
}

std::string utc_text(core::Utc time) {
  const auto day = std::chrono::floor<std::chrono::days>(time);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss clock(time - day);
  std::string text = fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}",
                                 static_cast<int>(date.year()),
                                 static_cast<unsigned>(date.month()),
                                 static_cast<unsigned>(date.day()),
                                 clock.hours().count(),
                                 clock.minutes().count(),
                                 clock.seconds().count());
  if (clock.subseconds().count() != 0) {
    text += fmt::format(".{:03}", clock.subseconds().count());
  }
  return text + "Z";
}

}  // namespace aim::planner
