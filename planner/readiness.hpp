#pragma once

#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "core/clock.hpp"
#include "core/engine.hpp"
#include "core/prober.hpp"
#include "core/value.hpp"

namespace aim::planner {

/// One thing that must pass. An HTTP request, but for the last three.
struct Check {
  enum class Expect {
    Status,
    ListsModel,
    GeneratesToken,
    Embeds,
    Ranks,
    Connects,  ///< the port accepts a connection
    Exits,     ///< a program in the container ends with 0
    Logs       ///< a line of its output, since it was started, contains a text
  };
  std::string name;  ///< "health", "models", "inference", "http", "tcp", "exec", "log"
  Expect expect = Expect::Status;
  core::ProbeRequest request;
  std::uint16_t port = 0;                   ///< inside the container
  int status = 200;                         ///< for Status
  std::string contains;                     ///< for Status and Logs; empty: anything
  std::map<std::string, std::string> json;  ///< for Status: values by path, "data.0.id"
  std::string served_name;                  ///< for ListsModel
  std::vector<std::string> command;         ///< for Exits
};

/// What being ready means for one resource.
struct ReadinessPolicy {
  bool job = false;           ///< it is done when it exits with 0, and nothing is checked
  std::vector<Check> checks;  ///< in order; each must pass once, the last ones after the first
  std::chrono::milliseconds interval{5'000};
  std::chrono::milliseconds start_timeout{30 * 60'000};  ///< without progress
  std::chrono::milliseconds total_timeout{4 * 3'600'000};
  /// A server that is up and refuses a check this often, over three intervals, is given up.
  std::size_t refusals_allowed = 4;
};

/// The policy that an endpoint or container asks for; nothing if the resource has no readiness
/// (a network, a container without the key): then running is enough.
[[nodiscard]] std::optional<ReadinessPolicy> readiness_policy(const core::Address& address,
                                                              const core::Map& attributes);

/// Whether an answer passes a check; else what is wrong with it, in words.
struct CheckVerdict {
  bool passed = false;
  std::string detail;
  bool definite = false;  ///< the server is up and said no: waiting longer hardly helps
};

[[nodiscard]] CheckVerdict judge(const Check& check, const core::Result<core::ProbeAnswer>& answer);
[[nodiscard]] CheckVerdict judge(const Check& check, const core::Result<core::ExecResult>& result);

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
