#include "cmd/engine_access.hpp"

#include "providers/docker/ssh_host.hpp"

namespace aim::cmd {

std::vector<std::unique_ptr<core::ProbeRoute>> EngineAccess::routes(
    const providers::DockerHost& host, core::Clock& clock) {
  using Scheme = providers::HttpEndpoint::Scheme;
  const bool remote = host.endpoint.scheme == Scheme::Tcp;
  // Where ssh leads to the Engine, it leads to the ports of that host too.
  providers::Tunnel tunnel;
  if (host.endpoint.scheme == Scheme::Program) {
    tunnel = [engine = host.endpoint](std::string name, std::uint16_t port) {
      return providers::ssh_tunnel(engine, std::move(name), port);
    };
  }
  std::vector<std::unique_ptr<core::ProbeRoute>> routes;
  routes.push_back(std::make_unique<providers::PublishedRoute>(
      clock, remote ? host.endpoint.host : std::string(), tunnel));
  if (!remote) {
    routes.push_back(std::make_unique<providers::ContainerAddressRoute>(clock, tunnel));
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
  inputs.cert_path = variable("DOCKER_CERT_PATH");
  core::Result<providers::DockerHost> host = providers::resolve_docker_host(inputs);
  if (!host) {
    app.view().error(core::while_doing(host.error(), "while looking for Docker"));
    return nullptr;
  }
  providers::DockerLogins::Inputs registries;
  registries.config_dir = inputs.config_dir;
  registries.auth_config = variable("DOCKER_AUTH_CONFIG");
  for (const auto& [name, value] : app.surroundings().all_environment) {
    registries.helper.environment.push_back(name + "=" + value);
  }
  core::Diagnostics warnings;
  for (const std::string& warning : host->warnings) {
    warnings.warning("The Docker Engine is not verified", warning);
  }
  if (!warnings.empty()) {
    app.view().diagnostics(warnings, {});
  }
  app.log().write(LogLevel::Info, "Docker at " + host->uri + ", from " + host->origin);
  return std::make_unique<EngineAccess>(std::move(*host),
                                        variable("DOCKER_API_VERSION"),
                                        std::move(registries),
                                        app.log(),
                                        app.clock());
}

}  // namespace aim::cmd
