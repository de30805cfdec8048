#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "core/clock.hpp"
#include "core/prober.hpp"
#include "providers/http/http_client.hpp"

namespace aim::providers {

/// How to connect to a port of the Engine's host or network, if not directly: through a tunnel.
using Tunnel = std::function<HttpEndpoint(std::string host, std::uint16_t port)>;

/// By the port published on the Engine's host. Where it is bound to every interface, it is reached
/// by `engine_host`, or by the loopback address when that is empty (Docker runs on this host).
/// Ports bound to a loopback address lead nowhere unless Docker runs on this host, or a tunnel
/// leads there.
class PublishedRoute : public core::ProbeRoute {
 public:
  /// `clock` measures latencies and must outlive the route.
  explicit PublishedRoute(core::Clock& clock, std::string engine_host = {}, Tunnel tunnel = {})
      : clock_(clock), engine_host_(std::move(engine_host)), tunnel_(std::move(tunnel)) {}

  [[nodiscard]] std::string name() const override { return "published address"; }

  core::Result<core::ProbeAnswer> http(const core::ProbeTarget& target,
                                       const core::ProbeRequest& request,
                                       std::stop_token stop) override;
  core::Result<void> tcp(const core::ProbeTarget& target,
                         std::chrono::milliseconds timeout,
                         std::stop_token stop) override;

 private:
  core::Clock& clock_;
  std::string engine_host_;
  Tunnel tunnel_;
};

/// By the container's own address, which only the Engine's host itself reaches, or a tunnel to it.
class ContainerAddressRoute : public core::ProbeRoute {
 public:
  /// `clock` measures latencies and must outlive the route.
  explicit ContainerAddressRoute(core::Clock& clock, Tunnel tunnel = {})
      : clock_(clock), tunnel_(std::move(tunnel)) {}

  [[nodiscard]] std::string name() const override { return "container address"; }

  core::Result<core::ProbeAnswer> http(const core::ProbeTarget& target,
                                       const core::ProbeRequest& request,
                                       std::stop_token stop) override;
  core::Result<void> tcp(const core::ProbeTarget& target,
                         std::chrono::milliseconds timeout,
                         std::stop_token stop) override;

 private:
  core::Clock& clock_;
  Tunnel tunnel_;
};

/// Tries the routes in order. One that is Unsupported is passed over; the first that leads to the
/// target decides, also when nobody answers there: an endpoint that only answers by another way
/// than its users' is not up. Errors of a route name it; Unsupported if no route leads there.
class RoutedProber : public core::Prober {
 public:
  explicit RoutedProber(std::vector<std::unique_ptr<core::ProbeRoute>> routes)
      : routes_(std::move(routes)) {}

  core::Result<core::ProbeAnswer> http(const core::ProbeTarget& target,
                                       const core::ProbeRequest& request,
                                       std::stop_token stop) override;
  core::Result<void> tcp(const core::ProbeTarget& target,
                         std::chrono::milliseconds timeout,
                         std::stop_token stop) override;

 private:
  template <class Answer, class Probe>
  core::Result<Answer> first(const Probe& probe) const;

  std::vector<std::unique_ptr<core::ProbeRoute>> routes_;
};

}  // namespace aim::providers
