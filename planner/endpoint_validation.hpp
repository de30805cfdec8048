#pragma once

#include "core/diagnostic.hpp"
#include "core/source.hpp"
#include "planner/configuration.hpp"
#include "recipes/data.hpp"

namespace aim::planner {

/// Whether a recipe that an endpoint names is one of its model's; else an error at `recipe`.
[[nodiscard]] bool is_known_recipe(const DesiredResource& endpoint,
                                   const recipes::SelectionInput& input,
                                   core::Diagnostics& diagnostics);

/// Checks what can be checked of endpoints without Docker and without GPUs: that their models and
/// recipes are known, and their arguments ones of the image's release. What refers to other
/// resources is left out.
void validate_endpoints(const Configuration& configuration,
                        const recipes::RecipeData& data,
                        core::Diagnostics& diagnostics,
                        core::SourceFiles& sources);

}  // namespace aim::planner
