#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "planner/endpoint_decision.hpp"
#include "planner/preflight_context.hpp"

namespace aim::planner {

using core::PathKind;
using core::Severity;

namespace {

constexpr double kGibi = 1024.0 * 1024.0 * 1024.0;
/// A container's own layer and log need little; below this, few images can be unpacked.
constexpr std::uint64_t kLittleRoom = 1024ULL * 1024 * 1024;

const core::List& list_at(const core::Map& map, std::string_view key) {
  static const core::List kNone;
  const core::Value* value = core::find(map, key);
  const core::List* list = value ? value->get<core::List>() : nullptr;
  return list ? *list : kNone;
}

void report_missing(const PreflightContext& context,
                    const ComingContainer& coming,
                    const NeededPath& needed) {
  const core::Address& address = coming.change->address;
  if (needed.device) {
    context.add(Severity::Error,
                "Device does not exist",
                fmt::format("{} is given the device {}, which this host does not have. Load its "
                            "driver, or correct `devices`.",
                            address.str(),
                            needed.path),
                address,
                needed.place);
    return;
  }
  context.add(Severity::Error,
              "Bind source does not exist",
              fmt::format("{} mounts {} at {}, but this host has no {}. Docker does not make it. "
                          "Create the folder or file first, or correct the mount.",
                          address.str(),
                          needed.path,
                          needed.target,
                          needed.path),
              address,
              needed.place);
}

/// The volume that an endpoint which is made keeps its weights in, if Docker makes that anew: then
/// nothing of them can be there yet. Else empty.
std::string new_cache(const PreflightContext& context, const ComingContainer& coming) {
  for (const auto& [path, name] : volumes_by_path(coming.docker)) {
    const bool holds = path == "/root/.cache" || path.starts_with("/root/.cache/");
    const auto& all = context.observed.volumes;
    const bool there = std::any_of(
        all.begin(), all.end(), [&](const core::ObservedVolume& one) { return one.name == name; });
    if (holds && !there) {
      return name;
    }
  }
  return {};
}

/// Weights that have to be fetched into volumes which do not exist yet, each once.
void check_weights(const PreflightContext& context, std::uint64_t free_bytes) {
  std::map<std::pair<std::string, std::string>, std::int64_t> fetched;  // by volume and checkpoint
  const ComingContainer* first = nullptr;
  for (const ComingContainer& coming : context.coming) {
    const core::Map* selected = map_at(&coming.change->attributes, "selected");
    const auto decision = selected ? recipes::decision_from(*selected) : std::nullopt;
    const std::string cache = coming.made ? new_cache(context, coming) : std::string();
    if (decision && decision->weight_bytes && !cache.empty() &&
        !decision->served.starts_with('/')) {
      fetched[{cache, decision->served}] = *decision->weight_bytes;
      first = first ? first : &coming;
    }
  }
  std::int64_t sum = 0;
  std::vector<std::string> models;
  for (const auto& [what, bytes] : fetched) {
    sum += bytes;
    models.push_back(
        fmt::format("{} ({:.1f} GiB)", what.second, static_cast<double>(bytes) / kGibi));
  }
  if (first == nullptr || static_cast<std::uint64_t>(sum) <= free_bytes) {
    return;
  }
  const core::Address& address = first->change->address;
  // Not an error: a server may get them elsewhere.
  context.add(Severity::Warning,
              "Disk is too small for the weights",
              fmt::format("The weights of {} have to be fetched, and the disk that holds Docker's "
                          "data folder {} has {:.1f} GiB free. Make room, or let `cache` name a "
                          "folder on a larger disk.",
                          fmt::join(models, ", "),
                          context.observed.engine.data_root,
                          static_cast<double>(free_bytes) / kGibi),
              address,
              {"model"});
}

}  // namespace

std::vector<NeededPath> needed_paths(const core::Map& docker) {
  std::vector<NeededPath> paths;
  const core::List& mounts = list_at(docker, "mounts");
  for (std::size_t i = 0; i < mounts.size(); ++i) {
    const core::Map* mount = mounts[i].get<core::Map>();
    if (mount == nullptr || core::string_at(*mount, "type") != "bind" ||
        core::boolean_at(*mount, "create_source") == true) {
      continue;
    }
    if (auto source = core::string_at(*mount, "source")) {
      paths.push_back({std::move(*source),
                       core::string_at(*mount, "target").value_or(""),
                       {"mounts", i},
                       false});
    }
  }
  const core::List& devices = list_at(docker, "devices");
  for (std::size_t i = 0; i < devices.size(); ++i) {
    if (const std::string* device = devices[i].get<std::string>()) {
      paths.push_back({device->substr(0, device->find(':')), {}, {"devices", i}, true});
    }
  }
  return paths;
}

void check_paths(const PreflightContext& context) {
  const core::HostFacts* host = context.host();
  if (host == nullptr) {
    return;
  }
  for (const ComingContainer& coming : context.coming) {
    for (const NeededPath& needed : needed_paths(coming.docker)) {
      const auto found = host->paths.find(needed.path);
      const PathKind kind = found == host->paths.end() ? PathKind::Unknown : found->second;
      if (kind == PathKind::Missing) {
        report_missing(context, coming, needed);
      } else if (needed.device && (kind == PathKind::File || kind == PathKind::Other)) {
        const core::Address& address = coming.change->address;
        context.add(Severity::Error,
                    "Not a device",
                    fmt::format("{} is given the device {}, which is no device on this host. "
                                "Correct `devices`; a file or folder is given with `mounts`.",
                                address.str(),
                                needed.path),
                    address,
                    needed.place);
      }
    }
  }
}

void check_disk(const PreflightContext& context) {
  const core::HostFacts* host = context.host();
  if (host != nullptr && host->space) {
    check_weights(context, host->space->free_bytes);
  }
  if (host == nullptr || !host->space || host->space->free_bytes >= kLittleRoom) {
    return;
  }
  const auto made = std::find_if(context.coming.begin(),
                                 context.coming.end(),
                                 [](const ComingContainer& coming) { return coming.made; });
  if (made == context.coming.end()) {
    return;
  }
  const bool full = host->space->free_bytes == 0;
  context.diagnostics.add(
      {full ? Severity::Error : Severity::Warning,
       full ? "Disk is full" : "Disk is nearly full",
       fmt::format(
           "The disk that holds Docker's data folder {} has {} of {:.0f} GiB free, and this "
           "plan makes containers there. Pulling an image, or a container's log, can fill "
           "it. Make room first, for example with `docker system df` and `docker image "
           "prune`.",
           context.observed.engine.data_root,
           full ? "nothing" : "less than 1 GiB",
           static_cast<double>(host->space->total_bytes) / kGibi),
       std::nullopt,
       {},
       {}});
}

}  // namespace aim::planner
