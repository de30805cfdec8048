#include "planner/schema_network_pools.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <vector>

#include "planner/ip_address.hpp"
#include "planner/schema_normalise.hpp"

namespace aim::planner {

using core::List;
using core::Map;
using core::Value;

namespace {

struct Pool {
  const Map* members = nullptr;
  Site place;
};

/// Those that are known.
std::vector<Pool> pools_of(const Map& ipam, const Site& place) {
  const Value* value = core::find(ipam, "pools");
  const List* list = value ? value->get<List>() : nullptr;
  if (list == nullptr) {
    return {{&ipam, place}};
  }
  std::vector<Pool> pools;
  for (std::size_t i = 0; i < list->size(); ++i) {
    if (const Map* members = (*list)[i].get<Map>()) {
      pools.push_back({members, place.at("pools").at(i)});
    }
  }
  return pools;
}

std::optional<Subnet> subnet_at(const Map& pool, std::string_view name) {
  const std::optional<std::string> text = core::string_at(pool, name);
  return text ? Subnet::parse(*text) : std::nullopt;
}

std::optional<IpAddress> gateway_of(const Map& pool) {
  const std::optional<std::string> text = core::string_at(pool, "gateway");
  return text ? IpAddress::parse(*text) : std::nullopt;
}

/// Docker says no more than that pools overlap, and keeps the subnet to itself from then on.
void check_aux_addresses(const Map& pool, const Subnet& subnet, const Site& place) {
  const Value* value = core::find(pool, "aux_addresses");
  const Map* addresses = value ? value->get<Map>() : nullptr;
  if (addresses == nullptr) {
    return;
  }
  std::map<std::string, std::string> taken;
  if (const std::optional<IpAddress> gateway = gateway_of(pool)) {
    taken.emplace(gateway->str(), "the gateway");
  }
  for (const auto& [name, item] : *addresses) {
    const Site here = place.at("aux_addresses").at(name);
    if (passes_unchecked(item)) {
      continue;
    }
    const std::string* text = item.get<std::string>();
    const std::optional<IpAddress> address = text ? IpAddress::parse(*text) : std::nullopt;
    if (!address) {
      refuse(here, "an IP address", item);
    } else if (!subnet.contains(*address)) {
      here.error(
          "Conflicting attributes",
          fmt::format("The address {} is not in the subnet {}.", address->str(), subnet.str()));
    } else if (const auto [first, is_new] = taken.emplace(address->str(), "`" + name + "`");
               !is_new) {
      here.error("Conflicting attributes",
                 fmt::format("The address {} is {} already.", address->str(), first->second));
    }
  }
}

void check_pool(const Map& pool, const Subnet& subnet, const Site& place) {
  const std::optional<IpAddress> gateway = gateway_of(pool);
  if (gateway && !subnet.contains(*gateway)) {
    place.at("gateway").error(
        "Conflicting attributes",
        fmt::format("The gateway {} is not in the subnet {}.", gateway->str(), subnet.str()));
  }
  const std::optional<Subnet> range = subnet_at(pool, "ip_range");
  if (range && !subnet.contains(*range)) {
    place.at("ip_range")
        .error("Conflicting attributes",
               fmt::format("The range {} is not in the subnet {}.", range->str(), subnet.str()));
  }
  check_aux_addresses(pool, subnet, place);
}

bool is_v6(const Subnet& subnet) { return subnet.address.family == IpAddress::Family::V6; }

/// Two subnets of one network that meet, or that a bridge cannot have beside each other.
void check_beside(const Subnet& subnet,
                  const std::vector<Subnet>& before,
                  bool is_bridge,
                  const Site& place) {
  for (const Subnet& other : before) {
    if (subnet.contains(other) || other.contains(subnet)) {
      place.at("subnet").error(
          "Conflicting attributes",
          fmt::format("The subnets {} and {} overlap.", other.str(), subnet.str()));
      return;
    }
    if (is_bridge && is_v6(subnet) == is_v6(other)) {
      place.at("subnet").error(
          "Conflicting attributes",
          fmt::format("A network of driver bridge has one subnet of each family, and {} is the "
                      "second {} one. Make another network for it.",
                      subnet.str(),
                      is_v6(subnet) ? "IPv6" : "IPv4"));
      return;
    }
  }
}

}  // namespace

void check_address_pools(const Map& attributes, const Site& site) {
  const Value* ipam = core::find(attributes, "ipam");
  const Map* members = ipam ? ipam->get<Map>() : nullptr;
  if (members == nullptr) {
    return;
  }
  const bool is_bridge = core::string_at(attributes, "driver").value_or("bridge") == "bridge";
  std::vector<Subnet> seen;
  for (const Pool& pool : pools_of(*members, site.at("ipam"))) {
    const std::optional<Subnet> subnet = subnet_at(*pool.members, "subnet");
    if (!subnet) {
      continue;
    }
    check_pool(*pool.members, *subnet, pool.place);
    check_beside(*subnet, seen, is_bridge, pool.place);
    seen.push_back(*subnet);
    if (is_v6(*subnet) && core::boolean_at(attributes, "ipv6") == false) {
      pool.place.at("subnet").error(
          "Conflicting attributes",
          "An IPv6 subnet is passed over by Docker unless the network has `ipv6: true`.");
    }
  }
}

bool has_ipv6_subnet(const Map& attributes) {
  const Value* ipam = core::find(attributes, "ipam");
  const Map* members = ipam ? ipam->get<Map>() : nullptr;
  if (members == nullptr) {
    return false;
  }
  const Value* pools = core::find(*members, "pools");
  const List* list = pools ? pools->get<List>() : nullptr;
  const auto is_six = [](const Value& pool) {
    const Map* of = pool.get<Map>();
    const std::optional<Subnet> subnet = of ? subnet_at(*of, "subnet") : std::nullopt;
    return subnet && is_v6(*subnet);
  };
  return list ? std::any_of(list->begin(), list->end(), is_six) : is_six(*ipam);
}

}  // namespace aim::planner
