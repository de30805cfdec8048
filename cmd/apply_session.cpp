#include "cmd/apply_session.hpp"

#include <fmt/format.h>

#include "cmd/failure_causes.hpp"
#include "cmd/log_files.hpp"
#include "planner/plan_file.hpp"
#include "planner/schema.hpp"

namespace aim::cmd {

using core::ErrorCode;
using core::make_error;

std::optional<LockOptions> lock_options(const Arguments& arguments, App& app) {
  LockOptions options;
  options.take = arguments.has("take-lock") ? TakeLock::Yes : TakeLock::No;
  if (const auto given = arguments.value("lock-timeout")) {
    const auto duration = planner::parse_duration(*given);
    if (!duration) {
      app.view().error(make_error(
          ErrorCode::Invalid,
          fmt::format("--lock-timeout takes a duration such as 30s or 5m, not \"{}\"", *given)));
      return std::nullopt;
    }
    options.timeout = std::chrono::milliseconds(*duration);
  }
  return options;
}

namespace {

std::string open_run_message(const core::OpenRun& run) {
  return fmt::format(
      "run {} ({}, begun by {}, pid {}, phase {}) did not end: it began {} calls to Docker and {} "
      "of them have no recorded outcome. Nothing was changed now. Until that run is settled no "
      "other one can begin",
      run.id.value,
      run.operation,
      run.who,
      run.pid,
      run.phase,
      run.steps,
      run.unsettled);
}

ExitCode exit_for(const core::Error& error) {
  return error.code == ErrorCode::Locked      ? ExitCode::Locked
         : error.code == ErrorCode::Cancelled ? ExitCode::Interrupted
                                              : ExitCode::Error;
}

}  // namespace

ApplySession::Begun ApplySession::begin(const Project& project,
                                        const LockOptions& options,
                                        const std::string& operation,
                                        EngineAccess& engine,
                                        App& app) {
  const auto refuse = [&](const core::Error& error) {
    app.view().error(error);
    return Begun{nullptr, exit_for(error)};
  };
  const auto on_wait = [&](const std::string& who) {
    app.view().message(fmt::format("Waiting for the lock, held by {}...", who));
  };
  state::LockHolder holder = state::this_process(operation, app.clock().utc_now());
  auto file_lock = state::FileLock::acquire(project.state_file.string() + ".lock",
                                            holder,
                                            app.clock(),
                                            options.timeout,
                                            on_wait,
                                            app.stop());
  if (!file_lock) {
    return refuse(file_lock.error());
  }
  std::unique_ptr<ApplySession> session(
      new ApplySession(project, engine, app, holder, std::move(*file_lock)));
  auto store = state::StateStore::open(project.state_file, app.clock());
  if (!store) {
    return refuse(core::while_doing(store.error(), "while opening the state"));
  }
  session->store_ = std::move(*store);
  const core::StateSnapshot state = session->store_->snapshot();
  if (state.open_run) {
    return refuse(make_error(ErrorCode::Conflict, open_run_message(*state.open_run)));
  }
  EngineLock::Request request{project.configuration.project,
                              project.configuration.workspace,
                              state.lineage,
                              holder,
                              options.timeout,
                              options.take};
  auto engine_lock =
      EngineLock::acquire(request, engine.engine, engine.engine, app.clock(), on_wait, app.stop());
  if (!engine_lock) {
    return refuse(engine_lock.error());
  }
  session->engine_lock_.emplace(std::move(*engine_lock));
  return {std::move(session), ExitCode::Done};
}

ExitCode ApplySession::execute(const planner::Plan& plan,
                               const std::string& operation,
                               const planner::ExecutorOptions& options) {
  const Carried carried = carry_out(plan, operation, options);
  if (carried.result) {
    app_.view().applied(plan, *carried.result, carried.exit);
  }
  return carried.exit;
}

ApplySession::Carried ApplySession::carry_out(const planner::Plan& plan,
                                              const std::string& operation,
                                              const planner::ExecutorOptions& options) {
  if (const core::Result<void> ours = engine_lock_->check_still_ours(app_.stop()); !ours) {
    app_.view().error(ours.error());
    return {std::nullopt, exit_for(ours.error())};
  }
  core::RunHeader header;
  header.label = core::random_hex(8);
  header.operation = operation;
  header.user = holder_.user;
  header.host = holder_.host;
  header.boot_id = holder_.boot_id;
  header.pid = holder_.pid;
  header.lineage = plan.lineage.empty() ? core::random_hex(16) : plan.lineage;
  header.project = plan.project;
  header.workspace = plan.workspace;
  header.plan_json = planner::canonical_plan_bytes(plan);
  LogFiles logs((project_.state_file.parent_path() / "logs").lexically_normal());
  const planner::ExecutorPorts ports{engine_.engine,
                                     engine_.engine,
                                     engine_.engine,
                                     engine_.prober,
                                     *store_,
                                     logs,
                                     app_.clock(),
                                     app_.view().progress()};
  planner::ApplyResult result = planner::execute(plan, header, ports, options, app_.stop());
  recognise_failures(result, plan, project_.directory, app_);
  const ExitCode code = exit_code_of(result);
  return {std::move(result), code};
}

ExitCode exit_code_of(const planner::ApplyResult& result) {
  switch (result.result) {
    case core::RunResult::Applied:
      return ExitCode::Done;
    case core::RunResult::Partly:
      return ExitCode::Error;
    case core::RunResult::NothingDone:
      return result.interrupted ? ExitCode::Interrupted : ExitCode::Error;
    case core::RunResult::RolledBack:
      return result.interrupted ? ExitCode::Interrupted
             : result.switched  ? ExitCode::RolledBack
                                : ExitCode::Error;
    case core::RunResult::RollbackFailed:
    case core::RunResult::CommitFailed:
      return ExitCode::NotPutBack;
  }
  return ExitCode::Error;
}

}  // namespace aim::cmd
