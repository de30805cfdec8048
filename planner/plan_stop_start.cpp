#include "planner/plan_stop_start.hpp"

#include <fmt/format.h>

#include "core/secret.hpp"
#include "planner/diff.hpp"
#include "planner/identity.hpp"
#include "planner/known_secrets.hpp"
#include "planner/plan_follow.hpp"
#include "planner/plan_outputs.hpp"
#include "planner/recorded_change.hpp"

namespace aim::planner {

using core::Address;
using core::Map;
using core::RecordedResource;
using core::Value;

namespace {

using Operation = StopStart::Operation;

class StopStartPlanner {
 public:
  StopStartPlanner(const Configuration& configuration,
                   const core::StateSnapshot& recorded,
                   const core::ObservedWorld& observed,
                   const StopStart& request,
                   core::Diagnostics& diagnostics)
      : configuration_(configuration),
        recorded_(recorded),
        observed_(observed),
        request_(request),
        diagnostics_(diagnostics),
        identification_(identify(only_project(configuration), recorded, observed, diagnostics)) {}

  Plan run() {
    Plan plan;
    plan.project = configuration_.project;
    plan.workspace = configuration_.workspace;
    plan.lineage = identification_.lineage;
    plan.serial = recorded_.serial;
    plan.configuration_digest = configuration_.digest;
    plan.updates_containers = observed_.engine.updates_containers;
    for (const auto& [address, located] : identification_.resources) {
      if (located.record) {
        changes_.emplace(address, plan_one(located));
      }
    }
    follow_replacements(changes_, identification_, names(), diagnostics_);
    for (auto& [address, change] : changes_) {
      const Located& located = identification_.resources.at(address);
      if (auto fingerprint = fingerprint_of(located, located.record->salt)) {
        plan.fingerprints.emplace(address.str(), std::move(*fingerprint));
      }
      // What was changed outside of aim is not mended here, so it has to stay visible. After an
      // upgrade of Docker the baseline cannot be compared as a whole any more.
      if (change.action == Action::Update &&
          located.record->baseline_api == observed_.engine.api_version) {
        change.kept_baseline = located.record->baseline;
      }
      plan.changes.push_back(std::move(change));
    }
    plan.outputs = unchanged_outputs(recorded_);
    return plan;
  }

 private:
  /// What is recorded is what there is.
  static Configuration only_project(const Configuration& whole) {
    Configuration configuration;
    configuration.project = whole.project;
    configuration.workspace = whole.workspace;
    return configuration;
  }

  NameLookup names() const {
    return [this](const Address& address) {
      const auto located = identification_.resources.find(address);
      return located != identification_.resources.end()
                 ? located->second.docker_name
                 : default_docker_name(configuration_.project, configuration_.workspace, address);
    };
  }

  ResourceChange plan_one(const Located& located) const {
    const RecordedResource& record = *located.record;
    ResourceChange change = leave_recorded(located);
    change.salt = record.salt;
    change.dependencies = record.dependencies;
    change.previous_dependencies = record.dependencies;
    change.prevent_destroy = record.prevent_destroy;
    change.retain = record.retain;
    change.external = record.external;
    change.last_start_millis = record.start_millis;
    if (located.container) {
      change.docker_id = located.container->id;
      change.stopped = stands_still(located.container->state.status);
    }
    if (!request_.addresses.contains(record.address)) {
      return change;
    }
    if (located.container == nullptr) {
      diagnostics_.error("Container is gone",
                         fmt::format("{} is recorded, but Docker has no container \"{}\" any more. "
                                     "`aim apply` makes it anew.",
                                     record.address.str(),
                                     record.docker_name));
      return change;
    }
    add_steps(record, *located.container, change);
    return change;
  }

  void add_steps(const RecordedResource& record,
                 const core::ObservedContainer& container,
                 ResourceChange& change) const {
    change.held = request_.operation == Operation::Stop;
    know_secrets(change);
    const FieldChange policy{{"restart"}, Value(), Value(), false, std::nullopt};
    InPlacePlan in_place = in_place_steps(record.address,
                                          change.attributes,
                                          container,
                                          record.baseline,
                                          {policy},
                                          {},
                                          container.name,
                                          names(),
                                          change.held ? Aim::Held : Aim::Up);
    if (!in_place.possible) {
      diagnostics_.error("Container cannot be started or stopped",
                         fmt::format("The container \"{}\" of {} is {}. `aim apply` replaces it.",
                                     container.name,
                                     record.address.str(),
                                     core::to_string(container.state.status)));
      return;
    }
    if (!observed_.engine.updates_containers) {
      std::erase_if(in_place.steps, [](const InPlaceStep& step) {
        return std::holds_alternative<SetLimits>(step);
      });
    }
    if (request_.operation == Operation::Restart && !change.stopped) {
      in_place.steps.emplace_back(Restart{});
      change.downtime = Downtime::Restart;
    }
    change.steps = std::move(in_place.steps);
    if (change.steps.empty() && change.held == record.held) {
      return;
    }
    change.action = Action::Update;
    change.reason = Reason::ByRequest;
    change.fields.push_back({{"status"},
                             Value(core::to_string(container.state.status)),
                             change.held ? "held" : "running",
                             false,
                             std::nullopt});
  }

  /// Checks that need a secret need its content.
  void know_secrets(ResourceChange& change) const {
    const auto desired = configuration_.resources.find(change.address);
    if (change.held) {
      return;
    }
    if (desired != configuration_.resources.end()) {
      const Value wanted = core::with_digests(Value(desired->second.attributes), change.salt);
      const Value known = with_known_secrets(Value(change.attributes), &wanted);
      change.attributes = *known.get<Map>();
    }
    const Value* key = core::find(change.attributes, "api_key");
    const core::Secret* secret = key ? key->get<core::Secret>() : nullptr;
    if (secret && !secret->known()) {
      diagnostics_.error(
          "API key is not known",
          fmt::format(
              "Whether {0} answers is checked after the start, and that takes the `api_key` "
              "that it was applied with. The configuration has another one by now, or none "
              "here: `aim apply` starts {0} with that.",
              change.address.str()));
    }
  }

  const Configuration& configuration_;
  const core::StateSnapshot& recorded_;
  const core::ObservedWorld& observed_;
  const StopStart& request_;
  core::Diagnostics& diagnostics_;
  Identification identification_;
  std::map<Address, ResourceChange> changes_;
};

}  // namespace

Plan plan_stop_start(const Configuration& configuration,
                     const core::StateSnapshot& recorded,
                     const core::ObservedWorld& observed,
                     const StopStart& request,
                     core::Diagnostics& diagnostics) {
  return StopStartPlanner(configuration, recorded, observed, request, diagnostics).run();
}

}  // namespace aim::planner
