#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>

#include "providers/docker/attribute_reader.hpp"
#include "providers/docker/docker_api.hpp"
#include "providers/docker/encode_parts.hpp"
#include "providers/docker/port_binding.hpp"
#include "providers/docker/tar.hpp"

namespace aim::providers {

namespace {

namespace json = boost::json;
using core::Map;
using core::Value;

constexpr std::int64_t kNanosPerMilli = 1'000'000;

template <class T>
void set(json::object& object, std::string_view key, const std::optional<T>& value) {
  if (value) {
    object[key] = *value;
  }
}

void set_texts(json::object& object,
               std::string_view key,
               const std::optional<std::vector<std::string>>& texts) {
  if (texts) {
    object[key] = json_array(*texts);
  }
}

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

void set_healthcheck(json::object& config, AttributeReader& reader, ApiVersion version) {
  const Map* members = reader.map("healthcheck");
  if (members == nullptr) {
    return;
  }
  AttributeReader check(*members, "healthcheck");
  json::object body;
  if (check.boolean("disable").value_or(false)) {
    body["Test"] = json::array{"NONE"};
  } else if (const Value* test = core::find(*members, "test"); test && test->is<core::List>()) {
    set_texts(body, "Test", check.texts("test"));
  } else if (const auto command = check.text("test")) {
    body["Test"] = json::array{"CMD-SHELL", *command};
  }
  const auto set_nanos = [&](std::string_view key, std::string_view name) {
    if (const auto millis = check.integer(name)) {
      body[key] = *millis * kNanosPerMilli;
    }
  };
  set_nanos("Interval", "interval");
  set_nanos("Timeout", "timeout");
  set_nanos("StartPeriod", "start_period");
  set(body, "Retries", check.integer("retries"));
  // Engines before API 1.44 drop the field without a word.
  if (version >= ApiVersion{1, 44}) {
    set_nanos("StartInterval", "start_interval");
  } else if (check.integer("start_interval")) {
    check.fail("start_interval needs Docker 25 (API 1.44)");
  }
  if (const core::Result<void> done = check.finish(); !done) {
    reader.fail(done.error().message);
  }
  config["Healthcheck"] = std::move(body);
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

json::object mount_body(const Map& members, AttributeReader& reader) {
  AttributeReader mount(members, "a mount");
  json::object body;
  const std::string type = mount.text("type").value_or("volume");
  body["Type"] = type;
  set(body, "Source", mount.text("source"));
  set(body, "Target", mount.text("target"));
  set(body, "ReadOnly", mount.boolean("read_only"));
  if (const auto size = mount.integer("size")) {
    if (type != "tmpfs") {
      mount.fail("size is for tmpfs only");
    }
    body["TmpfsOptions"] = {{"SizeBytes", *size}};
  }
  if (const core::Result<void> done = mount.finish(); !done) {
    reader.fail(done.error().message);
  }
  return body;
}

/// Only Mounts, never Binds: a missing source is an error then, and not a new folder of root's.
void set_mounts(json::object& host, AttributeReader& reader) {
  const core::List* mounts = reader.list("mounts");
  if (mounts == nullptr) {
    return;
  }
  json::array bodies;
  for (const Value& item : *mounts) {
    const Map* members = item.get<Map>();
    if (members == nullptr) {
      reader.fail("attribute mounts is not a list of maps");
      return;
    }
    bodies.emplace_back(mount_body(*members, reader));
  }
  host["Mounts"] = std::move(bodies);
}

void set_limits(json::object& host, AttributeReader& reader) {
  set(host, "Memory", reader.integer("memory"));
  // Left to Docker unless asked for: it takes twice the memory.
  set(host, "MemorySwap", reader.integer("memory_swap"));
  set(host, "MemoryReservation", reader.integer("memory_reservation"));
  if (const auto cpus = reader.number("cpus")) {
    host["NanoCpus"] = nano_cpus(*cpus);
  }
  set(host, "CpusetCpus", reader.text("cpuset"));
  set(host, "PidsLimit", reader.integer("pids_limit"));
  set(host, "ShmSize", reader.integer("shm_size"));
}

json::object ulimit_body(const std::string& name, const Value& value, AttributeReader& reader) {
  json::object body{{"Name", name}};
  if (const std::int64_t* both = value.get<std::int64_t>()) {
    body["Soft"] = *both;
    body["Hard"] = *both;
    return body;
  }
  const Map* members = value.get<Map>();
  const auto soft = members ? core::integer_at(*members, "soft") : std::nullopt;
  const auto hard = members ? core::integer_at(*members, "hard") : std::nullopt;
  if (!soft || !hard) {
    reader.fail(fmt::format("attribute ulimits.{} has no soft and hard limit", name));
    return body;
  }
  body["Soft"] = *soft;
  body["Hard"] = *hard;
  return body;
}

void set_ulimits(json::object& host, AttributeReader& reader) {
  if (const Map* ulimits = reader.map("ulimits")) {
    json::array bodies;
    for (const auto& [name, value] : *ulimits) {
      bodies.emplace_back(ulimit_body(name, value, reader));
    }
    host["Ulimits"] = std::move(bodies);
  }
}

bool is_device_access(std::string_view text) {
  return !text.empty() && text.find_first_not_of("rwm") == std::string_view::npos;
}

/// "HOST[:CONTAINER][:ACCESS]", as `docker run --device` reads it.
json::object device_body(const std::string& text) {
  std::vector<std::string> parts;
  std::size_t begin = 0;
  for (std::size_t colon = text.find(':'); colon != std::string::npos;
       colon = text.find(':', begin)) {
    parts.push_back(text.substr(begin, colon - begin));
    begin = colon + 1;
  }
  parts.push_back(text.substr(begin));
  std::string access = "rwm";
  if (parts.size() > 1 && is_device_access(parts.back())) {
    access = parts.back();
    parts.pop_back();
  }
  return {{"PathOnHost", parts.front()},
          {"PathInContainer", parts.size() > 1 ? parts[1] : parts.front()},
          {"CgroupPermissions", access}};
}

void set_devices(json::object& host, AttributeReader& reader) {
  if (const auto devices = reader.texts("devices")) {
    json::array bodies;
    for (const std::string& device : *devices) {
      bodies.emplace_back(device_body(device));
    }
    host["Devices"] = std::move(bodies);
  }
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
  // Not part of the creation: attachments come in `networks`, the policy in `restart`, and files
  // are put into the container that was made.
  for (const std::string_view name : {"networks", "restart", "files"}) {
    reader.skip(name);
  }
  json::object body;
  json::object host;
  set(body, "Image", reader.text("image"));
  body["Labels"] = json_labels(reader, call.labels);
  set_process(body, reader);
  set_healthcheck(body, reader, version);
  set_ports(body, host, reader);
  set_mounts(host, reader);
  set_limits(host, reader);
  set_ulimits(host, reader);
  set_devices(host, reader);
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

core::Result<std::optional<HttpRequest>> files_request(const core::CreateContainer& call,
                                                       const std::string& container_id) {
  AttributeReader reader(call.attributes, fmt::format("container {}", call.name));
  std::vector<TarFile> files;
  for (const auto& [path, content] : reader.text_map("files")) {
    if (!path.starts_with('/')) {
      reader.fail(fmt::format("the path of file {} is not absolute", path));
    }
    files.push_back({path.substr(1), content.value_or("")});
  }
  for (const auto& [name, value] : call.attributes) {
    reader.skip(name);
  }
  if (const core::Result<void> done = reader.finish(); !done) {
    return done.error();
  }
  if (files.empty()) {
    return std::optional<HttpRequest>();
  }
  HttpRequest request{
      "PUT", fmt::format("/containers/{}/archive?path=%2F", percent_encode(container_id)), {}, {}};
  request.content_type = "application/x-tar";
  request.body = tar_archive(files);
  return std::optional(std::move(request));
}

}  // namespace aim::providers
