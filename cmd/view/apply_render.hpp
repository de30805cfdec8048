#pragma once

#include <chrono>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "cmd/exit_code.hpp"
#include "cmd/view/terminal.hpp"
#include "planner/executor.hpp"

namespace aim::view {

/// How a run that did not succeed ended.
enum class FailureOutcome {
  NothingChanged,    ///< nothing that runs was touched
  PreviousIsBack,    ///< everything was put back
  NotPutBack,        ///< something could not be put back
  CommitUnfinished,  ///< the new deployment runs, the cleaning up did not end
  OthersCommitted    ///< only what failed was undone
};

/// One thing that went wrong, and what is known about it. All texts may be foreign.
struct FailureCause {
  std::string what;  ///< "endpoint.qwen: Readiness check failed"
  std::string cause;
  std::vector<std::string> evidence;  ///< last lines of the new container's log
  std::string remedy;                 ///< what to do, may be empty
  std::string log_path;               ///< of the saved log, may be empty
};

/// A failed apply as it is told.
struct ApplyFailure {
  std::vector<FailureCause> causes;
  FailureOutcome outcome = FailureOutcome::NothingChanged;
  std::vector<std::pair<std::string, std::chrono::milliseconds>> without_service;  ///< by address
  std::vector<std::string> left_over;  ///< what could not be put back, with the command for it
  std::vector<std::string> given_up;   ///< what is as it was before, while the rest is committed
  cmd::ExitCode exit_code = cmd::ExitCode::Error;
};

/// What the executor's result means to people.
[[nodiscard]] ApplyFailure describe_failure(const planner::ApplyResult& result,
                                            cmd::ExitCode exit_code);

/// Cause, evidence, remedy and saved log of each failure; what became of the deployment; the time
/// without service; the exit code. Escaped; 80 columns wide but for lines of logs and commands.
[[nodiscard]] std::string render_failure(const ApplyFailure& failure, Colour colour);

/// "The previous deployment is back."
[[nodiscard]] std::string outcome_text(const ApplyFailure& failure);

/// "Apply complete! Resources: 1 added, 0 changed, 1 destroyed." or "Destroy complete! ...".
[[nodiscard]] std::string completion_line(const planner::Plan& plan,
                                          const planner::ChangeCounts& done);

/// `name = value` of every output, aligned; sensitive ones as "(sensitive value)".
[[nodiscard]] std::string render_outputs_now(
    const std::map<std::string, core::RecordedOutput>& outputs);

}  // namespace aim::view
