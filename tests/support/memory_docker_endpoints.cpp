#include <fmt/format.h>

#include <algorithm>

#include "tests/support/memory_docker_world.hpp"

namespace aim::support::memory {

namespace {

constexpr int kShortIdIsNoAlias = 45;  // 1.45
constexpr int kDnsNames = 44;          // 1.44
constexpr std::uint16_t kFirstEphemeral = 32768;

bool user_defined(const std::string& network_name) {
  return network_name != "bridge" && network_name != "host" && network_name != "none";
}

std::optional<Answer> take_address(Network& network, Endpoint& endpoint) {
  const std::uint32_t size = ~std::uint32_t{0} >> network.prefix;
  if (endpoint.wanted_ipv4 && !endpoint.wanted_ipv4->empty()) {
    if (!network.chosen_by_user) {
      return refusal(400,
                     "user specified IP address is supported only when connecting to networks "
                     "with user configured subnets");
    }
    const std::optional<std::uint32_t> wanted = parse_address(*endpoint.wanted_ipv4);
    if (!wanted || *wanted < network.base || *wanted - network.base > size) {
      return refusal(500,
                     fmt::format("Invalid address {}: It does not belong to any of this "
                                 "network's subnets",
                                 *endpoint.wanted_ipv4));
    }
    if (network.used.contains(*wanted) || *wanted == network.gateway) {
      return refusal(403, "Address already in use");
    }
    endpoint.ip = *wanted;
  } else {
    std::uint32_t candidate = network.base + 1;
    for (const std::uint32_t taken : network.used) {
      candidate += candidate == network.gateway ? 1 : 0;
      if (taken > candidate) {
        break;
      }
      candidate = taken + 1;
    }
    candidate += candidate == network.gateway ? 1 : 0;
    if (candidate - network.base >= size) {
      return refusal(
          500, "no available IPv4 addresses on this network's address pools: " + network.name);
    }
    endpoint.ip = candidate;
  }
  network.used.insert(endpoint.ip);
  return std::nullopt;
}

bool is_every_address(const std::string& ip) { return ip.empty() || ip == "0.0.0.0" || ip == "::"; }

/// Docker takes a word for every address.
std::string as_address(const std::string& ip) {
  const bool is_ip = parse_address(ip).has_value() || ip.find(':') != std::string::npos;
  return is_ip && !is_every_address(ip) ? ip : std::string();
}

std::optional<Answer> port_refusal(const World& world,
                                   const Container& container,
                                   const core::PublishedPort& wanted) {
  const std::string ip = wanted.host_ip.empty() ? "0.0.0.0" : wanted.host_ip;
  const std::string prefix =
      fmt::format("driver failed programming external connectivity on endpoint {} ({}): ",
                  container.name,
                  container.id);
  const std::string busy = fmt::format("{}Error starting userland proxy: listen {}4 {}:{}: bind: ",
                                       prefix,
                                       wanted.protocol,
                                       ip,
                                       wanted.host_port);
  const std::vector<std::string>& addresses = world.options.host_addresses;
  if (!wanted.host_ip.empty() && !wanted.host_ip.starts_with("127.") && !addresses.empty() &&
      std::find(addresses.begin(), addresses.end(), wanted.host_ip) == addresses.end()) {
    return refusal(500, busy + "cannot assign requested address");
  }
  if (world.foreign_ports.contains(wanted.host_port)) {
    return refusal(500, busy + "address already in use");
  }
  for (const auto& [id, other] : world.containers) {
    for (const core::PublishedPort& bound : other->bound) {
      if (bound.host_port != wanted.host_port || bound.protocol != wanted.protocol) {
        continue;
      }
      if (bound.host_ip == wanted.host_ip) {
        return refusal(500,
                       fmt::format("{}Bind for {}:{} failed: port is already allocated",
                                   prefix,
                                   ip,
                                   wanted.host_port));
      }
      if (bound.host_ip.empty() || wanted.host_ip.empty()) {
        return refusal(500, busy + "address already in use");
      }
    }
  }
  return std::nullopt;
}

std::uint16_t free_port(const World& world) {
  std::set<std::uint16_t> taken = world.foreign_ports;
  for (const auto& [id, other] : world.containers) {
    for (const core::PublishedPort& bound : other->bound) {
      taken.insert(bound.host_port);
    }
  }
  std::uint16_t port = kFirstEphemeral;
  while (taken.contains(port)) {
    ++port;
  }
  return port;
}

}  // namespace

std::optional<Answer> attach(World& world,
                             Container& container,
                             const std::string& network_name,
                             Endpoint& endpoint) {
  const bool known = user_defined(network_name) && !endpoint.network_id.empty();
  const std::string reference = known ? endpoint.network_id : network_name;
  const std::vector<Network*> found = world.networks_named(reference);
  if (found.size() != 1) {
    return found.empty() ? refusal(404, fmt::format("network {} not found", reference))
                         : refusal(400,
                                   fmt::format("network {} is ambiguous ({} matches found on "
                                               "name)",
                                               reference,
                                               found.size()));
  }
  Network& network = *found.front();
  if (!endpoint.wanted_ipv6.empty() && !network.has_ipv6) {
    return refusal(400,
                   "user specified IP address is supported only when connecting to networks with "
                   "user configured subnets");
  }
  if (network.base != 0) {
    if (auto wrong = take_address(network, endpoint)) {
      return wrong;
    }
  }
  endpoint.network_id = network.id;
  endpoint.endpoint_id = world.make_id();
  endpoint.joined = true;
  world.emit("network",
             "connect",
             network.id,
             {{"container", container.id},
              {"name", network.name},
              {"type", text_at(network.body, "Driver")}});
  return std::nullopt;
}

void detach(World& world,
            Container& container,
            const std::string& network_name,
            Endpoint& endpoint) {
  if (endpoint.endpoint_id.empty()) {
    return;
  }
  endpoint.endpoint_id.clear();
  const auto network = world.networks.find(endpoint.network_id);
  if (network != world.networks.end()) {
    network->second->used.erase(endpoint.ip);
    world.emit("network",
               "disconnect",
               endpoint.network_id,
               {{"container", container.id},
                {"name", network_name},
                {"type", text_at(network->second->body, "Driver")}});
  }
  endpoint.ip = 0;
}

std::optional<Answer> bind_ports(World& world, Container& container) {
  const json::object& exposed = object_at(container.config, "ExposedPorts");
  const json::value bindings = host_value(container, "PortBindings");
  const std::string mode(host_value(container, "NetworkMode").as_string());
  if (!bindings.is_object() || mode == "host" || mode == "none" || mode.starts_with("container:")) {
    return std::nullopt;
  }
  for (const json::key_value_pair& binding : bindings.get_object()) {
    // Only ports that are also exposed are bound (20.10.24).
    if (!exposed.contains(binding.key()) || !binding.value().is_array()) {
      continue;
    }
    const std::string key(binding.key());
    const std::size_t slash = key.find('/');
    core::PublishedPort wanted;
    wanted.container_port = static_cast<std::uint16_t>(std::stoi(key.substr(0, slash)));
    wanted.protocol = slash == std::string::npos ? "tcp" : key.substr(slash + 1);
    json::array entries = binding.value().get_array();
    if (entries.empty()) {
      entries.push_back(json::object());
    }
    for (const json::value& entry : entries) {
      const std::string port = text_at(entry.as_object(), "HostPort");
      wanted.host_ip = as_address(text_at(entry.as_object(), "HostIp"));
      wanted.host_port =
          port.empty() ? free_port(world) : static_cast<std::uint16_t>(std::stoi(port));
      if (auto wrong = port_refusal(world, container, wanted)) {
        return wrong;
      }
      container.bound.push_back(wanted);
    }
  }
  return std::nullopt;
}

json::object endpoint_json(World& world,
                           const Container& container,
                           const std::string& network_name,
                           const Endpoint& endpoint,
                           int minor) {
  const bool named = user_defined(network_name);
  const std::string short_id = container.id.substr(0, 12);
  json::value aliases;
  if (endpoint.aliases) {
    aliases = to_array(*endpoint.aliases);
  }
  if (named && endpoint.joined && minor < kShortIdIsNoAlias) {
    if (aliases.is_null()) {
      aliases = json::array();
    }
    // The host name is the short id unless one was asked for.
    for (const std::string& own : {short_id, text_at(container.config, "Hostname")}) {
      const json::value name(own);
      json::array& all = aliases.as_array();
      if (std::find(all.begin(), all.end(), name) == all.end()) {
        all.push_back(name);
      }
    }
  }
  json::value ipam;
  if (endpoint.wanted_ipv4) {
    ipam = json::object();
    if (!endpoint.wanted_ipv4->empty()) {
      ipam.as_object()["IPv4Address"] = *endpoint.wanted_ipv4;
    }
    if (!endpoint.wanted_ipv6.empty()) {
      ipam.as_object()["IPv6Address"] = endpoint.wanted_ipv6;
    }
  }
  const auto network = world.networks.find(endpoint.network_id);
  const bool live = endpoint.ip != 0 && network != world.networks.end();
  json::object body{{"IPAMConfig", ipam},
                    {"Links", nullptr},
                    {"Aliases", aliases},
                    {"NetworkID", endpoint.network_id},
                    {"EndpointID", endpoint.endpoint_id},
                    {"Gateway", live ? address_text(network->second->gateway) : ""},
                    {"IPAddress", live ? address_text(endpoint.ip) : ""},
                    {"IPPrefixLen", live ? network->second->prefix : 0},
                    {"IPv6Gateway", ""},
                    {"GlobalIPv6Address", live ? endpoint.wanted_ipv6 : ""},
                    {"GlobalIPv6PrefixLen", 0},
                    {"MacAddress",
                     live ? fmt::format("02:42:{:02x}:{:02x}:{:02x}:{:02x}",
                                        endpoint.ip >> 24,
                                        (endpoint.ip >> 16) & 255,
                                        (endpoint.ip >> 8) & 255,
                                        endpoint.ip & 255)
                          : ""},
                    {"DriverOpts", nullptr}};
  if (minor >= kDnsNames) {
    json::value names;
    if (named && endpoint.joined) {
      std::vector<std::string> all{container.name};
      for (const std::string& alias : endpoint.aliases.value_or(std::vector<std::string>{})) {
        all.push_back(alias);
      }
      all.push_back(short_id);
      names = to_array(all);
    }
    body["DNSNames"] = names;
  }
  return body;
}

}  // namespace aim::support::memory
