#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "cmd/app.hpp"
#include "cmd/project.hpp"

namespace aim::cmd {

/// A launch: one endpoint without a file of the user's. It has a directory of its own, with the
/// aim.yaml that stands for what was asked, and a state.
struct Launch {
  std::string name;
  std::filesystem::path directory;
};

/// Where launches are kept: $XDG_STATE_HOME/aim/launch, else ~/.local/state/aim/launch. Nothing
/// without a home, which is shown.
[[nodiscard]] std::optional<std::filesystem::path> launches_directory(App& app);

/// All of them, by name.
[[nodiscard]] std::vector<Launch> all_launches(const App& app);

/// The launch that is called so, or whose container is; null-like when there is none.
[[nodiscard]] std::optional<Launch> find_launch(const App& app, const std::string& name);

/// The project of a launch on Docker; names may be longer than a project's.
[[nodiscard]] std::string launch_project_name(const std::string& name);

/// A project from a text instead of files. Faults go to `diagnostics`; they have no place, since
/// nobody wrote the text.
[[nodiscard]] Project project_from_text(const std::string& text,
                                        const std::filesystem::path& directory,
                                        App& app,
                                        core::Diagnostics& diagnostics);

/// A launch without its endpoint: what is deployed stands in its state, so that it can be looked at
/// and removed where its file is damaged or names what is not set here.
[[nodiscard]] Project bare_launch(const Launch& launch, App& app);

/// The project of a launch, from its file. Nothing when its file cannot be read.
[[nodiscard]] std::optional<Project> launched_project(const Launch& launch,
                                                      App& app,
                                                      core::Diagnostics& diagnostics);

}  // namespace aim::cmd
