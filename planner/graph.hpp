#pragma once

#include <map>
#include <set>
#include <vector>

#include "core/ids.hpp"

namespace aim::planner {

/// Resource -> what it needs.
using DependencyGraph = std::map<core::Address, std::set<core::Address>>;

/// Every node after all it needs; among equals in order of address. Edges to nodes that are not
/// in the graph are ignored. Nothing if there is a cycle.
[[nodiscard]] std::optional<std::vector<core::Address>> topological_order(
    const DependencyGraph& graph);

/// `starts` and everything they need, directly or not.
[[nodiscard]] std::set<core::Address> with_dependencies(const DependencyGraph& graph,
                                                        const std::set<core::Address>& starts);

/// `starts` and everything that needs them, directly or not.
[[nodiscard]] std::set<core::Address> with_dependents(const DependencyGraph& graph,
                                                      const std::set<core::Address>& starts);

}  // namespace aim::planner
