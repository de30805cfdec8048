#pragma once

#include <map>
#include <set>

#include "core/diagnostic.hpp"
#include "planner/graph.hpp"
#include "planner/identity.hpp"
#include "planner/plan.hpp"

namespace aim::planner {

/// An error for each address that an option names and that neither configuration nor state has.
void check_selection(const PlanOptions& options,
                     const Identification& identification,
                     core::Diagnostics& diagnostics);

/// The addresses of `changes` that a plan leaves alone: --target keeps the chosen ones and what
/// they need, --exclude drops the chosen ones and what needs them. `graph` has the dependencies of
/// what is configured.
[[nodiscard]] std::set<core::Address> left_out(
    const std::map<core::Address, ResourceChange>& changes,
    const DependencyGraph& graph,
    const PlanOptions& options);

}  // namespace aim::planner
