#pragma once

#include <chrono>
#include <map>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "core/clock.hpp"
#include "core/engine.hpp"
#include "core/journal.hpp"
#include "core/log_archive.hpp"
#include "core/prober.hpp"
#include "core/progress.hpp"
#include "planner/plan.hpp"

namespace aim::planner {

/// Everything an apply acts through.
struct ExecutorPorts {
  core::EngineReader& reader;
  core::EngineActor& actor;
  core::ContainerWatcher& watcher;
  core::Prober& prober;
  core::Journal& journal;
  core::LogArchive& logs;
  core::Clock& clock;
  core::Progress& progress;
};

struct ExecutorOptions {
  std::size_t parallelism = 10;  ///< calls to Docker at a time; waiting for readiness is not one
  OnFailure on_failure = OnFailure::Rollback;
  bool keep_failed = false;  ///< leave failed new containers stopped instead of removing them
};

/// One thing that went wrong, as it is reported.
struct Failure {
  std::string resource;  ///< address, or image reference
  core::Activity activity = core::Activity::Creating;
  std::string cause;              ///< may hold foreign text
  std::vector<std::string> tail;  ///< last lines of the new container's log, foreign text
  std::string log_path;           ///< where the whole log was saved, may be empty
  std::optional<core::ContainerExit> exit = {};  ///< how the new container ended, if it did
  std::string remedy = {};                       ///< what to do, where that was recognised
};

struct ApplyResult {
  core::RunId run;
  core::RunResult result = core::RunResult::NothingDone;
  bool interrupted = false;
  /// The run got past prepare: something that runs was started, stopped or changed.
  bool switched = false;
  std::vector<Failure> failures;
  /// What could not be put back, each with the docker command that does it by hand.
  std::vector<std::string> left_over;
  /// With OnFailure::Keep: what was left as it was, while the rest was committed. Sorted.
  std::vector<core::Address> given_up;
  std::map<core::Address, std::chrono::milliseconds> without_service;
  ChangeCounts done;
  std::map<std::string, core::RecordedOutput> outputs;
};

/// Carries out a plan as a transaction over Docker: prepare, switch, readiness, commit; on failure
/// or stop everything is undone in reverse. Blocks. Every call is journalled before it is made.
/// The plan must have been made from this very world and hold its secrets.
/// Throws BrokenWorld when the journal cannot be written.
[[nodiscard]] ApplyResult execute(const Plan& plan,
                                  const core::RunHeader& header,
                                  const ExecutorPorts& ports,
                                  const ExecutorOptions& options,
                                  std::stop_token stop);

}  // namespace aim::planner
