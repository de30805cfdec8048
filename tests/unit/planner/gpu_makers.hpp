#pragma once

#include <fmt/format.h>

#include <string>
#include <vector>

#include "planner/allocation.hpp"

namespace aim::planner::test {

inline core::Gpu gpu_of(const std::string& model, int index) {
  const core::GpuModel* known = core::gpu_model_named(model);
  core::Gpu gpu;
  gpu.index = index;
  gpu.id = fmt::format("gpu-{}", index);
  gpu.model = model;
  gpu.vendor = known->vendor;
  gpu.architecture = known->architecture;
  gpu.memory_bytes = known->memory_bytes;
  gpu.device_node = gpu.vendor == core::GpuVendor::Amd
                        ? fmt::format("/dev/dri/renderD{}", 128 + index)
                        : fmt::format("/dev/nvidia{}", index);
  gpu.control_node = gpu.vendor == core::GpuVendor::Amd ? "/dev/kfd" : "";
  return gpu;
}

inline std::vector<core::Gpu> gpus_of(const std::string& model, int count) {
  std::vector<core::Gpu> gpus;
  for (int index = 0; index < count; ++index) {
    gpus.push_back(gpu_of(model, index));
  }
  return gpus;
}

inline core::Address endpoint(const std::string& name) {
  return core::Address{core::Kind::Endpoint, name, std::nullopt};
}

/// {"gpu-0", "gpu-3"} of {0, 3}
inline std::vector<std::string> ids(const std::vector<int>& indices) {
  std::vector<std::string> texts;
  for (const int index : indices) {
    texts.push_back(fmt::format("gpu-{}", index));
  }
  return texts;
}

inline GpuWish wish(const std::string& name, std::vector<int> counts) {
  GpuWish one;
  one.address = endpoint(name);
  one.counts = std::move(counts);
  return one;
}

inline GpuWish named(const std::string& name, std::vector<std::string> written) {
  GpuWish one;
  one.address = endpoint(name);
  one.ids = std::move(written);
  return one;
}

}  // namespace aim::planner::test
