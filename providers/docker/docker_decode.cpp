#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>
#include <set>
#include <tuple>

#include "providers/docker/container_projection.hpp"
#include "providers/docker/container_status.hpp"
#include "providers/docker/docker_api.hpp"
#include "providers/docker/json_read.hpp"

namespace aim::providers {

namespace {

namespace json = boost::json;
using core::ErrorCode;
using core::make_error;
using core::Map;
using core::Value;
using json_read::array_at;
using json_read::boolean_at;
using json_read::integer_at;
using json_read::object_at;
using json_read::text_at;
using json_read::text_map_at;
using json_read::texts_at;

core::Error lacks(std::string_view what) {
  return make_error(ErrorCode::Protocol, fmt::format("Docker's answer lacks {}", what));
}

/// Decodes each object of an array.
template <class T, class Decode>
core::Result<std::vector<T>> decode_each(const json::array& array, const Decode& decode) {
  std::vector<T> result;
  result.reserve(array.size());
  for (const json::value& item : array) {
    const json::object* object = item.if_object();
    if (object == nullptr) {
      return lacks("an object in a list");
    }
    core::Result<T> decoded = decode(*object);
    if (!decoded) {
      return decoded.error();
    }
    result.push_back(std::move(*decoded));
  }
  return result;
}

std::uint16_t port_at(const json::object& in, std::string_view key) {
  const std::int64_t number = integer_at(in, key);
  return number > 0 && number <= 65'535 ? static_cast<std::uint16_t>(number) : std::uint16_t{0};
}

core::Result<core::PublishedPort> listed_port(const json::object& port) {
  return core::PublishedPort{text_at(port, "IP"),
                             port_at(port, "PublicPort"),
                             port_at(port, "PrivatePort"),
                             text_at(port, "Type")};
}

std::set<std::string> text_set_at(const json::object& in, std::string_view key) {
  const std::vector<std::string> texts = texts_at(in, key);
  return {texts.begin(), texts.end()};
}

/// The addresses that a running container has on its networks, by network id.
std::map<std::string, std::string> listed_addresses(const json::object& row) {
  std::map<std::string, std::string> result;
  const json::object* settings = object_at(row, "NetworkSettings");
  const json::object* networks = settings ? object_at(*settings, "Networks") : nullptr;
  if (networks == nullptr) {
    return result;
  }
  for (const auto& [name, about] : *networks) {
    const json::object* attachment = about.if_object();
    std::string address = attachment ? text_at(*attachment, "IPAddress") : std::string();
    if (!address.empty()) {
      result.emplace(text_at(*attachment, "NetworkID"), std::move(address));
    }
  }
  return result;
}

/// The container's own name among those that legacy links give it ("/web/db").
std::string own_name(const std::vector<std::string>& names) {
  for (const std::string& name : names) {
    const std::string plain = name.starts_with('/') ? name.substr(1) : name;
    if (!plain.empty() && plain.find('/') == std::string::npos) {
      return plain;
    }
  }
  return {};
}

core::Result<core::ContainerSummary> summary(const json::object& row) {
  core::ContainerSummary result;
  result.id = text_at(row, "Id");
  result.name = own_name(texts_at(row, "Names"));
  if (result.id.empty()) {
    return lacks("the id of a container");
  }
  const std::string word = text_at(row, "State");
  const std::optional<core::ContainerStatus> status = container_status(word);
  if (!status) {
    return make_error(ErrorCode::Protocol,
                      fmt::format("Docker listed a container in state \"{}\"", word));
  }
  result.status = *status;
  result.image = text_at(row, "Image");
  result.labels = text_map_at(row, "Labels");
  // One that failed to start keeps an address in the list that nobody holds.
  if (*status != core::ContainerStatus::Created && *status != core::ContainerStatus::Exited &&
      *status != core::ContainerStatus::Dead) {
    result.addresses = listed_addresses(row);
  }
  if (const json::array* ports = array_at(row, "Ports")) {
    core::Result<std::vector<core::PublishedPort>> decoded =
        decode_each<core::PublishedPort>(*ports, listed_port);
    if (!decoded) {
      return decoded.error();
    }
    result.ports = std::move(*decoded);
  }
  const json::object* settings = object_at(row, "NetworkSettings");
  const json::object* networks = settings ? object_at(*settings, "Networks") : nullptr;
  for (const auto& member : networks ? *networks : json::object()) {
    const json::object* endpoint = member.value().if_object();
    std::string id = endpoint ? text_at(*endpoint, "NetworkID") : std::string();
    if (!id.empty()) {
      result.network_ids.push_back(std::move(id));
    }
  }
  std::sort(result.network_ids.begin(), result.network_ids.end());
  if (const json::array* mounts = array_at(row, "Mounts")) {
    for (const json::value& item : *mounts) {
      const json::object* mount = item.if_object();
      if (mount && text_at(*mount, "Type") == "volume") {
        result.volumes.push_back(text_at(*mount, "Name"));
      }
    }
    std::sort(result.volumes.begin(), result.volumes.end());
  }
  // A port that is only exposed stands in the list without a public one.
  std::erase_if(result.ports, [](const core::PublishedPort& port) { return port.host_port == 0; });
  std::sort(result.ports.begin(), result.ports.end(), [](const auto& a, const auto& b) {
    return std::tie(a.container_port, a.protocol, a.host_ip, a.host_port) <
           std::tie(b.container_port, b.protocol, b.host_ip, b.host_port);
  });
  return result;
}

Map address_pool(const json::object& pool) {
  Map result;
  put(result, "subnet", text_at(pool, "Subnet"));
  put(result, "gateway", text_at(pool, "Gateway"));
  put(result, "ip_range", text_at(pool, "IPRange"));
  put(result, "aux_addresses", text_map_at(pool, "AuxiliaryAddresses"));
  return result;
}

/// One pool stands beside the other members, several in `pools`.
Map address_pools(const json::object& ipam) {
  core::List pools;
  const json::array* config = array_at(ipam, "Config");
  for (const json::value& pool : config ? *config : json::array()) {
    if (const json::object* members = pool.if_object()) {
      pools.emplace_back(address_pool(*members));
    }
  }
  Map result;
  if (pools.size() == 1) {
    result = *pools.front().get<Map>();
  } else if (!pools.empty()) {
    result.emplace("pools", std::move(pools));
  }
  if (const std::string driver = text_at(ipam, "Driver"); driver != "default") {
    put(result, "driver", driver);
  }
  put(result, "options", text_map_at(ipam, "Options"));
  return result;
}

core::Result<core::ObservedNetwork> network(const json::object& row) {
  core::ObservedNetwork result;
  result.id = text_at(row, "Id");
  result.name = text_at(row, "Name");
  if (result.id.empty() || result.name.empty()) {
    return lacks("the id or name of a network");
  }
  result.labels = text_map_at(row, "Labels");
  put(result.attributes, "driver", text_at(row, "Driver"));
  put(result.attributes, "options", text_map_at(row, "Options"));
  put(result.attributes, "labels", users_labels(result.labels));
  for (const auto& [name, from] : {std::pair{"internal", "Internal"},
                                   std::pair{"attachable", "Attachable"},
                                   std::pair{"ipv6", "EnableIPv6"}}) {
    if (boolean_at(row, from)) {
      result.attributes.insert_or_assign(name, Value(true));
    }
  }
  // Engines before API 1.48 do not say it, since every network of theirs has IPv4.
  if (row.if_contains("EnableIPv4") && !boolean_at(row, "EnableIPv4")) {
    result.attributes.insert_or_assign("ipv4", Value(false));
  }
  if (const json::object* ipam = object_at(row, "IPAM")) {
    put_nonempty(result.attributes, "ipam", address_pools(*ipam));
  }
  if (const json::object* containers = object_at(row, "Containers")) {
    for (const auto& [id, endpoint] : *containers) {
      result.container_ids.emplace_back(id);
    }
    std::sort(result.container_ids.begin(), result.container_ids.end());
  }
  return result;
}

core::Result<core::ObservedVolume> volume(const json::object& row) {
  core::ObservedVolume result;
  result.name = text_at(row, "Name");
  if (result.name.empty()) {
    return lacks("the name of a volume");
  }
  result.labels = text_map_at(row, "Labels");
  result.created_at = text_at(row, "CreatedAt");
  result.mountpoint = text_at(row, "Mountpoint");
  put(result.attributes, "driver", text_at(row, "Driver"));
  put(result.attributes, "options", text_map_at(row, "Options"));
  put(result.attributes, "labels", users_labels(result.labels));
  return result;
}

}  // namespace

core::Result<core::EngineInfo> decode_info(std::string_view body, ApiVersion version) {
  const core::Result<json::value> parsed = json_read::parse_object(body);
  if (!parsed) {
    return parsed.error();
  }
  const json::object& root = parsed->get_object();
  core::EngineInfo info;
  info.server_version = text_at(root, "ServerVersion");
  info.api_version = to_string(version);
  info.name = text_at(root, "Name");
  info.os_type = text_at(root, "OSType");
  info.architecture = text_at(root, "Architecture");
  info.kernel_version = text_at(root, "KernelVersion");
  info.data_root = text_at(root, "DockerRootDir");
  info.cpus = integer_at(root, "NCPU");
  info.memory_bytes = integer_at(root, "MemTotal");
  if (const json::array* devices = array_at(root, "DiscoveredDevices")) {
    for (const json::value& item : *devices) {
      const json::object* device = item.if_object();
      if (device && text_at(*device, "Source") == "cdi") {
        info.cdi_devices.push_back(text_at(*device, "ID"));
      }
    }
    std::sort(info.cdi_devices.begin(), info.cdi_devices.end());
  }
  if (const json::object* runtimes = object_at(root, "Runtimes")) {
    for (const auto& [name, about] : *runtimes) {
      info.runtimes.emplace(name);
    }
  }
  if (const json::object* plugins = object_at(root, "Plugins")) {
    info.log_drivers = text_set_at(*plugins, "Log");
    info.network_drivers = text_set_at(*plugins, "Network");
    info.volume_drivers = text_set_at(*plugins, "Volume");
  }
  info.rootless = text_set_at(root, "SecurityOptions").contains("name=rootless");
  return info;
}

core::Result<std::vector<core::ContainerSummary>> decode_container_list(std::string_view body) {
  const core::Result<json::value> parsed = json_read::parse(body);
  if (!parsed) {
    return parsed.error();
  }
  if (!parsed->is_array()) {
    return lacks("a list of containers");
  }
  return decode_each<core::ContainerSummary>(parsed->get_array(), summary);
}

core::Result<std::vector<core::ObservedNetwork>> decode_network_list(std::string_view body) {
  const core::Result<json::value> parsed = json_read::parse(body);
  if (!parsed) {
    return parsed.error();
  }
  if (!parsed->is_array()) {
    return lacks("a list of networks");
  }
  return decode_each<core::ObservedNetwork>(parsed->get_array(), network);
}

core::Result<core::ObservedNetwork> decode_network(std::string_view body) {
  const core::Result<json::value> parsed = json_read::parse_object(body);
  return parsed ? network(parsed->get_object()) : parsed.error();
}

core::Result<std::vector<core::ObservedVolume>> decode_volume_list(std::string_view body) {
  const core::Result<json::value> parsed = json_read::parse_object(body);
  if (!parsed) {
    return parsed.error();
  }
  const json::array* rows = array_at(parsed->get_object(), "Volumes");
  // Null is how the Engine writes that there are none.
  return rows ? decode_each<core::ObservedVolume>(*rows, volume)
              : std::vector<core::ObservedVolume>();
}

core::Result<core::ObservedVolume> decode_volume(std::string_view body) {
  const core::Result<json::value> parsed = json_read::parse_object(body);
  return parsed ? volume(parsed->get_object()) : parsed.error();
}

core::Result<core::ObservedImage> decode_image(std::string_view body) {
  const core::Result<json::value> parsed = json_read::parse_object(body);
  if (!parsed) {
    return parsed.error();
  }
  const json::object& root = parsed->get_object();
  core::ObservedImage image;
  image.id = text_at(root, "Id");
  if (image.id.empty()) {
    return lacks("the id of an image");
  }
  image.repo_tags = texts_at(root, "RepoTags");
  image.repo_digests = texts_at(root, "RepoDigests");
  // How Engines before 24 write "none".
  std::erase(image.repo_tags, "<none>:<none>");
  std::erase(image.repo_digests, "<none>@<none>");
  image.architecture = text_at(root, "Architecture");
  image.os = text_at(root, "Os");
  if (const json::object* config = object_at(root, "Config")) {
    image.labels = text_map_at(*config, "Labels");
    if (const json::object* volumes = object_at(*config, "Volumes")) {
      for (const auto& [path, nothing] : *volumes) {
        image.volumes.emplace_back(path);
      }
      std::sort(image.volumes.begin(), image.volumes.end());
    }
  }
  return image;
}

core::Result<core::RegistryImage> decode_registry_image(std::string_view body) {
  const core::Result<json::value> parsed = json_read::parse_object(body);
  if (!parsed) {
    return parsed.error();
  }
  const json::object& root = parsed->get_object();
  core::RegistryImage image;
  const json::object* descriptor = object_at(root, "Descriptor");
  image.digest = descriptor ? text_at(*descriptor, "digest") : std::string();
  if (image.digest.empty()) {
    return lacks("the digest of an image");
  }
  if (const json::array* platforms = array_at(root, "Platforms")) {
    for (const json::value& item : *platforms) {
      const json::object* platform = item.if_object();
      if (platform != nullptr && !text_at(*platform, "os").empty()) {
        image.platforms.push_back({text_at(*platform, "os"), text_at(*platform, "architecture")});
      }
    }
  }
  return image;
}

core::Result<core::CallOutcome> decode_created(std::string_view body) {
  const core::Result<json::value> parsed = json_read::parse_object(body);
  if (!parsed) {
    return parsed.error();
  }
  const json::object& root = parsed->get_object();
  core::CallOutcome outcome{text_at(root, "Id"), texts_at(root, "Warnings")};
  if (outcome.id.empty()) {
    return lacks("the id of what was created");
  }
  // Networks have one warning, containers a list.
  if (std::string warning = text_at(root, "Warning"); !warning.empty()) {
    outcome.warnings.push_back(std::move(warning));
  }
  return outcome;
}

core::Result<core::ContainerExit> decode_exit(std::string_view body) {
  const core::Result<json::value> parsed = json_read::parse_object(body);
  if (!parsed) {
    return parsed.error();
  }
  const json::object& root = parsed->get_object();
  if (root.if_contains("StatusCode") == nullptr) {
    return lacks("the exit code of a container");
  }
  core::ContainerExit exit;
  exit.exit_code = integer_at(root, "StatusCode");
  if (const json::object* error = object_at(root, "Error")) {
    exit.error = text_at(*error, "Message");
  }
  return exit;
}

}  // namespace aim::providers
