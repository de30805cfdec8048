#pragma once

#include <cstddef>
#include <set>
#include <vector>

#include "planner/allocation_table.hpp"

namespace aim::planner {

/// What is looked for among the slots.
struct GpuChoice {
  std::size_t count = 0;
  int share_percent = kWholeGpu;
  std::set<std::size_t> base;     ///< slots that are had already and must be among them
  std::set<std::size_t> avoided;  ///< slots to take only if there is no other way
};

/// Picks `count` of the `eligible` slots (ascending), all of one kind: beside the base if there is
/// one; parts of GPUs that others share already before whole ones; else from the shortest run of
/// neighbours that is long enough, so that long runs stay whole. Ascending; empty if there are too
/// few.
[[nodiscard]] std::vector<std::size_t> choose_slots(const std::vector<GpuSlot>& slots,
                                                    const std::vector<std::size_t>& eligible,
                                                    const GpuChoice& choice);

}  // namespace aim::planner
