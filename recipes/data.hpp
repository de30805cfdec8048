#pragma once

#include <filesystem>
#include <string_view>
#include <vector>

#include "core/diagnostic.hpp"
#include "core/source.hpp"
#include "recipes/backend_data.hpp"
#include "recipes/catalog.hpp"
#include "recipes/diagnose.hpp"
#include "recipes/model_facts.hpp"
#include "recipes/select.hpp"

namespace aim::recipes {

/// Where the data lies.
struct DataPaths {
  /// Directories of recipes, the first wins; facts of models lie in `models` of each but the last.
  std::vector<std::filesystem::path> own;
  std::filesystem::path installed;  ///< with catalog, models, backends and diagnostics
  std::filesystem::path cache;      ///< for indexes; may be empty
};

/// All that is known of recipes, models, backends and failures.
struct RecipeData {
  Catalog catalog;
  ModelLibrary models;
  BackendLibrary backends;
  std::vector<FailurePattern> failures;
};

/// Opens all of it. Damaged data that was installed is an error, damaged recipes are warnings.
[[nodiscard]] RecipeData open_data(const DataPaths& paths,
                                   core::Diagnostics& diagnostics,
                                   core::SourceFiles& sources);

/// Names that can be asked for, of recipes and of facts.
[[nodiscard]] std::vector<std::string> known_models(const RecipeData& data);

/// The input of a selection for a wish: the recipes and facts of its model. A model that is an
/// absolute path has the facts of its own config.json; else those of `base_model`, if one is given,
/// or its own.
[[nodiscard]] SelectionInput selection_input(const RecipeData& data,
                                             Wish wish,
                                             std::string_view base_model,
                                             std::vector<GpuGroup> gpus,
                                             core::Diagnostics& diagnostics,
                                             core::SourceFiles& sources);

}  // namespace aim::recipes
