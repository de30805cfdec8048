#include "planner/port_choice.hpp"

#include <fmt/format.h>

#include "planner/preflight.hpp"

namespace aim::planner {

using core::Address;
using core::Kind;
using core::Map;
using core::Value;

namespace {

constexpr std::uint16_t kFirst = 8000;
constexpr std::uint16_t kLast = 8999;

bool is_auto(const DesiredResource& desired) {
  return desired.address.kind == Kind::Endpoint &&
         core::string_at(desired.attributes, "port") == "auto";
}

/// Every port that something has or is going to have, by all that aim knows.
std::set<std::uint16_t> known_ports(const Configuration& configuration,
                                    const std::map<Address, Map>& records,
                                    const core::ObservedWorld& observed) {
  std::set<std::uint16_t> ports;
  for (const core::ContainerSummary& container : observed.listed) {
    for (const core::PublishedPort& port : container.ports) {
      ports.insert(port.host_port);
    }
  }
  const auto add = [&](const Address& address, const Map& attributes) {
    for (const core::PublishedPort& port : host_ports(address, attributes)) {
      ports.insert(port.host_port);
    }
  };
  for (const auto& [address, desired] : configuration.resources) {
    if (!is_auto(desired) && (address.kind == Kind::Endpoint || address.kind == Kind::Container)) {
      add(address, desired.attributes);
    }
  }
  for (const auto& [address, attributes] : records) {
    add(address, attributes);
  }
  return ports;
}

}  // namespace

void choose_ports(
    Configuration& configuration,
    const std::map<Address, Map>& records,
    const core::ObservedWorld& observed,
    const std::function<std::set<std::uint16_t>(const std::set<std::uint16_t>&)>& taken,
    core::Diagnostics& diagnostics) {
  std::vector<DesiredResource*> open;
  for (auto& [address, desired] : configuration.resources) {
    if (!is_auto(desired)) {
      continue;
    }
    const auto record = records.find(address);
    const auto had = record != records.end() ? core::integer_at(record->second, "port")
                                             : std::optional<std::int64_t>();
    if (had) {
      desired.attributes.insert_or_assign("port", *had);
    } else {
      open.push_back(&desired);
    }
  }
  if (open.empty()) {
    return;
  }
  std::set<std::uint16_t> used = known_ports(configuration, records, observed);
  std::set<std::uint16_t> candidates;
  for (std::uint16_t port = kFirst; port <= kLast; ++port) {
    if (!used.contains(port)) {
      candidates.insert(port);
    }
  }
  if (taken) {
    for (const std::uint16_t port : taken(candidates)) {
      candidates.erase(port);
    }
  }
  for (DesiredResource* desired : open) {
    if (candidates.empty()) {
      diagnostics.add({core::Severity::Error,
                       "No port is free",
                       fmt::format("Every port from {} to {} is taken. Give {} a `port`.",
                                   kFirst,
                                   kLast,
                                   desired->address.str()),
                       core::position_of(desired->positions, {"port"}),
                       {},
                       desired->address.str()});
      return;
    }
    desired->attributes.insert_or_assign("port", std::int64_t{*candidates.begin()});
    candidates.erase(candidates.begin());
  }
}

}  // namespace aim::planner
