#pragma once

#include <functional>
#include <stop_token>
#include <string>
#include <vector>

#include "core/clock.hpp"
#include "core/engine.hpp"
#include "core/prober.hpp"
#include "planner/readiness.hpp"

namespace aim::planner {

/// The ports that waiting for readiness needs.
struct ReadinessPorts {
  core::EngineReader& reader;
  core::ContainerWatcher& watcher;
  core::Prober& prober;
  core::Clock& clock;
};

struct ReadinessReport {
  bool ready = false;
  bool cancelled = false;
  std::string cause;              ///< why not, in words
  std::vector<std::string> tail;  ///< last lines of the container's output, foreign text
  std::chrono::milliseconds elapsed{0};
  std::optional<core::ContainerExit> exit = {};  ///< how the container ended, if it did
};

/// The ways to a port of a container, from what inspect shows.
[[nodiscard]] core::ProbeTarget probe_target(const core::ObservedContainer& container,
                                             std::uint16_t port);

/// Runs one check once. Blocking. `container` is what inspect showed just now.
[[nodiscard]] CheckVerdict run_check(core::ContainerWatcher& watcher,
                                     core::Prober& prober,
                                     const core::ObservedContainer& container,
                                     const Check& check,
                                     std::stop_token stop);

/// Waits until the container passes its checks, exits or runs out of time. Blocks; follows the
/// container's log (a line is progress) and its exit (which ends the wait at once) in threads of
/// its own, which have ended when it returns. `note` is told what is waited for, from the calling
/// thread.
[[nodiscard]] ReadinessReport watch_readiness(const ReadinessPorts& ports,
                                              const std::string& container,
                                              const ReadinessPolicy& policy,
                                              const std::function<void(const std::string&)>& note,
                                              std::stop_token stop);

/// For resources without checks: running, or finished without error, is enough.
[[nodiscard]] ReadinessReport check_running(core::EngineReader& reader,
                                            core::ContainerWatcher& watcher,
                                            const std::string& container,
                                            std::stop_token stop);

}  // namespace aim::planner
