#pragma once

#include <vector>

#include "core/diagnostic.hpp"
#include "planner/identity.hpp"
#include "planner/plan.hpp"

namespace aim::planner {

/// Plans a network or volume that exists and is wanted. Docker changes neither, so any difference
/// is a new object: of a network at once, of a volume only with consent to lose its data.
struct ObjectPlanner {
  const Located& located;
  const DesiredResource& desired;
  bool replace_requested = false;

  /// Completes `change`, whose planned attributes are set. `fields` are the differences between
  /// recorded and planned ones.
  void plan(std::vector<FieldChange> fields,
            ResourceChange& change,
            core::Diagnostics& diagnostics) const;

 private:
  void plan_network(ResourceChange& change) const;
  bool plan_volume(const std::vector<FieldChange>& fields,
                   ResourceChange& change,
                   core::Diagnostics& diagnostics) const;
};

}  // namespace aim::planner
