#pragma once

#include <set>

#include "core/diagnostic.hpp"
#include "core/snapshot.hpp"
#include "planner/configuration.hpp"
#include "planner/plan.hpp"

namespace aim::planner {

/// What is asked of endpoints and containers that are deployed.
struct StopStart {
  enum class Operation {
    Stop,    ///< and hold: plan and apply leave it stopped, and Docker does not start it
    Start,   ///< and no longer hold
    Restart  ///< stop, if it runs, and start
  };
  Operation operation = Operation::Stop;
  std::set<core::Address> addresses;  ///< recorded ones
};

/// The plan that does what is asked and changes nothing else, whatever the configuration says by
/// now. What lives in a namespace of something that is started is restarted with it.
/// `configuration` gives the project and, for the checks after a start, the contents of secrets.
/// Errors: one that is gone from Docker, or whose API key is not the one that it was applied with.
[[nodiscard]] Plan plan_stop_start(const Configuration& configuration,
                                   const core::StateSnapshot& recorded,
                                   const core::ObservedWorld& observed,
                                   const StopStart& request,
                                   core::Diagnostics& diagnostics);

}  // namespace aim::planner
