#pragma once

#include <optional>

#include "planner/configuration.hpp"
#include "planner/configuration_sections.hpp"
#include "planner/interpolation.hpp"

namespace aim::planner {

/// `hosts.local.gpus`: { model, count, exclude }. Nothing when the key is not there, or after an
/// error.
[[nodiscard]] std::optional<DeclaredGpus> read_declared_gpus(const ConfigurationSections& sections,
                                                             const ConfigurationInput& input,
                                                             const InterpolationScope& scope,
                                                             core::Diagnostics& diagnostics);

}  // namespace aim::planner
