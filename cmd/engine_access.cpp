#include "cmd/engine_access.hpp"

namespace aim::cmd {

std::vector<std::unique_ptr<core::ProbeRoute>> EngineAccess::routes(
    const providers::DockerHost& host, core::Clock& clock) {
  const bool remote = host.endpoint.scheme == providers::HttpEndpoint::Scheme::Tcp;
  std::vector<std::unique_ptr<core::ProbeRoute>> routes;
  routes.push_back(std::make_unique<providers::PublishedRoute>(
      clock, remote ? host.endpoint.host : std::string()));
  if (!remote) {
    routes.push_back(std::make_unique<providers::ContainerAddressRoute>(clock));
  }
  return routes;
}

std::unique_ptr<EngineAccess> open_engine(const std::optional<std::string>& configured, App& app) {
  const auto variable = [&](const char* name) {
    return app.surroundings().environment(name).value_or("");
  };
  providers::DockerHostInputs inputs;
  inputs.explicit_host = configured.value_or("");
  inputs.docker_host = variable("DOCKER_HOST");
  inputs.docker_context = variable("DOCKER_CONTEXT");
  inputs.config_dir = variable("DOCKER_CONFIG");
  if (inputs.config_dir.empty()) {
    inputs.config_dir = variable("HOME") + "/.docker";
  }
  inputs.tls_verify = variable("DOCKER_TLS_VERIFY");
  inputs.tls = variable("DOCKER_TLS");
  core::Result<providers::DockerHost> host = providers::resolve_docker_host(inputs);
  if (!host) {
    app.view().error(core::while_doing(host.error(), "while looking for Docker"));
    return nullptr;
  }
  return std::make_unique<EngineAccess>(std::move(*host), app.clock());
}

}  // namespace aim::cmd
