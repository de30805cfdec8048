#pragma once

#include <stop_token>

#include "providers/gpu/sources.hpp"
#include "providers/gpu/vendor_report.hpp"

namespace aim::providers {

/// AMD's GPUs: KFD's topology, the cards on the PCI bus, and only for what these do not tell
/// amd-smi, then rocm-smi.
[[nodiscard]] VendorReport look_for_amd(const GpuSources& sources, std::stop_token stop);

}  // namespace aim::providers
