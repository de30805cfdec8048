#pragma once

#include "core/diagnostic.hpp"
#include "core/snapshot.hpp"
#include "planner/configuration.hpp"
#include "planner/identity.hpp"
#include "planner/plan.hpp"

namespace aim::planner {

/// What an Engine does otherwise than Docker, where it matters to the plan.
void note_engine(const Plan& plan, const core::EngineInfo& engine, core::Diagnostics& diagnostics);

/// What is held, since an apply leaves it stopped.
void note_holds(const Plan& plan, core::Diagnostics& diagnostics);

/// Sensitive variables that are not set where the plan is made.
void note_unset_variables(const Configuration& configuration, core::Diagnostics& diagnostics);

/// An error if the change would remove something that is protected, now or as recorded.
void check_protection(const ResourceChange& change,
                      const Located& located,
                      core::Diagnostics& diagnostics);

}  // namespace aim::planner
