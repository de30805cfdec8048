#pragma once

#include <optional>
#include <string>
#include <vector>

#include "planner/configuration_resources.hpp"

namespace aim::planner {

/// One of the resources that an entry of a section stands for.
struct Instance {
  core::Address address;
  std::optional<EachValue> each;  ///< none without `for_each`
};

/// What one entry of a section stands for, before any of it is decoded.
struct ExpandedEntry {
  core::Kind kind = core::Kind::Endpoint;
  SectionEntry entry;               ///< its node has the defaults of its kind merged in
  std::vector<Instance> instances;  ///< one without `for_each`; none when it is disabled
};

/// Reads `for_each` and `enabled` of one entry, whose node has its defaults already, and tells
/// `known` which resources there are. The entry's node must outlive the result.
[[nodiscard]] ExpandedEntry expand_entry(core::Kind kind,
                                         const SectionEntry& entry,
                                         const ConfigurationInput& input,
                                         const InterpolationScope& scope,
                                         ResourceTable& known,
                                         core::Diagnostics& diagnostics);

}  // namespace aim::planner
