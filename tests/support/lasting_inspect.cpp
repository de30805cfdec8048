#include "tests/support/lasting_inspect.hpp"

#include <algorithm>
#include <boost/json.hpp>
#include <map>
#include <set>
#include <string_view>

namespace aim::support {

namespace json = boost::json;

namespace {

const std::set<std::string_view>& fleeting() {
  static const std::set<std::string_view> kKeys = {"DNSNames",
                                                   "EndpointID",
                                                   "FinishedAt",
                                                   "Gateway",
                                                   "GlobalIPv6Address",
                                                   "GlobalIPv6PrefixLen",
                                                   "Health",
                                                   "IPAddress",
                                                   "IPPrefixLen",
                                                   "IPv6Gateway",
                                                   "LogPath",
                                                   "MacAddress",
                                                   "Pid",
                                                   "Ports",
                                                   "RestartCount",
                                                   "SandboxID",
                                                   "SandboxKey",
                                                   "StartedAt",
                                                   "NetworkID"};
  return kKeys;
}

bool is_no_limit(const json::value& value) {
  return value.is_null() || value == json::value(0) || value == json::value(-1);
}

template <class Key>
void sort_by(json::array& items, const Key& key) {
  std::sort(items.begin(), items.end(), [&](const json::value& a, const json::value& b) {
    return key(a) < key(b);
  });
}

void strip(json::value& value) {
  if (value.is_array()) {
    for (json::value& item : value.get_array()) {
      strip(item);
    }
    return;
  }
  if (!value.is_object()) {
    return;
  }
  json::object& object = value.get_object();
  for (const std::string_view key : fleeting()) {
    object.erase(key);
  }
  for (const char* limit : {"PidsLimit", "MemoryReservation"}) {
    if (json::value* found = object.if_contains(limit); found && is_no_limit(*found)) {
      *found = nullptr;
    }
  }
  // The Engine keeps mounts without an order.
  if (json::value* mounts = object.if_contains("Mounts"); mounts && mounts->is_array()) {
    sort_by(mounts->get_array(), [](const json::value& mount) {
      const json::value* place = mount.as_object().if_contains("Destination");
      return std::string_view((place ? *place : mount.at("Target")).as_string());
    });
  }
  // The names that Docker adds come behind those that it was told.
  if (json::value* aliases = object.if_contains("Aliases"); aliases && aliases->is_array()) {
    sort_by(aliases->get_array(),
            [](const json::value& name) { return std::string_view(name.as_string()); });
  }
  // In Docker 20.10 a container that was disconnected and connected again has an empty one.
  if (json::value* ipam = object.if_contains("IPAMConfig");
      ipam && ipam->is_object() && ipam->get_object().empty()) {
    *ipam = nullptr;
  }
  for (json::key_value_pair& member : object) {
    strip(member.value());
  }
}

json::value sorted(const json::value& value) {
  if (value.is_array()) {
    json::array items;
    for (const json::value& item : value.get_array()) {
      items.push_back(sorted(item));
    }
    return items;
  }
  if (!value.is_object()) {
    return value;
  }
  std::map<std::string_view, const json::value*> members;
  for (const json::key_value_pair& member : value.get_object()) {
    members.emplace(member.key(), &member.value());
  }
  json::object result;
  for (const auto& [key, member] : members) {
    result.emplace(key, sorted(*member));
  }
  return result;
}

}  // namespace

std::string lasting_inspect(const json::value& inspect) {
  json::value copy = inspect;
  strip(copy);
  return json::serialize(sorted(copy));
}

}  // namespace aim::support
