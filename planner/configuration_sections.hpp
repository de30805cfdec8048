#pragma once

#include <map>
#include <optional>
#include <vector>

#include "core/document.hpp"
#include "core/ids.hpp"
#include "planner/configuration_nodes.hpp"

namespace aim::planner {

/// The top level of all files together. Everything borrows from the documents.
struct ConfigurationSections {
  std::optional<SectionEntry> project;
  std::optional<SectionEntry> state;
  std::optional<SectionEntry> on_failure;
  std::vector<SectionEntry> hosts;
  std::vector<SectionEntry> variables;
  std::vector<SectionEntry> backends;
  std::vector<SectionEntry> defaults;
  std::vector<SectionEntry> outputs;
  std::map<core::Kind, std::vector<SectionEntry>> resources;
  std::vector<const core::Node*> moved;  ///< the items of all lists
  std::vector<const core::Node*> removed;
};

/// Puts the files together, in the order given. What is defined twice is an error that shows both
/// places; unknown keys are errors with a suggestion.
[[nodiscard]] ConfigurationSections collect_sections(const std::vector<core::Node>& roots,
                                                     core::Diagnostics& diagnostics);

}  // namespace aim::planner
