#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>

#include "providers/docker/attribute_reader.hpp"
#include "providers/docker/docker_api.hpp"
#include "providers/docker/encode_hardware.hpp"
#include "providers/docker/encode_parts.hpp"
#include "providers/docker/encode_settings.hpp"
#include "providers/docker/port_binding.hpp"

namespace aim::providers {

namespace {

namespace json = boost::json;
using core::Map;
using core::Value;

void set_process(json::object& config, AttributeReader& reader) {
  if (auto entrypoint = reader.texts("entrypoint")) {
    // An empty list would leave the image's first argument as program; one empty text clears both.
    config["Entrypoint"] = entrypoint->empty() ? json::array{""} : json_array(*entrypoint);
  }
  set_texts(config, "Cmd", reader.texts("command"));
  if (reader.map("env") != nullptr) {
    json::array env;
    for (const auto& [name, text] : reader.text_map("env")) {
      // A bare name takes away what the image sets.
      env.emplace_back(text ? fmt::format("{}={}", name, *text) : name);
    }
    config["Env"] = std::move(env);
  }
  set(config, "User", reader.text("user"));
  set(config, "WorkingDir", reader.text("working_dir"));
  set(config, "Hostname", reader.text("hostname"));
  set(config, "Tty", reader.boolean("tty"));
  set(config, "OpenStdin", reader.boolean("stdin_open"));
  set(config, "StopSignal", reader.text("stop_signal"));
  if (const auto grace = reader.integer("stop_grace_period")) {
    config["StopTimeout"] = (*grace + 999) / 1000;
  }
}

void set_ports(json::object& config, json::object& host, AttributeReader& reader) {
  const auto ports = reader.texts("ports");
  if (!ports) {
    return;
  }
  json::object exposed;
  json::object bindings;
  for (const std::string& text : *ports) {
    const core::Result<PortBinding> port = parse_port_binding(text);
    if (!port) {
      reader.fail(port.error().message);
      continue;
    }
    const std::string key = fmt::format("{}/{}", port->container_port, port->protocol);
    exposed[key] = json::object{};
    // Two bindings of one container port share the key.
    json::value& list = bindings.emplace(key, json::array{}).first->value();
    list.get_array().emplace_back(
        json::object{{"HostIp", port->host_ip}, {"HostPort", port->host_port}});
  }
  config["ExposedPorts"] = std::move(exposed);
  host["PortBindings"] = std::move(bindings);
}

void set_limits(json::object& host, AttributeReader& reader) {
  set(host, "Memory", reader.integer("memory"));
  // Left to Docker unless asked for: it takes twice the memory.
  set(host, "MemorySwap", reader.integer("memory_swap"));
  set(host, "MemoryReservation", reader.integer("memory_reservation"));
  if (const auto cpus = reader.number("cpus")) {
    host["NanoCpus"] = nano_cpus(*cpus);
  }
  set(host, "CpuShares", reader.integer("cpu_shares"));
  set(host, "CpusetCpus", reader.text("cpuset"));
  set(host, "CpusetMems", reader.text("cpuset_mems"));
  set(host, "PidsLimit", reader.integer("pids_limit"));
  set(host, "OomScoreAdj", reader.integer("oom_score_adj"));
  set(host, "ShmSize", reader.integer("shm_size"));
}

void set_security(json::object& host, AttributeReader& reader) {
  set(host, "Privileged", reader.boolean("privileged"));
  set(host, "ReadonlyRootfs", reader.boolean("read_only"));
  set(host, "Init", reader.boolean("init"));
  set(host, "IpcMode", reader.text("ipc"));
  set(host, "PidMode", reader.text("pid"));
  set(host, "Runtime", reader.text("runtime"));
  set_texts(host, "CapAdd", reader.texts("cap_add"));
  set_texts(host, "CapDrop", reader.texts("cap_drop"));
  set_texts(host, "SecurityOpt", reader.texts("security_opt"));
  set_texts(host, "GroupAdd", reader.texts("group_add"));
  set_texts(host, "ExtraHosts", reader.texts("extra_hosts"));
  set_texts(host, "Dns", reader.texts("dns"));
  set_texts(host, "DnsSearch", reader.texts("dns_search"));
  set_texts(host, "DnsOptions", reader.texts("dns_options"));
  if (reader.map("sysctls") != nullptr) {
    host["Sysctls"] = json_texts(reader, "sysctls");
  }
}

void set_logging(json::object& host, AttributeReader& reader) {
  const Map* members = reader.map("logging");
  if (members == nullptr) {
    return;
  }
  AttributeReader logging(*members, "logging");
  host["LogConfig"] = {{"Type", logging.text("driver").value_or("json-file")},
                       {"Config", json_texts(logging, "options")}};
  if (const core::Result<void> done = logging.finish(); !done) {
    reader.fail(done.error().message);
  }
}

/// How many of the networks fit into the creation itself.
std::size_t networks_at_birth(const core::CreateContainer& call, ApiVersion version) {
  return version >= kApiWithSeveralNetworks ? call.networks.size()
                                            : std::min<std::size_t>(1, call.networks.size());
}

void set_networks(json::object& body,
                  json::object& host,
                  AttributeReader& reader,
                  const core::CreateContainer& call,
                  ApiVersion version) {
  const auto mode = reader.text("network_mode");
  if (call.networks.empty()) {
    // Always an explicit name: what "default" is shown as depends on the Engine's version.
    host["NetworkMode"] = mode.value_or("bridge");
    return;
  }
  if (mode) {
    reader.fail("network_mode and networks exclude each other");
  }
  host["NetworkMode"] = call.networks.front().network;
  json::object endpoints;
  for (std::size_t i = 0; i < networks_at_birth(call, version); ++i) {
    endpoints[call.networks[i].network] = json_endpoint(call.networks[i]);
  }
  body["NetworkingConfig"] = {{"EndpointsConfig", std::move(endpoints)}};
}

HttpRequest post(std::string target, const json::object& body) {
  return {"POST", std::move(target), {}, json::serialize(body)};
}

}  // namespace

core::Result<HttpRequest> encode(const core::CreateContainer& call, ApiVersion version) {
  AttributeReader reader(call.attributes, fmt::format("container {}", call.name));
  // Not part of the attributes: attachments come in `networks`, the policy in `restart`.
  for (const std::string_view name : {"networks", "restart"}) {
    reader.skip(name);
  }
  json::object body;
  json::object host;
  set(body, "Image", reader.text("image"));
  body["Labels"] = json_labels(reader, call.labels);
  set_process(body, reader);
  set_healthcheck(body, reader, version);
  set_ports(body, host, reader);
  set_mounts(host, reader, version);
  set_limits(host, reader);
  set_ulimits(host, reader);
  set_devices(host, reader);
  set_gpus(host, reader, version);
  set_security(host, reader);
  set_logging(host, reader);
  host["RestartPolicy"] = json_restart_policy(reader, call.restart);
  set_networks(body, host, reader, call, version);
  std::string target = fmt::format("/containers/create?name={}", percent_encode(call.name));
  if (const auto platform = reader.text("platform")) {
    target += fmt::format("&platform={}", percent_encode(*platform));
  }
  if (const core::Result<void> done = reader.finish(); !done) {
    return done.error();
  }
  body["HostConfig"] = std::move(host);
  return post(std::move(target), body);
}

std::vector<core::ConnectNetwork> networks_to_connect(const core::CreateContainer& call,
                                                      ApiVersion version,
                                                      const std::string& container_id) {
  std::vector<core::ConnectNetwork> calls;
  for (std::size_t i = networks_at_birth(call, version); i < call.networks.size(); ++i) {
    calls.push_back({container_id, call.networks[i]});
  }
  return calls;
}

}  // namespace aim::providers
