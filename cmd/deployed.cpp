#include "cmd/deployed.hpp"

#include <set>

#include "cmd/launch_store.hpp"
#include "cmd/planning.hpp"

namespace aim::cmd {

namespace {

/// Of a launch; where its file cannot be read, without the key of its endpoint.
Project project_of(const Launch& launch, App& app) {
  core::Diagnostics diagnostics;
  std::optional<Project> project = launched_project(launch, app, diagnostics);
  return project && !diagnostics.has_errors() ? std::move(*project) : bare_launch(launch, app);
}

/// Whether the configuration in the directory has deployed something under that name.
bool is_configured(const std::string& name, const Project& project, App& app) {
  const auto state = read_state(project.state_file, app);
  return state &&
         complete_address(name, known_addresses(project.configuration, *state)).has_value();
}

}  // namespace

std::optional<Deployed> find_deployed(const std::string& name,
                                      const Arguments& arguments,
                                      App& app,
                                      Secrets secrets) {
  std::optional<Launch> launch = find_launch(app, name);
  std::optional<Project> project;
  if (!launch || has_configuration(project_directory(arguments, app))) {
    project = load_project(arguments, app, {}, secrets);
    if (!project) {
      return std::nullopt;
    }
    if (launch && is_configured(name, *project, app)) {
      launch.reset();
    }
  }
  if (launch) {
    project = project_of(*launch, app);
  }
  auto state = read_state(project->state_file, app);
  if (!state) {
    return std::nullopt;
  }
  std::set<core::Address> containers;
  for (const auto& [address, record] : state->resources) {
    if (address.kind == core::Kind::Endpoint || address.kind == core::Kind::Container) {
      containers.insert(address);
    }
  }
  const auto address = complete_address(launch ? "endpoint.model" : name, containers);
  if (!address) {
    app.view().error(
        core::while_doing(address.error(), "among the deployed endpoints and containers"));
    return std::nullopt;
  }
  return Deployed{std::move(*project), std::move(*state), *address, launch.has_value()};
}

}  // namespace aim::cmd
