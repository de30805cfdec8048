#include "cmd/gpu_access.hpp"

#include "planner/gpu_holders.hpp"
#include "providers/gpu/host_inventory.hpp"

namespace aim::cmd {

std::unique_ptr<core::GpuInventory> open_inventory(const App& app) {
  const auto& environment = app.surroundings().environment;
  const std::string root = environment("AIM_GPU_ROOT").value_or("");
  return std::make_unique<providers::HostInventory>(
      root.empty() ? providers::sources_of_this_host(environment("PATH").value_or(""))
                   : providers::sources_below(root));
}

core::Result<std::vector<core::ObservedContainer>> gpu_containers(core::EngineReader& engine,
                                                                  std::stop_token stop) {
  const auto listed = engine.list_containers(stop);
  if (!listed) {
    return core::while_doing(listed.error(), "while listing containers");
  }
  std::vector<core::ObservedContainer> containers;
  for (const core::ContainerSummary& summary : *listed) {
    if (!planner::may_hold_gpus(summary)) {
      continue;
    }
    auto container = engine.inspect_container(summary.id, stop);
    if (container) {
      containers.push_back(std::move(*container));
    } else if (container.error().code != core::ErrorCode::NotFound) {
      return core::while_doing(container.error(), "while inspecting container " + summary.name);
    }
  }
  return containers;
}

}  // namespace aim::cmd
