#include "planner/executor_tasks.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "planner/preflight.hpp"
#include "planner/readiness.hpp"

namespace aim::planner {

using core::Activity;
using core::Address;
using core::Call;
using core::Kind;
using core::Map;
using core::Phase;
using core::PublishedPort;
using core::Result;

namespace {

PlannedCall planned(const Address& address,
                    Phase phase,
                    Call call,
                    std::optional<Call> inverse,
                    std::string object) {
  return {{address, phase, std::move(call), std::move(inverse), std::move(object)}, std::nullopt};
}

Map restart_only(const std::string& policy) { return {{"restart", core::Value(policy)}}; }

bool runs_container(const ResourceChange& change) {
  return is_container_kind(change.address.kind) &&
         (change.action == Action::Create || change.action == Action::Replace ||
          change.action == Action::Update);
}

bool creates_container(const ResourceChange& change) {
  return is_container_kind(change.address.kind) &&
         (change.action == Action::Create || change.action == Action::Replace);
}

Map before_of(const ResourceChange& change) { return change.before.value_or(Map()); }

/// Whether the existing container was running when the plan was made; a status field says if not.
bool was_running(const ResourceChange& change) {
  return std::none_of(change.fields.begin(), change.fields.end(), [](const FieldChange& field) {
    return field.path == core::Path{"status"};
  });
}

bool has_cycle(const std::vector<Task>& tasks) {
  std::vector<bool> done(tasks.size(), false);
  for (std::size_t settled = 0, before = tasks.size() + 1; settled != before;) {
    before = settled;
    for (std::size_t i = 0; i < tasks.size(); ++i) {
      const std::set<std::size_t>& needs = tasks[i].waits_for;
      if (!done[i] &&
          std::all_of(needs.begin(), needs.end(), [&](std::size_t need) { return done[need]; })) {
        done[i] = true;
        ++settled;
      }
    }
    if (settled == tasks.size()) {
      return false;
    }
  }
  return true;
}

class TaskBuilder {
 public:
  explicit TaskBuilder(const Plan& plan) : plan_(plan) {
    for (const ResourceChange& change : plan.changes) {
      by_address_.emplace(change.address, &change);
    }
  }

  TaskGraphs build() {
    for (const ResourceChange& change : plan_.changes) {
      prepare(change);
    }
    for (const ResourceChange& change : plan_.changes) {
      prepare_container(change);
    }
    for (const ResourceChange& change : plan_.changes) {
      switch_over(change);
    }
    for (const ResourceChange& change : plan_.changes) {
      add_switch_edges(change);
    }
    if (has_cycle(graphs_.switch_over)) {
      // A dependency takes over the port of its own dependent: that one has to stop early.
      for (const auto& [stop, ready] : courtesies_) {
        graphs_.switch_over[stop].waits_for.erase(ready);
      }
    }
    AIM_CHECK(!has_cycle(graphs_.switch_over));
    return std::move(graphs_);
  }

 private:
  std::size_t add(std::vector<Task>& tasks, Task task) {
    tasks.push_back(std::move(task));
    return tasks.size() - 1;
  }

  void prepare(const ResourceChange& change) {
    if (change.action == Action::Create && change.address.kind == Kind::Network) {
      prepared_[change.address] = add(graphs_.prepare, creation_task(change, network_call(change)));
    } else if (change.action == Action::Create && change.address.kind == Kind::Volume) {
      prepared_[change.address] = add(graphs_.prepare, creation_task(change, volume_call(change)));
    }
    if (!creates_container(change) || change.deferred.contains("image")) {
      return;
    }
    const std::string image = core::string_at(change.attributes, "image").value_or("");
    const std::string pull = core::string_at(change.attributes, "pull").value_or("missing");
    if (pull != "never" && !pulls_.contains(image)) {
      pulls_[image] = add(
          graphs_.prepare,
          Task{change.address, image, Activity::Pulling, PullWork{image, pull == "always"}, {}});
    }
  }

  static Task creation_task(const ResourceChange& change, CallWork work) {
    return Task{change.address, change.address.str(), Activity::Creating, std::move(work), {}};
  }

  static CallWork network_call(const ResourceChange& change) {
    return CallWork{[&change](RunValues& values) -> Result<std::vector<PlannedCall>> {
      Result<Map> attributes = values.attributes(change);
      if (!attributes) {
        return attributes.error();
      }
      core::CreateNetwork call{
          change.docker_name, *attributes, values.birth_labels(change, *attributes)};
      return std::vector{planned(change.address,
                                 Phase::Prepare,
                                 std::move(call),
                                 Call(core::RemoveNetwork{change.docker_name}),
                                 change.docker_name)};
    }};
  }

  static CallWork volume_call(const ResourceChange& change) {
    return CallWork{[&change](RunValues& values) -> Result<std::vector<PlannedCall>> {
      Result<Map> attributes = values.attributes(change);
      if (!attributes) {
        return attributes.error();
      }
      core::CreateVolume call{
          change.docker_name, *attributes, values.birth_labels(change, *attributes)};
      return std::vector{planned(change.address,
                                 Phase::Prepare,
                                 std::move(call),
                                 Call(core::RemoveVolume{change.docker_name}),
                                 change.docker_name)};
    }};
  }

  static CallWork container_call(const ResourceChange& change, Phase phase) {
    return CallWork{[&change, phase](RunValues& values) -> Result<std::vector<PlannedCall>> {
      Result<Map> attributes = values.attributes(change);
      if (!attributes) {
        return attributes.error();
      }
      const NameLookup names = [&](const Address& address) { return values.docker_name(address); };
      core::CreateContainer call;
      call.name = candidate_name(change);
      call.attributes = docker_attributes(change.address, *attributes, names);
      if (const core::Value* labels = core::find(*attributes, "labels");
          labels && labels->is<Map>()) {
        for (const auto& [name, value] : *labels->get<Map>()) {
          if (const std::string* text = value.get<std::string>()) {
            call.labels.emplace(name, *text);
          }
        }
      }
      call.attributes.erase("labels");
      call.labels.merge(values.birth_labels(change, *attributes));
      // A candidate must never fight its predecessor after a reboot.
      call.restart = change.action == Action::Replace ? "no" : restart_policy(*attributes);
      call.networks = attachments(change.address, *attributes, names);
      const std::string name = call.name;
      return std::vector{planned(change.address,
                                 phase,
                                 std::move(call),
                                 Call(core::RemoveContainer{name, true, true}),
                                 name)};
    }};
  }

  void prepare_container(const ResourceChange& change) {
    if (!creates_container(change) || !change.deferred.empty()) {
      return;
    }
    Task task = creation_task(change, container_call(change, Phase::Prepare));
    wait_for_parts(change, task.waits_for);
    prepared_[change.address] = add(graphs_.prepare, std::move(task));
  }

  void wait_for_parts(const ResourceChange& change, std::set<std::size_t>& waits_for) const {
    const std::string image = core::string_at(change.attributes, "image").value_or("");
    if (const auto pull = pulls_.find(image); pull != pulls_.end()) {
      waits_for.insert(pull->second);
    }
    for (const Address& need : change.dependencies) {
      if (is_container_kind(need.kind)) {
        continue;  // only its start has to wait for other containers
      }
      if (const auto made = prepared_.find(need); made != prepared_.end()) {
        waits_for.insert(made->second);
      }
    }
  }

  void switch_over(const ResourceChange& change) {
    if (!is_container_kind(change.address.kind)) {
      return;
    }
    if (change.action == Action::Delete || change.action == Action::Replace) {
      stops_[change.address] = add(
          graphs_.switch_over,
          Task{change.address, change.address.str(), Activity::Stopping, stop_calls(change), {}});
    }
    if (change.action == Action::Create || change.action == Action::Replace) {
      starts_[change.address] = add(
          graphs_.switch_over,
          Task{change.address, change.address.str(), Activity::Starting, start_calls(change), {}});
    } else if (change.action == Action::Update &&
               (!change.steps.empty() || !change.superseded.empty())) {
      starts_[change.address] = add(
          graphs_.switch_over,
          Task{change.address, change.address.str(), Activity::Updating, update_calls(change), {}});
    }
    if (runs_container(change)) {
      ready_[change.address] =
          add(graphs_.switch_over,
              Task{change.address,
                   change.address.str(),
                   Activity::Waiting,
                   ReadyWork{change.action == Action::Update ? change.docker_id
                                                             : candidate_name(change)},
                   {}});
    }
  }

  static CallWork stop_calls(const ResourceChange& change) {
    return CallWork{[&change](RunValues&) -> Result<std::vector<PlannedCall>> {
      std::vector<PlannedCall> calls = free_name(change);
      const Map before = before_of(change);
      const std::string policy = restart_policy(before);
      if (policy != "no") {
        calls.push_back(planned(change.address,
                                Phase::Switch,
                                core::UpdateContainer{change.docker_id, restart_only("no")},
                                Call(core::UpdateContainer{change.docker_id, restart_only(policy)}),
                                change.docker_name));
      }
      if (was_running(change)) {
        calls.push_back(planned(change.address,
                                Phase::Switch,
                                core::StopContainer{change.docker_id, stop_grace(before)},
                                Call(core::StartContainer{change.docker_id}),
                                change.docker_name));
      }
      return calls;
    }};
  }

  static CallWork start_calls(const ResourceChange& change) {
    return CallWork{[&change](RunValues& values) -> Result<std::vector<PlannedCall>> {
      std::vector<PlannedCall> calls;
      if (!change.deferred.empty()) {
        Result<std::vector<PlannedCall>> late = container_call(change, Phase::Switch).calls(values);
        if (!late) {
          return late.error();
        }
        calls = std::move(*late);
      }
      const std::string name = candidate_name(change);
      calls.push_back(planned(change.address,
                              Phase::Switch,
                              core::StartContainer{name},
                              Call(core::KillContainer{name}),
                              name));
      return calls;
    }};
  }

  /// An earlier incarnation that still bears the final name makes way for its successor.
  static std::vector<PlannedCall> free_name(const ResourceChange& change) {
    std::vector<PlannedCall> calls;
    for (const auto& [id, name] : change.superseded) {
      if (name == change.docker_name) {
        const std::string away = fmt::format("{}.superseded-{}", name, id.substr(0, 12));
        calls.push_back(planned(change.address,
                                Phase::Switch,
                                core::RenameContainer{id, away},
                                Call(core::RenameContainer{id, name}),
                                name));
      }
    }
    return calls;
  }

  static CallWork update_calls(const ResourceChange& change) {
    return CallWork{[&change](RunValues&) -> Result<std::vector<PlannedCall>> {
      std::vector<PlannedCall> calls = free_name(change);
      for (const InPlaceStep& step : change.steps) {
        const auto add_call = [&](Call call, Call inverse) {
          calls.push_back(planned(change.address,
                                  Phase::Switch,
                                  std::move(call),
                                  std::move(inverse),
                                  change.docker_name));
        };
        const std::string& id = change.docker_id;
        std::visit(
            core::overloaded{
                [&](const SetLimits& limits) {
                  if (!limits.after_readiness) {
                    add_call(core::UpdateContainer{id, limits.attributes},
                             core::UpdateContainer{id, limits.previous});
                  }
                },
                [&](const Connect& connect) {
                  add_call(core::ConnectNetwork{id, connect.attachment},
                           core::DisconnectNetwork{id, connect.attachment.network});
                },
                [&](const Disconnect& disconnect) {
                  add_call(core::DisconnectNetwork{id, disconnect.attachment.network},
                           core::ConnectNetwork{id, disconnect.attachment});
                },
                [&](const Rename& rename) {
                  add_call(core::RenameContainer{id, rename.to},
                           core::RenameContainer{id, rename.from});
                },
                [&](const Start&) { add_call(core::StartContainer{id}, core::KillContainer{id}); },
                [&](const Unpause&) {
                  // A paused container was of no use to anybody: it stays unpaused.
                  calls.push_back(planned(change.address,
                                          Phase::Switch,
                                          core::UnpauseContainer{id},
                                          std::nullopt,
                                          change.docker_name));
                }},
            step);
      }
      return calls;
    }};
  }

  void add_switch_edges(const ResourceChange& change) {
    const auto start = starts_.find(change.address);
    const auto ready = ready_.find(change.address);
    if (ready != ready_.end() && start != starts_.end()) {
      graphs_.switch_over[ready->second].waits_for.insert(start->second);
    }
    if (start != starts_.end()) {
      Task& task = graphs_.switch_over[start->second];
      for (const Address& need : change.dependencies) {
        if (const auto up = ready_.find(need); up != ready_.end()) {
          task.waits_for.insert(up->second);
        }
      }
      wait_for_ports(change, task);
      if (const auto stop = stops_.find(change.address); stop != stops_.end()) {
        task.waits_for.insert(stop->second);
        // The previous container goes on serving until the new one could really start.
        std::set<std::size_t>& stop_waits = graphs_.switch_over[stop->second].waits_for;
        for (const Address& need : change.dependencies) {
          if (const auto up = ready_.find(need);
              up != ready_.end() && stop_waits.insert(up->second).second) {
            courtesies_.emplace_back(stop->second, up->second);
          }
        }
      }
    }
    if (change.action == Action::Delete) {
      wait_for_deleted_dependents(change);
    }
  }

  /// A host port has to be given up by its holder before the next one can bind it.
  void wait_for_ports(const ResourceChange& change, Task& task) const {
    if (!creates_container(change)) {
      return;
    }
    const std::vector<PublishedPort> wanted = host_ports(change.address, change.attributes);
    for (const auto& [address, stop] : stops_) {
      if (address == change.address) {
        continue;
      }
      const std::vector<PublishedPort> held =
          host_ports(address, before_of(*by_address_.at(address)));
      for (const PublishedPort& port : held) {
        if (std::any_of(wanted.begin(), wanted.end(), [&](const PublishedPort& want) {
              return collide(port, want);
            })) {
          task.waits_for.insert(stop);
        }
      }
    }
  }

  void wait_for_deleted_dependents(const ResourceChange& change) {
    const auto stop = stops_.find(change.address);
    if (stop == stops_.end()) {
      return;
    }
    for (const auto& [address, other_stop] : stops_) {
      const ResourceChange& other = *by_address_.at(address);
      const bool depends =
          std::find(other.dependencies.begin(), other.dependencies.end(), change.address) !=
          other.dependencies.end();
      if (other.action == Action::Delete && depends) {
        graphs_.switch_over[stop->second].waits_for.insert(other_stop);
      }
    }
  }

  const Plan& plan_;
  std::map<Address, const ResourceChange*> by_address_;
  TaskGraphs graphs_;
  std::map<std::string, std::size_t> pulls_;
  std::map<Address, std::size_t> prepared_;
  std::map<Address, std::size_t> stops_;
  std::map<Address, std::size_t> starts_;
  std::map<Address, std::size_t> ready_;
  std::vector<std::pair<std::size_t, std::size_t>> courtesies_;  ///< edges that only save downtime
};

}  // namespace

bool is_container_kind(Kind kind) { return kind == Kind::Endpoint || kind == Kind::Container; }

std::string candidate_name(const ResourceChange& change) {
  return change.action == Action::Replace
             ? fmt::format("{}.g{}", change.docker_name, change.generation)
             : change.docker_name;
}

TaskGraphs build_tasks(const Plan& plan) { return TaskBuilder(plan).build(); }

std::vector<PlannedCall> irreversible_calls(const Plan& plan) {
  std::vector<PlannedCall> calls;
  for (const ResourceChange& change : plan.changes) {
    for (const InPlaceStep& step : change.steps) {
      const SetLimits* limits = std::get_if<SetLimits>(&step);
      if (limits && limits->after_readiness) {
        calls.push_back(planned(change.address,
                                Phase::Readiness,
                                core::UpdateContainer{change.docker_id, limits->attributes},
                                std::nullopt,
                                change.docker_name));
      }
    }
  }
  return calls;
}

CommitCalls commit_calls(const Plan& plan, const std::map<Address, std::string>& new_ids) {
  CommitCalls result;
  std::vector<PlannedCall> volumes;
  for (const ResourceChange& change : plan.changes) {
    const Address& address = change.address;
    for (const auto& [id, name] : change.superseded) {
      result.containers.push_back({planned(
          address, Phase::Commit, core::RemoveContainer{id, true, true}, std::nullopt, name)});
    }
    if (change.action == Action::Replace && is_container_kind(address.kind)) {
      const std::string& candidate = new_ids.at(address);
      const std::string kept = fmt::format("{}.g{}", change.docker_name, change.generation - 1);
      const std::string policy = restart_policy(change.attributes);
      std::vector<PlannedCall> calls;
      calls.push_back(planned(address,
                              Phase::Commit,
                              core::RenameContainer{change.docker_id, kept},
                              std::nullopt,
                              kept));
      calls.push_back(planned(address,
                              Phase::Commit,
                              core::RenameContainer{candidate, change.docker_name},
                              std::nullopt,
                              change.docker_name));
      if (policy != "no") {
        calls.push_back(planned(address,
                                Phase::Commit,
                                core::UpdateContainer{candidate, restart_only(policy)},
                                std::nullopt,
                                change.docker_name));
      }
      calls.push_back(planned(address,
                              Phase::Commit,
                              core::RemoveContainer{change.docker_id, false, true},
                              std::nullopt,
                              kept));
      result.containers.push_back(std::move(calls));
    } else if (change.action == Action::Delete && is_container_kind(address.kind)) {
      result.containers.push_back({planned(address,
                                           Phase::Commit,
                                           core::RemoveContainer{change.docker_id, false, true},
                                           std::nullopt,
                                           change.docker_name)});
    } else if (change.action == Action::Delete && address.kind == Kind::Network) {
      result.networks_and_volumes.push_back(planned(address,
                                                    Phase::Commit,
                                                    core::RemoveNetwork{change.docker_id},
                                                    std::nullopt,
                                                    change.docker_name));
    } else if (change.action == Action::Delete) {
      volumes.push_back(planned(address,
                                Phase::Commit,
                                core::RemoveVolume{change.docker_name},
                                std::nullopt,
                                change.docker_name));
    }
  }
  result.networks_and_volumes.insert(
      result.networks_and_volumes.end(), volumes.begin(), volumes.end());
  return result;
}

}  // namespace aim::planner
