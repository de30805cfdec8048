#pragma once

#include "planner/configuration_resources.hpp"

namespace aim::planner {

/// Reads `lifecycle` of one resource into it. `common` resolves what stands in it; positions and
/// needs are added to `result`.
void read_lifecycle(const core::Node& node,
                    Interpolator& common,
                    const ResourceTable& known,
                    LoadedResource& result,
                    core::Diagnostics& diagnostics);

}  // namespace aim::planner
