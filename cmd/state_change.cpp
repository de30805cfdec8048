#include "cmd/state_change.hpp"

#include <fmt/format.h>

#include "state/lock.hpp"
#include "state/store.hpp"

namespace aim::cmd {

using core::ErrorCode;
using core::make_error;

std::optional<std::filesystem::path> find_state_file(const Arguments& arguments, App& app) {
  if (arguments.has("state") || app.surroundings().environment("AIM_STATE")) {
    return state_file(arguments, app, project_directory(arguments, app), std::nullopt);
  }
  const std::optional<Project> project = load_project(arguments, app);
  return project ? std::optional(project->state_file) : std::nullopt;
}

ExitCode change_state(const std::filesystem::path& file,
                      const std::string& operation,
                      const StateChange& change,
                      App& app) {
  const auto refuse = [&](const core::Error& error) {
    app.view().error(error);
    return error.code == ErrorCode::Locked ? ExitCode::Locked : ExitCode::Error;
  };
  const state::LockHolder holder = state::this_process(operation, app.clock().utc_now());
  const auto lock = state::FileLock::acquire(
      file.string() + ".lock",
      holder,
      app.clock(),
      std::chrono::milliseconds(0),
      [](const std::string&) {},
      app.stop());
  if (!lock) {
    return refuse(lock.error());
  }
  const auto store = state::StateStore::open(file, app.clock());
  if (!store) {
    return refuse(core::while_doing(store.error(), "while opening the state"));
  }
  const core::StateSnapshot state = (*store)->snapshot();
  if (state.open_run) {
    return refuse(make_error(ErrorCode::Conflict,
                             fmt::format("run {} ({} by {}) did not end; the state can be changed "
                                         "once it is settled",
                                         state.open_run->id.value,
                                         state.open_run->operation,
                                         state.open_run->who)));
  }
  core::RunHeader header;
  header.label = core::random_hex(8);
  header.operation = operation;
  header.user = holder.user;
  header.host = holder.host;
  header.boot_id = holder.boot_id;
  header.pid = holder.pid;
  header.lineage = state.lineage;
  header.project = state.project;
  header.workspace = state.workspace;
  header.plan_json = "{}";
  const core::Result<core::CommitRecord> record = change(state, header);
  if (!record) {
    return refuse(record.error());
  }
  const core::RunId run = (*store)->begin_run(header);
  static_cast<void>((*store)->commit(run, *record));
  (*store)->finish_run(run, core::RunResult::Applied, "");
  return ExitCode::Done;
}

}  // namespace aim::cmd
