#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>

#include "planner/schema_hardware.hpp"
#include "planner/schema_network_pools.hpp"
#include "planner/schema_normalise.hpp"

namespace aim::planner {

using core::Kind;
using core::Map;

namespace {

bool has(const Map& attributes, std::string_view name) {
  return core::find(attributes, name) != nullptr;
}

/// Docker: swap includes memory, and means nothing without it.
void check_swap(const Map& attributes, const Site& site) {
  if (!has(attributes, "memory_swap")) {
    return;
  }
  const Site place = site.at("memory_swap");
  if (!has(attributes, "memory")) {
    place.error(
        "Conflicting attributes",
        "`memory_swap` is the limit of memory and swap together, so it needs `memory` too.");
    return;
  }
  const std::optional<std::int64_t> memory = core::integer_at(attributes, "memory");
  const std::optional<std::int64_t> swap = core::integer_at(attributes, "memory_swap");
  if (memory && swap && *swap >= 0 && *swap < *memory) {
    place.error(
        "Conflicting attributes",
        fmt::format("`memory_swap` is the limit of memory and swap together, so it cannot be "
                    "less than `memory`: {} is less than {}.",
                    format_size(*swap),
                    format_size(*memory)));
  }
}

/// Docker lets nothing be promised that the limit forbids.
void check_reservation(const Map& attributes, const Site& site) {
  const std::optional<std::int64_t> memory = core::integer_at(attributes, "memory");
  const std::optional<std::int64_t> reserved = core::integer_at(attributes, "memory_reservation");
  if (memory && reserved && *reserved > *memory) {
    site.at("memory_reservation")
        .error("Conflicting attributes",
               fmt::format("`memory_reservation` cannot be more than `memory`: {} is more than {}.",
                           format_size(*reserved),
                           format_size(*memory)));
  }
}

/// The settings that belong to a namespace; the runtime refuses any other when it starts.
bool is_of_namespaces(std::string_view name) {
  constexpr std::array<std::string_view, 9> kOthers = {"kernel.domainname",
                                                       "kernel.msgmax",
                                                       "kernel.msgmnb",
                                                       "kernel.msgmni",
                                                       "kernel.sem",
                                                       "kernel.shmall",
                                                       "kernel.shmmax",
                                                       "kernel.shmmni",
                                                       "kernel.shm_rmid_forced"};
  return name.starts_with("net.") || name.starts_with("fs.mqueue.") ||
         std::find(kOthers.begin(), kOthers.end(), name) != kOthers.end();
}

void check_sysctls(const Map& attributes, const Site& site) {
  const core::Value* sysctls = core::find(attributes, "sysctls");
  const Map* settings = sysctls ? sysctls->get<Map>() : nullptr;
  if (settings == nullptr) {
    return;
  }
  const bool host_network = core::string_at(attributes, "network_mode") == "host";
  const bool host_ipc = core::string_at(attributes, "ipc") == "host";
  for (const auto& [name, value] : *settings) {
    const Site place = site.at("sysctls").at(name);
    const bool of_network = name.starts_with("net.");
    if (!is_of_namespaces(name)) {
      place.error(
          "Setting of the whole host",
          fmt::format("A container has no {} of its own: it holds for the whole kernel. Set "
                      "it on the host, or remove it.",
                      name));
    } else if (of_network ? host_network : host_ipc && name != "kernel.domainname") {
      place.error("Conflicting attributes",
                  fmt::format("With `{}: host` the container uses the host's {} and may not change "
                              "{}. Set it on the host, or remove it.",
                              of_network ? "network_mode" : "ipc",
                              of_network ? "network" : "IPC namespace",
                              name));
    }
  }
}

/// Two devices at one place inside: the second would hide the first.
void check_devices(const Map& attributes, const Site& site) {
  const core::Value* devices = core::find(attributes, "devices");
  const core::List* list = devices ? devices->get<core::List>() : nullptr;
  std::map<std::string, std::string> taken;
  for (const core::Value& item : list ? *list : core::List()) {
    const std::string* device = item.get<std::string>();
    if (device == nullptr) {
      continue;
    }
    const auto [first, is_new] = taken.emplace(device_target(*device), *device);
    if (!is_new) {
      site.at("devices").error(
          "Device named twice",
          fmt::format(
              "`devices` puts {} and {} at the same place inside.", first->second, *device));
    }
  }
}

/// What the Engine refuses, or passes over in silence, in each network mode.
void check_network_mode(const Map& attributes, const Site& site) {
  if (!has(attributes, "network_mode")) {
    return;
  }
  if (has(attributes, "networks")) {
    site.at("network_mode")
        .error("Conflicting attributes",
               "`network_mode` takes the place of `networks`. Remove one of the two.");
  }
  const std::optional<std::string> mode = core::string_at(attributes, "network_mode");
  if (!mode || *mode == "bridge") {
    return;
  }
  constexpr std::array<std::string_view, 6> kOfAnother = {
      "ports", "hostname", "dns", "dns_search", "dns_options", "extra_hosts"};
  const bool of_another = mode->starts_with("container:");
  for (const std::string_view name : kOfAnother) {
    if (!has(attributes, name) || (!of_another && name != "ports")) {
      continue;
    }
    site.at(std::string(name))
        .error("Conflicting attributes",
               of_another
                   ? fmt::format("With `network_mode: {}` the other container's network is used as "
                                 "it is: set `{}` there.",
                                 *mode,
                                 name)
                   : fmt::format(
                         "With `network_mode: {}` Docker publishes no ports. Remove `ports`{}.",
                         *mode,
                         *mode == "host" ? "; what the container listens on is open anyway" : ""));
  }
}

/// A job is up when it has ended, so nothing can be asked of it.
void check_job(const Map& attributes, const Site& site) {
  if (!core::boolean_at(attributes, "job").value_or(false)) {
    return;
  }
  const core::Value* readiness = core::find(attributes, "readiness");
  const Map* members = readiness ? readiness->get<Map>() : nullptr;
  for (const char* probe : {"http", "tcp", "exec", "log"}) {
    if (members && has(*members, probe)) {
      site.at("readiness")
          .at(probe)
          .error("Conflicting attributes",
                 fmt::format(
                     "A job is done when it exits with 0, so there is nothing to ask it: remove "
                     "`readiness.{}`. Only `readiness.start_timeout` has a meaning for it.",
                     probe));
    }
  }
  const std::string policy = core::string_at(attributes, "restart").value_or("no");
  if (policy != "no" && site.positions.contains("restart")) {
    site.at("restart").error("Conflicting attributes",
                             fmt::format("A job runs once, and `restart: {}` would run it again. "
                                         "Remove `restart`.",
                                         policy));
  }
}

/// Files are put in before the start, and must be there to see after it.
void check_files(const Map& attributes, const Site& site) {
  const core::Value* value = core::find(attributes, "files");
  const Map* files = value ? value->get<Map>() : nullptr;
  if (files == nullptr) {
    return;
  }
  if (core::boolean_at(attributes, "read_only").value_or(false)) {
    site.at("files").error("Conflicting attributes",
                           "With `read_only: true` Docker puts no files into the container. Mount "
                           "them instead, or drop `read_only`.");
  }
  const core::Value* mounts = core::find(attributes, "mounts");
  const core::List* list = mounts ? mounts->get<core::List>() : nullptr;
  for (const core::Value& item : list ? *list : core::List()) {
    const Map* mount = item.get<Map>();
    const std::string target = mount ? core::string_at(*mount, "target").value_or("") : "";
    if (target.empty() || core::string_at(*mount, "type") != "tmpfs") {
      continue;
    }
    for (const auto& [path, file] : *files) {
      if (path == target || path.starts_with(target + "/")) {
        site.at("files").at(path).error(
            "Conflicting attributes",
            fmt::format("The file {} lies below {}, where a tmpfs is mounted at each start: the "
                        "container could not see it.",
                        path,
                        target));
      }
    }
  }
}

/// A container that says how it becomes ready must say what is checked.
void check_readiness(const Map& attributes, const Site& site) {
  const core::Value* readiness = core::find(attributes, "readiness");
  const Map* members = readiness ? readiness->get<Map>() : nullptr;
  const bool job = core::boolean_at(attributes, "job").value_or(false);
  const auto is_set = [&](const char* probe) { return members && has(*members, probe); };
  const bool any = is_set("http") || is_set("tcp") || is_set("exec") || is_set("log");
  if (members && !job && !any) {
    site.at("readiness")
        .error(
            "Nothing to check",
            "`readiness` has none of `http`, `tcp`, `exec` and `log`, so there is nothing to wait "
            "for. Add one, or remove `readiness`: then running is enough.");
  }
}

}  // namespace

void check_together(Kind kind, const Map& attributes, const Site& site) {
  switch (kind) {
    case Kind::Container:
      check_swap(attributes, site);
      check_reservation(attributes, site);
      check_sysctls(attributes, site);
      check_devices(attributes, site);
      check_network_mode(attributes, site);
      check_readiness(attributes, site);
      check_job(attributes, site);
      check_files(attributes, site);
      break;
    case Kind::Endpoint:
      check_swap(attributes, site);
      check_files(attributes, site);
      break;
    case Kind::Network:
      check_address_pools(attributes, site);
      break;
    case Kind::Volume:
      break;
  }
}

}  // namespace aim::planner
