#include "tests/support/memory_docker_checks.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace aim::support::memory {

namespace {

constexpr std::int64_t kLeastMemory = 6 * 1024 * 1024;
constexpr double kNanosPerCpu = 1e9;

std::optional<int> whole_number(std::string_view text) {
  int number = 0;
  const auto [end, wrong] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (wrong != std::errc() || end != text.data() + text.size()) {
    return std::nullopt;
  }
  return number;
}

bool is_port(std::string_view text) {
  const std::optional<int> number = whole_number(text.substr(0, text.find('/')));
  return number && *number >= 0 && *number <= 65535;
}

std::optional<Answer> check_cpuset(const World& world, const std::string& cpuset) {
  std::size_t begin = 0;
  while (begin < cpuset.size()) {
    const std::size_t comma = std::min(cpuset.find(',', begin), cpuset.size());
    const std::string part = cpuset.substr(begin, comma - begin);
    const std::optional<int> last = whole_number(part.substr(part.find('-') + 1));
    if (!last) {
      return refusal(400, fmt::format("Invalid value {} for cpuset cpus", cpuset));
    }
    if (*last >= world.options.cpus) {
      return refusal(400,
                     fmt::format("Requested CPUs are not available - requested {}, available: 0-{}",
                                 cpuset,
                                 world.options.cpus - 1));
    }
    begin = comma + 1;
  }
  return std::nullopt;
}

/// Zero is not set; below a millisecond Docker takes nothing.
std::optional<Answer> check_health(const json::object& config) {
  const json::object& check = object_at(config, "Healthcheck");
  constexpr std::int64_t kLeast = 1'000'000;
  for (const char* name : {"Interval", "Timeout", "StartPeriod", "StartInterval"}) {
    if (const std::int64_t time = number_at(check, name); time != 0 && time < kLeast) {
      return refusal(400, fmt::format("{} in Healthcheck cannot be less than 1ms", name));
    }
  }
  return number_at(check, "Retries") < 0
             ? std::optional(refusal(400, "Retries in Healthcheck cannot be negative"))
             : std::nullopt;
}

std::optional<Answer> check_oom_score(const json::object& host) {
  constexpr std::int64_t kMost = 1000;
  const std::int64_t score = number_at(host, "OomScoreAdj");
  return score < -kMost || score > kMost
             ? std::optional(
                   refusal(400,
                           fmt::format("Invalid value {}, range for oom score adj is [-1000, 1000]",
                                       score)))
             : std::nullopt;
}

/// This host has one memory node, number 0.
std::optional<Answer> check_memory_nodes(const std::string& nodes) {
  return nodes.empty() || nodes == "0" || nodes == "0-0"
             ? std::nullopt
             : std::optional(
                   refusal(400,
                           fmt::format("Requested memory nodes are not available - requested {}, "
                                       "available: 0",
                                       nodes)));
}

std::optional<Answer> check_ports(const json::object& host) {
  for (const json::key_value_pair& binding : object_at(host, "PortBindings")) {
    const std::string key(binding.key());
    if (!is_port(key)) {
      return refusal(
          400, fmt::format("invalid port specification: \"{}\"", key.substr(0, key.find('/'))));
    }
    if (!binding.value().is_array()) {
      continue;
    }
    for (const json::value& entry : binding.value().get_array()) {
      const std::string port = entry.is_object() ? text_at(entry.get_object(), "HostPort") : "";
      if (!port.empty() && !is_port(port)) {
        return refusal(400, fmt::format("invalid port specification: \"{}\"", port));
      }
    }
  }
  return std::nullopt;
}

std::optional<Answer> check_logging(const json::object& host) {
  const json::object& logging = object_at(host, "LogConfig");
  const std::string type = text_at(logging, "Type");
  if (!type.empty() && type != "json-file" && type != "local" && type != "none" &&
      type != "journald") {
    return refusal(
        400, fmt::format("error looking up logging plugin {0}: plugin \"{0}\" not found", type));
  }
  if (type.empty() || type == "json-file") {
    static const std::set<std::string> kKnown = {
        "max-size", "max-file", "compress", "labels", "labels-regex", "env", "env-regex", "tag"};
    for (const json::key_value_pair& option : object_at(logging, "Config")) {
      if (!kKnown.contains(std::string(option.key()))) {
        return refusal(400,
                       fmt::format("unknown log opt '{}' for json-file log driver",
                                   std::string_view(option.key())));
      }
    }
  }
  return std::nullopt;
}

/// Lists of lists of words as Go prints them: "[[gpu utility]]".
std::string go_text(const json::value& value) {
  if (value.is_string()) {
    return std::string(value.get_string());
  }
  std::string text;
  if (value.is_array()) {
    for (const json::value& item : value.get_array()) {
      text += (text.empty() ? "" : " ") + go_text(item);
    }
  }
  return "[" + text + "]";
}

std::optional<Answer> check_gpus(const World& world, const json::object& request) {
  const std::string driver = text_at(request, "Driver");
  const std::vector<std::string>& drivers = world.options.device_drivers;
  const bool known = driver.empty()
                         ? !drivers.empty()
                         : std::find(drivers.begin(), drivers.end(), driver) != drivers.end();
  if (!known) {
    return refusal(500,
                   fmt::format("could not select device driver \"{}\" with capabilities: {}",
                               driver,
                               go_text(request.at("Capabilities"))));
  }
  static const std::set<std::string> kCapabilities = {
      "gpu", "nvidia", "compute", "compat32", "graphics", "utility", "video", "display"};
  const json::value capabilities = request.at("Capabilities");
  const json::array alternatives =
      capabilities.is_array() ? capabilities.get_array() : json::array();
  const bool can =
      std::any_of(alternatives.begin(), alternatives.end(), [](const json::value& alternative) {
        const std::vector<std::string> words = texts_at({{"all", alternative}}, "all");
        return std::all_of(words.begin(), words.end(), [](const std::string& word) {
          return kCapabilities.contains(word);
        });
      });
  if (!can && driver != "cdi") {
    return refusal(500,
                   fmt::format("could not select device driver \"{}\" with capabilities: {}",
                               driver,
                               go_text(capabilities)));
  }
  if (number_at(request, "Count") != 0 && !texts_at(request, "DeviceIDs").empty()) {
    return refusal(400, "cannot set both Count and DeviceIDs on device request");
  }
  return std::nullopt;
}

}  // namespace

bool path_exists(const World& world, const std::string& path) {
  const std::vector<std::string>& paths = world.options.host_paths;
  return paths.empty() || std::find(paths.begin(), paths.end(), path) != paths.end();
}

std::optional<Answer> check_platform(const std::string& asked,
                                     const std::string& ref,
                                     const Image& image) {
  const std::string actual = "linux/" + image.spec.architecture;
  if (asked.empty() || asked == actual) {
    return std::nullopt;
  }
  return refusal(404,
                 fmt::format("image with reference {} was found but does not match the specified "
                             "platform: wanted {}, actual: {}",
                             ref,
                             asked,
                             actual));
}

std::optional<Answer> check_pid_mode(World& world, const json::object& host) {
  constexpr std::string_view kOther = "container:";
  const std::string mode = text_at(host, "PidMode");
  if (!mode.starts_with(kOther) || world.container(mode.substr(kOther.size())) != nullptr) {
    return std::nullopt;
  }
  return refusal(400, "No such container: " + mode.substr(kOther.size()));
}

std::optional<Answer> check_restart_policy(const json::object& host) {
  const json::object& policy = object_at(host, "RestartPolicy");
  const std::string name = text_at(policy, "Name");
  const std::int64_t retries = number_at(policy, "MaximumRetryCount");
  if (name != "" && name != "no" && name != "always" && name != "unless-stopped" &&
      name != "on-failure") {
    return refusal(400, fmt::format("invalid restart policy '{}'", name));
  }
  if (retries != 0 && name != "on-failure") {
    return refusal(
        400, fmt::format("maximum retry count cannot be used with restart policy '{}'", name));
  }
  if (flag_at(host, "AutoRemove") && name != "" && name != "no") {
    return refusal(400, "can't create 'AutoRemove' container with restart policy");
  }
  return std::nullopt;
}

std::optional<Answer> check_resources(const World& world, const json::object& host, Ask ask) {
  const std::int64_t memory = number_at(host, "Memory");
  const std::int64_t swap = number_at(host, "MemorySwap");
  const std::int64_t reservation = number_at(host, "MemoryReservation");
  const std::int64_t cpus = number_at(host, "NanoCpus");
  if (memory != 0 && memory < kLeastMemory) {
    return refusal(400, "Minimum memory limit allowed is 6MB");
  }
  if (memory > 0 && swap > 0 && swap < memory) {
    return refusal(400, "Minimum memoryswap limit should be larger than memory limit, see usage");
  }
  if (memory == 0 && swap > 0 && ask == Ask::Create) {
    return refusal(400,
                   "You should always set the Memory limit when using Memoryswap limit, "
                   "see usage");
  }
  if (reservation > 0 && reservation < kLeastMemory) {
    return refusal(400, "Minimum memory reservation allowed is 6MB");
  }
  if (memory > 0 && reservation > 0 && memory < reservation) {
    return refusal(400,
                   "Minimum memory limit can not be less than memory reservation limit, "
                   "see usage");
  }
  if (cpus > 0 && number_at(host, "CpuQuota") > 0) {
    return refusal(400, "Conflicting options: Nano CPUs and CPU Quota cannot both be set");
  }
  if (cpus < 0 ||
      static_cast<double>(cpus) / kNanosPerCpu > static_cast<double>(world.options.cpus)) {
    return refusal(400,
                   fmt::format("Range of CPUs is from 0.01 to {:.2f}, as there are only {} "
                               "CPUs available",
                               static_cast<double>(world.options.cpus),
                               world.options.cpus));
  }
  if (auto wrong = check_cpuset(world, text_at(host, "CpusetCpus"))) {
    return wrong;
  }
  return check_memory_nodes(text_at(host, "CpusetMems"));
}

std::optional<Answer> check_settings(const World& world,
                                     const json::object& config,
                                     const json::object& host) {
  const std::string directory = text_at(config, "WorkingDir");
  if (!directory.empty() && !directory.starts_with('/')) {
    return refusal(400,
                   fmt::format("the working directory '{}' is invalid, it needs to be an "
                               "absolute path",
                               directory));
  }
  for (const std::string& entry : texts_at(config, "Env")) {
    if (entry.empty() || entry.front() == '=') {
      return refusal(400, "invalid environment variable: " + entry);
    }
  }
  if (const json::value* mounts = host.if_contains("Mounts"); mounts && mounts->is_array()) {
    for (const json::value& mount : mounts->get_array()) {
      if (auto wrong = check_mount(world, mount.as_object())) {
        return wrong;
      }
    }
  }
  if (number_at(host, "ShmSize") < 0) {
    return refusal(400, "SHM size can not be less than 0");
  }
  const std::string runtime = text_at(host, "Runtime");
  const std::vector<std::string>& runtimes = world.options.runtimes;
  if (!runtime.empty() && runtime != "runc" &&
      std::find(runtimes.begin(), runtimes.end(), runtime) == runtimes.end()) {
    return refusal(400, "Unknown runtime specified " + runtime);
  }
  for (auto check : {check_ports(host),
                     check_health(config),
                     check_oom_score(host),
                     check_restart_policy(host),
                     check_logging(host),
                     check_resources(world, host, Ask::Create)}) {
    if (check) {
      return check;
    }
  }
  return std::nullopt;
}

std::optional<Answer> check_devices(const World& world, const Container& container) {
  if (const json::value requests = host_value(container, "DeviceRequests"); requests.is_array()) {
    for (const json::value& request : requests.get_array()) {
      if (auto wrong = check_gpus(world, request.as_object())) {
        return wrong;
      }
    }
  }
  if (const json::value devices = host_value(container, "Devices"); devices.is_array()) {
    for (const json::value& device : devices.get_array()) {
      const std::string path = text_at(device.as_object(), "PathOnHost");
      if (!path_exists(world, path)) {
        return refusal(500,
                       fmt::format("error gathering device information while adding custom device "
                                   "\"{}\": no such file or directory",
                                   path));
      }
    }
  }
  return std::nullopt;
}

}  // namespace aim::support::memory
