#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <variant>

#include "core/clock.hpp"
#include "core/engine.hpp"
#include "planner/readiness_policy.hpp"

namespace aim::planner {

/// Decides what to do next while a container comes up. Pure: it is fed results and times, and owns
/// no socket, clock or thread.
class Readiness {
 public:
  struct Probe {
    std::size_t check = 0;  ///< index into policy.checks
  };

  struct Wait {
    std::chrono::milliseconds duration{0};
  };

  struct Ready {};

  struct GiveUp {
    std::string cause;
  };

  using Next = std::variant<Probe, Wait, Ready, GiveUp>;

  Readiness(ReadinessPolicy policy, core::Steady start);

  [[nodiscard]] Next next(core::Steady now) const;
  void on_verdict(std::size_t check, const CheckVerdict& verdict, core::Steady now);
  /// A log line came, or bytes were read: loading goes on.
  void on_progress(core::Steady now);
  /// The container stopped running.
  void on_exit(const core::ContainerExit& exit);
  /// "health: connection refused": what is being waited for.
  [[nodiscard]] std::string waiting_for() const;

  [[nodiscard]] const ReadinessPolicy& policy() const { return policy_; }

 private:
  [[nodiscard]] Next next_of_job(core::Steady now) const;

  ReadinessPolicy policy_;
  core::Steady start_;
  core::Steady last_progress_;
  core::Steady next_probe_;
  std::size_t current_ = 0;
  std::string last_detail_;
  std::optional<core::Steady> refused_since_;  ///< first of the definite refusals in a row
  std::size_t refusals_ = 0;
  core::Steady last_refusal_;
  std::optional<std::string> exit_cause_;
  bool done_ = false;  ///< a job that exited with 0
};

/// "exited with code 1", "was killed for using too much memory (OOM)", ...
[[nodiscard]] std::string describe_exit(const core::ContainerExit& exit);

}  // namespace aim::planner
