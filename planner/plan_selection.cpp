#include "planner/plan_selection.hpp"

#include <fmt/format.h>

namespace aim::planner {

using core::Address;

void check_selection(const PlanOptions& options,
                     const Identification& identification,
                     core::Diagnostics& diagnostics) {
  const auto check = [&](const std::set<Address>& chosen, std::string_view flag) {
    for (const Address& address : chosen) {
      if (!identification.resources.contains(address)) {
        std::vector<std::string> known;
        for (const auto& [other, located] : identification.resources) {
          known.push_back(other.str());
        }
        diagnostics.error("Unknown address",
                          fmt::format("{} {}: neither the configuration nor the state has that "
                                      "resource. {}",
                                      flag,
                                      address.str(),
                                      core::did_you_mean(address.str(), known)));
      }
    }
  };
  check(options.targets, "--target");
  check(options.excludes, "--exclude");
  check(options.replaces, "--replace");
  check(options.upgrades, "--upgrade");
}

std::set<Address> left_out(const std::map<Address, ResourceChange>& changes,
                           const DependencyGraph& graph,
                           const PlanOptions& options) {
  DependencyGraph whole = graph;
  for (const auto& [address, change] : changes) {
    whole[address].insert(change.dependencies.begin(), change.dependencies.end());
  }
  const std::set<Address> chosen = options.destroy ? with_dependents(whole, options.targets)
                                                   : with_dependencies(whole, options.targets);
  const std::set<Address> dropped = options.destroy ? with_dependencies(whole, options.excludes)
                                                    : with_dependents(whole, options.excludes);
  std::set<Address> out;
  for (const auto& [address, change] : changes) {
    const bool in =
        (options.targets.empty() || chosen.contains(address)) && !dropped.contains(address);
    if (!in) {
      out.insert(address);
    }
  }
  return out;
}

}  // namespace aim::planner
