#pragma once

#include "core/diagnostic.hpp"
#include "core/snapshot.hpp"
#include "core/value.hpp"

namespace aim::planner {

/// Errors for the attributes that the Engine is too old for: it would drop them without a word.
void check_api_version(const core::Address& address,
                       const core::Map& attributes,
                       const core::Positions& positions,
                       const core::EngineInfo& engine,
                       core::Diagnostics& diagnostics);

}  // namespace aim::planner
