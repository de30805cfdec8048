#include "planner/plan_container.hpp"

#include <algorithm>

#include "planner/diff.hpp"

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

void plan_replacement(const core::ObservedContainer& container,
                      ResourceChange& change,
                      std::vector<FieldChange>& fields) {
  change.generation += 1;
  change.downtime = Downtime::Restart;
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
  const core::ContainerStatus status = container.state.status;
  if (status != core::ContainerStatus::Running && status != core::ContainerStatus::Restarting) {
    fields.push_back({{"status"},
                      Value(core::to_string(status)),
                      Value("running"),
                      status == core::ContainerStatus::Dead,
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
  const core::ContainerStatus status = container.state.status;
  if (status != core::ContainerStatus::Running && status != core::ContainerStatus::Restarting) {
    drifted.push_back(
        {{"status"}, Value("running"), Value(core::to_string(status)), false, std::nullopt});
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
  report_drift(change.address, record, container, drifted, plan);
  const InPlacePlan in_place = in_place_steps(change.address,
                                              change.attributes,
                                              container,
                                              record.baseline,
                                              fields,
                                              drifted,
                                              change.docker_name,
                                              names);
  const auto forces = [](const FieldChange& field) { return field.forces_replacement; };
  const bool changed_forces = std::any_of(fields.begin(), fields.end(), forces);
  const bool drift_forces =
      !in_place.possible || std::any_of(drifted.begin(), drifted.end(), forces);
  const bool configured_differently = !fields.empty();
  add_repairs(container, drifted, change, fields);
  for (const core::ObservedContainer* old : located.superseded) {
    change.superseded.emplace_back(old->id, old->name);
    fields.push_back({{"superseded_container"}, old->name, Value(), false, std::nullopt});
  }
  if (changed_forces || drift_forces || replace_requested) {
    change.action = Action::Replace;
    change.reason = changed_forces      ? Reason::CannotUpdate
                    : replace_requested ? Reason::ByRequest
                                        : Reason::Drifted;
    plan_replacement(container, change, fields);
  } else if (!fields.empty() || !in_place.steps.empty()) {
    change.action = Action::Update;
    change.reason = configured_differently ? Reason::None : Reason::Drifted;
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
