#pragma once

#include "cmd/app.hpp"
#include "recipes/data.hpp"

namespace aim::cmd {

/// Where recipes and their data lie: ./recipes in `directory`,
/// $XDG_CONFIG_HOME/aim/recipes, what was installed (AIM_DATA, else ../share/aim beside the
/// program); indexes in $XDG_CACHE_HOME/aim.
[[nodiscard]] recipes::DataPaths recipe_paths(const std::filesystem::path& directory,
                                              const App& app);

/// Opens the data. Warnings and errors go to `diagnostics`; nothing when the installed data is not
/// there, which is shown.
[[nodiscard]] std::optional<recipes::RecipeData> load_recipes(
    const std::filesystem::path& directory,
    App& app,
    core::Diagnostics& diagnostics,
    core::SourceFiles& sources);

}  // namespace aim::cmd
