#include "planner/plan_object.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "planner/ip_address.hpp"
#include "planner/realize.hpp"

namespace aim::planner {

using core::Kind;
using core::Map;
using core::Unknown;
using core::Value;

namespace {

std::optional<Subnet> subnet_of(const Map& attributes) {
  const Value* ipam = core::find(attributes, "ipam");
  const Map* members = ipam ? ipam->get<Map>() : nullptr;
  const auto text = members ? core::string_at(*members, "subnet") : std::nullopt;
  return text ? Subnet::parse(*text) : std::nullopt;
}

/// The name of the bridge on the host, which two networks cannot share.
std::optional<std::string> bridge_of(const Map& attributes) {
  const Value* options = core::find(attributes, "options");
  const Map* members = options ? options->get<Map>() : nullptr;
  return members ? core::string_at(*members, "com.docker.network.bridge.name") : std::nullopt;
}

/// Whether both networks can be there at once.
bool can_coexist(const core::ObservedNetwork& now, const std::string& name, const Map& wanted) {
  if (now.name == name) {
    return false;
  }
  const std::optional<Subnet> held = subnet_of(now.attributes);
  const std::optional<Subnet> asked = subnet_of(wanted);
  if (held && asked && (held->contains(*asked) || asked->contains(*held))) {
    return false;
  }
  const std::optional<std::string> bridge = bridge_of(wanted);
  return !bridge || bridge != bridge_of(now.attributes);
}

bool concerns_state_alone(const FieldChange& field) {
  return field.path.front() == core::PathStep("lifecycle");
}

std::string differences(const std::vector<FieldChange>& fields, bool renamed) {
  std::vector<std::string> differing;
  for (const FieldChange& field : fields) {
    if (!concerns_state_alone(field)) {
      differing.push_back(core::to_string(field.path));
    }
  }
  if (renamed) {
    differing.emplace_back("name");
  }
  return fmt::format("{}", fmt::join(differing, ", "));
}

void refuse(const std::vector<FieldChange>& fields,
            const ResourceChange& change,
            std::string summary,
            std::string detail,
            core::Diagnostics& diagnostics) {
  const auto decisive = std::find_if(fields.begin(), fields.end(), [](const FieldChange& field) {
    return !concerns_state_alone(field) && field.source;
  });
  diagnostics.add({core::Severity::Error,
                   std::move(summary),
                   std::move(detail),
                   decisive == fields.end() ? change.range : decisive->source,
                   {},
                   change.address.str()});
}

}  // namespace

void ObjectPlanner::plan(std::vector<FieldChange> fields,
                         ResourceChange& change,
                         core::Diagnostics& diagnostics) const {
  const std::string previous = located.record->docker_name;
  const bool renamed = previous != change.docker_name;
  const bool differs = renamed || !std::all_of(fields.begin(), fields.end(), concerns_state_alone);
  const bool triggered = !change.triggered_by.empty();
  if (!differs && !replace_requested && !triggered) {
    if (!fields.empty() || change.moved_from) {
      change.action = Action::Update;
      change.fields = std::move(fields);
    }
    return;
  }
  if (change.address.kind == Kind::Volume && !plan_volume(fields, change, diagnostics)) {
    return;
  }
  change.action = Action::Replace;
  change.reason = differs             ? Reason::CannotUpdate
                  : replace_requested ? Reason::ByRequest
                                      : Reason::Triggered;
  change.generation += 1;
  for (const std::string& name : computed_by_apply(change.address.kind)) {
    change.computed.insert_or_assign(name, Unknown{});
  }
  if (change.address.kind == Kind::Network) {
    plan_network(change);
    fields.push_back({{"id"}, change.docker_id, Unknown{}, false, std::nullopt});
  }
  if (previous != change.docker_name) {
    change.computed.insert_or_assign("name", change.docker_name);
    fields.push_back({{"name"}, previous, change.docker_name, renamed, std::nullopt});
  }
  for (const FieldChange& field : fields) {
    if (field.forces_replacement && field.source) {
      change.range = field.source;
      break;
    }
  }
  change.fields = std::move(fields);
}

void ObjectPlanner::plan_network(ResourceChange& change) const {
  const core::ObservedNetwork& now = *located.network;
  if (!can_coexist(now, change.docker_name, change.attributes)) {
    change.previous_network = core::CreateNetwork{now.name, now.attributes, now.labels};
  }
}

bool ObjectPlanner::plan_volume(const std::vector<FieldChange>& fields,
                                ResourceChange& change,
                                core::Diagnostics& diagnostics) const {
  const std::string previous = located.record->docker_name;
  const bool renamed = previous != change.docker_name;
  if (!desired.delete_data) {
    const std::string what =
        differences(fields, renamed).empty()
            ? fmt::format("A replacement of {} was asked for, but its data would be lost",
                          change.address.str())
            : fmt::format(
                  "Docker cannot change {} of {}, and aim does not replace a volume by "
                  "itself, since its data would be lost",
                  differences(fields, renamed),
                  change.address.str());
    refuse(fields,
           change,
           "Volume cannot be changed",
           what +
               ". Set `replace: delete_data` in it if that is meant. Otherwise define another "
               "volume beside it, let its users name that one, and remove this one in a later "
               "apply.",
           diagnostics);
    return false;
  }
  if (!renamed && desired.named) {
    refuse(fields,
           change,
           "Volume needs another name",
           fmt::format("{} is to be replaced, and its `name` is fixed. The new volume has to be "
                       "there before the data of the old one is deleted, and Docker cannot rename "
                       "volumes: give it another `name`, or none.",
                       change.address.str()),
           diagnostics);
    return false;
  }
  if (!renamed) {
    change.docker_name = fmt::format("{}.g{}", desired.docker_name, change.generation + 1);
  }
  diagnostics.warning(
      "Data will be deleted",
      fmt::format("{} is replaced, and `replace: delete_data` is set: everything in the volume {} "
                  "is deleted once all else is ready. That cannot be undone.",
                  change.address.str(),
                  previous),
      change.range);
  return true;
}

}  // namespace aim::planner
