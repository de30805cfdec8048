#pragma once

#include <set>

#include "planner/executor_tasks.hpp"
#include "planner/plan.hpp"

namespace aim::planner {

/// What has to be given up with `failed` when everything else of a plan is kept: what needs it,
/// what waited for something of it, such as a port, and the removal of what its previous
/// incarnation goes on using. Contains `failed` itself.
[[nodiscard]] std::set<core::Address> given_up_with(const Plan& plan,
                                                    const TaskGraphs& graphs,
                                                    const std::set<core::Address>& failed);

/// The plan without the changes of `given_up` and without the outputs that refer to them: what is
/// committed when the rest of a plan is kept.
[[nodiscard]] Plan without(const Plan& plan, const std::set<core::Address>& given_up);

}  // namespace aim::planner
