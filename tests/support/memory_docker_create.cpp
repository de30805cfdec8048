#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <regex>

#include "tests/support/memory_docker_checks.hpp"
#include "tests/support/memory_docker_world.hpp"

namespace aim::support::memory {

namespace {

constexpr int kStartIntervals = 44;   // 1.44: Healthcheck.StartInterval
constexpr int kSeveralNetworks = 44;  // 1.44: more than one network in create
constexpr int kDefaultIsBridge = 45;  // 26.1 writes bridge where default was asked for
constexpr std::int64_t kDefaultShm = 64 * 1024 * 1024;

const json::object& config_defaults() {
  static const json::object kDefaults =
      json::parse(R"({"Hostname":"","Domainname":"","User":"","AttachStdin":false,
        "AttachStdout":false,"AttachStderr":false,"Tty":false,"OpenStdin":false,"StdinOnce":false,
        "Env":null,"Cmd":null,"Image":"","Volumes":null,"WorkingDir":"","Entrypoint":null,
        "OnBuild":null,"Labels":{}})")
          .as_object();
  return kDefaults;
}

/// The word Go uses for what JSON holds.
std::string_view go_kind(const json::value& value) {
  switch (value.kind()) {
    case json::kind::null:
      return "null";
    case json::kind::bool_:
      return "bool";
    case json::kind::string:
      return "string";
    case json::kind::array:
      return "array";
    case json::kind::object:
      return "object";
    case json::kind::int64:
    case json::kind::uint64:
    case json::kind::double_:
      return "number";
  }
  return "value";
}

/// Takes the members of `given` that the Engine knows; a wrong type is a refusal.
std::optional<Answer> take(const json::object& given,
                           const json::object& known,
                           const std::set<std::string, std::less<>>& optional_members,
                           int minor,
                           json::object& out) {
  for (const json::key_value_pair& member : given) {
    const json::value* expected = known.if_contains(member.key());
    if (expected == nullptr && !optional_members.contains(std::string_view(member.key()))) {
      continue;
    }
    const bool typed = expected != nullptr && !expected->is_null() && !member.value().is_null();
    if (typed && go_kind(*expected) != go_kind(member.value())) {
      return refusal(minor < 42 ? 500 : 400,
                     fmt::format("json: cannot unmarshal {} into Go struct field "
                                 "ContainerConfigWrapper.{} of type {}",
                                 go_kind(member.value()),
                                 std::string_view(member.key()),
                                 go_kind(*expected)));
    }
    if (!member.value().is_null()) {
      out[member.key()] = member.value();
    }
  }
  return std::nullopt;
}

std::string variable_name(const std::string& entry) { return entry.substr(0, entry.find('=')); }

void overlay_environment(json::object& config, const FakeImage& image) {
  std::vector<std::string> env = texts_at(config, "Env");
  std::set<std::string> ours;
  for (const std::string& entry : env) {
    ours.insert(variable_name(entry));
  }
  for (const std::string& entry : image.env) {
    if (!ours.contains(variable_name(entry))) {
      env.push_back(entry);
    }
  }
  config["Env"] = env.empty() ? json::value() : json::value(to_array(env));
}

void choose_program(json::object& config, const FakeImage& image) {
  if (config["Entrypoint"].is_string()) {
    config["Entrypoint"] = to_array(texts_at(config, "Entrypoint"));
  }
  if (config["Cmd"].is_string()) {
    config["Cmd"] = to_array(texts_at(config, "Cmd"));
  }
  const std::vector<std::string> entrypoint = texts_at(config, "Entrypoint");
  // Only a missing or empty entrypoint lets the image's command through.
  if (entrypoint.empty() && texts_at(config, "Cmd").empty()) {
    config["Cmd"] = image.cmd.empty() ? json::value() : json::value(to_array(image.cmd));
  }
  if (config["Entrypoint"].is_null() && !image.entrypoint.empty()) {
    config["Entrypoint"] = to_array(image.entrypoint);
  }
  if (entrypoint == std::vector<std::string>{""}) {
    config["Entrypoint"] = nullptr;
  }
}

void inherit_healthcheck(json::object& config, const FakeImage& image) {
  json::object inherited;
  if (!image.healthcheck.empty()) {
    inherited["Test"] = to_array(image.healthcheck);
  }
  for (const auto& [name, number] : image.healthcheck_numbers) {
    inherited[name] = number;
  }
  json::object check = object_at(config, "Healthcheck");
  for (const json::key_value_pair& member : inherited) {
    const json::value* own = check.if_contains(member.key());
    // Zero is not set, for every number there is.
    if (own == nullptr || own->is_null() || (own->is_array() && own->get_array().empty()) ||
        (own->is_number() && own->to_number<std::int64_t>() == 0)) {
      check[member.key()] = member.value();
    }
  }
  if (!check.empty()) {
    config["Healthcheck"] = check;
  }
}

void unite_keys(json::object& config, const char* key, const std::vector<std::string>& more) {
  json::object united = object_at(config, key);
  for (const std::string& name : more) {
    united.emplace(name, json::object());
  }
  if (!united.empty()) {
    config[key] = united;
  }
}

void inherit_from_image(json::object& config, const FakeImage& image) {
  overlay_environment(config, image);
  choose_program(config, image);
  inherit_healthcheck(config, image);
  json::object labels = to_object(image.labels);
  for (const json::key_value_pair& label : object_at(config, "Labels")) {
    labels[label.key()] = label.value();
  }
  config["Labels"] = labels;
  unite_keys(config, "ExposedPorts", image.exposed);
  unite_keys(config, "Volumes", image.volumes);
  if (text_at(config, "User").empty()) {
    config["User"] = image.user;
  }
  const std::string directory = text_at(config, "WorkingDir");
  config["WorkingDir"] = directory.empty()
                             ? image.working_dir
                             : std::filesystem::path(directory).lexically_normal().string();
  std::string cleaned = text_at(config, "WorkingDir");
  if (cleaned.size() > 1 && cleaned.back() == '/') {
    cleaned.pop_back();
    config["WorkingDir"] = cleaned;
  }
}

void fill_objects(json::object& host, const char* key, const json::object& defaults) {
  json::value* list = host.if_contains(key);
  if (list == nullptr || !list->is_array()) {
    return;
  }
  for (json::value& item : list->get_array()) {
    json::object filled = defaults;
    if (item.is_object()) {
      for (const json::key_value_pair& member : item.get_object()) {
        filled[member.key()] = member.value();
      }
    }
    item = filled;
  }
}

void rewrite_host_config(const World& world, json::object& host) {
  fill_objects(
      host, "Devices", {{"PathOnHost", ""}, {"PathInContainer", ""}, {"CgroupPermissions", ""}});
  fill_objects(host,
               "DeviceRequests",
               {{"Driver", ""},
                {"Count", 0},
                {"DeviceIDs", nullptr},
                {"Capabilities", nullptr},
                {"Options", nullptr}});
  if (json::value* ports = host.if_contains("PortBindings"); ports && ports->is_object()) {
    for (json::key_value_pair& binding : ports->get_object()) {
      json::object one;
      one["list"] = binding.value();
      fill_objects(one, "list", {{"HostIp", ""}, {"HostPort", ""}});
      binding.value() = one["list"];
    }
  }
  if (host.contains("RestartPolicy")) {
    json::object policy{{"Name", ""}, {"MaximumRetryCount", 0}};
    for (const json::key_value_pair& member : object_at(host, "RestartPolicy")) {
      policy[member.key()] = member.value();
    }
    host["RestartPolicy"] = policy;
  }
  if (host.contains("LogConfig")) {
    json::object logging = object_at(host, "LogConfig");
    if (text_at(logging, "Type").empty()) {
      logging["Type"] = "json-file";
    }
    if (!logging.contains("Config") || logging["Config"].is_null()) {
      logging["Config"] = json::object();
    }
    host["LogConfig"] = logging;
  }
  if (number_at(host, "Memory") > 0 && number_at(host, "MemorySwap") == 0) {
    host["MemorySwap"] = 2 * number_at(host, "Memory");
  }
  if (number_at(host, "PidsLimit") <= 0) {
    host.erase("PidsLimit");
  }
  if (number_at(host, "ShmSize") == 0) {
    host["ShmSize"] = kDefaultShm;
  }
  const bool privileged = flag_at(host, "Privileged");
  if (privileged || text_at(host, "IpcMode") == "host" || text_at(host, "PidMode") == "host") {
    std::vector<std::string> options = texts_at(host, "SecurityOpt");
    options.emplace_back("label=disable");
    host["SecurityOpt"] = to_array(options);
  }
  if (privileged) {
    host["MaskedPaths"] = nullptr;
    host["ReadonlyPaths"] = nullptr;
  }
  if (text_at(host, "Runtime").empty()) {
    host["Runtime"] = "runc";
  }
  const std::string mode = text_at(host, "NetworkMode");
  if (mode.empty() || mode == "default") {
    host["NetworkMode"] = world.newest_minor >= kDefaultIsBridge ? "bridge" : "default";
  }
}

Endpoint endpoint_from(const json::object& wanted) {
  Endpoint endpoint;
  if (const json::value* aliases = wanted.if_contains("Aliases"); aliases && aliases->is_array()) {
    endpoint.aliases = texts_at(wanted, "Aliases");
  }
  if (const json::value* ipam = wanted.if_contains("IPAMConfig"); ipam && ipam->is_object()) {
    endpoint.wanted_ipv4 = text_at(ipam->get_object(), "IPv4Address");
    endpoint.wanted_ipv6 = text_at(ipam->get_object(), "IPv6Address");
  }
  return endpoint;
}

std::optional<Answer> choose_networks(World& world, const Request& request, Container& container) {
  std::string mode = text_at(container.host, "NetworkMode");
  if (mode.starts_with("container:")) {
    return std::nullopt;
  }
  if (mode.empty() || mode == "default") {
    mode = "bridge";
  }
  const json::object& wanted =
      object_at(object_at(request.body, "NetworkingConfig"), "EndpointsConfig");
  if (wanted.size() > 1 && request.minor < kSeveralNetworks) {
    std::string names;
    for (const json::key_value_pair& entry : wanted) {
      names += (names.empty() ? "" : ", ") + std::string(entry.key());
    }
    return refusal(400, "Container cannot be connected to network endpoints: " + names);
  }
  for (const json::key_value_pair& entry : wanted) {
    const json::value& settings = entry.value();
    container.endpoints[std::string(entry.key())] =
        endpoint_from(settings.is_object() ? settings.get_object() : json::object());
  }
  // The network of the mode may have been written by its id.
  const Network* network = world.network(mode);
  const std::string name = network != nullptr ? network->name : mode;
  if (wanted.empty() || mode != "bridge") {
    container.endpoints.try_emplace(name);
  }
  return std::nullopt;
}

void bring_to_light(World& world, std::unique_ptr<Container> container) {
  container->created = world.stamp();
  world.emit(*container, "create");
  const std::string id = container->id;
  world.containers.emplace(id, std::move(container));
}

}  // namespace

std::optional<NameProblem> name_problem(const World& world,
                                        const std::string& name,
                                        const std::string& shown) {
  static const std::regex kValid("[a-zA-Z0-9][a-zA-Z0-9_.-]+");
  if (!std::regex_match(name, kValid)) {
    return NameProblem{400,
                       fmt::format("Invalid container name ({}), only "
                                   "[a-zA-Z0-9][a-zA-Z0-9_.-] are allowed",
                                   shown)};
  }
  const auto holder = world.container_names.find(name);
  if (holder == world.container_names.end()) {
    return std::nullopt;
  }
  return NameProblem{409,
                     fmt::format("Conflict. The container name \"/{}\" is already in use by "
                                 "container \"{}\". You have to remove (or rename) that "
                                 "container to be able to reuse that name.",
                                 name,
                                 holder->second)};
}

Answer create_container(World& world, const Request& request) {
  static const std::set<std::string, std::less<>> kOptionalConfig = {"ExposedPorts",
                                                                     "Healthcheck",
                                                                     "NetworkDisabled",
                                                                     "MacAddress",
                                                                     "StopSignal",
                                                                     "StopTimeout",
                                                                     "Shell"};
  static const std::set<std::string, std::less<>> kOptionalHost = {
      "Mounts", "Init", "Tmpfs", "Sysctls", "Runtime", "StorageOpt"};
  auto container = std::make_unique<Container>();
  container->config = config_defaults();
  if (auto wrong = take(
          request.body, config_defaults(), kOptionalConfig, request.minor, container->config)) {
    return *wrong;
  }
  if (json::value* check = container->config.if_contains("Healthcheck");
      check && check->is_object() && request.minor < kStartIntervals) {
    check->get_object().erase("StartInterval");
  }
  const json::object& host_given = object_at(request.body, "HostConfig");
  if (auto wrong =
          take(host_given, host_defaults(), kOptionalHost, request.minor, container->host)) {
    return *wrong;
  }
  if (const json::value* notes = host_given.if_contains("Annotations");
      notes != nullptr && request.minor >= 43) {
    container->host["Annotations"] = *notes;
  }
  drop_unknown_mount_options(request.minor, container->host);
  if (auto wrong = check_settings(world, container->config, container->host)) {
    return *wrong;
  }
  if (auto wrong = check_pid_mode(world, container->host)) {
    return *wrong;
  }
  if (auto wrong = choose_networks(world, request, *container)) {
    return *wrong;
  }
  if (auto wrong = resolve_namespaces(world, *container)) {
    return *wrong;
  }
  const std::string ref = text_at(request.body, "Image");
  const Image* image = world.image(ref);
  if (image == nullptr) {
    return refusal(404, "No such image: " + canonical_ref(ref));
  }
  if (auto wrong = check_platform(request.parameter("platform"), ref, *image)) {
    return *wrong;
  }
  container->id = world.make_id();
  const std::string asked = request.parameter("name");
  container->name = asked.empty() ? "memory_" + container->id.substr(0, 8) : asked;
  if (container->name.starts_with('/')) {
    container->name.erase(0, 1);
  }
  if (const auto problem = name_problem(world, container->name, container->name)) {
    return refusal(problem->status, problem->message);
  }
  container->image_ref = ref;
  container->image_id = image->id;
  inherit_from_image(container->config, image->spec);
  if (texts_at(container->config, "Cmd").empty() &&
      texts_at(container->config, "Entrypoint").empty()) {
    return refusal(400, "No command specified");
  }
  if (text_at(container->config, "Hostname").empty()) {
    container->config["Hostname"] = container->id.substr(0, 12);
  }
  if (!host_given.empty()) {
    rewrite_host_config(world, container->host);
  }
  if (auto wrong = resolve_mounts(world, *container)) {
    return *wrong;
  }
  const json::object made{{"Id", container->id}, {"Warnings", json::array()}};
  world.container_names[container->name] = container->id;
  if (request.latency == std::chrono::milliseconds{0}) {
    bring_to_light(world, std::move(container));
  } else {
    // The name is taken from now on; nobody sees the container before it is whole.
    const auto later = std::make_shared<std::unique_ptr<Container>>(std::move(container));
    world.at(world.now() + request.latency,
             [later](World& then) { bring_to_light(then, std::move(*later)); });
  }
  Answer answer = json_answer(201, made);
  answer.takes = request.latency;
  return answer;
}

}  // namespace aim::support::memory
