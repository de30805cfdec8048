#include "planner/given_up.hpp"

#include <algorithm>
#include <map>
#include <vector>

namespace aim::planner {

using core::Address;

namespace {

/// From an address to those that cannot be kept without it.
using Followers = std::map<Address, std::set<Address>>;

/// A pull belongs to all that use the image; who failed because of it shows by itself.
bool is_pull(const Task& task) { return std::holds_alternative<ImageWork>(task.work); }

void follow_tasks(const std::vector<Task>& tasks, Followers& followers) {
  for (const Task& task : tasks) {
    for (const std::size_t other : task.waits_for) {
      if (!is_pull(task) && !is_pull(tasks[other]) && tasks[other].address != task.address) {
        followers[tasks[other].address].insert(task.address);
      }
    }
  }
}

void follow_dependencies(const Plan& plan, Followers& followers) {
  std::set<Address> removed;
  for (const ResourceChange& change : plan.changes) {
    if (change.action == Action::Delete) {
      removed.insert(change.address);
    }
  }
  for (const ResourceChange& change : plan.changes) {
    const bool goes = change.action == Action::Delete;
    for (const Address& need : change.dependencies) {
      if (is_change(change) && !goes) {
        followers[need].insert(change.address);
      }
    }
    // If this one stays what it was, it still needs what it needed.
    for (const Address& need : goes ? change.dependencies : change.previous_dependencies) {
      if (removed.contains(need)) {
        followers[change.address].insert(need);
      }
    }
  }
}

}  // namespace

std::set<Address> given_up_with(const Plan& plan,
                                const TaskGraphs& graphs,
                                const std::set<Address>& failed) {
  Followers followers;
  follow_tasks(graphs.prepare, followers);
  follow_tasks(graphs.switch_over, followers);
  follow_dependencies(plan, followers);
  std::set<Address> all = failed;
  std::vector<Address> open(failed.begin(), failed.end());
  while (!open.empty()) {
    const Address address = open.back();
    open.pop_back();
    for (const Address& follower : followers[address]) {
      if (all.insert(follower).second) {
        open.push_back(follower);
      }
    }
  }
  return all;
}

Plan without(const Plan& plan, const std::set<Address>& given_up) {
  Plan kept = plan;
  std::erase_if(kept.changes,
                [&](const ResourceChange& change) { return given_up.contains(change.address); });
  for (OutputChange& output : kept.outputs) {
    const bool concerned = std::any_of(
        output.dependencies.begin(), output.dependencies.end(), [&](const Address& address) {
          return given_up.contains(address);
        });
    if (concerned) {
      // It keeps the value that it had, if there was one.
      output.after = output.before;
      output.source.reset();
      output.action = output.before.is_null() ? Action::Delete : Action::NoOp;
    }
  }
  return kept;
}

}  // namespace aim::planner
