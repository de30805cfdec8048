#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>
#include <tuple>

#include "providers/docker/container_projection.hpp"
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
  const std::optional<core::ContainerStatus> status = core::container_status_from(word);
  if (!status) {
    return make_error(ErrorCode::Protocol,
                      fmt::format("Docker listed a container in state \"{}\"", word));
  }
  result.status = *status;
  result.image = text_at(row, "Image");
  result.labels = text_map_at(row, "Labels");
  if (const json::array* ports = array_at(row, "Ports")) {
    core::Result<std::vector<core::PublishedPort>> decoded =
        decode_each<core::PublishedPort>(*ports, listed_port);
    if (!decoded) {
      return decoded.error();
    }
    result.ports = std::move(*decoded);
  }
  // A port that is only exposed stands in the list without a public one.
  std::erase_if(result.ports, [](const core::PublishedPort& port) { return port.host_port == 0; });
  std::sort(result.ports.begin(), result.ports.end(), [](const auto& a, const auto& b) {
    return std::tie(a.container_port, a.protocol, a.host_ip, a.host_port) <
           std::tie(b.container_port, b.protocol, b.host_ip, b.host_port);
  });
  return result;
}

/// The first pool: the one that a configuration can name.
Map address_pool(const json::object& ipam) {
  Map result;
  const json::array* pools = array_at(ipam, "Config");
  const json::object* pool = pools && !pools->empty() ? pools->front().if_object() : nullptr;
  if (pool != nullptr) {
    put(result, "subnet", text_at(*pool, "Subnet"));
    put(result, "gateway", text_at(*pool, "Gateway"));
    put(result, "ip_range", text_at(*pool, "IPRange"));
  }
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
  if (const json::object* ipam = object_at(row, "IPAM")) {
    put_nonempty(result.attributes, "ipam", address_pool(*ipam));
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
  return core::EngineInfo{text_at(root, "ServerVersion"),
                          to_string(version),
                          text_at(root, "Name"),
                          text_at(root, "OSType"),
                          text_at(root, "Architecture")};
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
