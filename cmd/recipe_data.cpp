#include "cmd/recipe_data.hpp"

#include <fmt/format.h>

namespace aim::cmd {

namespace fs = std::filesystem;

namespace {

/// $NAME, else `below` in the home directory; empty without either.
fs::path user_directory(const App& app, const std::string& name, std::string_view below) {
  const auto& environment = app.surroundings().environment;
  if (const auto own = environment(name); own && own->starts_with('/')) {
    return *own;
  }
  const auto home = environment("HOME");
  return home && home->starts_with('/') ? fs::path(*home) / below : fs::path();
}

fs::path installed_directory(const App& app) {
  if (const auto given = app.surroundings().environment("AIM_DATA"); given && !given->empty()) {
    return *given;
  }
  std::error_code code;
  const fs::path program = fs::read_symlink("/proc/self/exe", code);
  return code ? fs::path() : program.parent_path().parent_path() / "share" / "aim";
}

}  // namespace

recipes::DataPaths recipe_paths(const fs::path& directory, const App& app) {
  recipes::DataPaths paths;
  paths.own.push_back((directory / "recipes").lexically_normal());
  if (const fs::path config = user_directory(app, "XDG_CONFIG_HOME", ".config"); !config.empty()) {
    paths.own.push_back(config / "aim" / "recipes");
  }
  paths.installed = installed_directory(app);
  if (const fs::path cache = user_directory(app, "XDG_CACHE_HOME", ".cache"); !cache.empty()) {
    paths.cache = cache / "aim";
  }
  return paths;
}

std::optional<recipes::RecipeData> load_recipes(const fs::path& directory,
                                                App& app,
                                                core::Diagnostics& diagnostics,
                                                core::SourceFiles& sources) {
  const recipes::DataPaths paths = recipe_paths(directory, app);
  std::error_code code;
  if (!fs::is_directory(paths.installed / "backends", code)) {
    app.view().error(core::make_error(
        core::ErrorCode::NotFound,
        fmt::format("the recipes that come with aim are not in {}. Install aim with its data, or "
                    "set AIM_DATA to the directory that has it",
                    paths.installed.string())));
    return std::nullopt;
  }
  return recipes::open_data(paths, diagnostics, sources);
}

}  // namespace aim::cmd
