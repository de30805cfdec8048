#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "planner/configuration_resources.hpp"

namespace aim::planner {

using LoadedResources = std::map<core::Address, LoadedResource>;

/// The network that containers and endpoints join unless told otherwise.
[[nodiscard]] core::Address default_network();

/// Puts every container and endpoint that names no network on the default one.
void join_default_network(LoadedResources& resources);

/// Whether anything needs the default network.
[[nodiscard]] bool needs_default_network(const LoadedResources& resources);

/// Adds the networks and volumes that stand as bare names to the needs; unknown ones are errors
/// with a suggestion.
void link_networks_and_volumes(LoadedResources& resources,
                               const ResourceTable& known,
                               core::Diagnostics& diagnostics);

/// Turns the needs into sorted dependencies and reports every cycle among them.
void set_dependencies(LoadedResources& resources, core::Diagnostics& diagnostics);

/// Two objects of one sort with one name on Docker, and names that belong to Docker or to aim.
void check_docker_names(const LoadedResources& resources, core::Diagnostics& diagnostics);

}  // namespace aim::planner
