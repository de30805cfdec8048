#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/engine.hpp"
#include "core/snapshot.hpp"

namespace aim::core {

struct RunHeader {
  std::string label;      ///< random id, the value of the birth label `dev.aim.run`
  std::string operation;  ///< "apply" or "destroy"
  std::string user;
  std::string host;
  std::string boot_id;
  std::int64_t pid = 0;
  std::string lineage;  ///< written to an empty store by the run that begins it
  std::string project;
  std::string workspace;
  std::string git_commit;  ///< of the configuration's directory, empty if none
  std::string plan_json;   ///< the plan that is carried out, canonical
};

enum class Phase { Prepare, Switch, Readiness, Commit, Undo };
[[nodiscard]] std::string_view to_string(Phase phase);

/// A call that is about to be made, with everything that undoing it needs.
struct StepIntent {
  Address address;
  Phase phase = Phase::Prepare;
  Call call;
  std::optional<Call> inverse;  ///< none: cannot be taken back
  std::string object_name;      ///< deterministic name on Docker of what the call concerns
};

struct StepOutcome {
  bool ok = false;
  std::string id;     ///< what was created
  std::string error;  ///< foreign text, empty when ok
};

/// What the run decided at the point of no return, written in one transaction.
struct CommitRecord {
  std::vector<RecordedResource> upserts;
  std::vector<Address> removals;  ///< of what is gone or left alone; see Journal::forget
  std::map<std::string, RecordedOutput> outputs;
  std::vector<StepIntent> remaining;  ///< calls that only go forward from here
};

enum class RunResult {
  Applied,
  Partly,  ///< what succeeded is committed, the rest is as before
  RolledBack,
  RollbackFailed,
  CommitFailed,
  NothingDone
};
[[nodiscard]] std::string_view to_string(RunResult result);

/// The write side of the state store, used by one executor at a time, from one thread.
/// A function that returns has made its fact durable. A broken store throws BrokenWorld.
class Journal {
 public:
  virtual ~Journal() = default;
  [[nodiscard]] virtual RunId begin_run(const RunHeader& header) = 0;
  virtual void enter_phase(RunId run, Phase phase) = 0;
  [[nodiscard]] virtual StepId intent(RunId run, const StepIntent& intent) = 0;
  virtual void outcome(StepId step, const StepOutcome& outcome) = 0;
  /// Resources, outputs and the phase become `commit`; the serial rises by one; returns the
  /// remaining steps' ids in order. After this the run can only go forward.
  [[nodiscard]] virtual std::vector<StepId> commit(RunId run, const CommitRecord& record) = 0;
  /// Drops resources whose objects the commit's calls have removed by now. Until then state knows
  /// them, so that one that could not be removed is planned for removal again.
  virtual void forget(RunId run, const std::vector<Address>& removed) = 0;
  virtual void finish_run(RunId run, RunResult result, const std::string& message) = 0;
};

}  // namespace aim::core
