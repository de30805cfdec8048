#pragma once

#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <vector>

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

}  // namespace aim::planner
