#include "providers/docker/container_projection.hpp"

#include <algorithm>
#include <boost/json.hpp>

#include "providers/docker/json_read.hpp"
#include "providers/docker/port_binding.hpp"
#include "providers/docker/restart_policy.hpp"

namespace aim::providers {

namespace json = boost::json;
using core::List;
using core::Map;
using core::Value;
using json_read::array_at;
using json_read::boolean_at;
using json_read::integer_at;
using json_read::object_at;
using json_read::text_at;
using json_read::text_map_at;
using json_read::texts_at;

void put(Map& map, std::string_view key, std::string text) {
  if (!text.empty()) {
    map.insert_or_assign(std::string(key), Value(std::move(text)));
  }
}

void put(Map& map, std::string_view key, std::int64_t number) {
  if (number != 0) {
    map.insert_or_assign(std::string(key), Value(number));
  }
}

void put(Map& map, std::string_view key, std::vector<std::string> texts) {
  if (texts.empty()) {
    return;
  }
  List list;
  for (std::string& text : texts) {
    list.emplace_back(std::move(text));
  }
  map.insert_or_assign(std::string(key), Value(std::move(list)));
}

void put(Map& map, std::string_view key, const core::Labels& texts) {
  if (texts.empty()) {
    return;
  }
  Map members;
  for (const auto& [name, text] : texts) {
    members.emplace(name, text);
  }
  map.insert_or_assign(std::string(key), Value(std::move(members)));
}

void put_true(Map& map, std::string_view key, const json::object& in, std::string_view from) {
  if (boolean_at(in, from)) {
    map.insert_or_assign(std::string(key), Value(true));
  }
}

void put_nonempty(Map& map, std::string_view key, Map members) {
  if (!members.empty()) {
    map.insert_or_assign(std::string(key), Value(std::move(members)));
  }
}

std::vector<std::string> as_set(std::vector<std::string> texts) {
  std::sort(texts.begin(), texts.end());
  texts.erase(std::unique(texts.begin(), texts.end()), texts.end());
  return texts;
}

core::Labels users_labels(core::Labels labels) {
  std::erase_if(labels,
                [](const auto& label) { return label.first.starts_with(core::label::kPrefix); });
  return labels;
}

namespace {

constexpr std::size_t kShortId = 12;
constexpr std::int64_t kDefaultShmSize = 67'108'864;
constexpr std::int64_t kNanosPerMilli = 1'000'000;
constexpr double kNanosPerCpu = 1e9;

/// CAP_SYS_PTRACE, sys_ptrace and SYS_PTRACE are one capability.
std::vector<std::string> capabilities(std::vector<std::string> names) {
  for (std::string& name : names) {
    std::transform(name.begin(), name.end(), name.begin(), [](char c) {
      return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
    });
    if (name.starts_with("CAP_")) {
      name.erase(0, 4);
    }
  }
  return as_set(std::move(names));
}

/// "seccomp:unconfined" is the old spelling of "seccomp=unconfined".
std::vector<std::string> security_options(std::vector<std::string> options) {
  for (std::string& option : options) {
    if (const std::size_t colon = option.find(':');
        colon != std::string::npos && option.find('=') == std::string::npos) {
      option[colon] = '=';
    }
  }
  return as_set(std::move(options));
}

core::Labels environment(const json::object& config) {
  core::Labels env;
  for (const std::string& entry : texts_at(config, "Env")) {
    // A bare name only takes a variable of the image away.
    if (const std::size_t equals = entry.find('='); equals != std::string::npos) {
      env.insert_or_assign(entry.substr(0, equals), entry.substr(equals + 1));
    }
  }
  return env;
}

void put_healthcheck(Map& map, const json::object& config) {
  const json::object* check = object_at(config, "Healthcheck");
  if (check == nullptr) {
    return;
  }
  Map members;
  put(members, "test", texts_at(*check, "Test"));
  put(members, "interval", integer_at(*check, "Interval") / kNanosPerMilli);
  put(members, "timeout", integer_at(*check, "Timeout") / kNanosPerMilli);
  put(members, "start_period", integer_at(*check, "StartPeriod") / kNanosPerMilli);
  put(members, "start_interval", integer_at(*check, "StartInterval") / kNanosPerMilli);
  put(members, "retries", integer_at(*check, "Retries"));
  put_nonempty(map, "healthcheck", std::move(members));
}

std::vector<std::string> bound_ports(const json::object& host) {
  std::vector<std::string> ports;
  const json::object* bindings = object_at(host, "PortBindings");
  if (bindings == nullptr) {
    return ports;
  }
  for (const auto& [key, list] : *bindings) {
    const core::Result<PortBinding> port = parse_port_binding(std::string_view(key));
    if (!port || !list.is_array()) {
      continue;
    }
    for (const json::value& item : list.get_array()) {
      if (const json::object* binding = item.if_object()) {
        PortBinding one = *port;
        one.host_ip = text_at(*binding, "HostIp");
        one.host_port = text_at(*binding, "HostPort");
        ports.push_back(to_string(one));
      }
    }
  }
  return as_set(std::move(ports));
}

void put_limits(Map& map, const json::object& host) {
  const std::int64_t memory = integer_at(host, "Memory");
  put(map, "memory", memory);
  // Twice the memory is what Docker takes when nothing is said.
  if (const std::int64_t swap = integer_at(host, "MemorySwap"); swap != 2 * memory) {
    put(map, "memory_swap", swap);
  }
  // Unlimited is 0 or -1, whichever call said it.
  put(map, "memory_reservation", std::max<std::int64_t>(0, integer_at(host, "MemoryReservation")));
  put(map, "cpu_shares", integer_at(host, "CpuShares"));
  put(map, "oom_score_adj", integer_at(host, "OomScoreAdj"));
  if (const std::int64_t nanos = integer_at(host, "NanoCpus"); nanos != 0) {
    map.insert_or_assign("cpus", Value(static_cast<double>(nanos) / kNanosPerCpu));
  } else if (const std::int64_t quota = integer_at(host, "CpuQuota"),
             period = integer_at(host, "CpuPeriod");
             quota > 0 && period > 0) {
    map.insert_or_assign("cpus", Value(static_cast<double>(quota) / static_cast<double>(period)));
  }
  put(map, "cpuset", text_at(host, "CpusetCpus"));
  put(map, "cpuset_mems", text_at(host, "CpusetMems"));
  // Unlimited is null, 0 or -1, whichever call said it.
  put(map, "pids_limit", std::max<std::int64_t>(0, integer_at(host, "PidsLimit")));
  if (const std::int64_t size = integer_at(host, "ShmSize"); size != kDefaultShmSize) {
    put(map, "shm_size", size);
  }
  Map ulimits;
  if (const json::array* list = array_at(host, "Ulimits")) {
    for (const json::value& item : *list) {
      if (const json::object* limit = item.if_object()) {
        ulimits.insert_or_assign(
            text_at(*limit, "Name"),
            Map{{"soft", integer_at(*limit, "Soft")}, {"hard", integer_at(*limit, "Hard")}});
      }
    }
  }
  put_nonempty(map, "ulimits", std::move(ulimits));
}

/// The inverse of what an encoder makes of "HOST[:CONTAINER][:ACCESS]", shortest form.
std::vector<std::string> devices_of(const json::object& host) {
  std::vector<std::string> devices;
  if (const json::array* list = array_at(host, "Devices")) {
    for (const json::value& item : *list) {
      const json::object* device = item.if_object();
      if (device == nullptr) {
        continue;
      }
      std::string text = text_at(*device, "PathOnHost");
      if (const std::string inside = text_at(*device, "PathInContainer");
          !inside.empty() && inside != text) {
        text += ":" + inside;
      }
      if (const std::string access = text_at(*device, "CgroupPermissions");
          !access.empty() && access != "rwm") {
        text += ":" + access;
      }
      devices.push_back(std::move(text));
    }
  }
  return devices;
}

std::string gpu_count(std::int64_t count) { return count < 0 ? "all" : std::to_string(count); }

/// The inverse of what the encoder makes of `gpus`; of several requests the first, since others
/// than aim's own containers are only looked at.
void put_gpus(Map& map, const json::object& host) {
  const json::array* requests = array_at(host, "DeviceRequests");
  const json::object* request =
      requests && !requests->empty() ? requests->front().if_object() : nullptr;
  if (request == nullptr) {
    return;
  }
  Map gpus;
  put(gpus, "driver", text_at(*request, "Driver"));
  if (const std::int64_t count = integer_at(*request, "Count"); count != 0) {
    put(gpus, "count", gpu_count(count));
  }
  put(gpus, "ids", texts_at(*request, "DeviceIDs"));
  put(gpus, "options", text_map_at(*request, "Options"));
  const json::array* alternatives = array_at(*request, "Capabilities");
  if (alternatives && !alternatives->empty()) {
    put(gpus,
        "capabilities",
        as_set(texts_at(json::object{{"all", alternatives->front()}}, "all")));
  }
  put_nonempty(map, "gpus", std::move(gpus));
}

}  // namespace

void project_config(Map& map,
                    const json::object& config,
                    const json::object& host,
                    std::string_view id) {
  put(map, "image", text_at(config, "Image"));
  put(map, "command", texts_at(config, "Cmd"));
  put(map, "entrypoint", texts_at(config, "Entrypoint"));
  put(map, "env", environment(config));
  put(map, "labels", users_labels(text_map_at(config, "Labels")));
  put(map, "user", text_at(config, "User"));
  put(map, "working_dir", text_at(config, "WorkingDir"));
  const std::string mode = text_at(host, "NetworkMode");
  // In somebody else's network the name is that of the host or of the other container.
  if (const std::string name = text_at(config, "Hostname");
      name != id.substr(0, kShortId) && mode != "host" && !mode.starts_with("container:")) {
    put(map, "hostname", name);
  }
  put_true(map, "tty", config, "Tty");
  put_true(map, "stdin_open", config, "OpenStdin");
  put(map, "stop_signal", text_at(config, "StopSignal"));
  put(map, "stop_grace_period", integer_at(config, "StopTimeout") * 1000);
  put_healthcheck(map, config);
}

void project_host(Map& map, const json::object& host) {
  put(map, "ports", bound_ports(host));
  if (const json::object* restart = object_at(host, "RestartPolicy")) {
    map.insert_or_assign(
        "restart",
        Value(to_string(
            RestartPolicy{text_at(*restart, "Name"), integer_at(*restart, "MaximumRetryCount")})));
  }
  put_limits(map, host);
  put(map, "devices", as_set(devices_of(host)));
  put_gpus(map, host);
  put_true(map, "init", host, "Init");
  put_true(map, "privileged", host, "Privileged");
  put_true(map, "read_only", host, "ReadonlyRootfs");
  if (const std::string ipc = text_at(host, "IpcMode"); ipc != "private") {
    put(map, "ipc", ipc);
  }
  put(map, "pid", text_at(host, "PidMode"));
  if (const std::string runtime = text_at(host, "Runtime"); runtime != "runc") {
    put(map, "runtime", runtime);
  }
  put(map, "cap_add", capabilities(texts_at(host, "CapAdd")));
  put(map, "cap_drop", capabilities(texts_at(host, "CapDrop")));
  put(map, "security_opt", security_options(texts_at(host, "SecurityOpt")));
  put(map, "group_add", as_set(texts_at(host, "GroupAdd")));
  put(map, "extra_hosts", texts_at(host, "ExtraHosts"));
  put(map, "dns", texts_at(host, "Dns"));
  put(map, "dns_search", texts_at(host, "DnsSearch"));
  put(map, "dns_options", texts_at(host, "DnsOptions"));
  put(map, "sysctls", text_map_at(host, "Sysctls"));
  if (const json::object* log = object_at(host, "LogConfig")) {
    Map logging;
    put(logging, "driver", text_at(*log, "Type"));
    put(logging, "options", text_map_at(*log, "Config"));
    put_nonempty(map, "logging", std::move(logging));
  }
}

}  // namespace aim::providers
