#include "providers/health/http_prober.hpp"

#include <fmt/format.h>

#include <utility>

#include "providers/http/http_client.hpp"

namespace aim::providers {

using core::ErrorCode;
using core::make_error;
using core::ProbeAnswer;
using core::ProbeRequest;
using core::ProbeTarget;
using core::Result;
using std::chrono::milliseconds;

namespace {

constexpr std::size_t kLongestBody = 1024U * 1024;
// What is read before the rest is cut off.
constexpr std::size_t kMostRead = 16 * kLongestBody;
// The proxy hangs up as soon as the container refused it, which on one host is at once.
constexpr milliseconds kProxyHold{200};
// ssh tells of a refusal by its end, after it has logged in.
constexpr milliseconds kTunnelHold{2000};

bool is_loopback(const std::string& address) {
  return address.starts_with("127.") || address == "::1";
}

HttpEndpoint tcp_endpoint(std::string host, std::uint16_t port, const Tunnel& tunnel) {
  if (tunnel) {
    return tunnel(std::move(host), port);
  }
  HttpEndpoint endpoint;
  endpoint.scheme = HttpEndpoint::Scheme::Tcp;
  endpoint.host = std::move(host);
  endpoint.port = port;
  return endpoint;
}

Result<HttpEndpoint> published_endpoint(const ProbeTarget& target,
                                        const std::string& engine_host,
                                        const Tunnel& tunnel) {
  if (!target.published) {
    return make_error(ErrorCode::Unsupported,
                      fmt::format("port {} is not published", target.container_port));
  }
  std::string host = target.published->host_ip;
  if (host.empty() || host == "0.0.0.0" || host == "::") {
    host = !engine_host.empty() ? engine_host : (host == "::" ? "::1" : "127.0.0.1");
  } else if (!engine_host.empty() && is_loopback(host)) {
    return make_error(
        ErrorCode::Unsupported,
        fmt::format("port {} is published on {} of another host", target.container_port, host));
  }
  return tcp_endpoint(std::move(host), target.published->host_port, tunnel);
}

Result<HttpEndpoint> container_endpoint(const ProbeTarget& target, const Tunnel& tunnel) {
  if (target.container_address.empty()) {
    return make_error(ErrorCode::Unsupported, "the container has no address of its own");
  }
  return tcp_endpoint(target.container_address, target.container_port, tunnel);
}

Result<ProbeAnswer> ask(const Result<HttpEndpoint>& endpoint,
                        const ProbeRequest& request,
                        core::Clock& clock,
                        std::stop_token stop) {
  if (!endpoint) {
    return endpoint.error();
  }
  HttpRequest message{request.method, request.path, {{"Connection", "close"}}, request.body};
  if (request.bearer) {
    message.headers.emplace("Authorization", "Bearer " + request.bearer->reveal());
  }
  HttpClient client(*endpoint, 0, kMostRead);
  const core::Steady begin = clock.steady_now();
  Result<HttpResponse> response = client.send(message, request.timeout, std::move(stop));
  if (!response) {
    return response.error();
  }
  ProbeAnswer answer{response->status,
                     std::move(response->body),
                     std::chrono::duration_cast<milliseconds>(clock.steady_now() - begin)};
  if (answer.body.size() > kLongestBody) {
    answer.body.resize(kLongestBody);
  }
  return answer;
}

}  // namespace

Result<ProbeAnswer> PublishedRoute::http(const ProbeTarget& target,
                                         const ProbeRequest& request,
                                         std::stop_token stop) {
  return ask(published_endpoint(target, engine_host_, tunnel_), request, clock_, std::move(stop));
}

Result<void> PublishedRoute::tcp(const ProbeTarget& target,
                                 milliseconds timeout,
                                 std::stop_token stop) {
  const Result<HttpEndpoint> endpoint = published_endpoint(target, engine_host_, tunnel_);
  if (!endpoint) {
    return endpoint.error();
  }
  return try_connect(*endpoint, tunnel_ ? kTunnelHold : kProxyHold, timeout, std::move(stop));
}

Result<ProbeAnswer> ContainerAddressRoute::http(const ProbeTarget& target,
                                                const ProbeRequest& request,
                                                std::stop_token stop) {
  return ask(container_endpoint(target, tunnel_), request, clock_, std::move(stop));
}

Result<void> ContainerAddressRoute::tcp(const ProbeTarget& target,
                                        milliseconds timeout,
                                        std::stop_token stop) {
  const Result<HttpEndpoint> endpoint = container_endpoint(target, tunnel_);
  if (!endpoint) {
    return endpoint.error();
  }
  return try_connect(*endpoint, tunnel_ ? kTunnelHold : milliseconds(0), timeout, std::move(stop));
}

template <class Answer, class Probe>
Result<Answer> RoutedProber::first(const Probe& probe) const {
  std::string refusals;
  for (const std::unique_ptr<core::ProbeRoute>& route : routes_) {
    Result<Answer> answer = probe(*route);
    if (answer || answer.error().code == ErrorCode::Cancelled) {
      return answer;
    }
    if (answer.error().code != ErrorCode::Unsupported) {
      return core::while_doing(answer.error(), fmt::format("by the {}", route->name()));
    }
    refusals += fmt::format(
        "{}{}: {}", refusals.empty() ? "" : "; ", route->name(), answer.error().message);
  }
  return make_error(ErrorCode::Unsupported,
                    refusals.empty() ? std::string("there is no way to reach it")
                                     : fmt::format("no way leads to it ({})", refusals));
}

Result<ProbeAnswer> RoutedProber::http(const ProbeTarget& target,
                                       const ProbeRequest& request,
                                       std::stop_token stop) {
  return first<ProbeAnswer>(
      [&](core::ProbeRoute& route) { return route.http(target, request, stop); });
}

Result<void> RoutedProber::tcp(const ProbeTarget& target,
                               milliseconds timeout,
                               std::stop_token stop) {
  return first<void>([&](core::ProbeRoute& route) { return route.tcp(target, timeout, stop); });
}

}  // namespace aim::providers
