#pragma once

#include <memory>
#include <optional>
#include <string>

#include "cmd/app.hpp"
#include "cmd/logged_transport.hpp"
#include "providers/docker/docker_engine.hpp"
#include "providers/docker/docker_host.hpp"
#include "providers/docker/docker_limits.hpp"
#include "providers/health/http_prober.hpp"
#include "providers/host/linux_host.hpp"
#include "providers/http/http_client.hpp"

namespace aim::cmd {

/// A connection to the Engine that is meant, with everything built on it.
struct EngineAccess {
  /// `pinned_version` is DOCKER_API_VERSION, empty if it is not set.
  EngineAccess(providers::DockerHost where,
               std::string pinned_version,
               providers::DockerLogins::Inputs registries,
               Log& log,
               core::Clock& clock)
      : host(std::move(where)),
        client(host.endpoint,
               providers::limits::kMostIdle,
               providers::HttpClient::kLargestBody,
               providers::limits::liveness()),
        logins(std::move(registries), clock),
        logged(client, log, clock),
        engine(logged, std::move(pinned_version), providers::RegistryAccess{logins, clock}),
        prober(routes(host, clock)),
        this_host(host.endpoint) {}

  providers::DockerHost host;
  providers::HttpClient client;
  providers::DockerLogins logins;
  LoggedTransport logged;
  providers::DockerEngine engine;
  providers::RoutedProber prober;
  providers::LinuxHost this_host;

 private:
  [[nodiscard]] static std::vector<std::unique_ptr<core::ProbeRoute>> routes(
      const providers::DockerHost& host, core::Clock& clock);
};

/// Finds out which Engine is meant: `configured` (hosts.local.docker), DOCKER_HOST, the context,
/// the default socket. Shows what is wrong and returns null if that cannot be told, and warns of
/// what is unsafe. Connects to nothing yet.
[[nodiscard]] std::unique_ptr<EngineAccess> open_engine(
    const std::optional<std::string>& configured, App& app);

}  // namespace aim::cmd
