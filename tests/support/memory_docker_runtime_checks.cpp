#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "tests/support/memory_docker_checks.hpp"

namespace aim::support::memory {

namespace {

constexpr std::int64_t kLeastShares = 2;
constexpr std::int64_t kMostShares = 262144;

/// What the runtime says comes in these words (20.10.24 with runc 1.1).
Answer runtime_refusal(const std::string& what) {
  return refusal(500,
                 fmt::format("failed to create shim task: OCI runtime create failed: runc create "
                             "failed: {}: unknown",
                             what));
}

Answer init_refusal(const std::string& what) {
  return runtime_refusal(
      fmt::format("unable to start container process: error during container init: {}", what));
}

std::optional<Answer> check_ulimits(const Container& container) {
  struct Known {
    std::string_view name;
    int type;
  };

  constexpr std::array<Known, 16> kKnown = {{{"cpu", 0},
                                             {"fsize", 1},
                                             {"data", 2},
                                             {"stack", 3},
                                             {"core", 4},
                                             {"rss", 5},
                                             {"nproc", 6},
                                             {"nofile", 7},
                                             {"memlock", 8},
                                             {"as", 9},
                                             {"locks", 10},
                                             {"sigpending", 11},
                                             {"msgqueue", 12},
                                             {"nice", 13},
                                             {"rtprio", 14},
                                             {"rttime", 15}}};
  const json::value limits = host_value(container, "Ulimits");
  for (const json::value& item : limits.is_array() ? limits.get_array() : json::array()) {
    const json::object& limit = item.as_object();
    const std::string name = text_at(limit, "Name");
    const auto known = std::find_if(
        kKnown.begin(), kKnown.end(), [&](const Known& one) { return one.name == name; });
    if (known == kKnown.end()) {
      std::string upper = name;
      std::transform(upper.begin(), upper.end(), upper.begin(), [](char c) {
        return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
      });
      return runtime_refusal("wrong rlimit value: RLIMIT_" + upper);
    }
    const std::int64_t soft = number_at(limit, "Soft");
    const std::int64_t hard = number_at(limit, "Hard");
    if (hard >= 0 && (soft < 0 || soft > hard)) {
      return init_refusal(fmt::format(
          "error setting rlimits for ready process: error setting rlimit type {}: invalid argument",
          known->type));
    }
  }
  return std::nullopt;
}

std::optional<Answer> check_sysctls(const Container& container) {
  const json::object& settings = object_at(container.host, "Sysctls");
  const bool host_network = host_value(container, "NetworkMode") == json::value("host");
  const bool host_ipc = host_value(container, "IpcMode") == json::value("host");
  for (const json::key_value_pair& setting : settings) {
    const std::string name(setting.key());
    const bool of_network = name.starts_with("net.");
    const bool of_ipc = name.starts_with("kernel.msg") || name.starts_with("kernel.sem") ||
                        name.starts_with("kernel.shm") || name.starts_with("fs.mqueue.");
    if (of_network && host_network) {
      return runtime_refusal(
          fmt::format("sysctl \"{}\" not allowed in host network namespace", name));
    }
    if (of_ipc && host_ipc) {
      return runtime_refusal(
          fmt::format("sysctl \"{}\" is not allowed in the hosts ipc namespace", name));
    }
    if (!of_network && !of_ipc && name != "kernel.domainname") {
      return runtime_refusal(
          fmt::format("sysctl \"{}\" is not in a separate kernel namespace", name));
    }
  }
  return std::nullopt;
}

}  // namespace

std::optional<Answer> check_cpu_shares(std::int64_t shares, const std::string& container_id) {
  if (shares == 0 || (shares >= kLeastShares && shares <= kMostShares)) {
    return std::nullopt;
  }
  const std::string what = shares < kLeastShares
                               ? fmt::format("the minimum allowed cpu-shares is {}", kLeastShares)
                               : fmt::format("the maximum allowed cpu-shares is {}", kMostShares);
  return container_id.empty()
             ? init_refusal("error setting cgroup config for procHooks process: " + what)
             : refusal(500,
                       fmt::format("Cannot update container {}: runc did not terminate "
                                   "successfully: exit status 1: {}\n: unknown",
                                   container_id,
                                   what));
}

std::optional<Answer> check_runtime(const Container& container) {
  if (auto wrong = check_ulimits(container)) {
    return wrong;
  }
  if (auto wrong = check_sysctls(container)) {
    return wrong;
  }
  return check_cpu_shares(host_value(container, "CpuShares").to_number<std::int64_t>(), {});
}

}  // namespace aim::support::memory
