#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/diagnostic.hpp"
#include "core/inventory.hpp"
#include "planner/configuration.hpp"

namespace aim::planner {

enum class GpuSource {
  Found,     ///< they are in this host
  Declared,  ///< this host has none; they are what the configuration expects elsewhere
  None
};

/// The GPUs that a plan works with.
struct HostGpus {
  GpuSource source = GpuSource::None;
  std::vector<core::Gpu> gpus;
  std::vector<std::string> excluded;  ///< as declared
};

/// Puts what was found beside what is declared. Where nothing was found, not even a card without a
/// driver, the declaration stands in and a warning says so; `known_ids` (of recorded allocations)
/// are then taken for the ids of the declared GPUs. Where something was found, GPUs that are
/// missing or of another model are an error, and more than declared are a note.
[[nodiscard]] HostGpus host_gpus(const core::Inventory& found,
                                 const std::optional<DeclaredGpus>& declared,
                                 const std::vector<std::string>& known_ids,
                                 core::Diagnostics& diagnostics);

}  // namespace aim::planner
