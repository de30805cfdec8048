#pragma once

#include <cstdint>
#include <string>

#include "core/snapshot.hpp"

namespace aim::planner {

/// The value of a label, or empty.
[[nodiscard]] std::string label_of(const core::Labels& labels, const char* name);

/// The number of the incarnation; 1 where the label says none.
[[nodiscard]] std::int64_t generation_of(const core::Labels& labels);

}  // namespace aim::planner
