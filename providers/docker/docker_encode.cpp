#include <fmt/format.h>

#include <boost/json.hpp>

#include "providers/docker/attribute_reader.hpp"
#include "providers/docker/docker_api.hpp"
#include "providers/docker/encode_parts.hpp"
#include "providers/docker/restart_policy.hpp"

namespace aim::providers {

namespace {

namespace json = boost::json;
using core::Map;
using core::Value;

HttpRequest post(std::string target, const json::object& body) {
  return {"POST", std::move(target), {}, json::serialize(body)};
}

json::object address_pool(const Map& members, AttributeReader& reader) {
  AttributeReader pool(members, "ipam");
  json::object body;
  set(body, "Subnet", pool.text("subnet"));
  set(body, "Gateway", pool.text("gateway"));
  set(body, "IPRange", pool.text("ip_range"));
  if (pool.map("aux_addresses") != nullptr) {
    body["AuxiliaryAddresses"] = json_texts(pool, "aux_addresses");
  }
  for (const std::string_view name : {"pools", "driver", "options"}) {
    pool.skip(name);
  }
  if (const core::Result<void> done = pool.finish(); !done) {
    reader.fail(done.error().message);
  }
  return body;
}

void set_address_pools(json::object& body, AttributeReader& reader) {
  const Map* members = reader.map("ipam");
  if (members == nullptr) {
    return;
  }
  AttributeReader ipam(*members, "ipam");
  json::object result{{"Driver", ipam.text("driver").value_or("default")}};
  json::array pools;
  // One pool stands beside the other members.
  if (json::object flat = address_pool(*members, reader); !flat.empty()) {
    pools.emplace_back(std::move(flat));
  }
  if (const core::List* list = ipam.list("pools")) {
    for (const Value& item : *list) {
      if (const Map* pool = item.get<Map>()) {
        pools.emplace_back(address_pool(*pool, reader));
      } else {
        reader.fail("attribute ipam.pools is not a list of maps");
      }
    }
  }
  if (!pools.empty()) {
    result["Config"] = std::move(pools);
  }
  if (ipam.map("options") != nullptr) {
    result["Options"] = json_texts(ipam, "options");
  }
  body["IPAM"] = std::move(result);
}

/// Docker refuses a memory limit above the swap limit, and raising both takes one call.
std::optional<std::int64_t> swap_beside(std::int64_t memory, const Map& now) {
  const std::optional<std::int64_t> swap = core::integer_at(now, "memory_swap");
  return swap && (*swap < 0 || *swap >= memory) ? *swap : 2 * memory;
}

}  // namespace

core::Result<HttpRequest> encode(const core::CreateNetwork& call, ApiVersion version) {
  AttributeReader reader(call.attributes, fmt::format("network {}", call.name));
  // Without CheckDuplicate an Engine before 25 makes a second network of the same name.
  json::object body{{"Name", call.name}, {"CheckDuplicate", true}};
  body["Driver"] = reader.text("driver").value_or("bridge");
  if (reader.map("options") != nullptr) {
    body["Options"] = json_texts(reader, "options");
  }
  set(body, "Internal", reader.boolean("internal"));
  set(body, "Attachable", reader.boolean("attachable"));
  set(body, "EnableIPv6", reader.boolean("ipv6"));
  if (const auto ipv4 = reader.boolean("ipv4")) {
    if (version < kApiWithoutIpv4) {
      reader.fail("ipv4 needs Docker 28 (API 1.48)");
    }
    body["EnableIPv4"] = *ipv4;
  }
  set_address_pools(body, reader);
  body["Labels"] = json_labels(reader, call.labels);
  if (const core::Result<void> done = reader.finish(); !done) {
    return done.error();
  }
  return post("/networks/create", body);
}

core::Result<HttpRequest> encode(const core::CreateVolume& call) {
  AttributeReader reader(call.attributes, fmt::format("volume {}", call.name));
  json::object body{{"Name", call.name}, {"Driver", reader.text("driver").value_or("local")}};
  if (reader.map("options") != nullptr) {
    body["DriverOpts"] = json_texts(reader, "options");
  }
  body["Labels"] = json_labels(reader, call.labels);
  if (const core::Result<void> done = reader.finish(); !done) {
    return done.error();
  }
  return post("/volumes/create", body);
}

HttpRequest encode(const core::ConnectNetwork& call) {
  return post(fmt::format("/networks/{}/connect", percent_encode(call.attachment.network)),
              {{"Container", call.container}, {"EndpointConfig", json_endpoint(call.attachment)}});
}

core::Result<HttpRequest> encode(const core::UpdateContainer& call,
                                 const core::ObservedContainer& now) {
  AttributeReader reader(call.attributes, fmt::format("container {}", call.container));
  json::object body;
  const auto restart = reader.text("restart");
  body["RestartPolicy"] = json_restart_policy(
      reader, restart ? *restart : core::string_at(now.attributes, "restart").value_or("no"));
  const auto memory = reader.integer("memory");
  const auto swap = reader.integer("memory_swap");
  set(body, "Memory", memory);
  if (memory || swap) {
    set(body, "MemorySwap", swap ? swap : swap_beside(*memory, now.attributes));
  }
  set(body, "MemoryReservation", reader.integer("memory_reservation"));
  if (const auto cpus = reader.number("cpus")) {
    body["NanoCpus"] = nano_cpus(*cpus);
  }
  set(body, "CpuShares", reader.integer("cpu_shares"));
  set(body, "CpusetCpus", reader.text("cpuset"));
  set(body, "CpusetMems", reader.text("cpuset_mems"));
  set(body, "PidsLimit", reader.integer("pids_limit"));
  for (const auto& [name, value] : call.attributes) {
    if (value.is_null()) {
      reader.fail(fmt::format("Docker cannot take {} away from a living container", name));
    }
  }
  if (const core::Result<void> done = reader.finish(); !done) {
    return done.error();
  }
  return post(fmt::format("/containers/{}/update", percent_encode(call.container)), body);
}

std::vector<std::string> ignored_updates(const core::UpdateContainer& call,
                                         const core::ObservedContainer& after) {
  std::vector<std::string> ignored;
  for (const auto& [name, wanted] : call.attributes) {
    const Value* seen = core::find(after.attributes, name);
    if (name == "cpus") {
      AttributeReader asked(call.attributes, "");
      AttributeReader shown(after.attributes, "");
      if (nano_cpus(asked.number(name).value_or(0)) != nano_cpus(shown.number(name).value_or(0))) {
        ignored.push_back(name);
      }
    } else if (name == "restart") {
      const auto asked = parse_restart_policy(core::string_at(call.attributes, name).value_or(""));
      const auto shown =
          parse_restart_policy(core::string_at(after.attributes, name).value_or("no"));
      if (asked != shown) {
        ignored.push_back(name);
      }
    } else if (name == "memory_swap" && seen == nullptr) {
      // Twice the memory is Docker's own choice and not shown.
      const auto memory = core::integer_at(after.attributes, "memory");
      if (!memory || wanted != Value(2 * *memory)) {
        ignored.push_back(name);
      }
    } else if (seen == nullptr ? wanted != Value(-1) : *seen != wanted) {
      // -1 takes a limit away, which then is not shown.
      ignored.push_back(name);
    }
  }
  return ignored;
}

}  // namespace aim::providers
