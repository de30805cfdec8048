#pragma once

#include <string>
#include <vector>

#include "planner/identity.hpp"
#include "planner/plan.hpp"
#include "planner/realize.hpp"

namespace aim::planner {

/// Decides what happens to an endpoint or container that exists: nothing, a change in place, or a
/// new container.
struct ContainerPlanner {
  const Located& located;
  NameLookup names;
  std::string api_version;  ///< of the Engine that was observed
  std::string salt;         ///< of the resource's secrets
  const Lifecycle& lifecycle;
  bool replace_requested = false;
  bool can_update = true;  ///< Plan::updates_containers

  /// `fields` are those in which the configuration differs from what was recorded. Completes
  /// `change`; drift and a new baseline go to `plan`.
  void plan(std::vector<FieldChange> fields, ResourceChange& change, Plan& plan) const;
};

}  // namespace aim::planner
