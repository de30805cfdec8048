#pragma once

#include <string>
#include <vector>

#include "core/snapshot.hpp"
#include "planner/configuration.hpp"
#include "planner/plan.hpp"

namespace aim::planner::test {

/// The address of `text`, which has to be one.
core::Address at(const std::string& text);

/// A configuration of project "lab" with nothing in it.
Configuration empty_configuration();

/// Adds a resource whose attributes are decoded as the file's would be; `positions` are made up:
/// line 10 for the resource, 11, 12, ... for its attributes in order of name.
DesiredResource& add(Configuration& configuration,
                     const std::string& address,
                     core::Map written,
                     std::vector<std::string> dependencies = {});

/// A world in which nothing exists.
core::ObservedWorld empty_world();

/// What state and Docker look like after `plan` was applied without a hitch.
struct Applied {
  core::StateSnapshot state;
  core::ObservedWorld world;
};

Applied apply_by_the_book(const Configuration& configuration, const Plan& plan);

/// Plans and expects no errors.
Plan plan_of(const Configuration& configuration,
             const core::StateSnapshot& state,
             const core::ObservedWorld& world,
             const PlanOptions& options = {});

/// The change of one address in a plan.
const ResourceChange& change_of(const Plan& plan, const std::string& address);

}  // namespace aim::planner::test
