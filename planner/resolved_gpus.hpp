#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "planner/allocation.hpp"
#include "planner/host_gpus.hpp"
#include "recipes/select.hpp"

namespace aim::planner {

/// `gpus` of an endpoint, as written.
struct GpuRequest {
  std::optional<int> count;      ///< nothing: to be chosen
  std::vector<std::string> ids;  ///< instead of a count
  int share_percent = kWholeGpu;
  bool operator==(const GpuRequest&) const = default;
};

/// Off the canonical attributes of an endpoint.
[[nodiscard]] GpuRequest gpu_request(const core::Map& endpoint);

/// How many GPUs it asks for; nothing when that is to be chosen.
[[nodiscard]] std::optional<int> requested_count(const GpuRequest& request);

/// The GPUs that a resolved specification has; none without `gpu_ids`.
[[nodiscard]] GpuGrant grant_of(const core::Map& endpoint);

/// The GPUs that an endpoint could be given, by model: those that it names; for a number of them
/// all that can be used; when the number is to be chosen, those that nobody else has.
[[nodiscard]] std::vector<recipes::GpuGroup> gpu_groups(
    const HostGpus& host,
    const core::Address& address,
    const GpuRequest& request,
    const std::vector<GpuHolder>& holders,
    const std::map<core::Address, GpuGrant>& ours);

/// Names of the inventory for the accelerator of a recipe; empty for "any".
[[nodiscard]] std::vector<std::string> models_for(const std::string& hardware,
                                                  const HostGpus& host,
                                                  const recipes::BackendLibrary* backends);

/// Adds to the attributes of an endpoint which GPUs it has, and what reaches them.
void add_gpus(core::Map& endpoint,
              const GpuGrant& grant,
              const HostGpus& host,
              const std::vector<std::string>& cdi_devices);

}  // namespace aim::planner
