#include <fmt/format.h>

#include <algorithm>
#include <regex>

#include "tests/support/memory_docker_world.hpp"

namespace aim::support::memory {

namespace {

constexpr int kNoLegacyAddress = 52;  // 1.52: addresses only below NetworkSettings.Networks

json::object state_json(const Container& container) {
  const core::ContainerStatus status = container.status;
  json::object state{{"Status", core::to_string(status)},
                     {"Running", container.counts_as_running()},
                     {"Paused", status == core::ContainerStatus::Paused},
                     {"Restarting", status == core::ContainerStatus::Restarting},
                     {"OOMKilled", container.oom_killed},
                     {"Dead", status == core::ContainerStatus::Dead},
                     {"Pid", container.alive() ? 4242 : 0},
                     {"ExitCode", container.exit_code},
                     {"Error", container.error},
                     {"StartedAt", rfc3339(container.started)},
                     {"FinishedAt", rfc3339(container.finished)}};
  if (container.health) {
    state["Health"] = {{"Status", container.health->status},
                       {"FailingStreak", container.health->failing_streak},
                       {"Log", container.health->log}};
  }
  return state;
}

json::object full_host_config(const Container& container) {
  json::object host = host_defaults();
  for (const json::key_value_pair& member : container.host) {
    host[member.key()] = member.value();
  }
  return host;
}

/// NetworkSettings.Ports: what is bound, and exposed ports that are not as null.
json::object port_map(const Container& container) {
  json::object ports;
  if (!container.alive()) {
    return ports;
  }
  for (const json::key_value_pair& exposed : object_at(container.config, "ExposedPorts")) {
    std::string key(exposed.key());
    if (key.find('/') == std::string::npos) {
      key += "/tcp";
    }
    ports.emplace(key, nullptr);
  }
  for (const core::PublishedPort& port : container.bound) {
    json::value& list = ports[fmt::format("{}/{}", port.container_port, port.protocol)];
    if (list.is_null()) {
      list = json::array();
    }
    const std::string number = std::to_string(port.host_port);
    if (port.host_ip.empty()) {
      list.as_array().push_back(json::object{{"HostIp", "0.0.0.0"}, {"HostPort", number}});
      list.as_array().push_back(json::object{{"HostIp", "::"}, {"HostPort", number}});
    } else {
      list.as_array().push_back(json::object{{"HostIp", port.host_ip}, {"HostPort", number}});
    }
  }
  return ports;
}

json::object network_settings(World& world, const Container& container, int minor) {
  json::object networks;
  for (const auto& [name, endpoint] : container.endpoints) {
    networks.emplace(name, endpoint_json(world, container, name, endpoint, minor));
  }
  json::object settings{{"SandboxID", container.started == 0 ? "" : container.id},
                        {"SandboxKey", ""},
                        {"Ports", port_map(container)}};
  if (minor < kNoLegacyAddress) {
    const auto bridge = container.endpoints.find("bridge");
    const json::object shown =
        bridge == container.endpoints.end()
            ? json::object()
            : endpoint_json(world, container, "bridge", bridge->second, minor);
    settings["Bridge"] = "";
    settings["HairpinMode"] = false;
    settings["LinkLocalIPv6Address"] = "";
    settings["LinkLocalIPv6PrefixLen"] = 0;
    settings["SecondaryIPAddresses"] = nullptr;
    settings["SecondaryIPv6Addresses"] = nullptr;
    settings["EndpointID"] = text_at(shown, "EndpointID");
    settings["Gateway"] = text_at(shown, "Gateway");
    settings["IPAddress"] = text_at(shown, "IPAddress");
    settings["IPPrefixLen"] = number_at(shown, "IPPrefixLen");
    settings["IPv6Gateway"] = "";
    settings["GlobalIPv6Address"] = "";
    settings["GlobalIPv6PrefixLen"] = 0;
    settings["MacAddress"] = text_at(shown, "MacAddress");
  }
  settings["Networks"] = std::move(networks);
  return settings;
}

std::vector<std::string> whole_command(const Container& container) {
  std::vector<std::string> words = texts_at(container.config, "Entrypoint");
  for (std::string& word : texts_at(container.config, "Cmd")) {
    words.push_back(std::move(word));
  }
  return words;
}

json::array listed_ports(const Container& container) {
  json::array ports;
  if (!container.alive()) {
    return ports;
  }
  for (const json::key_value_pair& entry : port_map(container)) {
    const std::string key(entry.key());
    const std::size_t slash = key.find('/');
    const int private_port = std::stoi(key.substr(0, slash));
    const std::string protocol = key.substr(slash + 1);
    if (!entry.value().is_array()) {
      ports.push_back(json::object{{"PrivatePort", private_port}, {"Type", protocol}});
      continue;
    }
    for (const json::value& bound : entry.value().get_array()) {
      ports.push_back(
          json::object{{"IP", text_at(bound.as_object(), "HostIp")},
                       {"PrivatePort", private_port},
                       {"PublicPort", std::stoi(text_at(bound.as_object(), "HostPort"))},
                       {"Type", protocol}});
    }
  }
  return ports;
}

std::string status_text(const Container& container) {
  switch (container.status) {
    case core::ContainerStatus::Created:
      return "Created";
    case core::ContainerStatus::Running:
      return container.health
                 ? fmt::format("Up 1 second ({}{})",
                               container.health->status == "starting" ? "health: " : "",
                               container.health->status)
                 : "Up 1 second";
    case core::ContainerStatus::Paused:
      return "Up 1 second (Paused)";
    case core::ContainerStatus::Restarting:
      return fmt::format("Restarting ({}) 1 second ago", container.exit_code);
    case core::ContainerStatus::Removing:
      return "Removal In Progress";
    case core::ContainerStatus::Exited:
      return fmt::format("Exited ({}) 1 second ago", container.exit_code);
    case core::ContainerStatus::Dead:
      return "Dead";
  }
  return {};
}

json::object summary_json(World& world, const Container& container, int minor) {
  std::string command;
  for (const std::string& word : whole_command(container)) {
    command += (command.empty() ? "" : " ") + word;
  }
  json::object networks;
  for (const auto& [name, endpoint] : container.endpoints) {
    networks.emplace(name, endpoint_json(world, container, name, endpoint, minor));
  }
  // A reference that has moved to another image is shown as the id of the old one.
  const Image* now = world.image(container.image_ref);
  const bool moved = now == nullptr || now->id != container.image_id;
  return {{"Id", container.id},
          {"Names", json::array{"/" + container.name}},
          {"Image", moved ? container.image_id : container.image_ref},
          {"ImageID", container.image_id},
          {"Command", command},
          {"Created", container.created / 1'000'000'000},
          {"Ports", listed_ports(container)},
          {"Labels", object_at(container.config, "Labels")},
          {"State", core::to_string(container.status)},
          {"Status", status_text(container)},
          {"HostConfig", json::object{{"NetworkMode", host_value(container, "NetworkMode")}}},
          {"NetworkSettings", json::object{{"Networks", std::move(networks)}}},
          {"Mounts", container.mounts}};
}

bool any(const std::vector<std::string>& wanted,
         const std::function<bool(const std::string&)>& matches) {
  return std::any_of(wanted.begin(), wanted.end(), matches);
}

bool passes(World& world, const Container& container, const Filters& filters) {
  for (const auto& [key, wanted] : filters) {
    bool ok = true;
    if (key == "label") {
      ok = labels_match(labels_of(object_at(container.config, "Labels")), wanted);
    } else if (key == "name") {
      ok = any(wanted, [&](const std::string& pattern) {
        const std::regex expression(pattern);
        return std::regex_search(container.name, expression) ||
               std::regex_search("/" + container.name, expression);
      });
    } else if (key == "id") {
      ok = any(wanted, [&](const std::string& id) { return container.id.starts_with(id); });
    } else if (key == "status") {
      ok = any(wanted,
               [&](const std::string& word) { return word == core::to_string(container.status); });
    } else if (key == "network") {
      ok = any(wanted, [&](const std::string& name) {
        const Network* network = world.network(name);
        return container.endpoints.contains(network != nullptr ? network->name : name);
      });
    } else if (key == "volume") {
      ok = any(wanted, [&](const std::string& name) {
        return std::any_of(
            container.mounts.begin(), container.mounts.end(), [&](const json::value& mount) {
              return text_at(mount.as_object(), "Name") == name ||
                     text_at(mount.as_object(), "Destination") == name;
            });
      });
    } else if (key == "ancestor") {
      ok = any(wanted, [&](const std::string& ref) {
        const Image* image = world.image(ref);
        return image != nullptr && image->id == container.image_id;
      });
    } else if (key == "publish") {
      ok = any(wanted, [&](const std::string& port) {
        return std::any_of(
            container.bound.begin(), container.bound.end(), [&](const core::PublishedPort& bound) {
              return port == std::to_string(bound.host_port) ||
                     port == fmt::format("{}/{}", bound.host_port, bound.protocol);
            });
      });
    } else if (key == "health") {
      const std::string health = container.health ? container.health->status : "none";
      ok = any(wanted, [&](const std::string& word) { return word == health; });
    }
    if (!ok) {
      return false;
    }
  }
  return true;
}

}  // namespace

const json::object& host_defaults() {
  static const json::object kDefaults = json::parse(R"({"Binds":null,"ContainerIDFile":"",
        "LogConfig":{"Type":"json-file","Config":{}},"NetworkMode":"default","PortBindings":null,
        "RestartPolicy":{"Name":"","MaximumRetryCount":0},"AutoRemove":false,"VolumeDriver":"",
        "VolumesFrom":null,"CapAdd":null,"CapDrop":null,"CgroupnsMode":"private","Dns":null,
        "DnsOptions":null,"DnsSearch":null,"ExtraHosts":null,"GroupAdd":null,"IpcMode":"private",
        "Cgroup":"","Links":null,"OomScoreAdj":0,"PidMode":"","Privileged":false,
        "PublishAllPorts":false,"ReadonlyRootfs":false,"SecurityOpt":null,"UTSMode":"",
        "UsernsMode":"","ShmSize":67108864,"ConsoleSize":[0,0],"Isolation":"","CpuShares":0,
        "Memory":0,"NanoCpus":0,"CgroupParent":"","BlkioWeight":0,"BlkioWeightDevice":null,
        "BlkioDeviceReadBps":null,"BlkioDeviceWriteBps":null,"BlkioDeviceReadIOps":null,
        "BlkioDeviceWriteIOps":null,"CpuPeriod":0,"CpuQuota":0,"CpuRealtimePeriod":0,
        "CpuRealtimeRuntime":0,"CpusetCpus":"","CpusetMems":"","Devices":null,
        "DeviceCgroupRules":null,"DeviceRequests":null,"KernelMemory":0,"KernelMemoryTCP":0,
        "MemoryReservation":0,"MemorySwap":0,"MemorySwappiness":null,"OomKillDisable":false,
        "PidsLimit":null,"Ulimits":null,"CpuCount":0,"CpuPercent":0,"IOMaximumIOps":0,
        "IOMaximumBandwidth":0,
        "MaskedPaths":["/proc/asound","/proc/acpi","/proc/kcore","/proc/keys",
          "/proc/latency_stats","/proc/timer_list","/proc/timer_stats","/proc/sched_debug",
          "/proc/scsi","/sys/firmware"],
        "ReadonlyPaths":["/proc/bus","/proc/fs","/proc/irq","/proc/sys","/proc/sysrq-trigger"]})")
                                            .as_object();
  return kDefaults;
}

json::value host_value(const Container& container, std::string_view key) {
  if (const json::value* own = container.host.if_contains(key)) {
    return *own;
  }
  const json::value* common = host_defaults().if_contains(key);
  return common != nullptr ? *common : json::value();
}

std::string restart_policy(const Container& container) {
  const std::string name = text_at(object_at(container.host, "RestartPolicy"), "Name");
  return name.empty() ? "no" : name;
}

json::object container_json(World& world, const Container& container, int minor) {
  std::vector<std::string> words = whole_command(container);
  const std::string path = words.empty() ? std::string() : words.front();
  if (!words.empty()) {
    words.erase(words.begin());
  }
  const bool ever_started = container.started != 0;
  return {{"Id", container.id},
          {"Created", rfc3339(container.created)},
          {"Path", path},
          {"Args", to_array(words)},
          {"State", state_json(container)},
          {"Image", container.image_id},
          {"ResolvConfPath", ""},
          {"HostnamePath", ""},
          {"HostsPath", ""},
          {"LogPath", ever_started ? "/var/lib/docker/containers/" + container.id + ".log" : ""},
          {"Name", "/" + container.name},
          {"RestartCount", container.restart_count},
          {"Driver", "memory"},
          {"Platform", "linux"},
          {"MountLabel", ""},
          {"ProcessLabel", ""},
          {"AppArmorProfile", ""},
          {"ExecIDs", nullptr},
          {"HostConfig", full_host_config(container)},
          {"GraphDriver", {{"Data", nullptr}, {"Name", "memory"}}},
          {"Mounts", container.mounts},
          {"Config", container.config},
          {"NetworkSettings", network_settings(world, container, minor)}};
}

Answer list_containers(World& world, const Request& request) {
  // The Engine knows a few more; asking for one of those fails here rather than pass unheeded.
  static const std::set<std::string> kKnown = {
      "ancestor", "health", "id", "label", "name", "network", "publish", "status", "volume"};
  auto filters = filters_of(request, kKnown);
  if (const Answer* wrong = std::get_if<Answer>(&filters)) {
    return *wrong;
  }
  const Filters& wanted = std::get<Filters>(filters);
  const bool all = request.flag("all") || wanted.contains("status");
  std::vector<const Container*> chosen;
  for (const auto& [id, container] : world.containers) {
    if ((all || container->counts_as_running()) && passes(world, *container, wanted)) {
      chosen.push_back(container.get());
    }
  }
  std::sort(chosen.begin(), chosen.end(), [](const Container* a, const Container* b) {
    return a->created > b->created;
  });
  json::array list;
  list.reserve(chosen.size());
  for (const Container* container : chosen) {
    list.emplace_back(summary_json(world, *container, request.minor));
  }
  return json_answer(200, list);
}

}  // namespace aim::support::memory
