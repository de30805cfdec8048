#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>
#include <charconv>

#include "providers/docker/container_projection.hpp"
#include "providers/docker/docker_api.hpp"
#include "providers/docker/json_read.hpp"
#include "providers/docker/port_binding.hpp"

namespace aim::providers {

namespace {

namespace json = boost::json;
using core::List;
using core::Map;
using core::Value;
using json_read::array_at;
using json_read::boolean_at;
using json_read::integer_at;
using json_read::object_at;
using json_read::text_at;
using json_read::text_map_at;
using json_read::texts_at;

constexpr std::size_t kShortId = 12;
constexpr std::size_t kLongId = 64;

/// Stands in for a section that the answer lacks.
const json::object& section(const json::object& in,
                            std::string_view key,
                            const json::object& none) {
  const json::object* found = object_at(in, key);
  return found ? *found : none;
}

bool is_anonymous(std::string_view volume) {
  return volume.size() == kLongId &&
         volume.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

/// Sizes of the tmpfs mounts by target: the resolved list does not show them.
std::map<std::string, std::int64_t> tmpfs_sizes(const json::object& host) {
  std::map<std::string, std::int64_t> sizes;
  if (const json::array* mounts = array_at(host, "Mounts")) {
    for (const json::value& item : *mounts) {
      const json::object* mount = item.if_object();
      const json::object* options = mount ? object_at(*mount, "TmpfsOptions") : nullptr;
      if (options) {
        sizes.emplace(text_at(*mount, "Target"), integer_at(*options, "SizeBytes"));
      }
    }
  }
  return sizes;
}

struct Mounts {
  std::map<std::string, Map> by_target;
  std::vector<std::string> anonymous_volumes;
};

Mounts mounts_of(const json::object& root, const json::object& host) {
  Mounts result;
  const std::map<std::string, std::int64_t> sizes = tmpfs_sizes(host);
  if (const json::array* mounts = array_at(root, "Mounts")) {
    for (const json::value& item : *mounts) {
      const json::object* mount = item.if_object();
      if (mount == nullptr) {
        continue;
      }
      const std::string type = text_at(*mount, "Type");
      const std::string target = text_at(*mount, "Destination");
      const std::string source = text_at(*mount, type == "volume" ? "Name" : "Source");
      if (type == "volume" && is_anonymous(source)) {
        result.anonymous_volumes.push_back(source);
        continue;
      }
      Map members{{"type", type}, {"target", target}, {"read_only", !boolean_at(*mount, "RW")}};
      put(members, "source", source);
      if (const auto size = sizes.find(target); size != sizes.end() && type == "tmpfs") {
        put(members, "size", size->second);
      }
      result.by_target.emplace(target, std::move(members));
    }
  }
  for (const auto& [target, options] : text_map_at(host, "Tmpfs")) {
    result.by_target.emplace(target,
                             Map{{"type", "tmpfs"}, {"target", target}, {"read_only", false}});
  }
  std::sort(result.anonymous_volumes.begin(), result.anonymous_volumes.end());
  return result;
}

void put_mounts(Map& map, std::map<std::string, Map> by_target) {
  if (by_target.empty()) {
    return;
  }
  List list;
  for (auto& [target, members] : by_target) {
    list.emplace_back(std::move(members));
  }
  map.insert_or_assign("mounts", Value(std::move(list)));
}

bool is_own_network(std::string_view mode) {
  return mode.empty() || mode == "default" || mode == "bridge" || mode == "host" ||
         mode == "none" || mode.starts_with("container:");
}

/// Engines before 26 add the short id and a configured host name at the first start. The id is
/// nobody's alias; the name is one on every Engine, so it is shown before that start too.
std::vector<std::string> aliases_of(const json::object& endpoint,
                                    const std::string& short_id,
                                    const std::string& hostname) {
  std::vector<std::string> aliases = texts_at(endpoint, "Aliases");
  if (!hostname.empty()) {
    aliases.push_back(hostname);
  }
  std::erase(aliases, short_id);
  return as_set(std::move(aliases));
}

void put_networks(core::ObservedContainer& container,
                  const json::object& host,
                  const json::object& settings,
                  const std::string& hostname) {
  const std::string short_id = container.id.substr(0, kShortId);
  std::string mode = text_at(host, "NetworkMode");
  if (mode.empty() || mode == "default") {
    mode = "bridge";
  }
  bool on_bridge = false;
  Map networks;
  if (const json::object* all = object_at(settings, "Networks")) {
    for (const auto& [name, value] : *all) {
      const json::object* endpoint = value.if_object();
      if (endpoint == nullptr) {
        continue;
      }
      core::NetworkAttachment attachment{text_at(*endpoint, "NetworkID"),
                                         text_at(*endpoint, "IPAddress"),
                                         aliases_of(*endpoint, short_id, hostname)};
      Map members;
      put(members, "aliases", attachment.aliases);
      if (const json::object* wanted = object_at(*endpoint, "IPAMConfig")) {
        put(members, "ipv4_address", text_at(*wanted, "IPv4Address"));
      }
      const std::string network(name);
      if (network == mode && is_own_network(mode)) {
        on_bridge = true;
      } else {
        networks.insert_or_assign(network, Value(std::move(members)));
      }
      container.networks.emplace(network, std::move(attachment));
    }
  }
  put_nonempty(container.attributes, "networks", std::move(networks));
  // Of a mode that is a network, `networks` tells; and one that was taken off the bridge has it
  // only in name.
  if (is_own_network(mode) && (mode != "bridge" || on_bridge)) {
    put(container.attributes, "network_mode", mode);
  }
}

core::Result<core::ContainerState> state_of(const json::object& root) {
  const json::object none;
  const json::object& state = section(root, "State", none);
  const auto time = [&](std::string_view key) {
    std::string text = text_at(state, key);
    return text.starts_with("0001-") ? std::string() : text;
  };
  const std::string word = text_at(state, "Status");
  const std::optional<core::ContainerStatus> status = core::container_status_from(word);
  if (!status) {
    return core::make_error(core::ErrorCode::Protocol,
                            fmt::format("Docker described a container in state \"{}\"", word));
  }
  core::ContainerState result;
  result.status = *status;
  result.exit_code = integer_at(state, "ExitCode");
  result.oom_killed = boolean_at(state, "OOMKilled");
  result.restart_count = integer_at(root, "RestartCount");
  result.error = text_at(state, "Error");
  result.started_at = time("StartedAt");
  result.finished_at = time("FinishedAt");
  if (const json::object* health = object_at(state, "Health")) {
    const std::string seen = text_at(*health, "Status");
    result.health = seen == "none" ? std::string() : seen;
  }
  return result;
}

std::vector<core::PublishedPort> live_ports(const json::object& settings) {
  std::vector<core::PublishedPort> ports;
  const json::object* all = object_at(settings, "Ports");
  if (all == nullptr) {
    return ports;
  }
  for (const auto& [key, list] : *all) {
    const core::Result<PortBinding> port = parse_port_binding(std::string_view(key));
    if (!port || !list.is_array()) {
      continue;
    }
    for (const json::value& item : list.get_array()) {
      const json::object* binding = item.if_object();
      const std::string text = binding ? text_at(*binding, "HostPort") : std::string();
      std::uint16_t number = 0;
      std::from_chars(text.data(), text.data() + text.size(), number);
      if (number != 0) {
        ports.push_back(
            {text_at(*binding, "HostIp"), number, port->container_port, port->protocol});
      }
    }
  }
  std::sort(ports.begin(), ports.end(), [](const auto& a, const auto& b) {
    return std::tie(a.container_port, a.protocol, a.host_ip, a.host_port) <
           std::tie(b.container_port, b.protocol, b.host_ip, b.host_port);
  });
  return ports;
}

}  // namespace

core::Result<core::ObservedContainer> decode_container(std::string_view body) {
  const core::Result<json::value> parsed = json_read::parse_object(body);
  if (!parsed) {
    return parsed.error();
  }
  const json::object& root = parsed->get_object();
  const json::object none;
  const json::object& config = section(root, "Config", none);
  const json::object& host = section(root, "HostConfig", none);
  const json::object& settings = section(root, "NetworkSettings", none);
  core::ObservedContainer container;
  container.id = text_at(root, "Id");
  container.name = text_at(root, "Name");
  if (container.id.empty() || container.name.empty() || !object_at(root, "Config")) {
    return core::make_error(core::ErrorCode::Protocol,
                            "Docker described a container without id, name or configuration");
  }
  if (container.name.front() == '/') {
    container.name.erase(0, 1);
  }
  container.image_id = text_at(root, "Image");
  const core::Result<core::ContainerState> state = state_of(root);
  if (!state) {
    return state.error();
  }
  container.state = *state;
  container.labels = text_map_at(config, "Labels");
  container.tty = boolean_at(config, "Tty");
  container.live_ports = live_ports(settings);
  project_config(container.attributes, config, host, container.id);
  project_host(container.attributes, host);
  put_networks(container, host, settings, text_at(config, "Hostname"));
  Mounts mounts = mounts_of(root, host);
  put_mounts(container.attributes, std::move(mounts.by_target));
  container.anonymous_volumes = std::move(mounts.anonymous_volumes);
  return container;
}

}  // namespace aim::providers
