#pragma once

#include <string>
#include <vector>

#include "providers/gpu/nvidia_row.hpp"

namespace aim::providers {

/// Asks NVML, the driver's own library, which the driver brings and nobody links: the first of
/// `libraries` that dlopen finds. Loaded, asked and closed again within the call. Blocks for as
/// long as the driver does.
[[nodiscard]] NvidiaAnswer ask_nvml(const std::vector<std::string>& libraries);

}  // namespace aim::providers
