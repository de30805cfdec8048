#include "providers/gpu/host_inventory.hpp"

#include <filesystem>
#include <iterator>

#include "providers/gpu/amd.hpp"
#include "providers/gpu/nvidia.hpp"

namespace aim::providers {

std::string model_name(core::GpuVendor vendor,
                       std::optional<std::uint16_t> pci_device,
                       const std::string& product,
                       std::uint64_t memory_bytes) {
  const core::GpuModel* model = pci_device
                                    ? core::gpu_model_of(vendor, *pci_device)
                                    : core::gpu_model_of_product(vendor, product, memory_bytes);
  return model == nullptr ? product : std::string(model->name);
}

void set_faulty(core::Gpu& gpu, std::string why) {
  if (gpu.health != core::GpuHealth::Faulty) {
    gpu.health = core::GpuHealth::Faulty;
    gpu.health_detail = std::move(why);
  }
}

namespace {

/// "/dev/kfd" where the device files of this inventory lie.
void move_below(const std::filesystem::path& dev, std::string& node) {
  constexpr std::string_view kDev = "/dev/";
  if (node.starts_with(kDev)) {
    node = (std::filesystem::absolute(dev) / node.substr(kDev.size())).lexically_normal().string();
  }
}

}  // namespace

core::Inventory HostInventory::look(std::stop_token stop) {
  core::Inventory inventory;
  VendorReport nvidia = look_for_nvidia(sources_, stop);
  VendorReport amd = look_for_amd(sources_, stop);
  for (auto& [vendor, report] :
       {std::pair{core::GpuVendor::Nvidia, &nvidia}, std::pair{core::GpuVendor::Amd, &amd}}) {
    for (core::Gpu& gpu : report->gpus) {
      gpu.index = static_cast<int>(inventory.gpus.size());
      move_below(sources_.dev, gpu.device_node);
      move_below(sources_.dev, gpu.control_node);
      inventory.gpus.push_back(std::move(gpu));
    }
    if (!report->driver.empty()) {
      inventory.drivers.emplace(vendor, report->driver);
    }
    std::move(
        report->problems.begin(), report->problems.end(), std::back_inserter(inventory.problems));
  }
  return inventory;
}

}  // namespace aim::providers
