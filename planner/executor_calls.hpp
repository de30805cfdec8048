#pragma once

#include <vector>

#include "planner/executor_tasks.hpp"

namespace aim::planner {

// The calls that one change consists of. Each gives them when its task starts; the changes must
// outlive the tasks.

[[nodiscard]] CallWork create_network_calls(const ResourceChange& change, core::Phase phase);
/// The old network goes, whose name or addresses the new one wants.
[[nodiscard]] CallWork remove_network_calls(const ResourceChange& change);
[[nodiscard]] CallWork create_volume_calls(const ResourceChange& change);
/// A container, stopped, with its files.
[[nodiscard]] CallWork create_container_calls(const ResourceChange& change, core::Phase phase);

enum class Creation { Prepared, Late };
[[nodiscard]] CallWork start_calls(const ResourceChange& change, Creation creation);
/// Stops the existing container for good, and takes it off networks that make way.
[[nodiscard]] CallWork stop_calls(const ResourceChange& change);
/// Takes a container that stays off networks that make way.
[[nodiscard]] CallWork detach_calls(const ResourceChange& change);
[[nodiscard]] CallWork update_calls(const ResourceChange& change);

/// Where the content that a file had before the run lies inside the container until the commit.
/// Nothing in a running container can see it: the place is below /proc.
[[nodiscard]] std::string kept_copy(const std::string& path);

}  // namespace aim::planner
