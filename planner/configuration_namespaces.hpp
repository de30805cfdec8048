#pragma once

#include "planner/configuration_links.hpp"

namespace aim::planner {

/// `container:NAME` in network_mode, ipc and pid: where NAME is a key, or the name on Docker, of a
/// container or endpoint of this configuration, it becomes a reference to that container's id, so
/// that whoever shares a namespace is replaced together with the one whose namespace it is. Any
/// other name is a container that aim does not know.
void link_namespaces(LoadedResources& resources, core::Diagnostics& diagnostics);

}  // namespace aim::planner
