#pragma once

#include <vector>

#include "core/diagnostic.hpp"
#include "core/source.hpp"
#include "recipes/data.hpp"

namespace aim::recipes {

/// What was looked at.
struct ValidationCount {
  std::size_t recipes = 0;
  std::size_t layouts = 0;
  std::size_t models = 0;
};

/// Checks every recipe and all facts against each other, each fault at its place: files that cannot
/// be read, two of one id, unknown accelerators and models, arguments that the recipe's image does
/// not take, images of another backend, layouts whose parallel sizes are not its GPUs or do not
/// divide the heads, and those that cannot fit.
ValidationCount validate_recipes(const RecipeData& data,
                                 core::Diagnostics& diagnostics,
                                 core::SourceFiles& sources);

/// The same for one recipe.
void validate_recipe(const Recipe& recipe,
                     const RecipeData& data,
                     core::Diagnostics& diagnostics,
                     core::SourceFiles& sources);

}  // namespace aim::recipes
