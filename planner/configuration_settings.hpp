#pragma once

#include <map>
#include <optional>
#include <string>

#include "planner/configuration.hpp"
#include "planner/configuration_resources.hpp"
#include "planner/configuration_sections.hpp"
#include "planner/interpolation.hpp"

namespace aim::planner {

/// `project`: the name, or an empty text after an error.
[[nodiscard]] std::string read_project(const ConfigurationSections& sections,
                                       const ConfigurationInput& input,
                                       const InterpolationScope& scope,
                                       core::Diagnostics& diagnostics);

/// `hosts.local.docker`
[[nodiscard]] std::optional<std::string> read_docker_host(const ConfigurationSections& sections,
                                                          const ConfigurationInput& input,
                                                          const InterpolationScope& scope,
                                                          core::Diagnostics& diagnostics);

/// `state.path`
[[nodiscard]] std::optional<std::string> read_state_path(const ConfigurationSections& sections,
                                                         const ConfigurationInput& input,
                                                         const InterpolationScope& scope,
                                                         core::Diagnostics& diagnostics);

/// `backends`: the image of each.
/// `on_failure`.
[[nodiscard]] OnFailure read_on_failure(const ConfigurationSections& sections,
                                        const ConfigurationInput& input,
                                        const InterpolationScope& scope,
                                        core::Diagnostics& diagnostics);

[[nodiscard]] std::map<std::string, BackendImage> read_backends(
    const ConfigurationSections& sections,
    const ConfigurationInput& input,
    const InterpolationScope& scope,
    core::Diagnostics& diagnostics);

/// `defaults`: the map of each kind.
[[nodiscard]] std::map<core::Kind, const core::Node*> read_defaults(
    const ConfigurationSections& sections, core::Diagnostics& diagnostics);

/// `outputs`. One is sensitive when it says so, or when anything in it is.
[[nodiscard]] std::map<std::string, DesiredOutput> read_outputs(
    const ConfigurationSections& sections,
    const ConfigurationInput& input,
    const InterpolationScope& scope,
    core::Diagnostics& diagnostics);

}  // namespace aim::planner
