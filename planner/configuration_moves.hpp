#pragma once

#include <vector>

#include "planner/configuration_sections.hpp"
#include "planner/interpolation_scope.hpp"

namespace aim::planner {

/// Reads the entries of `moved`. Errors: addresses of two kinds, a source that is still configured,
/// a target that is not, two entries with one source or target, cycles.
[[nodiscard]] std::vector<Move> read_moves(const ConfigurationSections& sections,
                                           const ResourceTable& known,
                                           core::Diagnostics& diagnostics);

/// Reads the entries of `removed`. Errors: a resource that is still configured, or that is there
/// twice.
[[nodiscard]] std::vector<RemovedEntry> read_removed(const ConfigurationSections& sections,
                                                     const ResourceTable& known,
                                                     core::Diagnostics& diagnostics);

}  // namespace aim::planner
