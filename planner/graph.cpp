#include "planner/graph.hpp"

#include <functional>

namespace aim::planner {

using core::Address;

std::optional<std::vector<Address>> topological_order(const DependencyGraph& graph) {
  std::map<Address, std::size_t> missing;
  std::map<Address, std::vector<Address>> dependents;
  std::set<Address> ready;
  for (const auto& [node, needs] : graph) {
    std::size_t count = 0;
    for (const Address& need : needs) {
      if (graph.contains(need)) {
        dependents[need].push_back(node);
        ++count;
      }
    }
    missing[node] = count;
    if (count == 0) {
      ready.insert(node);
    }
  }
  std::vector<Address> order;
  order.reserve(graph.size());
  while (!ready.empty()) {
    const Address node = *ready.begin();
    ready.erase(ready.begin());
    order.push_back(node);
    for (const Address& dependent : dependents[node]) {
      if (--missing[dependent] == 0) {
        ready.insert(dependent);
      }
    }
  }
  return order.size() == graph.size() ? std::optional(std::move(order)) : std::nullopt;
}

namespace {

std::set<Address> reachable(const std::set<Address>& starts,
                            const std::function<std::vector<Address>(const Address&)>& next) {
  std::set<Address> seen = starts;
  std::vector<Address> open(starts.begin(), starts.end());
  while (!open.empty()) {
    const Address node = open.back();
    open.pop_back();
    for (const Address& other : next(node)) {
      if (seen.insert(other).second) {
        open.push_back(other);
      }
    }
  }
  return seen;
}

}  // namespace

std::set<Address> with_dependencies(const DependencyGraph& graph, const std::set<Address>& starts) {
  return reachable(starts, [&](const Address& node) {
    const auto found = graph.find(node);
    return found == graph.end() ? std::vector<Address>()
                                : std::vector<Address>(found->second.begin(), found->second.end());
  });
}

std::set<Address> with_dependents(const DependencyGraph& graph, const std::set<Address>& starts) {
  std::map<Address, std::vector<Address>> dependents;
  for (const auto& [node, needs] : graph) {
    for (const Address& need : needs) {
      dependents[need].push_back(node);
    }
  }
  return reachable(starts, [&](const Address& node) {
    const auto found = dependents.find(node);
    return found == dependents.end() ? std::vector<Address>() : found->second;
  });
}

}  // namespace aim::planner
