#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>
#include <charconv>

#include "providers/docker/container_projection.hpp"
#include "providers/docker/container_status.hpp"
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

/// What was asked for by target: the resolved list does not show it.
std::map<std::string, Map> mount_options(const json::object& host) {
  std::map<std::string, Map> by_target;
  const json::array* mounts = array_at(host, "Mounts");
  for (const json::value& item : mounts ? *mounts : json::array()) {
    const json::object* mount = item.if_object();
    if (mount == nullptr) {
      continue;
    }
    Map& options = by_target[text_at(*mount, "Target")];
    const json::object none;
    const json::object& bind = section(*mount, "BindOptions", none);
    const json::object& volume = section(*mount, "VolumeOptions", none);
    const json::object& tmpfs = section(*mount, "TmpfsOptions", none);
    put(options, "propagation", text_at(bind, "Propagation"));
    if (boolean_at(bind, "NonRecursive")) {
      options.insert_or_assign("recursive", Value(false));
    }
    put_true(options, "create_source", bind, "CreateMountpoint");
    put_true(options, "nocopy", volume, "NoCopy");
    put(options, "subpath", text_at(volume, "Subpath"));
    put(options, "size", integer_at(tmpfs, "SizeBytes"));
    if (const std::int64_t mode = integer_at(tmpfs, "Mode"); mode != 0) {
      put(options, "mode", fmt::format("{:o}", mode));
    }
  }
  return by_target;
}

struct Mounts {
  std::map<std::string, Map> by_target;
  std::map<std::string, std::string> anonymous_volumes;
};

Mounts mounts_of(const json::object& root, const json::object& host) {
  Mounts result;
  std::map<std::string, Map> options = mount_options(host);
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
        result.anonymous_volumes.emplace(target, source);
        continue;
      }
      Map members{{"type", type}, {"target", target}, {"read_only", !boolean_at(*mount, "RW")}};
      put(members, "source", source);
      if (const auto found = options.find(target); found != options.end()) {
        members.merge(found->second);
      }
      result.by_target.emplace(target, std::move(members));
    }
  }
  for (const auto& [target, text] : text_map_at(host, "Tmpfs")) {
    result.by_target.emplace(target,
                             Map{{"type", "tmpfs"}, {"target", target}, {"read_only", false}});
  }
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
        put(members, "ipv6_address", text_at(*wanted, "IPv6Address"));
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
  const std::optional<core::ContainerStatus> status = container_status(word);
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

bool has_process(core::ContainerStatus status) {
  return status == core::ContainerStatus::Running || status == core::ContainerStatus::Paused ||
         status == core::ContainerStatus::Restarting;
}

/// From the first start on Podman shows the host name that it made up among the variables.
void drop_made_up_host_name(core::Map& attributes, const std::string& id) {
  const auto found = attributes.find("env");
  core::Map* env = found == attributes.end() ? nullptr : found->second.get<core::Map>();
  if (env != nullptr && core::string_at(*env, "HOSTNAME") == id.substr(0, 12)) {
    env->erase("HOSTNAME");
  }
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
  // Podman goes on showing them when the container has ended.
  if (has_process(container.state.status)) {
    container.live_ports = live_ports(settings);
  }
  project_config(container.attributes, config, host, container.id);
  drop_made_up_host_name(container.attributes, container.id);
  project_host(container.attributes, host);
  put_networks(container, host, settings, text_at(config, "Hostname"));
  Mounts mounts = mounts_of(root, host);
  put_mounts(container.attributes, std::move(mounts.by_target));
  container.anonymous_volumes = std::move(mounts.anonymous_volumes);
  return container;
}

}  // namespace aim::providers
