#pragma once

#include <stop_token>

#include "providers/gpu/sources.hpp"
#include "providers/gpu/vendor_report.hpp"

namespace aim::providers {

/// NVIDIA's GPUs: the cards on the PCI bus and in /proc/driver/nvidia, and what NVML, then
/// nvidia-smi tell about them.
[[nodiscard]] VendorReport look_for_nvidia(const GpuSources& sources, std::stop_token stop);

}  // namespace aim::providers
