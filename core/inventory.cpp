#include "core/inventory.hpp"

#include <algorithm>
#include <charconv>

namespace aim::core {

namespace {

constexpr std::string_view kUuid = "GPU-";
constexpr std::size_t kShortUuid = 12;

}  // namespace

std::string_view to_string(GpuHealth health) {
  switch (health) {
    case GpuHealth::Ok:
      return "ok";
    case GpuHealth::Unknown:
      return "unknown";
    case GpuHealth::Faulty:
      return "faulty";
  }
  return "";
}

std::string_view to_string(InventoryFault fault) {
  switch (fault) {
    case InventoryFault::NoDriver:
      return "no_driver";
    case InventoryFault::DriverBroken:
      return "driver_broken";
    case InventoryFault::ToolFailed:
      return "tool_failed";
  }
  return "";
}

std::string short_id(const Gpu& gpu) {
  return gpu.id.starts_with(kUuid) ? gpu.id.substr(0, kShortUuid) : gpu.id;
}

const Gpu* find_gpu(const std::vector<Gpu>& gpus, std::string_view written) {
  int index = -1;
  const auto [end, failed] =
      std::from_chars(written.data(), written.data() + written.size(), index);
  if (failed == std::errc() && end == written.data() + written.size()) {
    const auto found =
        std::find_if(gpus.begin(), gpus.end(), [&](const Gpu& gpu) { return gpu.index == index; });
    return found == gpus.end() ? nullptr : &*found;
  }
  const bool may_be_short = written.starts_with(kUuid) && written.size() >= kShortUuid;
  const Gpu* begins = nullptr;
  int beginning = 0;
  for (const Gpu& gpu : gpus) {
    if (gpu.id == written || (gpu.partition.count == 1 && gpu.pci_address == written)) {
      return &gpu;
    }
    if (may_be_short && gpu.id.starts_with(written)) {
      begins = &gpu;
      ++beginning;
    }
  }
  return beginning == 1 ? begins : nullptr;
}

}  // namespace aim::core
