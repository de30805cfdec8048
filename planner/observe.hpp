#pragma once

#include <stop_token>
#include <string>

#include "core/engine.hpp"
#include "core/snapshot.hpp"

namespace aim::planner {

/// Looks at Docker once, for one plan: one unfiltered list per kind, then, `parallelism` wide,
/// an inspect of every container that state knows or that claims to belong to the project and
/// workspace. Blocking. Errors: those of core::EngineReader; a container that goes away in between
/// counts as never seen.
[[nodiscard]] core::Result<core::ObservedWorld> observe(core::EngineReader& engine,
                                                        const core::StateSnapshot& recorded,
                                                        const std::string& project,
                                                        const std::string& workspace,
                                                        std::size_t parallelism,
                                                        std::stop_token stop);

}  // namespace aim::planner
