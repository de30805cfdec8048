#include <algorithm>

#include "cmd/command_list.hpp"
#include "cmd/project.hpp"
#include "cmd/recipe_data.hpp"
#include "planner/endpoint_validation.hpp"
#include "recipes/validate.hpp"

namespace aim::cmd {

namespace fs = std::filesystem;

namespace {

/// The recipes beside the configuration.
std::vector<fs::path> own_recipes(const Project& project) {
  std::vector<fs::path> files;
  std::error_code none;
  for (const auto& entry : fs::directory_iterator(project.recipes / "recipes", none)) {
    if (entry.path().extension() == ".yaml") {
      files.push_back(entry.path());
    }
  }
  std::sort(files.begin(), files.end());
  return files;
}

ExitCode run_validate(const Arguments& arguments, App& app) {
  std::optional<Project> project = load_project(arguments, app);
  if (!project) {
    return ExitCode::Error;
  }
  core::Diagnostics diagnostics;
  const auto data = load_recipes(project->recipes, app, diagnostics, project->sources);
  if (!data) {
    return ExitCode::Error;
  }
  for (const fs::path& file : own_recipes(*project)) {
    if (const auto recipe = data->catalog.of_file(file, diagnostics, project->sources)) {
      recipes::validate_recipe(*recipe, *data, diagnostics, project->sources);
    }
  }
  planner::validate_endpoints(project->configuration, *data, diagnostics, project->sources);
  if (!diagnostics.empty()) {
    app.view().diagnostics(diagnostics, project->sources);
  }
  if (diagnostics.has_errors()) {
    return ExitCode::Error;
  }
  app.view().valid(project->configuration);
  return ExitCode::Done;
}

}  // namespace

Command validate_command() {
  return {"validate",
          "check configuration and recipes",
          "Reads the configuration, its variables and the recipes beside it, and reports every "
          "fault at its place: models and recipes that are not known and arguments that the "
          "image's release does not have included. Needs no Docker, no GPU and no state.",
          {std::begin(kVariableOptions), std::end(kVariableOptions)},
          {},
          run_validate};
}

}  // namespace aim::cmd
