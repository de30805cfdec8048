#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "cmd/app.hpp"
#include "core/diagnostic.hpp"
#include "planner/configuration.hpp"

namespace aim::cmd {

/// A configuration that was read, and where its things are.
struct Project {
  std::filesystem::path directory;  ///< with aim.yaml, as the user named it
  std::filesystem::path recipes;    ///< with the user's own recipes in its folder `recipes`
  planner::Configuration configuration;
  core::SourceFiles sources;
  std::filesystem::path state_file;
};

/// Options of every command that reads the configuration.
inline constexpr Option kVariableOptions[] = {
    {"var", "NAME=VALUE", "set a variable", '\0', true},
    {"var-file", "FILE", "read variables from a YAML file", '\0', true}};

/// Whether sensitive variables may be left without a value, as for a plan; an apply needs them, and
/// asks for them where somebody can answer.
enum class Secrets { MayBeUnset, Needed };

/// Reads aim.yaml and every *.aim.yaml, variables and environment. Faults are shown; nothing is
/// returned then. Warnings are shown and do no harm.
/// `preset` are variables of a saved plan, which --var overrides.
using PresetVariables = std::vector<std::pair<std::string, std::string>>;
[[nodiscard]] std::optional<Project> load_project(const Arguments& arguments,
                                                  App& app,
                                                  const PresetVariables& preset = {},
                                                  Secrets secrets = Secrets::MayBeUnset);

/// The state file for a command that needs no configuration: --state, AIM_STATE, or the one beside
/// the configuration if that can be read.
[[nodiscard]] std::filesystem::path state_file(const Arguments& arguments,
                                               const App& app,
                                               const std::filesystem::path& directory,
                                               const std::optional<std::string>& configured);

/// --workspace, AIM_WORKSPACE, else "default".
[[nodiscard]] std::string workspace(const Arguments& arguments, const App& app);

/// Whether there are files of a configuration in it.
[[nodiscard]] bool has_configuration(const std::filesystem::path& directory);

/// -C, else the working directory.
[[nodiscard]] std::filesystem::path project_directory(const Arguments& arguments, const App& app);

/// Whole contents. Errors: NotFound, Failed.
[[nodiscard]] core::Result<std::string> read_file(const std::filesystem::path& file);

}  // namespace aim::cmd
