#pragma once

#include <map>

#include "core/diagnostic.hpp"
#include "planner/identity.hpp"
#include "planner/plan.hpp"
#include "planner/realize.hpp"

namespace aim::planner {

/// What changes of some resources mean for containers that are planned already:
/// - a network that makes way for a new one of the same name or addresses is left by all who are on
///   it, and joined again by those who stay;
/// - a container that is started again takes those along that live in its namespaces;
/// - a volume cannot be replaced while a container that is left out of the plan mounts it: an
/// error. Changes are added even to what --target left out, since the network is gone for it too.
void follow_replacements(std::map<core::Address, ResourceChange>& changes,
                         const Identification& identification,
                         const NameLookup& names,
                         core::Diagnostics& diagnostics);

}  // namespace aim::planner
