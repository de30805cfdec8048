#include "cmd/launch_store.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "core/secret.hpp"
#include "state/store.hpp"

namespace aim::cmd {

namespace fs = std::filesystem;

namespace {

/// $XDG_STATE_HOME, else the place that the specification names; empty without a home.
fs::path state_home(const App& app) {
  const auto& environment = app.surroundings().environment;
  if (const auto own = environment("XDG_STATE_HOME"); own && own->starts_with('/')) {
    return *own;
  }
  const auto home = environment("HOME");
  return home && home->starts_with('/') ? fs::path(*home) / ".local" / "state" : fs::path();
}

/// The name on Docker of a launch's container; empty if it has none.
std::string container_of(const Launch& launch) {
  const auto state = state::StateStore::read(launch.directory / ".aim" / "state.db");
  for (const auto& [address, record] :
       state ? state->resources : std::map<core::Address, core::RecordedResource>()) {
    if (address.kind == core::Kind::Endpoint) {
      return record.docker_name;
    }
  }
  return {};
}

}  // namespace

std::optional<fs::path> launches_directory(App& app) {
  const fs::path home = state_home(app);
  if (home.empty()) {
    app.view().error(core::make_error(core::ErrorCode::Invalid,
                                      "there is no place to keep launches: set HOME or "
                                      "XDG_STATE_HOME to an absolute path"));
    return std::nullopt;
  }
  return home / "aim" / "launch";
}

std::vector<Launch> all_launches(const App& app) {
  std::vector<Launch> launches;
  const fs::path home = state_home(app);
  std::error_code failed;
  for (const fs::directory_entry& entry : fs::directory_iterator(home / "aim" / "launch", failed)) {
    if (!home.empty() && fs::exists(entry.path() / "aim.yaml", failed)) {
      launches.push_back({entry.path().filename().string(), entry.path()});
    }
  }
  std::sort(launches.begin(), launches.end(), [](const Launch& a, const Launch& b) {
    return a.name < b.name;
  });
  return launches;
}

std::optional<Launch> find_launch(const App& app, const std::string& name) {
  const std::vector<Launch> launches = all_launches(app);
  const auto named = std::find_if(
      launches.begin(), launches.end(), [&](const Launch& launch) { return launch.name == name; });
  if (named != launches.end()) {
    return *named;
  }
  for (const Launch& launch : launches) {
    if (container_of(launch) == name) {
      return launch;
    }
  }
  return std::nullopt;
}

std::string launch_project_name(const std::string& name) {
  constexpr std::size_t kReadable = 24;
  std::string words;
  for (const char c : name.substr(0, kReadable)) {
    words += (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ? c : '-';
  }
  return fmt::format("launch-{}-{}", words, core::sha256_hex(name).substr(0, 6));
}

Project project_from_text(const std::string& text,
                          const fs::path& directory,
                          App& app,
                          core::Diagnostics& diagnostics) {
  Project project;
  project.directory = directory;
  project.recipes = directory;
  project.state_file = directory / ".aim" / "state.db";
  planner::ConfigurationInput input;
  input.files = {{(directory / "aim.yaml").string(), text}};
  input.environment = app.surroundings().environment;
  input.read_file = [](const std::string& path, const std::string& relative_to) {
    return read_file(fs::path(relative_to).parent_path() / path);
  };
  core::SourceFiles sources;
  core::Diagnostics found;
  project.configuration = planner::load_configuration(input, sources, found);
  for (core::Diagnostic diagnostic : found.items()) {
    diagnostic.range.reset();
    diagnostic.related.clear();
    diagnostics.add(std::move(diagnostic));
  }
  for (auto& [address, desired] : project.configuration.resources) {
    desired.positions.clear();
    desired.range = {};
  }
  return project;
}

Project bare_launch(const Launch& launch, App& app) {
  core::Diagnostics none;
  Project project =
      project_from_text(fmt::format("version: 1\nproject: {}\n", launch_project_name(launch.name)),
                        launch.directory,
                        app,
                        none);
  AIM_CHECK(!none.has_errors());
  return project;
}

std::optional<Project> launched_project(const Launch& launch,
                                        App& app,
                                        core::Diagnostics& diagnostics) {
  const core::Result<std::string> text = read_file(launch.directory / "aim.yaml");
  if (!text) {
    diagnostics.error("Launch cannot be read", text.error().message);
    return std::nullopt;
  }
  return project_from_text(*text, launch.directory, app, diagnostics);
}

}  // namespace aim::cmd
