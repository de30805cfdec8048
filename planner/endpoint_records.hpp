#pragma once

#include <map>

#include "core/snapshot.hpp"
#include "planner/configuration.hpp"

namespace aim::planner {

/// The attributes of endpoints as they were applied: what state knows, after all moves; and of
/// those that it does not know, what the birth labels of their newest container say.
[[nodiscard]] std::map<core::Address, core::Map> recorded_endpoints(
    const Configuration& configuration,
    const core::StateSnapshot& state,
    const core::ObservedWorld& observed);

}  // namespace aim::planner
