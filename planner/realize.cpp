#include "planner/realize.hpp"

#include <fmt/format.h>

#include <algorithm>

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
        mount.insert_or_assign("source", names(Address{Kind::Volume, *source, std::nullopt}));
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

}  // namespace

Map docker_attributes(const Address& address, const Map& attributes, const NameLookup& names) {
  const Map container =
      address.kind == Kind::Endpoint ? recipes::endpoint_container(attributes) : attributes;
  Map result;
  for (const auto& [name, value] : container) {
    if (value.is_null() || name == "networks" || name == "restart" || concerns_aim_alone(name)) {
      continue;
    }
    result.emplace(name, name == "mounts" ? with_volume_names(value, names) : value);
  }
  return result;
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
  for (const auto& [key, value] : *wanted) {
    Attachment attachment{names(Address{Kind::Network, key, std::nullopt}), {address.name}, {}};
    if (const Map* settings = value.get<Map>()) {
      if (const Value* aliases = core::find(*settings, "aliases"); aliases && aliases->is<List>()) {
        for (const Value& alias : *aliases->get<List>()) {
          if (const std::string* text = alias.get<std::string>(); text && *text != address.name) {
            attachment.aliases.push_back(*text);
          }
        }
      }
      attachment.ipv4_address = core::string_at(*settings, "ipv4_address").value_or("");
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
  Attachment attachment{network, {}, {}};
  if (const Map* settings = one->get<Map>()) {
    if (const Value* aliases = core::find(*settings, "aliases"); aliases && aliases->is<List>()) {
      for (const Value& alias : *aliases->get<List>()) {
        if (const std::string* text = alias.get<std::string>()) {
          attachment.aliases.push_back(*text);
        }
      }
    }
    attachment.ipv4_address = core::string_at(*settings, "ipv4_address").value_or("");
  }
  return attachment;
}

bool satisfies(const Attachment& observed, const Attachment& wanted) {
  const bool has_aliases =
      std::all_of(wanted.aliases.begin(), wanted.aliases.end(), [&](const std::string& alias) {
        return std::find(observed.aliases.begin(), observed.aliases.end(), alias) !=
               observed.aliases.end();
      });
  return has_aliases &&
         (wanted.ipv4_address.empty() || wanted.ipv4_address == observed.ipv4_address);
}

std::string restart_policy(const Map& attributes) {
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
      computed.emplace(
          "internal_url",
          fmt::format("http://{}:{}", address.name, recipes::endpoint_container_port(attributes)));
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
