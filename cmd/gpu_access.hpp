#pragma once

#include <memory>
#include <vector>

#include "cmd/app.hpp"
#include "core/engine.hpp"
#include "core/inventory.hpp"

namespace aim::cmd {

/// The inventory of this host; of the recorded one that AIM_GPU_ROOT names, if it is set.
[[nodiscard]] std::unique_ptr<core::GpuInventory> open_inventory(const App& app);

/// Every container that may hold GPUs, inspected. Those that vanish meanwhile are left out.
[[nodiscard]] core::Result<std::vector<core::ObservedContainer>> gpu_containers(
    core::EngineReader& engine, std::stop_token stop);

}  // namespace aim::cmd
