#pragma once

#include <memory>
#include <string>

#include "tests/support/memory_docker.hpp"

namespace aim::support {

/// Serves a MemoryDocker over HTTP/1.1 on a unix socket, from construction to destruction:
/// connections are kept alive, many at a time, one thread each; streams are chunked; a client
/// that hangs up ends what it waited for. A broken exchange closes the connection unanswered.
class MemoryDockerServer {
 public:
  /// Replaces a file at `socket_path`. `docker` must outlive the server. Throws
  /// boost::system::system_error when it cannot listen there.
  MemoryDockerServer(MemoryDocker& docker, std::string socket_path);
  ~MemoryDockerServer();
  MemoryDockerServer(const MemoryDockerServer&) = delete;
  MemoryDockerServer& operator=(const MemoryDockerServer&) = delete;

  [[nodiscard]] const std::string& path() const;
  /// Connections that were ever accepted.
  [[nodiscard]] std::size_t connections() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace aim::support
