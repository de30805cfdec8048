#pragma once

#include <memory>
#include <optional>
#include <string>

#include "cmd/app.hpp"
#include "providers/docker/docker_engine.hpp"
#include "providers/docker/docker_host.hpp"
#include "providers/health/http_prober.hpp"
#include "providers/http/http_client.hpp"

namespace aim::cmd {

/// A connection to the Engine that is meant, with everything built on it.
struct EngineAccess {
  EngineAccess(providers::DockerHost where, core::Clock& clock)
      : host(std::move(where)),
        client(host.endpoint),
        engine(client),
        prober(routes(host, clock)) {}

  providers::DockerHost host;
  providers::HttpClient client;
  providers::DockerEngine engine;
  providers::RoutedProber prober;

 private:
  [[nodiscard]] static std::vector<std::unique_ptr<core::ProbeRoute>> routes(
      const providers::DockerHost& host, core::Clock& clock);
};

/// Finds out which Engine is meant: `configured` (hosts.local.docker), DOCKER_HOST, the context,
/// the default socket. Shows what is wrong and returns null if that cannot be told. Connects to
/// nothing yet.
[[nodiscard]] std::unique_ptr<EngineAccess> open_engine(
    const std::optional<std::string>& configured, App& app);

}  // namespace aim::cmd
