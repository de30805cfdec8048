#pragma once

#include <filesystem>
#include <string>

#include "core/inventory.hpp"
#include "providers/gpu/sources.hpp"

namespace aim::providers {

/// One of the hosts below tests/unit/providers/gpu/hosts.
[[nodiscard]] std::filesystem::path recorded_host(const std::string& name);

/// What is found there, without any NVML.
[[nodiscard]] core::Inventory inventory_of(const std::string& name);

/// What is found there with the stub of NVML that answers as the file beside the host says.
[[nodiscard]] core::Inventory inventory_with_nvml(const std::string& name,
                                                  const std::string& answers,
                                                  const std::string& library);

/// A line a GPU ("0 GPU-aa H100 sm_90 79.6 GiB used 0.5 ok /dev/nvidia0"), then a line a problem.
[[nodiscard]] std::string told(const core::Inventory& inventory);

}  // namespace aim::providers
