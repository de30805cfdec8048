#pragma once

#include "core/value.hpp"

namespace aim::planner {

/// Secrets of an earlier specification are known by digest only; where a later one (may be null)
/// has the same secret at the same place, its content is known after all.
[[nodiscard]] core::Value with_known_secrets(const core::Value& before, const core::Value* after);

}  // namespace aim::planner
