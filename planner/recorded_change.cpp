#include "planner/recorded_change.hpp"

#include "planner/realize.hpp"

namespace aim::planner {

using core::Kind;
using core::Map;
using core::RecordedResource;
using core::Value;

Map merged(const Map& attributes, const Map& computed) {
  Map all = attributes;
  for (const auto& [name, value] : computed) {
    all.insert_or_assign(name, value);
  }
  return all;
}

ResourceChange leave_recorded(const Located& located) {
  ResourceChange change;
  change.docker_name = located.docker_name;
  if (located.record) {
    const RecordedResource& record = *located.record;
    change.address = record.address;
    change.docker_name = record.docker_name;
    change.attributes = record.attributes;
    change.computed = record.computed;
    change.generation = record.generation;
    change.held = record.held;
    change.before = merged(record.attributes, record.computed);
    change.after = change.before;
  }
  return change;
}

ResourceChange remove_recorded(const Located& located,
                               const std::string& salt,
                               const Removal& removal) {
  const RecordedResource& record = *located.record;
  ResourceChange change;
  change.address = record.address;
  change.docker_name = record.docker_name;
  change.salt = salt;
  change.dependencies = record.dependencies;
  change.external = record.external;
  change.prevent_destroy = record.prevent_destroy;
  change.retain = record.retain;
  change.held = record.held;
  change.generation = record.generation;
  change.attributes = record.attributes;
  change.computed = record.computed;
  change.before = merged(record.attributes, record.computed);
  change.reason = removal.reason;
  const bool is_container =
      record.address.kind == Kind::Endpoint || record.address.kind == Kind::Container;
  if (!located.exists()) {
    change.action = Action::Forget;
    change.reason = Reason::Missing;
  } else if (record.external || removal.object == Removal::Object::Stays) {
    change.action = Action::Forget;
  } else {
    change.action = Action::Delete;
    change.downtime = is_container ? Downtime::Removal : Downtime::None;
  }
  for (const core::ObservedContainer* old : located.superseded) {
    change.superseded.emplace_back(old->id, old->name);
  }
  if (located.container && located.container->state.status != core::ContainerStatus::Running) {
    change.fields.push_back({{"status"},
                             Value(core::to_string(located.container->state.status)),
                             Value(),
                             false,
                             std::nullopt});
  }
  if (located.container) {
    change.stopped = stands_still(located.container->state.status);
    change.anonymous_volumes = located.container->anonymous_volumes;
    change.docker_id = located.container->id;
    change.docker_name = located.container->name;
  } else if (located.network) {
    change.docker_id = located.network->id;
  } else if (located.volume) {
    change.docker_id = located.volume->name;
  }
  return change;
}

std::optional<std::string> fingerprint_of(const Located& located, const std::string& salt) {
  Map facts;
  if (located.container) {
    facts = {{"id", located.container->id},
             {"name", located.container->name},
             {"image", located.container->image_id},
             {"status", Value(core::to_string(located.container->state.status))},
             {"attributes", baseline_of(*located.container, salt)}};
  } else if (located.network) {
    facts = {{"id", located.network->id}, {"attributes", located.network->attributes}};
  } else if (located.volume) {
    facts = {{"name", located.volume->name},
             {"created", located.volume->created_at},
             {"attributes", located.volume->attributes}};
  } else {
    return std::nullopt;
  }
  return core::sha256_hex(core::canonical_json(facts));
}

}  // namespace aim::planner
