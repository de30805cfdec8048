#include "planner/interpolation_scope.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "planner/schema.hpp"

namespace aim::planner {

using core::Address;
using core::SourceRange;

namespace {

std::string with_blank(std::string text) { return text.empty() ? text : text + " "; }

/// Where a resource, or the whole set that it belongs to, was disabled.
std::map<Address, SourceRange>::const_iterator off_switch(const Address& address,
                                                          const ResourceTable& resources) {
  const auto own = resources.disabled.find(address);
  return own != resources.disabled.end() || !address.key
             ? own
             : resources.disabled.find(Address{address.kind, address.name, std::nullopt});
}

void report_unknown_instance(const Address& address,
                             const InstanceKeys& set,
                             const SourceRange& range,
                             const std::string& written,
                             core::Diagnostics& diagnostics) {
  constexpr std::size_t kMostKeys = 8;
  std::vector<std::string> keys;
  for (const std::string& key : set.keys) {
    if (keys.size() == kMostKeys) {
      keys.emplace_back("...");
      break;
    }
    keys.push_back(fmt::format("\"{}\"", key));
  }
  diagnostics.error(
      "Unknown instance",
      fmt::format("`{}` refers to {}, but its `for_each` has no such key. {}{}",
                  written,
                  address.str(),
                  with_blank(core::did_you_mean(
                      *address.key, std::vector<std::string>(set.keys.begin(), set.keys.end()))),
                  keys.empty() ? "It has no keys at all."
                               : fmt::format("It has {}.", fmt::join(keys, ", "))),
      range);
}

void report_unknown(const Address& address,
                    const ResourceTable& resources,
                    const SourceRange& range,
                    const std::string& written,
                    core::Diagnostics& diagnostics) {
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

}  // namespace

std::vector<std::string> VariableTable::names() const {
  std::vector<std::string> names(broken.begin(), broken.end());
  for (const auto& [name, value] : values) {
    names.push_back(name);
  }
  return names;
}

Standing check_address(const Address& address,
                       const ResourceTable& resources,
                       const SourceRange& range,
                       const std::string& written,
                       core::Diagnostics& diagnostics) {
  if (resources.addresses.contains(address)) {
    return Standing::Known;
  }
  if (resources.completeness == Completeness::FilesMissing) {
    return Standing::Unsure;
  }
  const Address whole{address.kind, address.name, std::nullopt};
  if (const auto off = off_switch(address, resources); off != resources.disabled.end()) {
    diagnostics.add({core::Severity::Error,
                     "Resource is disabled",
                     fmt::format("`{}` refers to {}, which `enabled: false` takes out of this "
                                 "configuration. Enable it, or remove the reference.",
                                 written,
                                 address.str()),
                     range,
                     {{"disabled here", off->second}},
                     {}});
    return Standing::Unknown;
  }
  if (const auto set = resources.sets.find(whole); set != resources.sets.end()) {
    if (!address.key) {
      return set->second.broken ? Standing::Unsure : Standing::Set;
    }
    if (set->second.broken) {
      return Standing::Unsure;
    }
    report_unknown_instance(address, set->second, range, written, diagnostics);
    return Standing::Unknown;
  }
  if (address.key && resources.addresses.contains(whole)) {
    diagnostics.error("Resource has no instances",
                      fmt::format("`{}` refers to one of several resources, but {} has no "
                                  "`for_each`: there is only one. Leave the brackets out.",
                                  written,
                                  whole.str()),
                      range);
    return Standing::Unknown;
  }
  report_unknown(address, resources, range, written, diagnostics);
  return Standing::Unknown;
}

std::vector<Address> instances_of(const Address& address, const ResourceTable& resources) {
  std::vector<Address> all;
  if (const auto set = resources.sets.find(address); set != resources.sets.end()) {
    for (const std::string& key : set->second.keys) {
      Address one = address;
      one.key = key;
      if (resources.addresses.contains(one)) {
        all.push_back(std::move(one));
      }
    }
  }
  return all;
}

void report_set(const Address& address,
                const ResourceTable& resources,
                const SourceRange& range,
                const std::string& written,
                const std::string& suffix,
                core::Diagnostics& diagnostics) {
  const std::vector<Address> all = instances_of(address, resources);
  const std::string one = all.empty() ? address.str() + "[\"KEY\"]" : all.front().str();
  const std::string rest =
      suffix.empty() ? std::string()
                     : fmt::format(", or {}[*]{} for a map of all of them", address.str(), suffix);
  diagnostics.error(
      "Reference to several resources",
      fmt::format("`{}` refers to {}, of which `for_each` makes {}. Say which one: {}{}{}.",
                  written,
                  address.str(),
                  all.empty()       ? "none"
                  : all.size() == 1 ? "one"
                                    : std::to_string(all.size()),
                  one,
                  suffix,
                  rest),
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
  for (const Attribute& attribute : decided_attributes(kind)) {
    if (!attribute.internal) {
      names.emplace_back(attribute.name);
    }
  }
  std::sort(names.begin(), names.end());
  return names;
}

}  // namespace aim::planner
