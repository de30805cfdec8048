#include "tests/unit/providers/gpu/recorded_hosts.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <cstdlib>

#include "providers/gpu/host_inventory.hpp"

namespace aim::providers {

namespace {

constexpr std::uint64_t kMebi = 1ULL << 20U;

/// "/dev/dri/renderD128", wherever the recording lies.
std::string node_of_the_host(const std::string& node) {
  const std::string root = std::filesystem::absolute(recorded_host("")).lexically_normal().string();
  return node.starts_with(root) ? node.substr(node.find("/dev/", root.size())) : node;
}

}  // namespace

std::filesystem::path recorded_host(const std::string& name) {
  return std::filesystem::path("tests/unit/providers/gpu/hosts") / name;
}

core::Inventory inventory_of(const std::string& name) {
  return HostInventory(sources_below(recorded_host(name))).look({});
}

core::Inventory inventory_with_nvml(const std::string& name,
                                    const std::string& answers,
                                    const std::string& library) {
  GpuSources sources = sources_below(recorded_host(name));
  sources.nvml = {"libaim-no-such-library.so", library};
  ::setenv("AIM_NVML_STUB", (recorded_host(name) / answers).c_str(), 1);
  core::Inventory inventory = HostInventory(std::move(sources)).look({});
  ::unsetenv("AIM_NVML_STUB");
  return inventory;
}

std::string told(const core::Inventory& inventory) {
  std::string text;
  for (const core::Gpu& gpu : inventory.gpus) {
    text += fmt::format("{} {} {} {} {} MiB",
                        gpu.index,
                        gpu.id,
                        gpu.model,
                        gpu.architecture,
                        gpu.memory_bytes / kMebi);
    text += gpu.used_bytes ? fmt::format(" used {}", *gpu.used_bytes / kMebi) : " used ?";
    text += fmt::format(" {}", to_string(gpu.health));
    if (!gpu.health_detail.empty()) {
      text += fmt::format(" ({})", gpu.health_detail);
    }
    if (!gpu.partition.compute.empty() || gpu.partition.count > 1) {
      text += fmt::format(" {}/{} part {} of {}",
                          gpu.partition.compute,
                          gpu.partition.memory,
                          gpu.partition.number,
                          gpu.partition.count);
    }
    text += gpu.device_node.empty() ? "" : " " + node_of_the_host(gpu.device_node);
    text += gpu.pids.empty() ? "" : fmt::format(" pids {}", fmt::join(gpu.pids, ","));
    text += "\n";
  }
  for (const core::InventoryProblem& problem : inventory.problems) {
    text += fmt::format("{} {}: {} {}\n",
                        to_string(problem.vendor),
                        to_string(problem.fault),
                        problem.message,
                        problem.remedy);
  }
  return text;
}

}  // namespace aim::providers
