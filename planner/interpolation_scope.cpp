#include "planner/interpolation_scope.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "planner/schema.hpp"

namespace aim::planner {

using core::Address;
using core::SourceRange;

namespace {

std::string with_blank(std::string text) { return text.empty() ? text : text + " "; }

}  // namespace

std::vector<std::string> VariableTable::names() const {
  std::vector<std::string> names(broken.begin(), broken.end());
  for (const auto& [name, value] : values) {
    names.push_back(name);
  }
  return names;
}

void check_address(const Address& address,
                   const ResourceTable& resources,
                   const SourceRange& range,
                   const std::string& written,
                   core::Diagnostics& diagnostics) {
  if (resources.completeness == Completeness::FilesMissing ||
      resources.addresses.contains(address)) {
    return;
  }
  std::vector<std::string> candidates;
  for (const Address& known : resources.addresses) {
    // The right name under another kind is nearer than any spelling.
    if (known.name == address.name) {
      candidates = {known.str()};
      break;
    }
    candidates.push_back(known.str());
  }
  std::string near = candidates.size() == 1 && candidates.front().ends_with("." + address.name)
                         ? fmt::format("Did you mean `{}`?", candidates.front())
                         : core::did_you_mean(address.str(), candidates);
  diagnostics.error("Unknown resource",
                    fmt::format("`{}` refers to {}, which this configuration does not have. {}"
                                "Correct the name, or add it under `{}`.",
                                written,
                                address.str(),
                                with_blank(std::move(near)),
                                core::section_name(address.kind)),
                    range);
}

std::vector<std::string> attribute_names(core::Kind kind) {
  std::vector<std::string> names;
  for (const ComputedAttribute& computed : computed_attributes(kind)) {
    names.emplace_back(computed.name);
  }
  for (const Attribute& attribute : attributes(kind)) {
    names.emplace_back(attribute.name);
  }
  std::sort(names.begin(), names.end());
  return names;
}

}  // namespace aim::planner
