#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/snapshot.hpp"
#include "planner/allocation.hpp"

namespace aim::planner {

/// The value of the birth label dev.aim.gpus: "GPU-9221...,GPU-0c6a...@25". A container of
/// somebody else that says "none" there holds no GPU, whatever it was given: a program that only
/// watches all of them.
[[nodiscard]] std::string gpus_label(const GpuGrant& grant);
[[nodiscard]] GpuGrant grant_from_label(std::string_view label);

/// What each container has of these GPUs, in order of name. Those with birth labels hold what these
/// say, running or not (of several generations the newest and any that runs); others hold what they
/// were given by device requests, device files or the variables of a vendor's runtime, as long as
/// they run.
[[nodiscard]] std::vector<GpuHolder> gpu_holders(
    const std::vector<core::ObservedContainer>& containers,
    const std::vector<core::Gpu>& gpus,
    const std::string& project,
    const std::string& workspace);

/// Whether a container may hold GPUs, so that it has to be inspected: it runs, or carries the
/// label.
[[nodiscard]] bool may_hold_gpus(const core::ContainerSummary& container);

}  // namespace aim::planner
