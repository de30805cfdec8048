#include "planner/executor_tasks.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "planner/evaluate.hpp"
#include "planner/executor_calls.hpp"
#include "planner/preflight.hpp"
#include "planner/readiness.hpp"
#include "planner/resolved_gpus.hpp"

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

bool runs_container(const ResourceChange& change) {
  return is_container_kind(change.address.kind) && !change.held &&
         (change.action == Action::Create || change.action == Action::Replace ||
          change.action == Action::Update);
}

bool creates_container(const ResourceChange& change) {
  return is_container_kind(change.address.kind) &&
         (change.action == Action::Create || change.action == Action::Replace);
}

Map before_of(const ResourceChange& change) { return change.before.value_or(Map()); }

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

/// The references to other resources in attributes that are not known before apply.
std::vector<core::Reference> references_in(const Map& deferred) {
  std::vector<core::Reference> found;
  for (const auto& [name, value] : deferred) {
    static_cast<void>(evaluate(value, [&](const core::Reference& reference) {
      found.push_back(reference);
      return core::Value(core::Unknown{});
    }));
  }
  return found;
}

/// Whether the existing container of `change` lives in a namespace of the one of `other`.
bool shares_namespace(const ResourceChange& change, const ResourceChange& other) {
  const std::vector<std::string> shared = namespace_donors(before_of(change));
  return !other.docker_id.empty() &&
         std::find(shared.begin(), shared.end(), other.docker_id) != shared.end();
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
    prepare_containers();
    for (const ResourceChange& change : plan_.changes) {
      switch_over(change);
    }
    for (const ResourceChange& change : plan_.changes) {
      add_switch_edges(change);
      add_network_edges(change);
      add_namespace_edges(change);
    }
    if (has_cycle(graphs_.switch_over)) {
      // A dependency takes over the port of its own dependent: that one has to stop early. Or it
      // shares a GPU with it: they come up as they need each other.
      for (const auto& [task, ready] : courtesies_) {
        graphs_.switch_over[task].waits_for.erase(ready);
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
    const bool makes = change.action == Action::Create || change.action == Action::Replace;
    if (makes && change.address.kind == Kind::Network) {
      if (change.previous_network) {
        swapped_.insert(change.address);
      } else {
        prepared_[change.address] = add(
            graphs_.prepare, creation_task(change, create_network_calls(change, Phase::Prepare)));
      }
    } else if (makes && change.address.kind == Kind::Volume) {
      prepared_[change.address] =
          add(graphs_.prepare, creation_task(change, create_volume_calls(change)));
    }
    if (const std::optional<ImageWork> work = image_work(change); work && !pulls_.contains(*work)) {
      pulls_[*work] =
          add(graphs_.prepare, Task{change.address, work->reference, Activity::Pulling, *work, {}});
    }
  }

  static Task creation_task(const ResourceChange& change, CallWork work) {
    return Task{change.address, change.address.str(), Activity::Creating, std::move(work), {}};
  }

  /// Containers whose values are known are made early. Ids of containers that are made early
  /// themselves are known in time, so this goes on until nothing more comes of it.
  void prepare_containers() {
    for (bool found = true; found;) {
      found = false;
      for (const ResourceChange& change : plan_.changes) {
        if (creates_container(change) && !prepared_.contains(change.address) &&
            can_be_prepared(change)) {
          prepare_container(change);
          found = true;
        }
      }
    }
  }

  bool can_be_prepared(const ResourceChange& change) const {
    const bool network_missing = std::any_of(
        change.dependencies.begin(), change.dependencies.end(), [&](const Address& need) {
          return swapped_.contains(need);
        });
    const std::vector<core::Reference> awaited = references_in(change.deferred);
    return !network_missing &&
           std::all_of(awaited.begin(), awaited.end(), [&](const core::Reference& reference) {
             return reference.attribute == "container_id" && prepared_.contains(reference.address);
           });
  }

  void prepare_container(const ResourceChange& change) {
    Task task = creation_task(change, create_container_calls(change, Phase::Prepare));
    wait_for_parts(change, task.waits_for);
    for (const core::Reference& reference : references_in(change.deferred)) {
      task.waits_for.insert(prepared_.at(reference.address));
    }
    prepared_[change.address] = add(graphs_.prepare, std::move(task));
  }

  void wait_for_parts(const ResourceChange& change, std::set<std::size_t>& waits_for) const {
    if (const std::optional<ImageWork> work = image_work(change)) {
      waits_for.insert(pulls_.at(*work));
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

  std::size_t add_switch(const ResourceChange& change,
                         Activity activity,
                         std::variant<ImageWork, CallWork, ReadyWork> work) {
    return add(graphs_.switch_over,
               Task{change.address, change.address.str(), activity, std::move(work), {}});
  }

  void switch_over(const ResourceChange& change) {
    if (change.previous_network) {
      departures_[change.address] =
          add_switch(change, Activity::Removing, remove_network_calls(change));
      arrivals_[change.address] =
          add_switch(change, Activity::Creating, create_network_calls(change, Phase::Switch));
    }
    if (!is_container_kind(change.address.kind)) {
      return;
    }
    if (change.action == Action::Delete || change.action == Action::Replace) {
      stops_[change.address] = add_switch(change, Activity::Stopping, stop_calls(change));
    }
    if (creates_container(change)) {
      const Creation creation =
          prepared_.contains(change.address) ? Creation::Prepared : Creation::Late;
      if (!change.held || creation == Creation::Late) {
        starts_[change.address] = add_switch(change,
                                             change.held ? Activity::Creating : Activity::Starting,
                                             start_calls(change, creation));
      }
    } else if (change.action == Action::Update) {
      if (!change.detached.empty()) {
        detaches_[change.address] =
            add_switch(change, Activity::Disconnecting, detach_calls(change));
      }
      if (!change.steps.empty() || !change.superseded.empty()) {
        starts_[change.address] = add_switch(change, Activity::Updating, update_calls(change));
      }
    }
    if (runs_container(change)) {
      ready_[change.address] = add_switch(
          change,
          Activity::Waiting,
          ReadyWork{change.action == Action::Update ? change.docker_id : candidate_name(change)});
    }
  }

  void add_switch_edges(const ResourceChange& change) {
    const auto start = starts_.find(change.address);
    const auto ready = ready_.find(change.address);
    if (ready != ready_.end() && start != starts_.end()) {
      graphs_.switch_over[ready->second].waits_for.insert(start->second);
    }
    if (const auto detach = detaches_.find(change.address);
        ready != ready_.end() && detach != detaches_.end()) {
      graphs_.switch_over[ready->second].waits_for.insert(detach->second);
    }
    if (start != starts_.end()) {
      Task& task = graphs_.switch_over[start->second];
      for (const Address& need : change.dependencies) {
        if (const auto up = ready_.find(need); up != ready_.end()) {
          task.waits_for.insert(up->second);
        }
      }
      wait_for_ports(change, task);
      wait_for_gpus(change, start->second);
      if (const auto stop = stops_.find(change.address); stop != stops_.end()) {
        task.waits_for.insert(stop->second);
        add_courtesies(change, stop->second);
      }
    }
    if (change.action == Action::Delete) {
      wait_for_deleted_dependents(change);
    }
  }

  /// The previous container goes on serving until the new one could really start; unless others
  /// wait for its end.
  void add_courtesies(const ResourceChange& change, std::size_t stop) {
    if (!change.detached.empty()) {
      return;
    }
    std::set<std::size_t>& stop_waits = graphs_.switch_over[stop].waits_for;
    for (const Address& need : change.dependencies) {
      const auto up = ready_.find(need);
      if (up == ready_.end() || shares_namespace(change, *by_address_.at(need))) {
        continue;
      }
      if (stop_waits.insert(up->second).second) {
        courtesies_.emplace_back(stop, up->second);
      }
    }
  }

  /// All its users let go of the old network before it goes, and join the new one after it came.
  void add_network_edges(const ResourceChange& change) {
    const auto arrival = arrivals_.find(change.address);
    if (arrival == arrivals_.end()) {
      return;
    }
    const std::size_t departure = departures_.at(change.address);
    // One may come under the addresses that another gives up.
    for (const auto& [address, other] : departures_) {
      graphs_.switch_over[arrival->second].waits_for.insert(other);
    }
    for (const ResourceChange& user : plan_.changes) {
      const bool held = std::any_of(
          user.detached.begin(), user.detached.end(), [&](const core::Attachment& attachment) {
            return attachment.network == change.previous_network->name;
          });
      const bool joins =
          held || std::find(user.dependencies.begin(), user.dependencies.end(), change.address) !=
                      user.dependencies.end();
      for (const auto* letting_go : {&stops_, &detaches_}) {
        if (const auto task = letting_go->find(user.address); held && task != letting_go->end()) {
          graphs_.switch_over[departure].waits_for.insert(task->second);
        }
      }
      if (const auto start = starts_.find(user.address); joins && start != starts_.end()) {
        graphs_.switch_over[start->second].waits_for.insert(arrival->second);
      }
    }
  }

  /// Who shares a namespace stops before the one that it is of, so that an undo, which goes
  /// backwards, starts that one first.
  void add_namespace_edges(const ResourceChange& change) {
    const auto stop = stops_.find(change.address);
    if (stop == stops_.end()) {
      return;
    }
    for (const auto& [address, other_stop] : stops_) {
      if (address != change.address && shares_namespace(*by_address_.at(address), change)) {
        graphs_.switch_over[stop->second].waits_for.insert(other_stop);
      }
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

  /// A GPU has to be given up by its holder first. Those that share one come up one by one, since
  /// each looks at the memory that is free; unless they wait for one another in a circle.
  void wait_for_gpus(const ResourceChange& change, std::size_t start) {
    if (!creates_container(change)) {
      return;
    }
    std::set<std::size_t>& waits_for = graphs_.switch_over[start].waits_for;
    const GpuGrant wanted = grant_of(change.attributes);
    const auto shares = [&](const core::Map& attributes) {
      const GpuGrant other = grant_of(attributes);
      return std::any_of(wanted.ids.begin(), wanted.ids.end(), [&](const std::string& id) {
        return std::find(other.ids.begin(), other.ids.end(), id) != other.ids.end();
      });
    };
    for (const auto& [address, stop] : stops_) {
      if (address != change.address && shares(before_of(*by_address_.at(address)))) {
        waits_for.insert(stop);
      }
    }
    for (const auto& [address, ready] : ready_) {
      const ResourceChange& other = *by_address_.at(address);
      if (address < change.address && creates_container(other) && shares(other.attributes) &&
          waits_for.insert(ready).second) {
        courtesies_.emplace_back(start, ready);
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
  std::map<ImageWork, std::size_t> pulls_;
  std::map<Address, std::size_t> prepared_;
  std::set<Address> swapped_;  ///< networks whose new object comes only after the old one went
  std::map<Address, std::size_t> departures_;
  std::map<Address, std::size_t> arrivals_;
  std::map<Address, std::size_t> detaches_;
  std::map<Address, std::size_t> stops_;
  std::map<Address, std::size_t> starts_;
  std::map<Address, std::size_t> ready_;
  std::vector<std::pair<std::size_t, std::size_t>> courtesies_;  ///< edges that can be done without
};

}  // namespace

bool is_container_kind(Kind kind) { return kind == Kind::Endpoint || kind == Kind::Container; }

std::string candidate_name(const ResourceChange& change) {
  return change.action == Action::Replace
             ? fmt::format("{}.g{}", change.docker_name, change.generation)
             : change.docker_name;
}

TaskGraphs build_tasks(const Plan& plan) { return TaskBuilder(plan).build(); }

}  // namespace aim::planner
