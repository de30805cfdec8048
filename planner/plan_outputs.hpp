#pragma once

#include <vector>

#include "core/diagnostic.hpp"
#include "planner/configuration.hpp"
#include "planner/evaluate.hpp"
#include "planner/plan.hpp"

namespace aim::planner {

/// What becomes of the outputs.
enum class Outputs {
  Known,   ///< those of the state become those of the configuration
  Lost,    ///< as Known, but the state is gone: what they were follows from the rest
  Removed  ///< everything is destroyed
};

/// All of them, by name. `lookup` gives what a reference to a resource gives in this plan.
[[nodiscard]] std::vector<OutputChange> plan_outputs(const Configuration& configuration,
                                                     const core::StateSnapshot& recorded,
                                                     Outputs outputs,
                                                     const ReferenceLookup& lookup,
                                                     core::Diagnostics& diagnostics);

/// Every recorded output, as it is.
[[nodiscard]] std::vector<OutputChange> unchanged_outputs(const core::StateSnapshot& recorded);

}  // namespace aim::planner
