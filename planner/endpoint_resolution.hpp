#pragma once

#include <cstdint>
#include <functional>
#include <set>
#include <vector>

#include "core/inventory.hpp"
#include "core/snapshot.hpp"
#include "planner/configuration.hpp"
#include "planner/plan.hpp"
#include "planner/recipe_picker.hpp"
#include "recipes/data.hpp"

namespace aim::planner {

/// Where the resolution learns what it does not know yet. Each is called at most once, and only
/// when something has to be decided.
struct EndpointKnowledge {
  /// Null after an error that was shown already.
  std::function<const recipes::RecipeData*()> recipes;
  /// The GPUs of Docker's host; none where that is another machine.
  std::function<core::Inventory()> inventory;
  /// Every container that may hold GPUs.
  std::function<core::Result<std::vector<core::ObservedContainer>>()> gpu_containers;
  std::vector<std::string> cdi_devices;  ///< that the Engine knows
  /// Those of some TCP ports that something on Docker's host listens on; may be empty.
  std::function<std::set<std::uint16_t>(const std::set<std::uint16_t>&)> taken_ports;
  RunProgram run_program;  ///< empty where that is not allowed
};

/// The configuration with everything filled in that endpoints leave to aim: recipe, precision,
/// image, command, environment, the GPUs and what reaches them. What was decided before (as
/// recorded, or as the birth labels say) stays while what was asked for is the same, or until
/// --upgrade asks for a new choice; then nothing is asked of `knowledge`. Faults at the places
/// written. Fails only when Docker does.
[[nodiscard]] core::Result<Configuration> resolve_endpoints(const Configuration& configuration,
                                                            const core::StateSnapshot& recorded,
                                                            const core::ObservedWorld& observed,
                                                            const PlanOptions& options,
                                                            const EndpointKnowledge& knowledge,
                                                            core::Diagnostics& diagnostics,
                                                            core::SourceFiles& sources);

/// Endpoints that would be made for GPUs which are only declared, and cannot be here.
[[nodiscard]] std::vector<core::Address> without_real_gpus(const Plan& plan);

}  // namespace aim::planner
