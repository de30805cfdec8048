#pragma once

#include <string>
#include <vector>

#include "core/inventory.hpp"

namespace aim::providers {

/// What one vendor's side of a host is. The GPUs are in order of address and part and have no index
/// yet.
struct VendorReport {
  std::vector<core::Gpu> gpus;
  std::string driver;  ///< version; empty if not known
  std::vector<core::InventoryProblem> problems;
};

/// The name of a GPU's model: that of its PCI id, without one that of its product's words, else the
/// product itself.
[[nodiscard]] std::string model_name(core::GpuVendor vendor,
                                     std::optional<std::uint16_t> pci_device,
                                     const std::string& product,
                                     std::uint64_t memory_bytes);

/// Sets health to faulty unless it is so already: the first reason is the one to tell.
void set_faulty(core::Gpu& gpu, std::string why);

}  // namespace aim::providers
