#include "planner/diff.hpp"

#include <algorithm>
#include <array>
#include <set>

#include "planner/schema.hpp"

namespace aim::planner {

using core::Kind;
using core::Map;
using core::Path;
using core::Value;

namespace {

struct FieldCollector {
  const core::Positions* positions;
  std::vector<FieldChange> fields;

  void compare(Path& path, const Value& before, const Value& after) {
    if (before == after) {
      return;
    }
    const Map* old_map = before.get<Map>();
    const Map* new_map = after.get<Map>();
    if (old_map && new_map) {
      compare_maps(path, *old_map, *new_map);
      return;
    }
    FieldChange change{path, before, after, false, std::nullopt};
    if (positions) {
      change.source = core::position_of(*positions, path);
    }
    fields.push_back(std::move(change));
  }

  void compare_maps(Path& path, const Map& before, const Map& after) {
    std::set<std::string> keys;
    for (const auto& [key, value] : before) {
      keys.insert(key);
    }
    for (const auto& [key, value] : after) {
      keys.insert(key);
    }
    for (const std::string& key : keys) {
      const Value* old_value = core::find(before, key);
      const Value* new_value = core::find(after, key);
      path.emplace_back(key);
      compare(path, old_value ? *old_value : Value(), new_value ? *new_value : Value());
      path.pop_back();
    }
  }
};

const std::string& top_level(const FieldChange& field) {
  return std::get<std::string>(field.path.front());
}

std::set<std::string> top_levels(const std::vector<FieldChange>& fields) {
  std::set<std::string> names;
  for (const FieldChange& field : fields) {
    names.insert(top_level(field));
  }
  return names;
}

/// Whether a file comes or goes, and not only its content or owner changes.
bool is_whole_file(const FieldChange& field) {
  return field.path.size() < 3 && (field.before.is_null() || field.after.is_null());
}

bool forces_replacement(const Attribute& attribute, const FieldChange& field) {
  switch (attribute.on_change) {
    case OnChange::Replace:
      return true;
    case OnChange::InPlace:
      if (attribute.type == Type::Files && is_whole_file(field)) {
        // Docker can change what a container holds, but it cannot take a file away again.
        return true;
      }
      return attribute.replace_when_removed && field.after.is_null() && field.path.size() == 1;
    case OnChange::Record:
      return false;
  }
  return true;
}

Map defaults_of(Kind kind) {
  std::vector<std::string> defaulted;
  core::Diagnostics ignored;  // required attributes are missing here, which is no fault
  const Map all =
      decode_attributes(kind, {}, {}, core::Address{kind, "x", std::nullopt}, defaulted, ignored);
  Map result;
  for (const std::string& name : defaulted) {
    if (const Value* value = core::find(all, name)) {
      result.emplace(name, *value);
    }
  }
  return result;
}

}  // namespace

const Map& default_attributes(Kind kind) {
  static const std::array<Map, 4> kDefaults = {defaults_of(Kind::Endpoint),
                                               defaults_of(Kind::Container),
                                               defaults_of(Kind::Network),
                                               defaults_of(Kind::Volume)};
  return kDefaults.at(static_cast<std::size_t>(kind));
}

std::vector<FieldChange> diff_attributes(Kind kind,
                                         const Map& before,
                                         const Map& after,
                                         const core::Positions& positions) {
  FieldCollector collector{&positions, {}};
  Path path;
  collector.compare_maps(path, before, after);
  std::vector<FieldChange> result;
  for (FieldChange& field : collector.fields) {
    const Attribute* attribute = find_attribute(kind, top_level(field));
    if (attribute == nullptr) {
      continue;
    }
    const Value* fallback = core::find(default_attributes(kind), attribute->name);
    if (field.path.size() == 1 && field.before.is_null() && fallback && *fallback == field.after) {
      continue;
    }
    field.forces_replacement = forces_replacement(*attribute, field);
    result.push_back(std::move(field));
  }
  return result;
}

std::vector<FieldChange> diff_projection(const Map& baseline,
                                         const Map& observed,
                                         bool same_api,
                                         const Map& specified) {
  FieldCollector collector{nullptr, {}};
  Path path;
  collector.compare_maps(path, baseline, observed);
  std::vector<FieldChange> result;
  for (FieldChange& field : collector.fields) {
    const Value* asked = core::find(specified, top_level(field));
    if (!same_api && (asked == nullptr || asked->is_null())) {
      continue;
    }
    const Attribute* attribute = find_attribute(Kind::Container, top_level(field));
    field.forces_replacement = attribute == nullptr || attribute->on_change != OnChange::InPlace;
    result.push_back(std::move(field));
  }
  return result;
}

namespace {

/// What an update call has to say so that `name` is as if it had never been set; null if Docker
/// cannot take it away. `limits` are those that hold then: the swap limit follows the memory.
Value value_for_unset(const Attribute& attribute, const Map& limits) {
  if (attribute.unset_value) {
    return *attribute.unset_value;
  }
  const std::optional<std::int64_t> memory = core::integer_at(limits, "memory");
  return attribute.name == "memory_swap" && memory ? Value(2 * *memory) : Value();
}

/// What a limit has to become: as `after` wants it, else gone, else (when it only drifted) what
/// Docker showed before. Null: there is no such call.
Value wanted_limit(const Attribute& attribute,
                   const Map& after,
                   const Map& baseline,
                   bool configured_differently) {
  const Value* wanted = core::find(after, attribute.name);
  if (wanted && !wanted->is_null()) {
    return *wanted;
  }
  const Value* before = configured_differently ? nullptr : core::find(baseline, attribute.name);
  return before && !before->is_null() ? *before : value_for_unset(attribute, after);
}

/// Limits and restart policy: one update call for those that can be taken back, one for the rest.
void add_limit_steps(InPlacePlan& plan,
                     const Map& after,
                     const core::ObservedContainer& observed,
                     const Map& baseline,
                     const std::set<std::string>& changed,
                     const std::set<std::string>& drifted) {
  SetLimits reversible;
  SetLimits irreversible;
  irreversible.after_readiness = true;
  std::set<std::string> names = changed;
  names.insert(drifted.begin(), drifted.end());
  for (const std::string& name : names) {
    const Attribute* attribute = find_attribute(Kind::Container, name);
    if (attribute == nullptr || attribute->on_change != OnChange::InPlace || name == "networks" ||
        name == "files") {
      continue;
    }
    const Value wanted = wanted_limit(*attribute, after, baseline, changed.contains(name));
    if (wanted.is_null()) {
      // A change that takes it away was found to need a new container already.
      plan.possible = plan.possible && !drifted.contains(name);
      continue;
    }
    const Value* seen = core::find(observed.attributes, name);
    const Value now =
        seen && !seen->is_null() ? *seen : value_for_unset(*attribute, observed.attributes);
    if (now == wanted) {
      continue;
    }
    SetLimits& step = now.is_null() ? irreversible : reversible;
    step.attributes.insert_or_assign(name, wanted);
    if (!now.is_null()) {
      step.previous.insert_or_assign(name, now);
    }
  }
  // A swap limit that was asked for looks like Docker's own once the memory has become half of it.
  if (const Value* swap = core::find(observed.attributes, "memory_swap");
      swap && reversible.previous.contains("memory")) {
    reversible.previous.emplace("memory_swap", *swap);
  }
  if (!reversible.attributes.empty()) {
    plan.steps.emplace_back(std::move(reversible));
  }
  if (!irreversible.attributes.empty()) {
    plan.steps.emplace_back(std::move(irreversible));
  }
}

void add_network_steps(InPlacePlan& plan,
                       const core::Address& address,
                       const Map& after,
                       const core::ObservedContainer& observed,
                       const NameLookup& names) {
  const std::vector<core::Attachment> wanted = attachments(address, after, names);
  const std::optional<std::string> hostname = core::string_at(observed.attributes, "hostname");
  std::vector<InPlaceStep> connects;
  for (const core::Attachment& attachment : wanted) {
    const auto now = observed_attachment(observed, attachment.network);
    if (now && is_attached_as(*now, attachment, hostname)) {
      continue;
    }
    if (now) {
      plan.steps.emplace_back(Disconnect{*now});
      plan.steps.emplace_back(Connect{attachment});
    } else {
      connects.emplace_back(Connect{attachment});
    }
  }
  plan.steps.insert(plan.steps.end(), connects.begin(), connects.end());
  const Value* networks = core::find(observed.attributes, "networks");
  const Map* all = networks ? networks->get<Map>() : nullptr;
  if (all == nullptr) {
    return;
  }
  for (const auto& entry : *all) {
    const std::string& name = entry.first;
    const bool asked = std::any_of(
        wanted.begin(), wanted.end(), [&](const core::Attachment& a) { return a.network == name; });
    if (!asked) {
      plan.steps.emplace_back(Disconnect{*observed_attachment(observed, name)});
    }
  }
}

/// The paths of files that are there and become different.
std::vector<std::string> changed_files(const std::vector<FieldChange>& changed) {
  std::set<std::string> paths;
  for (const FieldChange& field : changed) {
    if (top_level(field) == "files" && field.path.size() > 1) {
      paths.insert(std::get<std::string>(field.path[1]));
    }
  }
  return {paths.begin(), paths.end()};
}

}  // namespace

Map without_restart(Map attributes) {
  attributes.insert_or_assign("restart", "no");
  return attributes;
}

InPlacePlan in_place_steps(const core::Address& address,
                           const Map& after,
                           const core::ObservedContainer& observed,
                           const Map& baseline,
                           const std::vector<FieldChange>& changed,
                           const std::vector<FieldChange>& drifted,
                           const std::string& wanted_name,
                           const NameLookup& names,
                           Aim aim) {
  InPlacePlan plan;
  const bool held = aim == Aim::Held;
  const std::set<std::string> changed_names = top_levels(changed);
  const std::set<std::string> drifted_names = top_levels(drifted);
  if (observed.name != wanted_name) {
    plan.steps.emplace_back(Rename{observed.name, wanted_name});
  }
  if (changed_names.contains("networks") || drifted_names.contains("networks")) {
    add_network_steps(plan, address, after, observed, names);
  }
  add_limit_steps(plan,
                  held ? without_restart(after) : after,
                  observed,
                  baseline,
                  changed_names,
                  drifted_names);
  if (std::vector<std::string> paths = changed_files(changed); !paths.empty()) {
    plan.steps.emplace_back(ReplaceFiles{std::move(paths)});
  }
  switch (observed.state.status) {
    case core::ContainerStatus::Created:
    case core::ContainerStatus::Exited:
      if (!held && !is_as_wanted(after, observed.state)) {
        plan.steps.emplace_back(Start{});
      }
      break;
    case core::ContainerStatus::Paused:
      plan.steps.emplace_back(Unpause{});
      if (held) {
        plan.steps.emplace_back(Stop{});
      }
      break;
    case core::ContainerStatus::Running:
    case core::ContainerStatus::Restarting:
      if (held) {
        plan.steps.emplace_back(Stop{});
      }
      break;
    case core::ContainerStatus::Removing:
    case core::ContainerStatus::Dead:
      plan.possible = false;
      break;
  }
  // What cannot be taken back comes last, after everything else has been proven.
  std::stable_partition(plan.steps.begin(), plan.steps.end(), [](const InPlaceStep& step) {
    const SetLimits* limits = std::get_if<SetLimits>(&step);
    return limits == nullptr || !limits->after_readiness;
  });
  return plan;
}

}  // namespace aim::planner
