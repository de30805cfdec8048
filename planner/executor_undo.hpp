#pragma once

#include <functional>
#include <string>
#include <vector>

#include "planner/task_runner.hpp"

namespace aim::planner {

/// Which containers of a run have to be looked at once more after its undo.
struct UndoOutcome {
  std::vector<std::string> left_over;        ///< what could not be put back, with the command
  std::vector<core::Address> started_again;  ///< previous containers that run again
};

/// Takes back what the records say, last first, and goes on past a failure. Removal of what the
/// run created is preceded by a look at its labels when it is not certain that the run made it.
/// What concerns addresses for which `concerned` is false stays.
[[nodiscard]] UndoOutcome undo_calls(core::RunId run,
                                     const std::string& run_label,
                                     const ExecutorPorts& ports,
                                     const ExecutorOptions& options,
                                     TaskRunner& runner,
                                     const std::function<bool(const core::Address&)>& concerned);

/// The docker command line that does a call by hand.
[[nodiscard]] std::string by_hand(const core::Call& call);

}  // namespace aim::planner
