#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <map>

#include "planner/preflight.hpp"
#include "planner/preflight_context.hpp"

namespace aim::planner {

using core::Address;
using core::Kind;
using core::PublishedPort;
using core::Severity;

namespace {

std::uint16_t number(std::string_view text) {
  std::uint16_t value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

bool is_v6(const std::string& address) { return address.find(':') != std::string::npos; }

/// Docker binds each family by itself: 0.0.0.0 and [::] do not meet, an empty address is both.
bool overlap(const std::string& a, const std::string& b) {
  if (a.empty() || b.empty() || a == b) {
    return true;
  }
  return is_v6(a) == is_v6(b) && (a == "0.0.0.0" || b == "0.0.0.0" || a == "::" || b == "::");
}

bool will_run(const ResourceChange& change) {
  const bool left_out = change.action == Action::NoOp && change.docker_id.empty();
  return !left_out && change.action != Action::Delete && change.action != Action::Forget &&
         (change.address.kind == Kind::Endpoint || change.address.kind == Kind::Container);
}

std::string shown(const PublishedPort& port) {
  const std::string host = port.host_ip.empty() ? "0.0.0.0" : port.host_ip;
  return fmt::format(
      "{}:{}/{}", is_v6(host) ? "[" + host + "]" : host, port.host_port, port.protocol);
}

/// One binding that a resource of the plan has or is going to have.
struct Claim {
  Address address;
  PublishedPort port;
  core::Path place;
  bool is_new = false;
};

std::vector<Claim> claims_of(const ResourceChange& change,
                             const std::vector<PublishedPort>& ports,
                             bool is_new) {
  std::vector<Claim> claims;
  for (std::size_t i = 0; i < ports.size(); ++i) {
    core::Path place =
        change.address.kind == Kind::Endpoint ? core::Path{"port"} : core::Path{"ports", i};
    claims.push_back({change.address, ports[i], std::move(place), is_new});
  }
  return claims;
}

std::vector<Claim> new_claims(const PreflightContext& context) {
  std::vector<Claim> claims;
  for (const ComingContainer& coming : context.coming) {
    for (Claim& claim : claims_of(*coming.change, published_ports(coming.docker), true)) {
      claims.push_back(std::move(claim));
    }
  }
  return claims;
}

void report_twice(const PreflightContext& context, const Claim& first, const Claim& second) {
  core::Diagnostic diagnostic{
      Severity::Error,
      "Host port is claimed twice",
      fmt::format("{} and {} both publish {}; only one container can have it. Give one of them "
                  "another port.",
                  first.address.str(),
                  second.address.str(),
                  shown(second.port)),
      context.position(second.address, second.place),
      {},
      second.address.str()};
  if (const auto other = context.position(first.address, first.place)) {
    diagnostic.related.push_back({"also claimed here", *other});
  }
  context.diagnostics.add(std::move(diagnostic));
}

/// Two that run already do not collide, so only what is new is compared with all.
void check_among_ourselves(const PreflightContext& context, const std::vector<Claim>& fresh) {
  if (fresh.empty()) {
    return;
  }
  std::set<Address> coming;
  for (const Claim& claim : fresh) {
    coming.insert(claim.address);
  }
  std::map<std::uint16_t, std::vector<Claim>> by_port;
  for (const Claim& claim : fresh) {
    by_port[claim.port.host_port].push_back(claim);
  }
  for (const ResourceChange& change : context.plan.changes) {
    if (!will_run(change) || coming.contains(change.address)) {
      continue;
    }
    for (Claim& claim : claims_of(change, host_ports(change.address, change.attributes), false)) {
      if (const auto found = by_port.find(claim.port.host_port); found != by_port.end()) {
        found->second.push_back(std::move(claim));
      }
    }
  }
  for (auto& [port, claims] : by_port) {
    std::stable_sort(claims.begin(), claims.end(), [](const Claim& a, const Claim& b) {
      return a.address < b.address;
    });
    for (std::size_t i = 0; i < claims.size(); ++i) {
      for (std::size_t j = i + 1; j < claims.size(); ++j) {
        if ((claims[i].is_new || claims[j].is_new) && claims[i].address != claims[j].address &&
            collide(claims[i].port, claims[j].port)) {
          report_twice(context, claims[i], claims[j]);
        }
      }
    }
  }
}

bool held_by(const core::ContainerSummary& container, const PublishedPort& wanted) {
  return std::any_of(container.ports.begin(),
                     container.ports.end(),
                     [&](const PublishedPort& held) { return collide(wanted, held); });
}

void report_in_use(const PreflightContext& context, const Claim& claim, std::string_view holder) {
  context.add(Severity::Error,
              "Host port is in use",
              fmt::format("{} is held by {}. Choose another port for {}, or stop what holds it.",
                          shown(claim.port),
                          holder,
                          claim.address.str()),
              claim.address,
              claim.place);
}

void check_containers(const PreflightContext& context, const Claim& claim) {
  for (const core::ContainerSummary& other : context.observed.listed) {
    if (!context.ours.contains(other.id) && held_by(other, claim.port)) {
      report_in_use(
          context,
          claim,
          fmt::format("container \"{}\", which is not part of this configuration", other.name));
    }
  }
}

bool takes(const core::HostSocket& socket, const PublishedPort& wanted) {
  PublishedPort held{socket.address, socket.port.port, 0, socket.port.protocol};
  if (collide(wanted, held)) {
    return true;
  }
  held.host_ip = "0.0.0.0";
  return socket.also_ipv4 && collide(wanted, held);
}

/// Who holds a socket, or nothing when it is a container that this plan takes away.
std::optional<std::string> holder_of(const PreflightContext& context,
                                     const core::HostSocket& socket) {
  if (!socket.container.empty()) {
    if (context.leaving.contains(socket.container)) {
      return std::nullopt;
    }
    if (const core::ContainerSummary* container = context.listed(socket.container)) {
      return fmt::format("container \"{}\", which uses the network of the host", container->name);
    }
  }
  if (socket.program.empty()) {
    return fmt::format("a program of user {} on this host", socket.user);
  }
  return fmt::format("the program {} of user {} on this host (process {})",
                     socket.program,
                     socket.user,
                     socket.pid);
}

void check_programs(const PreflightContext& context,
                    const core::HostFacts& host,
                    const Claim& claim) {
  for (const core::HostSocket& socket : host.sockets) {
    if (!takes(socket, claim.port)) {
      continue;
    }
    if (const std::optional<std::string> holder = holder_of(context, socket)) {
      report_in_use(context, claim, *holder);
      return;  // one program often has a socket for each family
    }
  }
}

void check_address(const PreflightContext& context,
                   const core::HostFacts& host,
                   const Claim& claim) {
  if (!host.missing_addresses.contains(claim.port.host_ip)) {
    return;
  }
  const bool endpoint = claim.address.kind == Kind::Endpoint;
  context.add(Severity::Error,
              "Published address is not on this host",
              fmt::format("{} is published on {}, but no network interface of this host has that "
                          "address, so nothing can listen there. Publish it on 127.0.0.1, on "
                          "0.0.0.0 (every interface), or on an address that the host has.",
                          claim.address.str(),
                          claim.port.host_ip),
              claim.address,
              endpoint ? core::Path{"bind"} : claim.place);
}

}  // namespace

std::vector<PublishedPort> published_ports(const core::Map& docker_attributes) {
  std::vector<PublishedPort> result;
  const core::Value* ports = core::find(docker_attributes, "ports");
  const core::List* list = ports ? ports->get<core::List>() : nullptr;
  if (list == nullptr) {
    return result;
  }
  for (const core::Value& item : *list) {
    const std::string* text = item.get<std::string>();
    if (text == nullptr) {
      continue;
    }
    const std::size_t slash = text->rfind('/');
    const std::size_t inner = text->rfind(':', slash);
    const std::size_t outer =
        inner == 0 || inner == std::string::npos ? std::string::npos : text->rfind(':', inner - 1);
    if (slash == std::string::npos || outer == std::string::npos) {
      continue;
    }
    PublishedPort port;
    port.host_ip = text->substr(0, outer);
    if (port.host_ip.starts_with('[') && port.host_ip.ends_with(']')) {
      port.host_ip = port.host_ip.substr(1, port.host_ip.size() - 2);
    }
    port.host_port = number(std::string_view(*text).substr(outer + 1, inner - outer - 1));
    port.container_port = number(std::string_view(*text).substr(inner + 1, slash - inner - 1));
    port.protocol = text->substr(slash + 1);
    result.push_back(std::move(port));
  }
  return result;
}

bool collide(const PublishedPort& a, const PublishedPort& b) {
  return a.host_port != 0 && a.host_port == b.host_port && a.protocol == b.protocol &&
         overlap(a.host_ip, b.host_ip);
}

std::vector<PublishedPort> host_ports(const Address& address, const core::Map& attributes) {
  return published_ports(
      docker_attributes(address, attributes, [](const Address& other) { return other.name; }));
}

std::set<std::string> published_addresses(const PreflightContext& context) {
  std::set<std::string> addresses;
  for (const Claim& claim : new_claims(context)) {
    const std::string& ip = claim.port.host_ip;
    if (!ip.empty() && ip != "0.0.0.0" && ip != "::" && ip != "::1" && !ip.starts_with("127.")) {
      addresses.insert(ip);
    }
  }
  return addresses;
}

std::set<core::HostPort> unclaimed_ports(const PreflightContext& context) {
  std::set<core::HostPort> ports;
  for (const Claim& claim : new_claims(context)) {
    const bool published = std::any_of(
        context.observed.listed.begin(), context.observed.listed.end(), [&](const auto& container) {
          return held_by(container, claim.port);
        });
    if (!published && claim.port.protocol != "sctp") {
      ports.insert({claim.port.protocol, claim.port.host_port});
    }
  }
  return ports;
}

void check_ports(const PreflightContext& context) {
  const std::vector<Claim> claims = new_claims(context);
  check_among_ourselves(context, claims);
  const core::HostFacts* host = context.host();
  for (const Claim& claim : claims) {
    check_containers(context, claim);
    if (host != nullptr) {
      check_programs(context, *host, claim);
      check_address(context, *host, claim);
    }
  }
}

}  // namespace aim::planner
