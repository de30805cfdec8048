#pragma once

#include <string>
#include <string_view>

#include "core/result.hpp"
#include "providers/http/http_client.hpp"

namespace aim::providers {

/// Everything that decides which Engine is meant, handed in by whoever reads the environment.
/// Empty means not set.
struct DockerHostInputs {
  std::string explicit_host;   ///< `docker:` of the configuration
  std::string docker_host;     ///< DOCKER_HOST
  std::string docker_context;  ///< DOCKER_CONTEXT
  std::string config_dir;      ///< DOCKER_CONFIG, else ~/.docker
  std::string tls_verify;      ///< DOCKER_TLS_VERIFY: any text turns TLS on
  std::string tls;             ///< DOCKER_TLS
};

struct DockerHost {
  HttpEndpoint endpoint;
  std::string uri;     ///< "unix:///var/run/docker.sock"
  std::string origin;  ///< where it was said: "DOCKER_HOST", "context lab", "the default"
};

inline constexpr std::string_view kDefaultDockerHost = "unix:///var/run/docker.sock";

/// unix:///path, tcp://host[:port] (2375) or host:port. Unsupported: ssh, TLS, npipe, fd, a path
/// behind the port. Invalid: anything else.
[[nodiscard]] core::Result<HttpEndpoint> parse_docker_host(std::string_view uri);

/// The order of the docker command: explicit host, DOCKER_HOST, DOCKER_CONTEXT, `currentContext`
/// of config.json, the default socket. Reads files below `config_dir` and connects nowhere.
/// Errors: those of parse_docker_host; NotFound for a context that does not exist; Protocol for a
/// file that cannot be understood.
[[nodiscard]] core::Result<DockerHost> resolve_docker_host(const DockerHostInputs& inputs);

}  // namespace aim::providers
