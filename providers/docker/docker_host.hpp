#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

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
  std::string tls;             ///< DOCKER_TLS: TLS without checking the Engine's certificate
  std::string cert_path;       ///< DOCKER_CERT_PATH, else `config_dir`
};

struct DockerHost {
  HttpEndpoint endpoint;
  std::string uri;     ///< "unix:///var/run/docker.sock"
  std::string origin;  ///< where it was said: "DOCKER_HOST", "context lab", "the default"
  std::vector<std::string> warnings;  ///< sentences: what is less safe than it could be
};

inline constexpr std::string_view kDefaultDockerHost = "unix:///var/run/docker.sock";

inline constexpr std::uint16_t kClearPort = 2375;

/// unix:///path, tcp://host[:port] or host:port (`port` if it names none), and
/// ssh://[user@]host[:port][/socket], which becomes the ssh program with `docker system dial-stdio`
/// at its other end. Unsupported: https, npipe, fd, a path behind the port of tcp. Invalid:
/// anything else.
[[nodiscard]] core::Result<HttpEndpoint> parse_docker_host(std::string_view uri,
                                                           std::uint16_t port = kClearPort);

/// The order of the docker command: explicit host, DOCKER_HOST, DOCKER_CONTEXT, `currentContext`
/// of config.json, the default socket. TLS by the variables for the first two, and by the
/// context's own files for a context; for tcp only. Reads files below `config_dir` and connects
/// nowhere.
/// Errors: those of parse_docker_host; NotFound for a context that does not exist; Protocol for a
/// file that cannot be understood.
[[nodiscard]] core::Result<DockerHost> resolve_docker_host(const DockerHostInputs& inputs);

}  // namespace aim::providers
