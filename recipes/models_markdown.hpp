#pragma once

#include <string>
#include <vector>

#include "recipes/recipe.hpp"

namespace aim::recipes {

/// docs/models.md: what the recipes serve, and on which accelerators. The order of `recipes` does
/// not matter.
[[nodiscard]] std::string models_markdown(const std::vector<Recipe>& recipes);

}  // namespace aim::recipes
