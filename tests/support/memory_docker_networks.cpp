#include <fmt/format.h>

#include <algorithm>

#include "tests/support/memory_docker_pools.hpp"
#include "tests/support/memory_docker_world.hpp"

namespace aim::support::memory {

namespace {

constexpr int kNamesAreUnique = 44;  // 1.44: a second network of a name is always refused

json::object network_json(World& world, const Network& network, bool with_containers) {
  json::object body = network.body;
  body["Name"] = network.name;
  body["Id"] = network.id;
  body["Created"] = rfc3339(network.created);
  body["Scope"] = "local";
  body["Ingress"] = false;
  body["ConfigFrom"] = json::object{{"Network", ""}};
  body["ConfigOnly"] = false;
  json::object containers;
  if (with_containers) {
    for (const auto& [id, container] : world.containers) {
      for (const auto& [name, endpoint] : container->endpoints) {
        if (endpoint.network_id == network.id && !endpoint.endpoint_id.empty()) {
          const std::string address = endpoint.ip == 0 ? "" : address_text(endpoint.ip);
          containers[id] = {
              {"Name", container->name},
              {"EndpointID", endpoint.endpoint_id},
              {"MacAddress", ""},
              {"IPv4Address", address.empty() ? "" : fmt::format("{}/{}", address, network.prefix)},
              {"IPv6Address", ""}};
        }
      }
    }
  }
  body["Containers"] = containers;
  return body;
}

bool in_use(const World& world, const Network& network) {
  for (const auto& [id, container] : world.containers) {
    for (const auto& [name, endpoint] : container->endpoints) {
      if (endpoint.network_id == network.id && !endpoint.endpoint_id.empty()) {
        return true;
      }
    }
  }
  return false;
}

void keep(World& world, std::unique_ptr<Network> network) {
  network->created = world.stamp();
  world.emit("network",
             "create",
             network->id,
             {{"name", network->name}, {"type", text_at(network->body, "Driver")}});
  world.network_order.push_back(network->id);
  const std::string id = network->id;
  world.networks.emplace(id, std::move(network));
}

Answer create_network(World& world, const Request& request) {
  const json::object& body = request.body;
  const std::string name = text_at(body, "Name");
  const std::string driver = text_at(body, "Driver").empty() ? "bridge" : text_at(body, "Driver");
  if (name == "bridge" || name == "host" || name == "none") {
    return refusal(403, fmt::format("operation is not permitted on predefined {} network ", name));
  }
  const bool unique = flag_at(body, "CheckDuplicate") || request.minor >= kNamesAreUnique;
  const bool taken = std::any_of(world.networks.begin(),
                                 world.networks.end(),
                                 [&](const auto& entry) { return entry.second->name == name; });
  if (name.empty() || (unique && taken)) {
    return refusal(409, fmt::format("network with name {} already exists", name));
  }
  if (driver == "host" || driver == "null") {
    return refusal(403, fmt::format("only one instance of \"{}\" network is allowed", driver));
  }
  if (driver != "bridge" && driver != "macvlan" && driver != "ipvlan") {
    return refusal(404, fmt::format("plugin \"{}\" not found", driver));
  }
  auto network = std::make_unique<Network>();
  network->name = name;
  json::object ipam = object_at(body, "IPAM");
  json::array pools;
  if (const json::value* given = ipam.if_contains("Config"); given && given->is_array()) {
    pools = given->get_array();
  }
  if (auto wrong = settle_pools(world, driver, flag_at(body, "EnableIPv6"), pools, *network)) {
    return *wrong;
  }
  const json::value* ipam_options = ipam.if_contains("Options");
  network->body = {
      {"Driver", driver},
      {"EnableIPv6", flag_at(body, "EnableIPv6")},
      {"Internal", flag_at(body, "Internal")},
      {"Attachable", flag_at(body, "Attachable")},
      {"IPAM",
       json::object{
           {"Driver", text_at(ipam, "Driver").empty() ? "default" : text_at(ipam, "Driver")},
           {"Options", ipam_options != nullptr ? *ipam_options : json::value()},
           {"Config", pools}}},
      {"Options", object_at(body, "Options")},
      {"Labels", object_at(body, "Labels")}};
  network->id = world.make_id();
  const json::object made{{"Id", network->id}, {"Warning", ""}};
  if (request.latency == std::chrono::milliseconds{0} || request.minor >= kNamesAreUnique) {
    keep(world, std::move(network));
  } else {
    // Old Engines look for the name before and make the network later: two callers can both win.
    const auto later = std::make_shared<std::unique_ptr<Network>>(std::move(network));
    world.at(world.now() + request.latency,
             [later](World& then) { keep(then, std::move(*later)); });
  }
  Answer answer = json_answer(201, made);
  answer.takes = request.latency;
  return answer;
}

Answer list_networks(World& world, const Request& request) {
  static const std::set<std::string> kKnown = {"driver", "id", "label", "name", "type"};
  auto filters = filters_of(request, kKnown);
  if (const Answer* wrong = std::get_if<Answer>(&filters)) {
    return *wrong;
  }
  json::array list;
  for (const std::string& id : world.network_order) {
    const Network& network = *world.networks.at(id);
    bool shown = true;
    for (const auto& [key, wanted] : std::get<Filters>(filters)) {
      const auto any = [&](const auto& matches) {
        return std::any_of(wanted.begin(), wanted.end(), matches);
      };
      if (key == "label") {
        shown = shown && labels_match(labels_of(object_at(network.body, "Labels")), wanted);
      } else if (key == "name") {
        shown = shown && any([&](const std::string& part) {
                  return network.name.find(part) != std::string::npos;
                });
      } else if (key == "id") {
        shown = shown && any([&](const std::string& part) { return id.starts_with(part); });
      } else if (key == "driver") {
        shown = shown && any([&](const std::string& driver) {
                  return text_at(network.body, "Driver") == driver;
                });
      } else if (key == "type") {
        shown = shown && any([&](const std::string& type) {
                  return network.predefined() == (type == "builtin");
                });
      }
    }
    if (shown) {
      list.emplace_back(network_json(world, network, false));
    }
  }
  return json_answer(200, list);
}

Answer remove_network(World& world, Network& network) {
  if (network.predefined()) {
    return refusal(403,
                   fmt::format("{} is a pre-defined network and cannot be removed", network.name));
  }
  if (in_use(world, network)) {
    return refusal(403,
                   fmt::format("error while removing network: network {} id {} has active "
                               "endpoints",
                               network.name,
                               network.id));
  }
  world.emit("network",
             "destroy",
             network.id,
             {{"name", network.name}, {"type", text_at(network.body, "Driver")}});
  const std::string id = network.id;
  std::erase(world.network_order, id);
  world.networks.erase(id);
  return empty_answer(204);
}

constexpr const char* kHostIsAlone =
    "container cannot be disconnected from host network or connected to host network";

std::optional<Answer> check_connect(const Container& container,
                                    const std::string& network,
                                    const Endpoint& endpoint) {
  const std::string mode(host_value(container, "NetworkMode").as_string());
  if (network == "host") {
    return refusal(400, kHostIsAlone);
  }
  if (mode == "host" || mode.starts_with("container:")) {
    return refusal(400,
                   "container sharing network namespace with another container or host cannot be "
                   "connected to any other network");
  }
  if (mode == "none" || network == "none") {
    return refusal(400,
                   "container cannot be connected to multiple networks with one of the networks in "
                   "private (none) mode");
  }
  if (network == "bridge" && endpoint.aliases && !endpoint.aliases->empty()) {
    return refusal(400,
                   "network-scoped alias is supported only for containers in user defined "
                   "networks");
  }
  return std::nullopt;
}

/// What the settings of a container call a network: a stopped one may be in one that is not there.
std::string name_in_settings(const Network* network, const std::string& reference) {
  return network != nullptr ? network->name : reference;
}

Answer connect(World& world,
               const Request& request,
               const std::string& network_reference,
               const Network* network) {
  const std::string reference = text_at(request.body, "Container");
  Container* container = world.container(reference);
  if (container == nullptr) {
    return no_such_container(reference);
  }
  // Only while it runs does the Engine look whether there is such a network (20.10.24).
  if (network == nullptr && container->alive()) {
    return refusal(404, fmt::format("network {} not found", network_reference));
  }
  const json::object& wanted = object_at(request.body, "EndpointConfig");
  Endpoint endpoint;
  if (const json::value* aliases = wanted.if_contains("Aliases"); aliases && aliases->is_array()) {
    endpoint.aliases = texts_at(wanted, "Aliases");
  }
  if (wanted.contains("IPAMConfig") && wanted.at("IPAMConfig").is_object()) {
    endpoint.wanted_ipv4 = text_at(wanted.at("IPAMConfig").get_object(), "IPv4Address");
    endpoint.wanted_ipv6 = text_at(wanted.at("IPAMConfig").get_object(), "IPv6Address");
  }
  const std::string name = name_in_settings(network, network_reference);
  if (auto wrong = check_connect(*container, name, endpoint)) {
    return *wrong;
  }
  endpoint.joined = true;
  const auto existing = container->endpoints.find(name);
  if (!container->alive()) {
    container->endpoints[name] = endpoint;
    return empty_answer(200);
  }
  if (existing != container->endpoints.end() && !existing->second.endpoint_id.empty()) {
    return refusal(
        403,
        fmt::format("endpoint with name {} already exists in network {}", container->name, name));
  }
  // Even when this fails the settings stay with the container, as with the Engine.
  Endpoint& kept = container->endpoints[name];
  kept = endpoint;
  return attach(world, *container, name, kept).value_or(empty_answer(200));
}

Answer disconnect(World& world,
                  const Request& request,
                  const std::string& network_reference,
                  const Network* network) {
  const std::string reference = text_at(request.body, "Container");
  Container* container = world.container(reference);
  if (container == nullptr) {
    return flag_at(request.body, "Force")
               ? refusal(404, fmt::format("endpoint {} not found", reference))
               : no_such_container(reference);
  }
  if (network == nullptr && container->alive()) {
    return refusal(404, fmt::format("network {} not found", network_reference));
  }
  const std::string name = name_in_settings(network, network_reference);
  const auto found = container->endpoints.find(name);
  if (found == container->endpoints.end()) {
    return refusal(500,
                   fmt::format("container {} is not connected to {}network {}",
                               container->id,
                               container->alive() ? "" : "the ",
                               name));
  }
  if (name == "host") {
    return refusal(400, kHostIsAlone);
  }
  detach(world, *container, name, found->second);
  container->endpoints.erase(found);
  return empty_answer(200);
}

}  // namespace

std::string address_text(std::uint32_t address) {
  return fmt::format(
      "{}.{}.{}.{}", address >> 24, (address >> 16) & 255, (address >> 8) & 255, address & 255);
}

std::optional<std::uint32_t> parse_address(std::string_view text) {
  std::uint32_t address = 0;
  int parts = 0;
  std::size_t begin = 0;
  while (begin <= text.size() && parts < 5) {
    const std::size_t dot = std::min(text.find('.', begin), text.size());
    const std::string part(text.substr(begin, dot - begin));
    const bool digits = !part.empty() && part.size() <= 3 &&
                        part.find_first_not_of("0123456789") == std::string::npos;
    if (!digits || std::stoul(part) > 255) {
      return std::nullopt;
    }
    address = (address << 8) + static_cast<std::uint32_t>(std::stoul(part));
    ++parts;
    begin = dot + 1;
  }
  return parts == 4 ? std::optional(address) : std::nullopt;
}

void make_predefined_networks(World& world) {
  for (const auto& [name, driver] :
       {std::pair{"none", "null"}, std::pair{"host", "host"}, std::pair{"bridge", "bridge"}}) {
    auto network = std::make_unique<Network>();
    network->name = name;
    json::array pools;
    if (network->name == "bridge") {
      choose_subnet(world, *network);
      network->gateway = network->base + 1;
      pools.push_back(json::object{
          {"Subnet", fmt::format("{}/{}", address_text(network->base), network->prefix)}});
    }
    network->body = {
        {"Driver", driver},
        {"EnableIPv6", false},
        {"Internal", false},
        {"Attachable", false},
        {"IPAM", json::object{{"Driver", "default"}, {"Options", nullptr}, {"Config", pools}}},
        {"Options", json::object()},
        {"Labels", json::object()}};
    network->id = world.make_id();
    keep(world, std::move(network));
  }
}

Answer networks_call(World& world, const Request& request) {
  const std::size_t parts = request.path.size();
  const bool post = request.method == "POST";
  if (parts == 1 && request.method == "GET") {
    return list_networks(world, request);
  }
  if (parts == 2 && post && request.path[1] == "create") {
    return create_network(world, request);
  }
  if (parts < 2 || parts > 3) {
    return refusal(404, "page not found");
  }
  const std::string& reference = request.path[1];
  const std::vector<Network*> found = world.networks_named(reference);
  if (found.size() > 1) {
    return refusal(
        400,
        fmt::format(
            "network {} is ambiguous ({} matches found based on name)", reference, found.size()));
  }
  Network* network = found.empty() ? nullptr : found.front();
  if (parts == 3 && post && request.path[2] == "connect") {
    return connect(world, request, reference, network);
  }
  if (parts == 3 && post && request.path[2] == "disconnect") {
    return disconnect(world, request, reference, network);
  }
  if (network == nullptr) {
    return refusal(404, fmt::format("network {} not found", reference));
  }
  if (parts == 2 && request.method == "GET") {
    return json_answer(200, network_json(world, *network, true));
  }
  if (parts == 2 && request.method == "DELETE") {
    return remove_network(world, *network);
  }
  return refusal(404, "page not found");
}

}  // namespace aim::support::memory
