#include <fmt/format.h>

#include "planner/executor_tasks.hpp"

namespace aim::planner {

using core::Address;
using core::Kind;
using core::Map;
using core::Phase;

std::vector<PlannedCall> irreversible_calls(const Plan& plan) {
  std::vector<PlannedCall> calls;
  for (const ResourceChange& change : plan.changes) {
    for (const InPlaceStep& step : change.steps) {
      const SetLimits* limits = std::get_if<SetLimits>(&step);
      if (limits && limits->after_readiness) {
        calls.push_back(planned_call(change.address,
                                     Phase::Readiness,
                                     core::UpdateContainer{change.docker_id, limits->attributes},
                                     std::nullopt,
                                     change.docker_name));
      }
    }
  }
  return calls;
}

namespace {

Map restart_only(const std::string& policy) { return {{"restart", core::Value(policy)}}; }

/// The copies that in-place changes of files kept have done their duty.
std::vector<PlannedCall> empty_copies(const ResourceChange& change) {
  std::vector<PlannedCall> calls;
  for (const InPlaceStep& step : change.steps) {
    if (const ReplaceFiles* files = std::get_if<ReplaceFiles>(&step)) {
      calls.push_back(planned_call(change.address,
                                   Phase::Commit,
                                   forget_copies(change.docker_id, files->paths),
                                   std::nullopt,
                                   change.docker_name));
    }
  }
  return calls;
}

/// A container for good, with the volumes without a name that it and its predecessors filled.
std::vector<PlannedCall> removal_calls(const ResourceChange& change) {
  std::vector<PlannedCall> calls;
  calls.push_back(planned_call(change.address,
                               Phase::Commit,
                               core::RemoveContainer{change.docker_id, false, true},
                               std::nullopt,
                               change.docker_name));
  for (const auto& [path, name] : change.anonymous_volumes) {
    // Docker spares those that were handed on by their name.
    calls.push_back(
        planned_call(change.address, Phase::Commit, core::RemoveVolume{name}, std::nullopt, name));
  }
  return calls;
}

bool removes_network(const ResourceChange& change) {
  return change.address.kind == Kind::Network &&
         (change.action == Action::Delete ||
          (change.action == Action::Replace && !change.previous_network));
}

}  // namespace

CommitCalls commit_calls(const Plan& plan, const std::map<Address, std::string>& new_ids) {
  CommitCalls result;
  std::vector<PlannedCall> volumes;
  for (const ResourceChange& change : plan.changes) {
    const Address& address = change.address;
    for (const auto& [id, name] : change.superseded) {
      result.containers.push_back({planned_call(
          address, Phase::Commit, core::RemoveContainer{id, true, false}, std::nullopt, name)});
    }
    if (std::vector<PlannedCall> emptied = empty_copies(change); !emptied.empty()) {
      result.containers.push_back(std::move(emptied));
    }
    if (change.action == Action::Replace && is_container_kind(address.kind)) {
      const std::string& candidate = new_ids.at(address);
      const std::string kept = fmt::format("{}.g{}", change.docker_name, change.generation - 1);
      const std::string policy = restart_policy(change.attributes);
      std::vector<PlannedCall> calls;
      calls.push_back(planned_call(address,
                                   Phase::Commit,
                                   core::RenameContainer{change.docker_id, kept},
                                   std::nullopt,
                                   kept));
      calls.push_back(planned_call(address,
                                   Phase::Commit,
                                   core::RenameContainer{candidate, change.docker_name},
                                   std::nullopt,
                                   change.docker_name));
      if (policy != "no" && plan.updates_containers && !change.held) {
        calls.push_back(planned_call(address,
                                     Phase::Commit,
                                     core::UpdateContainer{candidate, restart_only(policy)},
                                     std::nullopt,
                                     change.docker_name));
      }
      if (!change.keep_previous) {
        calls.push_back(planned_call(address,
                                     Phase::Commit,
                                     core::RemoveContainer{change.docker_id, false, false},
                                     std::nullopt,
                                     kept));
      }
      result.containers.push_back(std::move(calls));
    } else if (change.action == Action::Delete && is_container_kind(address.kind)) {
      result.containers.push_back(removal_calls(change));
    } else if (removes_network(change)) {
      result.networks_and_volumes.push_back(planned_call(address,
                                                         Phase::Commit,
                                                         core::RemoveNetwork{change.docker_id},
                                                         std::nullopt,
                                                         change.docker_name));
    } else if (address.kind == Kind::Volume &&
               (change.action == Action::Delete || change.action == Action::Replace)) {
      volumes.push_back(planned_call(address,
                                     Phase::Commit,
                                     core::RemoveVolume{change.docker_id},
                                     std::nullopt,
                                     change.docker_id));
    }
  }
  result.networks_and_volumes.insert(
      result.networks_and_volumes.end(), volumes.begin(), volumes.end());
  return result;
}

}  // namespace aim::planner
