#pragma once

#include <string>
#include <vector>

#include "core/inventory.hpp"
#include "planner/allocation.hpp"

namespace aim::planner {

/// One GPU while they are given out.
struct GpuSlot {
  const core::Gpu* gpu = nullptr;
  std::string unusable;  ///< why it can be given to nobody; empty if it can
  std::string busy;      ///< who uses it without holding it; only new grants mind
  int used_percent = 0;
  std::vector<std::string> holders;  ///< "endpoint.a", "container ollama (25%)"
};

/// How a GPU is spoken of where its vendor's id would be noise: its index, else the id itself.
[[nodiscard]] std::string gpu_label(const std::vector<core::Gpu>& gpus, const std::string& id);

/// "GPU 3", "GPUs 0-3 and 6": of ids.
[[nodiscard]] std::string gpu_list(const std::vector<core::Gpu>& gpus,
                                   const std::vector<std::string>& ids);

/// A line for each run of GPUs in the same state: "  GPUs 0-3  MI300X  endpoint.a".
[[nodiscard]] std::string holder_table(const std::vector<GpuSlot>& slots);

/// "191.98 GiB"
[[nodiscard]] std::string gibibytes(std::uint64_t bytes);

}  // namespace aim::planner
