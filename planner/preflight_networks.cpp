#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "planner/ip_address.hpp"
#include "planner/preflight_context.hpp"

namespace aim::planner {

using core::Address;
using core::Kind;
using core::Map;
using core::Severity;

namespace {

struct Pool {
  Subnet subnet;
  std::optional<IpAddress> gateway;
};

std::optional<Pool> pool_of(const Map& settings) {
  const auto text = core::string_at(settings, "subnet");
  const auto subnet = text ? Subnet::parse(*text) : std::nullopt;
  if (!subnet) {
    return std::nullopt;
  }
  const auto gateway = core::string_at(settings, "gateway");
  return Pool{subnet->base(), gateway ? IpAddress::parse(*gateway) : std::nullopt};
}

/// The pools of a network, in the vocabulary of the kind.
std::vector<Pool> pools_of(const Map& network) {
  std::vector<Pool> pools;
  const core::Value* ipam = core::find(network, "ipam");
  const Map* settings = ipam ? ipam->get<Map>() : nullptr;
  if (settings == nullptr) {
    return pools;
  }
  if (const auto pool = pool_of(*settings)) {
    pools.push_back(*pool);
  }
  const core::Value* several = core::find(*settings, "pools");
  if (const core::List* list = several ? several->get<core::List>() : nullptr) {
    for (const core::Value& one : *list) {
      const auto pool = one.is<Map>() ? pool_of(*one.get<Map>()) : std::nullopt;
      if (pool) {
        pools.push_back(*pool);
      }
    }
  }
  return pools;
}

bool meet(const Subnet& a, const Subnet& b) { return a.contains(b) || b.contains(a); }

/// Networks of the swarm have addresses of their own space, which others do not meet.
bool is_local(const Map& network) {
  return core::string_at(network, "driver").value_or("bridge") != "overlay";
}

IpAddress gateway_of(const Pool& pool) {
  if (pool.gateway) {
    return *pool.gateway;
  }
  IpAddress first = pool.subnet.address;
  first.bytes[first.family == IpAddress::Family::V4 ? 3 : 15] |= 1;
  return first;
}

/// Whether the network `id` has gone when `change` makes the new one in its own place.
bool makes_way(const PreflightContext& context,
               const ResourceChange& change,
               const std::string& id) {
  const std::vector<ResourceChange>& changes = context.plan.changes;
  return change.previous_network &&
         std::any_of(changes.begin(), changes.end(), [&](const ResourceChange& other) {
           return other.docker_id == id && other.previous_network;
         });
}

void check_against_docker(const PreflightContext& context,
                          const ResourceChange& change,
                          const Pool& pool) {
  for (const core::ObservedNetwork& other : context.observed.networks) {
    if (!is_local(other.attributes) || makes_way(context, change, other.id)) {
      continue;
    }
    for (const Pool& taken : pools_of(other.attributes)) {
      if (!meet(pool.subnet, taken.subnet)) {
        continue;
      }
      const bool leaves = context.leaving.contains(other.id);
      context.add(
          Severity::Error,
          "Subnet overlaps",
          fmt::format("{} is to have the subnet {}, but Docker's network \"{}\" has {}. {}",
                      change.address.str(),
                      pool.subnet.str(),
                      other.name,
                      taken.subnet.str(),
                      leaves ? "That network goes away only at the end of the apply: remove it in "
                               "an apply of its own first, or choose another subnet."
                             : "Choose another subnet, or remove that network."),
          change.address,
          {"ipam", "subnet"});
    }
  }
}

void check_against_routes(const PreflightContext& context,
                          const ResourceChange& change,
                          const Pool& pool) {
  const core::HostFacts* host = context.host();
  for (const core::HostRoute& route : host ? host->routes : std::vector<core::HostRoute>()) {
    const auto subnet = Subnet::parse(route.subnet);
    const bool dockers =
        subnet &&
        std::any_of(context.observed.networks.begin(),
                    context.observed.networks.end(),
                    [&](const core::ObservedNetwork& network) {
                      const std::vector<Pool> pools = pools_of(network.attributes);
                      return std::any_of(pools.begin(), pools.end(), [&](const Pool& taken) {
                        return taken.subnet.contains(*subnet);
                      });
                    });
    if (subnet && !dockers && meet(pool.subnet, *subnet)) {
      context.add(Severity::Warning,
                  "Subnet meets a route of the host",
                  fmt::format("{} is to have the subnet {}, but this host reaches {} by its "
                              "interface {}. Docker does not refuse that, and what is behind the "
                              "interface may become unreachable. Choose another subnet.",
                              change.address.str(),
                              pool.subnet.str(),
                              subnet->str(),
                              route.interface),
                  change.address,
                  {"ipam", "subnet"});
    }
  }
}

void check_among_new(const PreflightContext& context,
                     const std::vector<const ResourceChange*>& networks) {
  for (std::size_t i = 0; i < networks.size(); ++i) {
    for (std::size_t j = i + 1; j < networks.size(); ++j) {
      for (const Pool& first : pools_of(networks[i]->attributes)) {
        for (const Pool& second : pools_of(networks[j]->attributes)) {
          if (meet(first.subnet, second.subnet)) {
            context.add(Severity::Error,
                        "Subnet overlaps",
                        fmt::format("{} is to have the subnet {}, but {} is to have {}. Choose "
                                    "another subnet for one of them.",
                                    networks[j]->address.str(),
                                    second.subnet.str(),
                                    networks[i]->address.str(),
                                    first.subnet.str()),
                        networks[j]->address,
                        {"ipam", "subnet"});
          }
        }
      }
    }
  }
}

/// A wish for one address on one network.
struct FixedAddress {
  const ResourceChange* change = nullptr;
  const ResourceChange* network = nullptr;
  std::string key;  ///< of the network
  IpAddress ip;
  bool is_new = false;

  [[nodiscard]] core::Path place() const { return {"networks", key, "ipv4_address"}; }
};

const ResourceChange* network_change(const PreflightContext& context, const std::string& key) {
  const auto& changes = context.plan.changes;
  const auto found =
      std::find_if(changes.begin(), changes.end(), [&](const ResourceChange& change) {
        return change.address.kind == Kind::Network && change.address.name == key &&
               !change.address.key && change.action != Action::Delete &&
               change.action != Action::Forget;
      });
  return found == changes.end() ? nullptr : &*found;
}

bool joins(const ResourceChange& change, const std::string& network) {
  return std::any_of(change.steps.begin(), change.steps.end(), [&](const InPlaceStep& step) {
    const auto* connect = std::get_if<Connect>(&step);
    return connect && connect->attachment.network == network;
  });
}

std::vector<FixedAddress> fixed_addresses(const PreflightContext& context) {
  std::vector<FixedAddress> result;
  for (const ResourceChange& change : context.plan.changes) {
    const core::Value* networks = core::find(change.attributes, "networks");
    const Map* wanted = networks ? networks->get<Map>() : nullptr;
    if (wanted == nullptr || change.action == Action::Delete || change.action == Action::Forget) {
      continue;
    }
    for (const auto& [key, value] : *wanted) {
      const Map* settings = value.get<Map>();
      const auto text = settings ? core::string_at(*settings, "ipv4_address") : std::nullopt;
      const auto ip = text ? IpAddress::parse(*text) : std::nullopt;
      const ResourceChange* network = ip ? network_change(context, key) : nullptr;
      if (network == nullptr) {
        continue;
      }
      const bool is_new = change.action == Action::Create || change.action == Action::Replace ||
                          joins(change, network->docker_name);
      result.push_back({&change, network, key, *ip, is_new});
    }
  }
  return result;
}

std::vector<Pool> pools_to_be(const PreflightContext& context, const ResourceChange& network) {
  if (!network.external) {
    return pools_of(network.attributes);
  }
  for (const core::ObservedNetwork& observed : context.observed.networks) {
    if (observed.id == network.docker_id) {
      return pools_of(observed.attributes);
    }
  }
  return {};
}

void check_within(const PreflightContext& context, const FixedAddress& fixed) {
  const auto report = [&](std::string summary, std::string detail) {
    context.add(Severity::Error,
                std::move(summary),
                std::move(detail),
                fixed.change->address,
                fixed.place());
  };
  const std::string who = fixed.change->address.str();
  const std::string network = fixed.network->address.str();
  const std::vector<Pool> pools = pools_to_be(context, *fixed.network);
  if (pools.empty()) {
    report("Network has no subnet of its own",
           fmt::format("{} wants the address {} on {}, but Docker chooses the addresses of that "
                       "network and then gives out no fixed ones. Give the network an "
                       "`ipam.subnet`, or leave `ipv4_address` out.",
                       who,
                       fixed.ip.str(),
                       network));
    return;
  }
  const auto pool = std::find_if(
      pools.begin(), pools.end(), [&](const Pool& one) { return one.subnet.contains(fixed.ip); });
  if (pool == pools.end()) {
    report("Address is outside the subnet",
           fmt::format("{} wants the address {} on {}, whose subnet is {}. Choose an address "
                       "inside it.",
                       who,
                       fixed.ip.str(),
                       network,
                       pools.front().subnet.str()));
  } else if (gateway_of(*pool) == fixed.ip) {
    report("Address is taken",
           fmt::format("{} wants the address {} on {}, but that is the gateway's, the network's "
                       "own. Choose another address.",
                       who,
                       fixed.ip.str(),
                       network));
  }
}

void check_holder(const PreflightContext& context, const FixedAddress& fixed) {
  const std::string& network = fixed.network->docker_id;
  for (const core::ContainerSummary& other : context.observed.listed) {
    const auto held = other.addresses.find(network);
    if (network.empty() || held == other.addresses.end() || held->second != fixed.ip.str() ||
        other.id == fixed.change->docker_id || context.leaving.contains(other.id)) {
      continue;
    }
    context.add(Severity::Error,
                "Address is taken",
                fmt::format("{} wants the address {} on {}, but container \"{}\" has it. Choose "
                            "another address, or stop that container.",
                            fixed.change->address.str(),
                            fixed.ip.str(),
                            fixed.network->address.str(),
                            other.name),
                fixed.change->address,
                fixed.place());
  }
}

void check_same(const PreflightContext& context, const std::vector<FixedAddress>& all) {
  for (std::size_t i = 0; i < all.size(); ++i) {
    for (std::size_t j = i + 1; j < all.size(); ++j) {
      if (all[i].key != all[j].key || !(all[i].ip == all[j].ip) ||
          !(all[i].is_new || all[j].is_new)) {
        continue;
      }
      context.add(Severity::Error,
                  "Address is claimed twice",
                  fmt::format("{} and {} both want the address {} on {}. Give one of them another.",
                              all[i].change->address.str(),
                              all[j].change->address.str(),
                              all[j].ip.str(),
                              all[j].network->address.str()),
                  all[j].change->address,
                  all[j].place());
    }
  }
}

}  // namespace

std::vector<const ResourceChange*> networks_with_subnets(const PreflightContext& context) {
  std::vector<const ResourceChange*> result;
  for (const ResourceChange& change : context.plan.changes) {
    const bool made = change.action == Action::Create || change.action == Action::Replace;
    if (change.address.kind == Kind::Network && made && is_local(change.attributes) &&
        !pools_of(change.attributes).empty()) {
      result.push_back(&change);
    }
  }
  return result;
}

void check_networks(const PreflightContext& context) {
  const std::vector<const ResourceChange*> made = networks_with_subnets(context);
  for (const ResourceChange* change : made) {
    for (const Pool& pool : pools_of(change->attributes)) {
      check_against_docker(context, *change, pool);
      check_against_routes(context, *change, pool);
    }
  }
  check_among_new(context, made);
  const std::vector<FixedAddress> fixed = fixed_addresses(context);
  for (const FixedAddress& one : fixed) {
    if (one.is_new) {
      check_within(context, one);
      check_holder(context, one);
    }
  }
  if (std::any_of(fixed.begin(), fixed.end(), [](const auto& one) { return one.is_new; })) {
    check_same(context, fixed);
  }
}

}  // namespace aim::planner
