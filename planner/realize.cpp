#include "planner/realize.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "planner/configuration.hpp"
#include "planner/gpu_devices.hpp"
#include "planner/schema.hpp"
#include "recipes/resolve.hpp"

namespace aim::planner {

using core::Address;
using core::Attachment;
using core::Kind;
using core::List;
using core::Map;
using core::Value;

namespace {

/// Volume sources are keys of the configuration; Docker knows them by name.
Value with_volume_names(const Value& mounts, const NameLookup& names) {
  const List* list = mounts.get<List>();
  if (list == nullptr) {
    return mounts;  // not known before apply
  }
  List result;
  for (const Value& item : *list) {
    const Map* known = item.get<Map>();
    if (known == nullptr) {
      result.push_back(item);
      continue;
    }
    Map mount = *known;
    if (core::string_at(mount, "type") == "volume") {
      if (const auto source = core::string_at(mount, "source")) {
        if (const core::Result<Address> volume = local_address(Kind::Volume, *source)) {
          mount.insert_or_assign("source", names(*volume));
        }
      }
    }
    result.emplace_back(std::move(mount));
  }
  return result;
}

bool concerns_aim_alone(std::string_view name) {
  const Attribute* attribute = find_attribute(Kind::Container, name);
  // The grace period is asked for at each stop, but Docker also keeps it for its own stops.
  return attribute == nullptr ||
         (attribute->on_change == OnChange::Record && name != "stop_grace_period");
}

/// Networks and restart policy are members of the creation, files are put in after it, and that a
/// job is one follows from its policy.
bool has_a_call_of_its_own(std::string_view name) {
  return name == "networks" || name == "restart" || name == "files" || name == "job";
}

}  // namespace

Map docker_attributes(const Address& address, const Map& attributes, const NameLookup& names) {
  Map container =
      address.kind == Kind::Endpoint ? recipes::endpoint_container(attributes) : attributes;
  if (const Value* devices = core::find(attributes, "gpu_devices"); devices && devices->is<Map>()) {
    add_gpu_attributes(container, *devices->get<Map>());
  }
  Map result;
  for (const auto& [name, value] : container) {
    if (value.is_null() || has_a_call_of_its_own(name) || concerns_aim_alone(name)) {
      continue;
    }
    result.emplace(name, name == "mounts" ? with_volume_names(value, names) : value);
  }
  return result;
}

bool mounts_at(const Map& attributes, const std::string& path) {
  const Value* mounts = core::find(attributes, "mounts");
  const List* list = mounts ? mounts->get<List>() : nullptr;
  return list && std::any_of(list->begin(), list->end(), [&](const Value& item) {
           const Map* mount = item.get<Map>();
           return mount && core::string_at(*mount, "target") == path;
         });
}

std::map<std::string, std::string> volumes_by_path(const Map& attributes) {
  std::map<std::string, std::string> volumes;
  const Value* mounts = core::find(attributes, "mounts");
  const List* list = mounts ? mounts->get<List>() : nullptr;
  for (const Value& item : list ? *list : List()) {
    const Map* mount = item.get<Map>();
    const auto source = mount ? core::string_at(*mount, "source") : std::nullopt;
    const auto target = mount ? core::string_at(*mount, "target") : std::nullopt;
    if (source && target && core::string_at(*mount, "type") == "volume") {
      volumes.emplace(*target, *source);
    }
  }
  return volumes;
}

Map baseline_of(const core::ObservedContainer& container, const std::string& salt) {
  Map baseline = container.attributes;
  for (const char* name : {"env", "command", "entrypoint", "healthcheck", "files"}) {
    if (const auto found = baseline.find(name); found != baseline.end()) {
      const core::Secret whole(core::canonical_json(found->second));
      found->second = core::Secret::from_digest(
          whole.with_digest(fmt::format("{}/baseline/{}", salt, name)).digest());
    }
  }
  return baseline;
}

std::vector<Attachment> attachments(const Address& address,
                                    const Map& attributes,
                                    const NameLookup& names) {
  std::vector<Attachment> result;
  const Value* networks = core::find(attributes, "networks");
  const Map* wanted = networks ? networks->get<Map>() : nullptr;
  if (wanted == nullptr) {
    return result;
  }
  const std::string own_alias = network_alias(address);
  for (const auto& [key, value] : *wanted) {
    const core::Result<Address> network = local_address(Kind::Network, key);
    Attachment attachment{network ? names(*network) : key, {own_alias}, {}, {}};
    if (const Map* settings = value.get<Map>()) {
      if (const Value* aliases = core::find(*settings, "aliases"); aliases && aliases->is<List>()) {
        for (const Value& alias : *aliases->get<List>()) {
          if (const std::string* text = alias.get<std::string>(); text && *text != own_alias) {
            attachment.aliases.push_back(*text);
          }
        }
      }
      attachment.ipv4_address = core::string_at(*settings, "ipv4_address").value_or("");
      attachment.ipv6_address = core::string_at(*settings, "ipv6_address").value_or("");
    }
    result.push_back(std::move(attachment));
  }
  std::sort(result.begin(), result.end(), [](const Attachment& a, const Attachment& b) {
    return a.network < b.network;
  });
  return result;
}

std::optional<Attachment> observed_attachment(const core::ObservedContainer& container,
                                              const std::string& network) {
  const Value* networks = core::find(container.attributes, "networks");
  const Map* all = networks ? networks->get<Map>() : nullptr;
  const Value* one = all ? core::find(*all, network) : nullptr;
  if (one == nullptr) {
    return std::nullopt;
  }
  Attachment attachment{network, {}, {}, {}};
  if (const Map* settings = one->get<Map>()) {
    if (const Value* aliases = core::find(*settings, "aliases"); aliases && aliases->is<List>()) {
      for (const Value& alias : *aliases->get<List>()) {
        if (const std::string* text = alias.get<std::string>()) {
          attachment.aliases.push_back(*text);
        }
      }
    }
    attachment.ipv4_address = core::string_at(*settings, "ipv4_address").value_or("");
    attachment.ipv6_address = core::string_at(*settings, "ipv6_address").value_or("");
  }
  return attachment;
}

bool is_attached_as(const Attachment& observed,
                    const Attachment& wanted,
                    const std::optional<std::string>& hostname) {
  const auto aliases = [&](const Attachment& attachment) {
    std::set<std::string> all(attachment.aliases.begin(), attachment.aliases.end());
    if (hostname) {
      all.insert(*hostname);
    }
    return all;
  };
  return aliases(observed) == aliases(wanted) && observed.ipv4_address == wanted.ipv4_address &&
         observed.ipv6_address == wanted.ipv6_address;
}

bool is_job(const Map& attributes) { return core::boolean_at(attributes, "job").value_or(false); }

bool stands_still(core::ContainerStatus status) {
  return status == core::ContainerStatus::Created || status == core::ContainerStatus::Exited ||
         status == core::ContainerStatus::Dead;
}

bool is_as_wanted(const Map& attributes, const core::ContainerState& state) {
  switch (state.status) {
    case core::ContainerStatus::Running:
    case core::ContainerStatus::Restarting:
      return true;
    case core::ContainerStatus::Exited:
      return is_job(attributes) && state.exit_code == 0;
    case core::ContainerStatus::Created:
    case core::ContainerStatus::Paused:
    case core::ContainerStatus::Removing:
    case core::ContainerStatus::Dead:
      return false;
  }
  return false;
}

std::vector<std::string> namespace_donors(const Map& attributes) {
  constexpr std::string_view kPrefix = "container:";
  std::vector<std::string> donors;
  for (const char* name : {"network_mode", "ipc", "pid"}) {
    const std::string mode = core::string_at(attributes, name).value_or("");
    if (mode.starts_with(kPrefix)) {
      donors.push_back(mode.substr(kPrefix.size()));
    }
  }
  return donors;
}

std::string restart_policy(const Map& attributes) {
  if (is_job(attributes)) {
    return "no";
  }
  return core::string_at(attributes, "restart").value_or("unless-stopped");
}

std::chrono::seconds stop_grace(const Map& attributes) {
  // Docker counts whole seconds; a part of one is rounded up so that it is never cut short.
  const std::int64_t millis = core::integer_at(attributes, "stop_grace_period").value_or(10'000);
  return std::chrono::seconds((millis + 999) / 1000);
}

Map computed_before_apply(const Address& address,
                          const Map& attributes,
                          const std::string& docker_name) {
  Map computed;
  switch (address.kind) {
    case Kind::Endpoint: {
      std::string host = core::string_at(attributes, "bind").value_or("127.0.0.1");
      if (host == "0.0.0.0" || host == "::") {
        host = host == "::" ? "::1" : "127.0.0.1";
      }
      if (host.find(':') != std::string::npos) {
        host = "[" + host + "]";
      }
      const Value* port = core::find(attributes, "port");
      computed.emplace("url",
                       port && port->is<std::int64_t>()
                           ? Value(fmt::format("http://{}:{}", host, *port->get<std::int64_t>()))
                           : Value(core::Unknown{}));
      computed.emplace("internal_url",
                       fmt::format("http://{}:{}",
                                   network_alias(address),
                                   recipes::endpoint_container_port(attributes)));
      computed.emplace("served_name", recipes::endpoint_served_name(attributes));
      computed.emplace("container_name", docker_name);
      break;
    }
    case Kind::Container:
      computed.emplace("container_name", docker_name);
      break;
    case Kind::Network:
    case Kind::Volume:
      computed.emplace("name", docker_name);
      break;
  }
  return computed;
}

std::vector<std::string> computed_by_apply(Kind kind) {
  std::vector<std::string> names;
  for (const ComputedAttribute& attribute : computed_attributes(kind)) {
    if (!attribute.known_before_apply) {
      names.emplace_back(attribute.name);
    }
  }
  return names;
}

}  // namespace aim::planner
