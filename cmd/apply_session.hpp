#pragma once

#include <memory>
#include <optional>

#include "cmd/app.hpp"
#include "cmd/engine_access.hpp"
#include "cmd/engine_lock.hpp"
#include "cmd/exit_code.hpp"
#include "cmd/project.hpp"
#include "planner/executor.hpp"
#include "state/lock.hpp"
#include "state/store.hpp"

namespace aim::cmd {

inline constexpr Option kLockOptions[] = {
    {"lock-timeout", "DURATION", "how long to wait for the lock (default 0s)", '\0', false},
    {"take-lock", {}, "take the lock from a holder on another host", '\0', false}};

struct LockOptions {
  std::chrono::milliseconds timeout{0};
  TakeLock take = TakeLock::No;
};

/// Shows a fault and returns nothing.
[[nodiscard]] std::optional<LockOptions> lock_options(const Arguments& arguments, App& app);

/// Both locks and the open store: the right to change a project's deployment, until it ends.
class ApplySession {
 public:
  /// Takes the locks, opens the store and refuses while an earlier run is open. Faults are shown;
  /// then only `exit` is set.
  struct Begun {
    std::unique_ptr<ApplySession> session;
    ExitCode exit = ExitCode::Error;
  };

  [[nodiscard]] static Begun begin(const Project& project,
                                   const LockOptions& options,
                                   const std::string& operation,
                                   EngineAccess& engine,
                                   App& app);

  [[nodiscard]] core::StateSnapshot snapshot() { return store_->snapshot(); }

  /// Carries out a plan made from this session's snapshot. What is known of the ways to fail is
  /// said of each failure. Nothing when the lock was lost, which is shown.
  struct Carried {
    std::optional<planner::ApplyResult> result;
    ExitCode exit = ExitCode::Error;
  };

  [[nodiscard]] Carried carry_out(const planner::Plan& plan,
                                  const std::string& operation,
                                  const planner::ExecutorOptions& options);

  /// The same, and shows how it went.
  [[nodiscard]] ExitCode execute(const planner::Plan& plan,
                                 const std::string& operation,
                                 const planner::ExecutorOptions& options);

 private:
  ApplySession(const Project& project,
               EngineAccess& engine,
               App& app,
               state::LockHolder holder,
               state::FileLock file_lock)
      : project_(project),
        engine_(engine),
        app_(app),
        holder_(std::move(holder)),
        file_lock_(std::move(file_lock)) {}

  const Project& project_;
  EngineAccess& engine_;
  App& app_;
  state::LockHolder holder_;
  state::FileLock file_lock_;
  std::unique_ptr<state::StateStore> store_;
  std::optional<EngineLock> engine_lock_;
};

/// The exit code that a result stands for; derived from the very lists that are printed.
[[nodiscard]] ExitCode exit_code_of(const planner::ApplyResult& result);

}  // namespace aim::cmd
