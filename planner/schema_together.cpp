#include <fmt/format.h>

#include <array>

#include "planner/ip_address.hpp"
#include "planner/schema_normalise.hpp"

namespace aim::planner {

using core::Kind;
using core::Map;

namespace {

bool has(const Map& attributes, std::string_view name) {
  return core::find(attributes, name) != nullptr;
}

/// Docker: swap includes memory, and means nothing without it.
void check_swap(const Map& attributes, const Site& site) {
  if (!has(attributes, "memory_swap")) {
    return;
  }
  const Site place = site.at("memory_swap");
  if (!has(attributes, "memory")) {
    place.error(
        "Conflicting attributes",
        "`memory_swap` is the limit of memory and swap together, so it needs `memory` too.");
    return;
  }
  const std::optional<std::int64_t> memory = core::integer_at(attributes, "memory");
  const std::optional<std::int64_t> swap = core::integer_at(attributes, "memory_swap");
  if (memory && swap && *swap >= 0 && *swap < *memory) {
    place.error(
        "Conflicting attributes",
        fmt::format("`memory_swap` is the limit of memory and swap together, so it cannot be "
                    "less than `memory`: {} is less than {}.",
                    format_size(*swap),
                    format_size(*memory)));
  }
}

/// What the Engine refuses, or passes over in silence, in each network mode.
void check_network_mode(const Map& attributes, const Site& site) {
  if (!has(attributes, "network_mode")) {
    return;
  }
  if (has(attributes, "networks")) {
    site.at("network_mode")
        .error("Conflicting attributes",
               "`network_mode` takes the place of `networks`. Remove one of the two.");
  }
  const std::optional<std::string> mode = core::string_at(attributes, "network_mode");
  if (!mode || *mode == "bridge") {
    return;
  }
  constexpr std::array<std::string_view, 4> kOfAnother = {
      "ports", "hostname", "dns", "extra_hosts"};
  const bool of_another = mode->starts_with("container:");
  for (const std::string_view name : kOfAnother) {
    if (!has(attributes, name) || (!of_another && name != "ports")) {
      continue;
    }
    site.at(std::string(name))
        .error("Conflicting attributes",
               of_another
                   ? fmt::format("With `network_mode: {}` the other container's network is used as "
                                 "it is: set `{}` there.",
                                 *mode,
                                 name)
                   : fmt::format(
                         "With `network_mode: {}` Docker publishes no ports. Remove `ports`{}.",
                         *mode,
                         *mode == "host" ? "; what the container listens on is open anyway" : ""));
  }
}

/// A container that says how it becomes ready must say what is checked.
void check_readiness(const Map& attributes, const Site& site) {
  const core::Value* readiness = core::find(attributes, "readiness");
  const Map* members = readiness ? readiness->get<Map>() : nullptr;
  if (members && !has(*members, "http") && !has(*members, "tcp")) {
    site.at("readiness")
        .error(
            "Nothing to check",
            "`readiness` has neither `http` nor `tcp`, so there is nothing to wait for. Add one, "
            "or remove `readiness`: then running is enough.");
  }
}

std::optional<Subnet> subnet_at(const Map& ipam, std::string_view name) {
  const std::optional<std::string> text = core::string_at(ipam, name);
  return text ? Subnet::parse(*text) : std::nullopt;
}

void check_ipam(const Map& attributes, const Site& site) {
  const core::Value* ipam = core::find(attributes, "ipam");
  const Map* members = ipam ? ipam->get<Map>() : nullptr;
  const std::optional<Subnet> subnet = members ? subnet_at(*members, "subnet") : std::nullopt;
  if (!subnet) {
    return;
  }
  const Site place = site.at("ipam");
  const std::optional<std::string> gateway = core::string_at(*members, "gateway");
  const std::optional<IpAddress> address = gateway ? IpAddress::parse(*gateway) : std::nullopt;
  if (address && !subnet->contains(*address)) {
    place.at("gateway").error(
        "Conflicting attributes",
        fmt::format("The gateway {} is not in the subnet {}.", address->str(), subnet->str()));
  }
  const std::optional<Subnet> range = subnet_at(*members, "ip_range");
  if (range && !subnet->contains(*range)) {
    place.at("ip_range")
        .error("Conflicting attributes",
               fmt::format("The range {} is not in the subnet {}.", range->str(), subnet->str()));
  }
  if (subnet->address.family == IpAddress::Family::V6 &&
      core::boolean_at(attributes, "ipv6") == false) {
    place.at("subnet").error("Conflicting attributes",
                             "An IPv6 subnet is passed over by Docker unless the network has "
                             "`ipv6: true`.");
  }
}

}  // namespace

void check_together(Kind kind, const Map& attributes, const Site& site) {
  switch (kind) {
    case Kind::Container:
      check_swap(attributes, site);
      check_network_mode(attributes, site);
      check_readiness(attributes, site);
      break;
    case Kind::Endpoint:
      check_swap(attributes, site);
      break;
    case Kind::Network:
      check_ipam(attributes, site);
      break;
    case Kind::Volume:
      break;
  }
}

}  // namespace aim::planner
