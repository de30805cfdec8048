#pragma once

#include <string>
#include <vector>

#include "planner/plan.hpp"

namespace aim::view {

/// The block under a change that says what it costs: what is done first, how long nothing answers,
/// what happens on failure; that the data of a volume goes. Empty where there is nothing to say.
[[nodiscard]] std::string render_effects(const planner::ResourceChange& change);

/// Why a resource leaves the state while its object stays, or is gone anyway.
[[nodiscard]] std::string forget_reason(const planner::ResourceChange& change);

/// Those that do not answer for a while, by name where that is unique, else by address.
[[nodiscard]] std::vector<std::string> interrupted_names(const planner::Plan& plan);

/// "Not restarted: endpoint.embed, container.webui." when something is changed and something
/// keeps running; else empty.
[[nodiscard]] std::string not_restarted_text(const planner::Plan& plan);

}  // namespace aim::view
