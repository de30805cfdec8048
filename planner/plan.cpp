#include "planner/plan.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "planner/api_versions.hpp"
#include "planner/diff.hpp"
#include "planner/evaluate.hpp"
#include "planner/graph.hpp"
#include "planner/identity.hpp"
#include "planner/lifecycle.hpp"
#include "planner/moves.hpp"
#include "planner/plan_container.hpp"
#include "planner/plan_follow.hpp"
#include "planner/plan_images.hpp"
#include "planner/plan_notes.hpp"
#include "planner/plan_object.hpp"
#include "planner/plan_outputs.hpp"
#include "planner/plan_selection.hpp"
#include "planner/preflight.hpp"
#include "planner/preflight_images.hpp"
#include "planner/recorded_change.hpp"
#include "planner/schema.hpp"
#include "planner/unset_secrets.hpp"
#include "recipes/resolve.hpp"

namespace aim::planner {

using core::Address;
using core::Kind;
using core::Map;
using core::RecordedResource;
using core::Unknown;
using core::Value;

namespace {

bool is_container(Kind kind) { return kind == Kind::Endpoint || kind == Kind::Container; }

/// The part of `map` at `path`, which leads through maps; null where there is none.
Value value_at(const Map& map, const core::Path& path) {
  const Map* place = &map;
  const Value* value = nullptr;
  for (const core::PathStep& step : path) {
    const std::string* key = std::get_if<std::string>(&step);
    value = place && key ? core::find(*place, *key) : nullptr;
    place = value ? value->get<Map>() : nullptr;
  }
  return value ? *value : Value();
}

class PlanMaker {
 public:
  PlanMaker(const Configuration& configuration,
            const core::StateSnapshot& recorded,
            const core::ObservedWorld& observed,
            const PlanOptions& options,
            core::Diagnostics& diagnostics,
            ImageQuestions& questions)
      : configuration_(configuration),
        as_read_(recorded),
        moved_(move_records(configuration, recorded, diagnostics)),
        recorded_(moved_.state ? *moved_.state : recorded),
        observed_(observed),
        options_(options),
        diagnostics_(diagnostics),
        identification_(identify(configuration, recorded_, observed, diagnostics)),
        images_(observed, options, questions) {}

  Plan run() {
    start_plan();
    check_selection(options_, identification_, diagnostics_);
    if (!options_.destroy) {
      for (const Address& address : desired_order()) {
        changes_.emplace(address, plan_desired(configuration_.resources.at(address)));
      }
    }
    for (const auto& [address, located] : identification_.resources) {
      if (!located.record || changes_.contains(address)) {
        continue;
      }
      ResourceChange removal = plan_removal(located);
      // What state does not know needs no forgetting.
      if (!(located.rebuilt && removal.action == Action::Forget)) {
        changes_.emplace(address, std::move(removal));
      }
    }
    limit_to_selection();
    follow_replacements(changes_, identification_, names(), diagnostics_);
    record_moved_dependencies();
    for (auto& [address, change] : changes_) {
      check_protection(change, identification_.resources.at(address), diagnostics_);
      add_fingerprint(address);
      plan_.changes.push_back(change);
    }
    plan_.outputs = plan_outputs(
        configuration_,
        recorded_,
        options_.destroy                                      ? Outputs::Removed
        : recorded_.lineage.empty() && !plan_.lineage.empty() ? Outputs::Lost
                                                              : Outputs::Known,
        [this](const core::Reference& reference) { return look_up(reference); },
        diagnostics_);
    note_holds(plan_, diagnostics_);
    if (!options_.destroy) {
      note_unset_variables(configuration_, diagnostics_);
    }
    for (const Unmanaged& object : identification_.unmanaged) {
      plan_.unmanaged_addresses.push_back(object.address);
      plan_.unmanaged.push_back(object.docker_name);
    }
    preflight(plan_, configuration_, observed_, diagnostics_);
    preflight_images(images_.findings(), configuration_, diagnostics_);
    note_engine(plan_, observed_.engine, diagnostics_);
    return std::move(plan_);
  }

 private:
  void start_plan() {
    plan_.project = configuration_.project;
    plan_.workspace = configuration_.workspace;
    plan_.lineage = identification_.lineage;
    plan_.serial = recorded_.serial;
    plan_.configuration_digest = configuration_.digest;
    plan_.updates_containers = observed_.engine.updates_containers;
    plan_.options = options_;
    plan_.variables = configuration_.variables;
  }

  std::vector<Address> desired_order() {
    for (const auto& [address, resource] : configuration_.resources) {
      graph_[address] =
          std::set<Address>(resource.dependencies.begin(), resource.dependencies.end());
    }
    // A cycle was reported when the configuration was loaded; then there is no plan to make.
    return topological_order(graph_).value_or(std::vector<Address>());
  }

  std::string docker_name_of(const Address& address) const {
    if (const auto change = changes_.find(address); change != changes_.end()) {
      return change->second.docker_name;
    }
    const auto located = identification_.resources.find(address);
    return located != identification_.resources.end()
               ? located->second.docker_name
               : default_docker_name(configuration_.project, configuration_.workspace, address);
  }

  NameLookup names() const {
    return [this](const Address& address) { return docker_name_of(address); };
  }

  /// What a reference to another resource gives in this plan.
  Value look_up(const core::Reference& reference) const {
    const auto change = changes_.find(reference.address);
    if (change == changes_.end()) {
      return Unknown{};
    }
    if (const Value* value = core::find(change->second.computed, reference.attribute)) {
      return *value;
    }
    const Value* value = core::find(change->second.attributes, reference.attribute);
    return value ? *value : Value();
  }

  void resolve_attributes(const DesiredResource& desired, ResourceChange& change) {
    const ReferenceLookup lookup = [this](const core::Reference& reference) {
      return look_up(reference);
    };
    Map resolved;
    for (const auto& [name, value] : desired.attributes) {
      if (!core::contains_template(value)) {
        resolved.emplace(name, value);
        continue;
      }
      Value evaluated = evaluate(value, lookup);
      if (core::contains_unknown(evaluated)) {
        change.deferred.emplace(name, value);
        resolved.emplace(name, std::move(evaluated));
        continue;
      }
      const Attribute* attribute = find_attribute(desired.address.kind, name);
      AIM_CHECK(attribute != nullptr);
      if (auto canonical =
              normalise(*attribute, evaluated, desired.positions, {name}, diagnostics_)) {
        resolved.emplace(name, std::move(*canonical));
      }
    }
    const Value digested = core::with_digests(resolved, change.salt);
    change.attributes = *digested.get<Map>();
    if (desired.address.kind == Kind::Endpoint) {
      recipes::check_endpoint(change.attributes, desired.positions, diagnostics_);
    }
    if (!desired.external) {
      check_api_version(
          desired.address, change.attributes, desired.positions, observed_.engine, diagnostics_);
    }
  }

  /// Secrets are compared under the salt that they were recorded with.
  std::string salt_of(const Address& address) const {
    const Located& located = identification_.resources.at(address);
    return located.record && !located.record->salt.empty()
               ? located.record->salt
               : secret_salt(configuration_.project, configuration_.workspace, address);
  }

  void note_move(ResourceChange& change) const {
    if (const auto from = moved_.from.find(change.address); from != moved_.from.end()) {
      change.moved_from = from->second;
    }
  }

  ResourceChange plan_desired(const DesiredResource& desired) {
    ResourceChange change;
    change.address = desired.address;
    change.docker_name = identification_.resources.at(desired.address).docker_name;
    change.salt = salt_of(desired.address);
    note_move(change);
    change.dependencies = desired.dependencies;
    change.external = desired.external;
    change.prevent_destroy = desired.lifecycle.prevent_destroy;
    change.retain = desired.lifecycle.retain;
    change.range = desired.range;
    resolve_attributes(desired, change);
    change.computed = computed_before_apply(desired.address, change.attributes, change.docker_name);
    const Located& located = identification_.resources.at(desired.address);
    if (desired.external) {
      plan_external(located, change);
    } else if (!located.record || !located.exists()) {
      plan_creation(located, desired, change);
    } else {
      plan_existing(located, desired, change);
    }
    change.after = merged(change.attributes, change.computed);
    return change;
  }

  void plan_external(const Located& located, ResourceChange& change) {
    if (!located.exists()) {
      diagnostics_.add({core::Severity::Error,
                        "External object does not exist",
                        fmt::format("{} is marked `external: true`, so aim does not create it, and "
                                    "Docker has no {} named \"{}\". Create it first, correct its "
                                    "`name`, or drop `external`.",
                                    change.address.str(),
                                    core::to_string(change.address.kind),
                                    change.docker_name),
                        change.range,
                        {},
                        change.address.str()});
      return;
    }
    add_observed_computed(located, change);
    change.before = merged(change.attributes, change.computed);
    if (located.record) {
      // It was ours until now: from here on it belongs to somebody else.
      change.action = Action::Forget;
    }
  }

  void add_observed_computed(const Located& located, ResourceChange& change) const {
    if (located.network) {
      change.docker_id = located.network->id;
      change.computed.insert_or_assign("id", located.network->id);
    } else if (located.volume) {
      change.docker_id = located.volume->name;
      change.computed.insert_or_assign("mountpoint", located.volume->mountpoint);
    } else if (located.container) {
      change.docker_id = located.container->id;
      change.stopped = stands_still(located.container->state.status);
      change.computed.insert_or_assign("container_id", located.container->id);
      change.computed.insert_or_assign("image_id", located.container->image_id);
    }
  }

  void plan_creation(const Located& located,
                     const DesiredResource& desired,
                     ResourceChange& change) {
    change.action = Action::Create;
    for (const std::string& name : computed_by_apply(change.address.kind)) {
      change.computed.insert_or_assign(name, Unknown{});
    }
    if (is_container(change.address.kind)) {
      images_.plan_new(located, desired, change);
    }
    if (located.record) {
      change.reason = Reason::Missing;
      change.generation = located.record->generation + 1;
      change.held = located.record->held;
      plan_.drift.push_back({change.address, true, {}});
      if (change.address.kind == Kind::Volume) {
        diagnostics_.warning(
            "Volume is gone",
            fmt::format("{} is recorded, but Docker has no volume \"{}\" any more. A new one will "
                        "be created; what was in the old one is lost.",
                        change.address.str(),
                        located.record->docker_name),
            change.range);
      }
    }
  }

  void plan_existing(const Located& located,
                     const DesiredResource& desired,
                     ResourceChange& change) {
    const RecordedResource& record = *located.record;
    add_observed_computed(located, change);
    change.generation = record.generation;
    change.held = record.held;
    change.last_start_millis = record.start_millis;
    change.before = merged(record.attributes, record.computed);
    change.previous_dependencies = record.dependencies;
    if (located.rebuilt) {
      change.before = merged(record.attributes, change.computed);
    }
    assume_secrets_unchanged(record, change);
    const Map wanted = change.attributes;
    keep_ignored(change.address.kind,
                 desired.lifecycle,
                 record.attributes,
                 change.attributes,
                 change.deferred);
    std::vector<FieldChange> fields = diff_attributes(
        change.address.kind, record.attributes, change.attributes, desired.positions);
    for (FieldChange& field : lifecycle_fields(desired, record)) {
      fields.push_back(std::move(field));
    }
    change.triggered_by = fired(desired.lifecycle.replace_triggered_by, changes_);
    if (is_container(change.address.kind)) {
      const ContainerPlanner planner{located,
                                     names(),
                                     observed_.engine.api_version,
                                     change.salt,
                                     desired.lifecycle,
                                     options_.replaces.contains(change.address),
                                     observed_.engine.updates_containers};
      images_.plan_existing(located, desired, change, fields);
      planner.plan(std::move(fields), change, plan_);
      plan_anonymous_volumes(*located.container, change);
      if (change.action == Action::Replace) {
        images_.plan_new(located, desired, change);
      }
      images_.look_at_tag(located, change);
      finish_ignored(desired, wanted, record, change);
    } else {
      const ObjectPlanner planner{located, desired, options_.replaces.contains(change.address)};
      planner.plan(std::move(fields), change, diagnostics_);
    }
    if (change.reason != Reason::Triggered) {
      change.triggered_by.clear();
    }
    if (located.rebuilt) {
      plan_.rebuilt.emplace(change.address.str(), record);
    }
  }

  /// What the image's VOLUMEs hold is handed on, unless something else is mounted there now.
  void plan_anonymous_volumes(const core::ObservedContainer& container, ResourceChange& change) {
    if (change.action != Action::Replace) {
      return;
    }
    const Map wanted = docker_attributes(change.address, change.attributes, names());
    for (const auto& [path, name] : container.anonymous_volumes) {
      if (!mounts_at(wanted, path)) {
        change.anonymous_volumes.emplace(path, name);
        continue;
      }
      diagnostics_.add({core::Severity::Warning,
                        "Volume is no longer mounted",
                        fmt::format("The container of {} keeps data at {} in a volume without a "
                                    "name ({}). Something else is mounted there now, so the volume "
                                    "stays on Docker, unused. Copy what is needed, then remove it "
                                    "with `docker volume rm {}`.",
                                    change.address.str(),
                                    path,
                                    name.substr(0, 12),
                                    name),
                        change.range,
                        {},
                        change.address.str()});
    }
  }

  void assume_secrets_unchanged(const RecordedResource& record, ResourceChange& change) const {
    if (!configuration_.unset_variables.empty()) {
      const Value recorded(record.attributes);
      const Value assumed = assume_unchanged(Value(change.attributes), &recorded);
      change.attributes = *assumed.get<Map>();
    }
  }

  /// A new container needs the content of each secret, also of those whose change is ignored.
  void finish_ignored(const DesiredResource& desired,
                      const Map& wanted,
                      const RecordedResource& record,
                      ResourceChange& change) const {
    if (change.action != Action::Replace) {
      return;
    }
    for (const core::Path& path : restore_secrets(wanted, change.attributes)) {
      change.fields.push_back({path,
                               value_at(record.attributes, path),
                               value_at(change.attributes, path),
                               false,
                               core::position_of(desired.positions, path)});
    }
  }

  /// The entry of `removed` that is about a resource, or null.
  const RemovedEntry* removed_entry(const Address& address) const {
    const Address whole{address.kind, address.name, std::nullopt};
    for (const RemovedEntry& entry : configuration_.removed) {
      if (entry.from == address || entry.from == whole) {
        return &entry;
      }
    }
    return nullptr;
  }

  /// Records that name what has moved are written anew, or they would name it wrongly once the
  /// `moved` entries are gone.
  void record_moved_dependencies() {
    if (!moved_.state) {
      return;
    }
    for (const auto& [address, change] : changes_) {
      const Located& located = identification_.resources.at(address);
      if (moved_.from.contains(address) && !change.moved_from) {
        continue;  // left out of this plan, it stays where it was recorded
      }
      const bool removed = change.action == Action::Delete && change.moved_from;
      if (located.record && !located.rebuilt && (removed || change.action == Action::NoOp) &&
          (removed || differs_by_moves(address, *located.record))) {
        plan_.rebuilt.emplace(address.str(), *located.record);
      }
    }
  }

  bool differs_by_moves(const Address& address, const RecordedResource& record) const {
    const auto before = as_read_.resources.find(address);
    return before != as_read_.resources.end() &&
           (before->second.dependencies != record.dependencies ||
            before->second.attributes != record.attributes);
  }

  ResourceChange plan_removal(const Located& located) const {
    const Address& address = located.record->address;
    const RemovedEntry* entry = options_.destroy ? nullptr : removed_entry(address);
    Removal removal{options_.destroy ? Reason::DestroyRequested : Reason::NoConfiguration,
                    located.record->retain ? Removal::Object::Stays : Removal::Object::Goes};
    if (entry != nullptr && entry->destroy) {
      removal.object = *entry->destroy ? Removal::Object::Goes : Removal::Object::Stays;
    } else if (address.kind == Kind::Volume && options_.destroy_volumes) {
      removal.object = Removal::Object::Goes;
    }
    ResourceChange change = remove_recorded(located, salt_of(address), removal);
    note_move(change);
    const auto desired = configuration_.resources.find(address);
    if (entry != nullptr) {
      change.range = entry->range;
    } else if (desired != configuration_.resources.end()) {
      change.range = desired->second.range;
    }
    return change;
  }

  /// What --target and --exclude leave out stays as it is.
  void limit_to_selection() {
    if (options_.targets.empty() && options_.excludes.empty()) {
      return;
    }
    for (const Address& address : left_out(changes_, graph_, options_)) {
      images_.forget(address);
      ResourceChange& change = changes_.at(address);
      if (is_change(change)) {
        leave_alone(change);
      }
    }
    diagnostics_.warning("Plan is limited",
                         "--target or --exclude is in effect: changes of other resources are left "
                         "out. Plan without them to see everything.");
  }

  void leave_alone(ResourceChange& change) const {
    ResourceChange still = leave_recorded(identification_.resources.at(change.address));
    if (!still.before || change.external) {
      still.docker_name = change.docker_name;
    }
    still.address = change.address;
    still.docker_id = change.docker_id;
    still.external = change.external;
    still.dependencies = change.dependencies;
    still.range = change.range;
    change = std::move(still);
  }

  void add_fingerprint(const Address& address) {
    if (auto fingerprint =
            fingerprint_of(identification_.resources.at(address), salt_of(address))) {
      plan_.fingerprints.emplace(address.str(), std::move(*fingerprint));
    }
  }

  const Configuration& configuration_;
  const core::StateSnapshot& as_read_;
  MovedState moved_;
  const core::StateSnapshot& recorded_;  ///< after all moves
  const core::ObservedWorld& observed_;
  const PlanOptions& options_;
  core::Diagnostics& diagnostics_;
  Identification identification_;
  ImagePlanner images_;
  DependencyGraph graph_;
  std::map<Address, ResourceChange> changes_;
  Plan plan_;
};

}  // namespace

Plan make_plan(const Configuration& configuration,
               const core::StateSnapshot& recorded,
               const core::ObservedWorld& observed,
               const PlanOptions& options,
               core::Diagnostics& diagnostics) {
  ImageQuestions unanswered;
  return make_plan(configuration, recorded, observed, options, diagnostics, unanswered);
}

Plan make_plan(const Configuration& configuration,
               const core::StateSnapshot& recorded,
               const core::ObservedWorld& observed,
               const PlanOptions& options,
               core::Diagnostics& diagnostics,
               ImageQuestions& questions) {
  core::Diagnostics own;
  Plan plan = PlanMaker(configuration, recorded, observed, options, own, questions).run();
  for (const core::Diagnostic& diagnostic : own.sorted()) {
    if (diagnostic.severity == core::Severity::Error) {
      diagnostics.add(diagnostic);
    } else {
      plan.notes.push_back(diagnostic);
    }
  }
  return plan;
}

void add_notes(Plan& plan, const core::Diagnostics& more) {
  core::Diagnostics all;
  for (const core::Diagnostic& diagnostic : plan.notes) {
    all.add(diagnostic);
  }
  for (const core::Diagnostic& diagnostic : more.items()) {
    all.add(diagnostic);
  }
  plan.notes = all.sorted();
}

}  // namespace aim::planner
