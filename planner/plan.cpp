#include "planner/plan.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "planner/diff.hpp"
#include "planner/evaluate.hpp"
#include "planner/graph.hpp"
#include "planner/identity.hpp"
#include "planner/plan_container.hpp"
#include "planner/preflight.hpp"
#include "planner/schema.hpp"
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

Map merged(const Map& attributes, const Map& computed) {
  Map all = attributes;
  for (const auto& [name, value] : computed) {
    all.insert_or_assign(name, value);
  }
  return all;
}

class PlanMaker {
 public:
  PlanMaker(const Configuration& configuration,
            const core::StateSnapshot& recorded,
            const core::ObservedWorld& observed,
            const PlanOptions& options,
            core::Diagnostics& diagnostics)
      : configuration_(configuration),
        recorded_(recorded),
        observed_(observed),
        options_(options),
        diagnostics_(diagnostics),
        identification_(identify(configuration, recorded, observed, diagnostics)) {}

  Plan run() {
    start_plan();
    check_selection();
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
    for (auto& [address, change] : changes_) {
      check_protection(change);
      add_fingerprint(address);
      plan_.changes.push_back(change);
    }
    plan_outputs();
    for (const Unmanaged& object : identification_.unmanaged) {
      plan_.unmanaged_addresses.push_back(object.address);
      plan_.unmanaged.push_back(object.docker_name);
    }
    preflight(plan_, configuration_, observed_, diagnostics_);
    return std::move(plan_);
  }

 private:
  void start_plan() {
    plan_.project = configuration_.project;
    plan_.workspace = configuration_.workspace;
    plan_.lineage = identification_.lineage;
    plan_.serial = recorded_.serial;
    plan_.configuration_digest = configuration_.digest;
    plan_.options = options_;
    plan_.variables = configuration_.variables;
  }

  void check_selection() {
    const auto check = [&](const std::set<Address>& chosen, std::string_view flag) {
      for (const Address& address : chosen) {
        if (!identification_.resources.contains(address)) {
          std::vector<std::string> known;
          for (const auto& [other, located] : identification_.resources) {
            known.push_back(other.str());
          }
          diagnostics_.error("Unknown address",
                             fmt::format("{} {}: neither the configuration nor the state has that "
                                         "resource. {}",
                                         flag,
                                         address.str(),
                                         core::did_you_mean(address.str(), known)));
        }
      }
    };
    check(options_.targets, "--target");
    check(options_.excludes, "--exclude");
    check(options_.replaces, "--replace");
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
    if (const auto desired = configuration_.resources.find(address);
        desired != configuration_.resources.end()) {
      return desired->second.docker_name;
    }
    if (const auto record = recorded_.resources.find(address);
        record != recorded_.resources.end()) {
      return record->second.docker_name;
    }
    return default_docker_name(configuration_.project, configuration_.workspace, address);
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
    const Value digested = core::with_digests(
        resolved, secret_salt(configuration_.project, configuration_.workspace, desired.address));
    change.attributes = *digested.get<Map>();
    if (desired.address.kind == Kind::Endpoint) {
      recipes::check_endpoint(change.attributes, desired.positions, diagnostics_);
    }
  }

  ResourceChange plan_desired(const DesiredResource& desired) {
    ResourceChange change;
    change.address = desired.address;
    change.docker_name = desired.docker_name;
    change.dependencies = desired.dependencies;
    change.external = desired.external;
    change.prevent_destroy = desired.lifecycle.prevent_destroy;
    change.retain = desired.lifecycle.retain;
    change.range = desired.range;
    resolve_attributes(desired, change);
    change.computed =
        computed_before_apply(desired.address, change.attributes, desired.docker_name);
    const Located& located = identification_.resources.at(desired.address);
    if (desired.external) {
      plan_external(located, change);
    } else if (!located.record || !located.exists()) {
      plan_creation(located, change);
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
      change.computed.insert_or_assign("container_id", located.container->id);
      change.computed.insert_or_assign("image_id", located.container->image_id);
    }
  }

  void plan_creation(const Located& located, ResourceChange& change) {
    change.action = Action::Create;
    for (const std::string& name : computed_by_apply(change.address.kind)) {
      change.computed.insert_or_assign(name, Unknown{});
    }
    if (located.record) {
      change.reason = Reason::Missing;
      change.generation = located.record->generation + 1;
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
    change.last_start_millis = record.start_millis;
    change.before = merged(record.attributes, record.computed);
    if (located.rebuilt) {
      change.before = merged(record.attributes, change.computed);
    }
    std::vector<FieldChange> fields = diff_attributes(
        change.address.kind, record.attributes, change.attributes, desired.positions);
    if (is_container(change.address.kind)) {
      const ContainerPlanner planner{
          located,
          names(),
          observed_.engine.api_version,
          secret_salt(configuration_.project, configuration_.workspace, change.address),
          options_.replaces.contains(change.address)};
      planner.plan(std::move(fields), change, plan_);
    } else {
      plan_simple(fields, desired, record, change);
    }
    if (located.rebuilt) {
      plan_.rebuilt.emplace(change.address.str(), record);
    }
  }

  /// Networks and volumes: nothing about them can be changed, so a difference is an error that
  /// says how to go about it.
  void plan_simple(const std::vector<FieldChange>& fields,
                   const DesiredResource& desired,
                   const RecordedResource& record,
                   ResourceChange& change) {
    std::vector<std::string> differing;
    for (const FieldChange& field : fields) {
      differing.push_back(core::to_string(field.path));
    }
    if (record.docker_name != desired.docker_name) {
      differing.emplace_back("name");
    }
    if (differing.empty()) {
      return;
    }
    const bool volume = change.address.kind == Kind::Volume;
    diagnostics_.add(
        {core::Severity::Error,
         volume ? "Volume cannot be changed" : "Network cannot be changed",
         fmt::format("Docker cannot change {} of {}, and aim does not replace a {} by itself{}. "
                     "Define another {} beside it, let its users name that one, and remove this "
                     "one in a later apply.",
                     fmt::join(differing, ", "),
                     change.address.str(),
                     volume ? "volume" : "network",
                     volume ? ", since its data would be lost" : "",
                     volume ? "volume" : "network"),
         fields.empty() || !fields.front().source ? change.range : fields.front().source,
         {},
         change.address.str()});
  }

  ResourceChange plan_removal(const Located& located) {
    const RecordedResource& record = *located.record;
    ResourceChange change;
    change.address = record.address;
    change.docker_name = record.docker_name;
    change.dependencies = record.dependencies;
    change.external = record.external;
    change.prevent_destroy = record.prevent_destroy;
    change.retain = record.retain;
    change.generation = record.generation;
    change.attributes = record.attributes;
    change.computed = record.computed;
    change.before = merged(record.attributes, record.computed);
    change.reason = options_.destroy ? Reason::DestroyRequested : Reason::NoConfiguration;
    if (const auto desired = configuration_.resources.find(record.address);
        desired != configuration_.resources.end()) {
      change.range = desired->second.range;
    }
    const bool keep_volume =
        record.address.kind == Kind::Volume && options_.destroy_volumes ? false : record.retain;
    if (!located.exists()) {
      change.action = Action::Forget;
      change.reason = Reason::Missing;
    } else if (record.external || keep_volume) {
      change.action = Action::Forget;
    } else {
      change.action = Action::Delete;
      change.downtime = is_container(record.address.kind) ? Downtime::Removal : Downtime::None;
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
      change.docker_id = located.container->id;
      change.docker_name = located.container->name;
    } else if (located.network) {
      change.docker_id = located.network->id;
    } else if (located.volume) {
      change.docker_id = located.volume->name;
    }
    return change;
  }

  /// --target keeps the chosen ones and what they need, --exclude drops the chosen ones and what
  /// needs them; all else stays as it is.
  void limit_to_selection() {
    if (options_.targets.empty() && options_.excludes.empty()) {
      return;
    }
    DependencyGraph whole = graph_;
    for (const auto& [address, change] : changes_) {
      whole[address].insert(change.dependencies.begin(), change.dependencies.end());
    }
    const bool removing = options_.destroy;
    const std::set<Address> chosen = removing ? with_dependents(whole, options_.targets)
                                              : with_dependencies(whole, options_.targets);
    const std::set<Address> dropped = removing ? with_dependencies(whole, options_.excludes)
                                               : with_dependents(whole, options_.excludes);
    for (auto& [address, change] : changes_) {
      const bool in =
          (options_.targets.empty() || chosen.contains(address)) && !dropped.contains(address);
      if (!in && is_change(change)) {
        leave_alone(change);
      }
    }
    diagnostics_.warning("Plan is limited",
                         "--target or --exclude is in effect: changes of other resources are left "
                         "out. Plan without them to see everything.");
  }

  void leave_alone(ResourceChange& change) {
    const Located& located = identification_.resources.at(change.address);
    ResourceChange still;
    still.address = change.address;
    still.docker_name = change.docker_name;
    still.docker_id = change.docker_id;
    still.external = change.external;
    still.dependencies = change.dependencies;
    still.range = change.range;
    if (located.record) {
      still.attributes = located.record->attributes;
      still.computed = located.record->computed;
      still.generation = located.record->generation;
      still.before = merged(still.attributes, still.computed);
      still.after = still.before;
    }
    change = std::move(still);
  }

  void check_protection(const ResourceChange& change) {
    const Located& located = identification_.resources.at(change.address);
    const bool recorded_protection = located.record && located.record->prevent_destroy;
    const bool removes = change.action == Action::Delete || change.action == Action::Replace;
    if (!removes || !(change.prevent_destroy || recorded_protection)) {
      return;
    }
    diagnostics_.add(
        {core::Severity::Error,
         "Resource is protected",
         fmt::format("{} has lifecycle.prevent_destroy, and this plan would {} it. Set "
                     "it to false and apply that first; removing the block does not "
                     "lift the protection.",
                     change.address.str(),
                     change.action == Action::Delete ? "destroy" : "replace"),
         change.range,
         {},
         change.address.str()});
  }

  void add_fingerprint(const Address& address) {
    const Located& located = identification_.resources.at(address);
    Map facts;
    if (located.container) {
      facts = {
          {"id", located.container->id},
          {"name", located.container->name},
          {"image", located.container->image_id},
          {"status", Value(core::to_string(located.container->state.status))},
          {"attributes",
           baseline_of(*located.container,
                       secret_salt(configuration_.project, configuration_.workspace, address))}};
    } else if (located.network) {
      facts = {{"id", located.network->id}, {"attributes", located.network->attributes}};
    } else if (located.volume) {
      facts = {{"name", located.volume->name},
               {"created", located.volume->created_at},
               {"attributes", located.volume->attributes}};
    } else {
      return;
    }
    plan_.fingerprints.emplace(address.str(), core::sha256_hex(core::canonical_json(facts)));
  }

  void plan_outputs() {
    std::set<std::string> all;
    for (const auto& [name, output] : recorded_.outputs) {
      all.insert(name);
    }
    if (!options_.destroy) {
      for (const auto& [name, output] : configuration_.outputs) {
        all.insert(name);
      }
    }
    for (const std::string& name : all) {
      OutputChange change;
      change.name = name;
      const auto before = recorded_.outputs.find(name);
      if (before != recorded_.outputs.end()) {
        change.before = before->second.value;
        change.sensitive = before->second.sensitive;
      }
      const auto desired = configuration_.outputs.find(name);
      const bool wanted = !options_.destroy && desired != configuration_.outputs.end();
      if (wanted) {
        plan_output_value(desired->second, change);
      }
      const bool state_was_lost = recorded_.lineage.empty() && !plan_.lineage.empty();
      if (state_was_lost && wanted) {
        change.before = change.after;  // nobody can tell what it was; it follows from the rest
      } else if (before == recorded_.outputs.end()) {
        change.action = Action::Create;
      } else if (!wanted) {
        change.action = Action::Delete;
      } else {
        change.action = change.before == change.after ? Action::NoOp : Action::Update;
      }
      plan_.outputs.push_back(std::move(change));
    }
  }

  void plan_output_value(const DesiredOutput& desired, OutputChange& change) {
    Value evaluated = evaluate(
        desired.value, [this](const core::Reference& reference) { return look_up(reference); });
    if (core::contains_unknown(evaluated)) {
      change.source = desired.value;
    } else if (desired.sensitive && !core::contains_secret(evaluated)) {
      evaluated = core::Secret(as_text(evaluated));
    }
    change.after = core::with_digests(
        evaluated,
        fmt::format(
            "{}/{}/output.{}", configuration_.project, configuration_.workspace, change.name));
    change.sensitive = desired.sensitive || core::contains_secret(change.after);
    if (change.sensitive && !desired.sensitive) {
      diagnostics_.add({core::Severity::Error,
                        "Output holds a secret",
                        fmt::format("The value of output \"{}\" is sensitive. Mark the output "
                                    "`sensitive: true`, so that nobody is surprised by stars.",
                                    change.name),
                        desired.range,
                        {},
                        {}});
    }
  }

  const Configuration& configuration_;
  const core::StateSnapshot& recorded_;
  const core::ObservedWorld& observed_;
  const PlanOptions& options_;
  core::Diagnostics& diagnostics_;
  Identification identification_;
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
  core::Diagnostics own;
  Plan plan = PlanMaker(configuration, recorded, observed, options, own).run();
  for (const core::Diagnostic& diagnostic : own.sorted()) {
    if (diagnostic.severity == core::Severity::Error) {
      diagnostics.add(diagnostic);
    } else {
      plan.notes.push_back(diagnostic);
    }
  }
  return plan;
}

}  // namespace aim::planner
