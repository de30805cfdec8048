#include "planner/plan_container.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "planner/diff.hpp"
#include "planner/lifecycle.hpp"
#include "planner/schema.hpp"

namespace aim::planner {

using core::Address;
using core::RecordedResource;
using core::Unknown;
using core::Value;

namespace {

void sort_fields(std::vector<FieldChange>& fields) {
  std::stable_sort(fields.begin(), fields.end(), [](const FieldChange& a, const FieldChange& b) {
    return core::to_string(a.path) < core::to_string(b.path);
  });
}

/// What is aimed at, for people.
Value wanted_status(const core::Map& attributes, bool held) {
  return held ? "exited" : is_job(attributes) ? "done" : "running";
}

bool is_right(const core::Map& attributes, const core::ContainerState& state, bool held) {
  return held ? stands_still(state.status) : is_as_wanted(attributes, state);
}

Value status_text(const core::Map& attributes, const core::ContainerState& state) {
  return is_job(attributes) && state.status == core::ContainerStatus::Exited
             ? Value(fmt::format("exited with code {}", state.exit_code))
             : Value(core::to_string(state.status));
}

/// Where a volume that is mounted by its key has another name on Docker by now.
std::vector<FieldChange> moved_volumes(const ContainerPlanner& planner,
                                       const ResourceChange& change) {
  std::vector<FieldChange> moved;
  const core::Map wanted = docker_attributes(change.address, change.attributes, planner.names);
  const core::Map& now = planner.located.container->attributes;
  for (const auto& [path, name] : volumes_by_path(wanted)) {
    const std::map<std::string, std::string> mounted = volumes_by_path(now);
    const auto held = mounted.find(path);
    if (held != mounted.end() && held->second != name) {
      moved.push_back({{"mounts", path, "source"}, held->second, name, true, std::nullopt});
    }
  }
  return moved;
}

/// Where a network that is joined by its key has another name on Docker by now.
std::vector<FieldChange> moved_networks(const ContainerPlanner& planner,
                                        const ResourceChange& change) {
  std::vector<FieldChange> moved;
  std::set<std::string> wanted;
  for (const core::Attachment& one :
       attachments(change.address, change.attributes, planner.names)) {
    wanted.insert(one.network);
    if (!observed_attachment(*planner.located.container, one.network)) {
      moved.push_back({{"networks", one.network}, Value(), core::Map(), false, std::nullopt});
    }
  }
  const Value* networks = core::find(planner.located.container->attributes, "networks");
  const core::Map* held = networks ? networks->get<core::Map>() : nullptr;
  for (const auto& [name, settings] : held ? *held : core::Map()) {
    if (!wanted.contains(name)) {
      moved.push_back({{"networks", name}, settings, Value(), false, std::nullopt});
    }
  }
  return moved;
}

bool concerns(const std::vector<FieldChange>& fields, std::string_view attribute) {
  return std::any_of(fields.begin(), fields.end(), [&](const FieldChange& field) {
    return std::get<std::string>(field.path.front()) == attribute;
  });
}

/// Whether nothing but what it uses forces the replacement.
bool only_follows(const std::vector<FieldChange>& fields) {
  return std::all_of(fields.begin(), fields.end(), [](const FieldChange& field) {
    const std::string& name = std::get<std::string>(field.path.front());
    const bool awaited =
        field.after.is<Unknown>() && (name == "network_mode" || name == "ipc" || name == "pid");
    return !field.forces_replacement || awaited || (name == "mounts" && field.path.size() == 3);
  });
}

void plan_replacement(const core::ObservedContainer& container,
                      ResourceChange& change,
                      std::vector<FieldChange>& fields) {
  change.generation += 1;
  change.downtime = change.held ? Downtime::None : Downtime::Restart;
  for (const std::string& name : computed_by_apply(change.address.kind)) {
    change.computed.insert_or_assign(name, Unknown{});
  }
  for (const FieldChange& field : fields) {
    if (field.forces_replacement && field.source) {
      change.range = field.source;
      break;
    }
  }
  fields.push_back({{"container_id"}, container.id, Unknown{}, false, std::nullopt});
}

/// What has drifted and is mended shows as a change from what Docker has to what it gets.
void add_repairs(const core::ObservedContainer& container,
                 const std::vector<FieldChange>& drifted,
                 const ResourceChange& change,
                 std::vector<FieldChange>& fields) {
  for (const FieldChange& field : drifted) {
    const bool already = std::any_of(fields.begin(), fields.end(), [&](const FieldChange& other) {
      return other.path.front() == field.path.front();
    });
    if (!already) {
      fields.push_back(
          {field.path, field.after, field.before, field.forces_replacement, std::nullopt});
    }
  }
  if (!is_right(change.attributes, container.state, change.held)) {
    fields.push_back({{"status"},
                      status_text(change.attributes, container.state),
                      wanted_status(change.attributes, change.held),
                      container.state.status == core::ContainerStatus::Dead,
                      std::nullopt});
  }
  if (container.name != change.docker_name) {
    fields.push_back({{"container_name"}, container.name, change.docker_name, false, std::nullopt});
  }
}

void report_drift(const Address& address,
                  const RecordedResource& record,
                  const core::ObservedContainer& container,
                  std::vector<FieldChange> drifted,
                  Plan& plan) {
  if (!is_right(record.attributes, container.state, record.held)) {
    drifted.push_back({{"status"},
                       wanted_status(record.attributes, record.held),
                       status_text(record.attributes, container.state),
                       false,
                       std::nullopt});
  }
  if (container.name != record.docker_name) {
    drifted.push_back(
        {{"container_name"}, record.docker_name, container.name, false, std::nullopt});
  }
  if (!drifted.empty()) {
    sort_fields(drifted);
    plan.drift.push_back({address, false, std::move(drifted)});
  }
}

/// How many previous containers are to be kept.
std::int64_t kept_previous(const core::Map& attributes) {
  const Value* update = core::find(attributes, "update");
  const core::Map* members = update ? update->get<core::Map>() : nullptr;
  return members ? core::integer_at(*members, "keep_previous").value_or(0) : 0;
}

/// Of earlier incarnations, oldest first, those that go: all but the last `kept`, and those that
/// are in the way or still run, which only a crash leaves behind.
std::vector<const core::ObservedContainer*> outdated(
    const std::vector<const core::ObservedContainer*>& superseded,
    const std::string& docker_name,
    std::int64_t kept) {
  std::vector<const core::ObservedContainer*> gone;
  const auto most = static_cast<std::size_t>(std::max<std::int64_t>(kept, 0));
  for (std::size_t i = 0; i < superseded.size(); ++i) {
    const core::ObservedContainer& old = *superseded[i];
    if (i + most < superseded.size() || old.name == docker_name ||
        !stands_still(old.state.status)) {
      gone.push_back(&old);
    }
  }
  return gone;
}

/// Where the Engine has no call to update a container, only a new one can have other limits.
void force_replacement(std::vector<FieldChange>& fields) {
  for (FieldChange& field : fields) {
    const std::string& name = std::get<std::string>(field.path.front());
    const Attribute* attribute = find_attribute(core::Kind::Container, name);
    const bool is_limit =
        attribute != nullptr && attribute->on_change == OnChange::InPlace && name != "networks";
    field.forces_replacement = field.forces_replacement || is_limit;
  }
}

}  // namespace

void ContainerPlanner::plan(std::vector<FieldChange> fields,
                            ResourceChange& change,
                            Plan& plan) const {
  const RecordedResource& record = *located.record;
  const core::ObservedContainer& container = *located.container;
  const bool same_api = record.baseline_api == api_version;
  const core::Map observed = baseline_of(container, salt);
  std::vector<FieldChange> drifted =
      diff_projection(record.baseline,
                      observed,
                      same_api,
                      docker_attributes(change.address, record.attributes, names));
  std::erase_if(drifted,
                [&](const FieldChange& field) { return ignores(lifecycle, field.path, names); });
  if (!can_update) {
    force_replacement(fields);
    force_replacement(drifted);
  }
  report_drift(change.address, record, container, drifted, plan);
  const bool configured_differently = !fields.empty() || change.moved_from;
  for (const auto& [attribute, moved] : {std::pair("mounts", moved_volumes(*this, change)),
                                         std::pair("networks", moved_networks(*this, change))}) {
    // What was changed in the configuration or by others shows as that.
    if (!concerns(fields, attribute) && !concerns(drifted, attribute)) {
      fields.insert(fields.end(), moved.begin(), moved.end());
    }
  }
  // Under another address the container has another alias on its networks.
  std::vector<FieldChange> changed = fields;
  if (change.moved_from && network_alias(*change.moved_from) != network_alias(change.address)) {
    changed.push_back({{"networks"}, Value(), Value(), false, std::nullopt});
  }
  const InPlacePlan in_place = in_place_steps(change.address,
                                              change.attributes,
                                              container,
                                              record.baseline,
                                              changed,
                                              drifted,
                                              change.docker_name,
                                              names,
                                              change.held ? Aim::Held : Aim::Up);
  const auto forces = [](const FieldChange& field) { return field.forces_replacement; };
  const bool changed_forces = std::any_of(fields.begin(), fields.end(), forces);
  const bool drift_forces =
      !in_place.possible || std::any_of(drifted.begin(), drifted.end(), forces);
  const bool follows = only_follows(fields);
  const bool moved = !fields.empty() && !configured_differently;
  add_repairs(container, drifted, change, fields);
  const std::int64_t kept = kept_previous(change.attributes);
  const bool triggered = !change.triggered_by.empty();
  const bool replaces = changed_forces || drift_forces || replace_requested || triggered;
  for (const core::ObservedContainer* old :
       outdated(located.superseded, change.docker_name, replaces ? kept - 1 : kept)) {
    change.superseded.emplace_back(old->id, old->name);
    fields.push_back({{"superseded_container"}, old->name, Value(), false, std::nullopt});
  }
  if (replaces) {
    change.keep_previous = kept > 0;
    change.action = Action::Replace;
    change.reason = changed_forces      ? follows ? Reason::Follows : Reason::CannotUpdate
                    : replace_requested ? Reason::ByRequest
                    : triggered         ? Reason::Triggered
                                        : Reason::Drifted;
    plan_replacement(container, change, fields);
  } else if (!fields.empty() || !in_place.steps.empty() || change.moved_from) {
    change.action = Action::Update;
    change.reason = configured_differently ? Reason::None
                    : moved                ? Reason::Follows
                                           : Reason::Drifted;
    change.steps = in_place.steps;
  } else if (!same_api) {
    RecordedResource again = record;
    again.baseline = observed;
    again.baseline_api = api_version;
    plan.rebuilt.emplace(change.address.str(), std::move(again));
  }
  sort_fields(fields);
  change.fields = std::move(fields);
}

}  // namespace aim::planner
