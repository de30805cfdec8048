#include "recipes/data.hpp"

#include <fmt/format.h>

#include <set>

namespace aim::recipes {

using core::Diagnostics;
using core::SourceFiles;

RecipeData open_data(const DataPaths& paths, Diagnostics& diagnostics, SourceFiles& sources) {
  CatalogPaths catalog;
  catalog.directories = paths.own;
  catalog.directories.push_back(paths.installed / "catalog");
  catalog.cache = paths.cache;
  std::vector<std::filesystem::path> models;
  for (const std::filesystem::path& own : paths.own) {
    models.push_back(own / "models");
  }
  models.push_back(paths.installed / "models");
  RecipeData data;
  data.catalog = Catalog::open(catalog, diagnostics);
  data.models = ModelLibrary::open(models, paths.cache, diagnostics);
  data.backends = read_backends(paths.installed / "backends", diagnostics, sources);
  data.failures = read_failures(paths.installed / "diagnostics", diagnostics, sources);
  return data;
}

std::vector<std::string> known_models(const RecipeData& data) {
  const std::vector<std::string> recipes = data.catalog.models();
  const std::vector<std::string> facts = data.models.names();
  std::set<std::string> names(recipes.begin(), recipes.end());
  names.insert(facts.begin(), facts.end());
  return {names.begin(), names.end()};
}

SelectionInput selection_input(const RecipeData& data,
                               Wish wish,
                               std::string_view base_model,
                               std::vector<GpuGroup> gpus,
                               Diagnostics& diagnostics,
                               SourceFiles& sources) {
  SelectionInput input;
  input.backends = &data.backends;
  input.gpus = std::move(gpus);
  input.recipes = data.catalog.for_model(wish.model, diagnostics, sources);
  if (!base_model.empty()) {
    input.facts = data.models.find(base_model, diagnostics, sources);
  } else if (wish.model.starts_with('/')) {
    core::Result<ModelFacts> facts = facts_of_directory(wish.model);
    if (facts) {
      input.facts = std::move(*facts);
    } else {
      diagnostics.warning(
          "Size of a model unknown",
          fmt::format("Whether {} fits cannot be told: {}.", wish.model, facts.error().message));
    }
  } else {
    input.facts = data.models.find(wish.model, diagnostics, sources);
    // A checkpoint that the facts do not list is of the model that its recipe names.
    for (std::size_t i = 0; !input.facts && i < input.recipes.size(); ++i) {
      input.facts = data.models.find(input.recipes[i].model_id, diagnostics, sources);
    }
  }
  if (input.recipes.empty() && !input.facts) {
    input.known_models = known_models(data);
  }
  input.wish = std::move(wish);
  return input;
}

}  // namespace aim::recipes
