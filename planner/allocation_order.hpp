#pragma once

#include <map>
#include <vector>

#include "planner/allocation.hpp"

namespace aim::planner {

/// Who has to stop before somebody else can start, by what was had before and what is had now.
[[nodiscard]] std::vector<GpuHandover> find_handovers(
    const std::vector<core::Gpu>& gpus,
    const std::map<core::Address, GpuGrant>& before,
    const std::map<core::Address, GpuGrant>& after);

/// Givers before takers; those that wait for each other in a circle are one group.
[[nodiscard]] std::vector<std::vector<core::Address>> order_of(
    const std::vector<GpuHandover>& handovers);

}  // namespace aim::planner
