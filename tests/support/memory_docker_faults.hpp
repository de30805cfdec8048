#pragma once

#include <chrono>
#include <cstddef>
#include <map>
#include <optional>
#include <regex>
#include <string>
#include <utility>
#include <vector>

#include "tests/support/memory_docker_script.hpp"

namespace aim::support::memory {

/// What happens to one call.
struct Verdict {
  std::optional<Fault> fault;
  bool crash_after = false;  ///< nothing is reachable once the effect has happened
  std::chrono::milliseconds latency{0};
  std::size_t record = 0;
};

/// The record of calls and everything that was scripted to go wrong with them. Not thread-safe.
class Faults {
 public:
  /// Notes the call and decides about it. `target` is without the version prefix.
  [[nodiscard]] Verdict on_call(const std::string& method,
                                const std::string& target,
                                const std::string& version,
                                const std::string& body);
  void answered(std::size_t record, int status);

  void set_latency(const CallPattern& pattern, std::chrono::milliseconds latency);
  void fail_change(std::size_t number, Fault fault);
  void fail(const CallPattern& pattern, Fault fault, std::size_t occurrence, std::size_t times);
  void crash_at(std::size_t number, Crash moment);

  void crash_now() { crashed_ = true; }

  [[nodiscard]] bool crashed() const { return crashed_; }

  void heal();

  [[nodiscard]] const std::vector<RecordedCall>& calls() const { return calls_; }

  void forget_calls();

 private:
  struct Pattern {
    explicit Pattern(const CallPattern& pattern);
    [[nodiscard]] bool matches(const std::string& method, const std::string& target) const;
    std::string method;
    std::optional<std::regex> path;
  };

  struct Scripted {
    Pattern pattern;
    Fault fault;
    std::size_t skip = 0;  ///< matching calls that still pass
    std::size_t times = 1;
  };

  std::vector<RecordedCall> calls_;
  std::size_t changes_ = 0;
  std::size_t forgotten_ = 0;  ///< records that forget_calls() dropped
  bool crashed_ = false;
  std::optional<std::pair<std::size_t, Crash>> crash_;
  std::map<std::size_t, Fault> by_number_;
  std::vector<Scripted> by_pattern_;
  std::vector<std::pair<Pattern, std::chrono::milliseconds>> latencies_;
};

/// True for a call that alters containers, networks, volumes or images. Waiting and running a
/// command in a container do not count.
[[nodiscard]] bool is_changing(const std::string& method, const std::string& target);

}  // namespace aim::support::memory
