#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace aim::core {

enum class GpuVendor { Nvidia, Amd };

/// "nvidia", "amd"
[[nodiscard]] std::string_view to_string(GpuVendor vendor);
/// "NVIDIA", "AMD"
[[nodiscard]] std::string_view brand(GpuVendor vendor);

/// What is known of a kind of card without having one.
struct GpuModel {
  std::string_view name;    ///< "MI300X", "A100-80GB"
  std::string_view family;  ///< "A100": the name without the size of its memory
  GpuVendor vendor = GpuVendor::Nvidia;
  std::string_view architecture;   ///< "gfx942", "sm_80"
  std::uint64_t memory_bytes = 0;  ///< as its own tools report it, for one GPU; 0: not known
  std::span<const std::uint16_t> pci_devices;
};

/// All of them: NVIDIA's, then AMD's, each from the oldest to the newest.
[[nodiscard]] std::span<const GpuModel> gpu_models();

/// The model of a PCI device, or null. Names of products repeat and contain each other; PCI ids do
/// neither.
[[nodiscard]] const GpuModel* gpu_model_of(GpuVendor vendor, std::uint16_t pci_device);

/// The model of that name, whatever the case of its letters, or null.
[[nodiscard]] const GpuModel* gpu_model_named(std::string_view name);

/// For where no PCI id can be had: the model whose family stands as whole words in a product's name
/// ("NVIDIA H100 80GB HBM3") and whose memory is about as large (0: not known); null if none is.
[[nodiscard]] const GpuModel* gpu_model_of_product(GpuVendor vendor,
                                                   std::string_view product,
                                                   std::uint64_t memory_bytes);

[[nodiscard]] std::vector<std::string> gpu_model_names();

}  // namespace aim::core
