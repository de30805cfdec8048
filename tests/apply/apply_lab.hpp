#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "planner/executor.hpp"
#include "planner/plan.hpp"
#include "planner/plan_stop_start.hpp"
#include "providers/docker/docker_engine.hpp"
#include "state/store.hpp"
#include "tests/support/fake_clock.hpp"
#include "tests/support/fake_prober.hpp"
#include "tests/support/memory_docker.hpp"

namespace aim::apply_test {

/// Keeps what is saved in memory.
class SavedLogs : public core::LogArchive {
 public:
  core::Result<std::string> save(
      core::RunId run,
      const std::string& container,
      const std::function<core::Result<void>(const core::LogSink&)>& produce) override;
  std::map<std::string, std::string> logs;
};

/// Keeps the events as lines.
class RecordedProgress : public core::Progress {
 public:
  void on(const core::ProgressEvent& event) override;
  std::vector<std::string> lines;
};

/// The whole way from YAML to Docker, on a Docker in memory and a state store in a directory of
/// its own; no process, no network, no time that really passes.
class ApplyLab {
 public:
  explicit ApplyLab(support::MemoryDockerOptions docker_options = {});
  ~ApplyLab();
  ApplyLab(const ApplyLab&) = delete;
  ApplyLab& operator=(const ApplyLab&) = delete;

  /// The configuration: the text behind `version` and `project: lab`.
  void configure(const std::string& yaml);
  /// What was wrong with it is in `errors` afterwards.
  [[nodiscard]] planner::Plan plan(const planner::PlanOptions& options = {});
  /// What planning reports as errors: "summary: detail" a line. The plan itself is not looked at.
  [[nodiscard]] std::string plan_errors(const planner::PlanOptions& options = {});
  /// Plans and carries the plan out.
  planner::ApplyResult apply(const planner::PlanOptions& options = {}, std::stop_token stop = {});

  /// Plans and carries out what `aim stop`, `aim start` and `aim restart` do.
  planner::ApplyResult operate(planner::StopStart::Operation operation, const std::string& address);

  void lose_state();
  /// Everything that the state wrote to disk, its write-ahead log included.
  [[nodiscard]] std::string database_bytes() const;

  /// The 30 minutes of patience with a start take 1.8 s, the time that the threads which watch a
  /// container have to notice what happened to it.
  support::FakeClock clock{1000};
  support::MemoryDocker docker;
  support::FakeProber prober;
  providers::DockerEngine engine;
  SavedLogs logs;
  RecordedProgress progress;
  planner::ExecutorOptions options;
  std::map<std::string, std::string> files;                    ///< that the configuration can read
  std::map<std::string, std::string> environment;              ///< for ${env:NAME}
  std::vector<std::pair<std::string, std::string>> variables;  ///< as --var gives them
  std::unique_ptr<state::StateStore> store;
  std::function<void()> before_execute;  ///< between an apply's plan and what it does; once
  std::vector<std::string> errors;       ///< of the last plan: "summary: detail"

 private:
  planner::Plan plan_with(const planner::PlanOptions& options, core::Diagnostics& diagnostics);
  planner::Configuration load(core::Diagnostics& diagnostics) const;
  planner::ApplyResult carry_out(const planner::Plan& planned, std::stop_token stop);
  void note_errors(const core::Diagnostics& diagnostics);

  std::filesystem::path directory_;
  std::string yaml_;
};

}  // namespace aim::apply_test
