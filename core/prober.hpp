#pragma once

#include <chrono>
#include <optional>
#include <stop_token>
#include <string>
#include <utility>
#include <vector>

#include "core/result.hpp"
#include "core/secret.hpp"
#include "core/snapshot.hpp"

namespace aim::core {

/// What is probed: one port of one container, and the ways there that were observed.
struct ProbeTarget {
  std::string container_id;
  std::uint16_t container_port = 0;
  std::optional<PublishedPort> published;  ///< set while the port is bound on the Engine's host
  std::string container_address;           ///< IP on some network, empty if none
};

struct ProbeRequest {
  std::string method = "GET";
  std::string path = "/";  ///< begins with a slash; query included
  std::string body;        ///< sent as application/json if not empty
  std::optional<Secret> bearer;
  std::chrono::milliseconds timeout{10'000};  ///< connect to last byte
};

struct ProbeAnswer {
  int status = 0;
  std::string body;  ///< foreign text, at most 1 MiB
  std::chrono::milliseconds latency{0};
};

/// One way to reach a port of a container: published address, container address, exec.
/// Errors: Unsupported (this way does not lead there), Unreachable (refused, reset), Timeout,
/// Cancelled, Protocol.
class ProbeRoute {
 public:
  virtual ~ProbeRoute() = default;
  [[nodiscard]] virtual std::string name() const = 0;  ///< "published address"
  [[nodiscard]] virtual Result<ProbeAnswer> http(const ProbeTarget& target,
                                                 const ProbeRequest& request,
                                                 std::stop_token stop) = 0;
  [[nodiscard]] virtual Result<void> tcp(const ProbeTarget& target,
                                         std::chrono::milliseconds timeout,
                                         std::stop_token stop) = 0;
};

/// Probes by the first route that leads to the target.
class Prober {
 public:
  virtual ~Prober() = default;
  [[nodiscard]] virtual Result<ProbeAnswer> http(const ProbeTarget& target,
                                                 const ProbeRequest& request,
                                                 std::stop_token stop) = 0;
  [[nodiscard]] virtual Result<void> tcp(const ProbeTarget& target,
                                         std::chrono::milliseconds timeout,
                                         std::stop_token stop) = 0;
};

}  // namespace aim::core
