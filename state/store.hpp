#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/clock.hpp"
#include "core/journal.hpp"
#include "core/snapshot.hpp"

namespace aim::state {

/// One committed revision, newest first in lists.
struct Revision {
  std::int64_t serial = 0;
  core::RunId run;
  core::Utc committed;
  std::string operation;
  std::string who;
  std::string git_commit;
};

/// One call of a run as the journal holds it: what recovery and history read.
struct JournalStep {
  core::StepId id;
  core::StepIntent intent;                   ///< its secrets are known by digest only
  std::optional<core::StepOutcome> outcome;  ///< none: nobody knows whether it was made
};

/// The SQLite state store: what was recorded, and the journal of runs.
/// The file is 0600 in a directory of 0700, WAL, synchronous=FULL, STRICT tables.
/// A broken database, a full disk or a read-only one while writing throws core::BrokenWorld.
/// Each function of the journal is one commit of SQLite. Used by one thread at a time, by one
/// process at a time: its owner holds the FileLock beside it.
class StateStore : public core::Journal {
 public:
  /// Creates directory and file if they are missing and migrates an older schema.
  /// Errors: Unsupported (the schema is newer than this program), Failed (cannot be opened).
  [[nodiscard]] static core::Result<std::unique_ptr<StateStore>> open(
      const std::filesystem::path& file, core::Clock& clock);

  /// Reads without writing anything, also from a read-only file system (immutable mode) and
  /// while another process writes: then it sees that one's last commit. An empty snapshot if there
  /// is no file. Errors as for open(), and Failed if the file's latest changes cannot be read here.
  [[nodiscard]] static core::Result<core::StateSnapshot> read(const std::filesystem::path& file);

  ~StateStore() override;

  [[nodiscard]] core::StateSnapshot snapshot();
  [[nodiscard]] std::vector<Revision> revisions();
  /// The calls of one run, in the order in which they were written.
  [[nodiscard]] std::vector<JournalStep> steps(core::RunId run);

  /// No run may be open. Lineage, project and workspace are written if the store has none.
  core::RunId begin_run(const core::RunHeader& header) override;
  void enter_phase(core::RunId run, core::Phase phase) override;
  core::StepId intent(core::RunId run, const core::StepIntent& intent) override;
  /// Once for each step.
  void outcome(core::StepId step, const core::StepOutcome& outcome) override;
  /// `record.outputs` are all outputs from here on, not only those that changed.
  std::vector<core::StepId> commit(core::RunId run, const core::CommitRecord& record) override;
  void forget(core::RunId run, const std::vector<core::Address>& removed) override;
  void finish_run(core::RunId run, core::RunResult result, const std::string& message) override;

 private:
  struct Impl;
  explicit StateStore(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace aim::state
