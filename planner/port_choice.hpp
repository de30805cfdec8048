#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <set>

#include "core/diagnostic.hpp"
#include "core/snapshot.hpp"
#include "planner/configuration.hpp"

namespace aim::planner {

/// Gives each endpoint with `port: auto` the port that it has already, by `records` (attributes as
/// they were applied), or the first from 8000 on that nothing has: no container on Docker, no other
/// resource of the configuration, nothing that is recorded, and nothing on the host, of which
/// `taken` (may be empty) tells those of some ports that are taken.
void choose_ports(
    Configuration& configuration,
    const std::map<core::Address, core::Map>& records,
    const core::ObservedWorld& observed,
    const std::function<std::set<std::uint16_t>(const std::set<std::uint16_t>&)>& taken,
    core::Diagnostics& diagnostics);

}  // namespace aim::planner
