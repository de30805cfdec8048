#include "planner/preflight.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <set>

#include "planner/realize.hpp"

namespace aim::planner {

using core::Address;
using core::Kind;
using core::PublishedPort;

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

bool will_bind(const ResourceChange& change) {
  if (change.action == Action::Create || change.action == Action::Replace) {
    return true;
  }
  return std::any_of(change.steps.begin(), change.steps.end(), [](const InPlaceStep& step) {
    return std::holds_alternative<Start>(step);
  });
}

std::optional<core::SourceRange> port_range(const Configuration& configuration,
                                            const Address& address) {
  const auto found = configuration.resources.find(address);
  if (found == configuration.resources.end()) {
    return std::nullopt;
  }
  const char* key = address.kind == Kind::Endpoint ? "port" : "ports";
  const auto range = core::position_of(found->second.positions, {key});
  return range ? range : found->second.range;
}

std::string shown(const PublishedPort& port) {
  const std::string host = port.host_ip.empty() ? "0.0.0.0" : port.host_ip;
  return fmt::format("{}:{}/{}",
                     host.find(':') == std::string::npos ? host : "[" + host + "]",
                     port.host_port,
                     port.protocol);
}

struct Claim {
  Address address;
  PublishedPort port;
};

void check_among_ourselves(const std::vector<Claim>& claims,
                           const Configuration& configuration,
                           core::Diagnostics& diagnostics) {
  for (std::size_t i = 0; i < claims.size(); ++i) {
    for (std::size_t j = i + 1; j < claims.size(); ++j) {
      if (!collide(claims[i].port, claims[j].port)) {
        continue;
      }
      core::Diagnostic diagnostic{
          core::Severity::Error,
          "Host port is claimed twice",
          fmt::format("{} and {} both publish {}; only one container can have it. Give one of them "
                      "another port.",
                      claims[i].address.str(),
                      claims[j].address.str(),
                      shown(claims[j].port)),
          port_range(configuration, claims[j].address),
          {},
          claims[j].address.str()};
      if (const auto other = port_range(configuration, claims[i].address)) {
        diagnostic.related.push_back({"also claimed here", *other});
      }
      diagnostics.add(std::move(diagnostic));
    }
  }
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

void preflight(const Plan& plan,
               const Configuration& configuration,
               const core::ObservedWorld& observed,
               core::Diagnostics& diagnostics) {
  std::vector<Claim> claims;
  std::set<std::string> ours;
  for (const ResourceChange& change : plan.changes) {
    if (!change.docker_id.empty()) {
      ours.insert(change.docker_id);
    }
    if (will_run(change)) {
      for (PublishedPort& port : host_ports(change.address, change.attributes)) {
        claims.push_back({change.address, std::move(port)});
      }
    }
  }
  check_among_ourselves(claims, configuration, diagnostics);
  for (const ResourceChange& change : plan.changes) {
    if (!will_run(change) || !will_bind(change)) {
      continue;
    }
    for (const PublishedPort& wanted : host_ports(change.address, change.attributes)) {
      for (const core::ContainerSummary& other : observed.listed) {
        if (ours.contains(other.id) ||
            std::none_of(other.ports.begin(), other.ports.end(), [&](const PublishedPort& held) {
              return collide(wanted, held);
            })) {
          continue;
        }
        diagnostics.add({core::Severity::Error,
                         "Host port is in use",
                         fmt::format("{} is held by container \"{}\", which is not part of this "
                                     "configuration. Choose another port for {}, or stop that "
                                     "container.",
                                     shown(wanted),
                                     other.name,
                                     change.address.str()),
                         port_range(configuration, change.address),
                         {},
                         change.address.str()});
      }
    }
  }
}

}  // namespace aim::planner
