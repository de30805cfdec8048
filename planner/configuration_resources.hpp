#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "planner/configuration.hpp"
#include "planner/configuration_nodes.hpp"
#include "planner/interpolation.hpp"

namespace aim::planner {

/// A resource that another one needs, and where that is said.
struct Need {
  core::Address address;
  core::SourceRange range;
};

/// A resource on its way: `needs` become its dependencies.
struct LoadedResource {
  DesiredResource desired;
  core::Map written;  ///< the attributes with interpolations put in, not yet canonical
  std::vector<Need> needs;
};

/// The image that `backends` gives to the endpoints of one backend.
struct BackendImage {
  core::Value image;
  core::SourceRange range;
};

/// What a resource is made with, besides what is written for it.
struct ResourceSettings {
  std::string project;
  std::string workspace;
  InterpolationScope scope;
  std::map<core::Kind, const core::Node*> defaults;
  std::map<std::string, BackendImage> backends;
};

/// Decodes one resource: interpolations put in, what every resource has taken out, attributes
/// canonical. The node of `entry` has its defaults already. Nothing when what is written is no map.
[[nodiscard]] std::optional<LoadedResource> load_resource(const core::Address& address,
                                                          const SectionEntry& entry,
                                                          const EachValue* each,
                                                          const ConfigurationInput& input,
                                                          const ResourceSettings& settings,
                                                          core::Diagnostics& diagnostics);

/// Checks the name that a section gives to a resource.
void check_resource_name(core::Kind kind,
                         const SectionEntry& entry,
                         core::Diagnostics& diagnostics);

/// `own` over `fallback`: maps merge by key, everything else replaces.
[[nodiscard]] core::Node with_defaults(const core::Node& own, const core::Node& fallback);

}  // namespace aim::planner
