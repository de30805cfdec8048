#pragma once

#include <string>
#include <vector>

#include "core/inventory.hpp"
#include "core/value.hpp"

namespace aim::planner {

/// What a container needs to reach these GPUs, as attributes of kind `container`:
/// - NVIDIA: `gpus` with their UUIDs, through CDI where the Engine knows a CDI device of that UUID
///   (`cdi_devices`, such as "nvidia.com/gpu=GPU-9221..."), else through its NVIDIA driver;
/// - AMD: `devices` with /dev/kfd and the render nodes of these GPUs and of no others, the numeric
///   groups that own them (names would be looked up in the image), and no seccomp profile, which
///   ROCm's memory calls need;
/// - both: a /dev/shm that the workers of one model can talk through.
/// No variable hides GPUs: those that were not given are not there, and these count from 0 inside.
/// GPUs of one vendor; those that were only declared have no devices yet, which is then unknown.
[[nodiscard]] core::Map gpu_attributes(const std::vector<core::Gpu>& gpus,
                                       const std::vector<std::string>& cdi_devices);

/// Adds them to what a container has already: lists are joined, and anything else that is there
/// stays. With the host's or another container's IPC namespace /dev/shm is not its own.
void add_gpu_attributes(core::Map& container, const core::Map& gpu_attributes);

}  // namespace aim::planner
