#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>

#include "core/clock.hpp"
#include "core/engine.hpp"
#include "state/lock.hpp"

namespace aim::cmd {

enum class TakeLock { No, Yes };

/// The lock between checkouts and hosts that share one Docker: the volume
/// `aim-lock.<project>.<workspace>`, whose creation is atomic and whose label names the holder. A
/// holder whose process is gone on this very boot of this host is taken over.
class EngineLock {
 public:
  struct Request {
    std::string project;
    std::string workspace;
    std::string lineage;
    state::LockHolder holder;
    std::chrono::milliseconds timeout{0};  ///< zero: do not wait
    TakeLock take = TakeLock::No;          ///< take it from a holder that cannot be asked
  };

  /// Blocks up to the timeout, calling `on_wait` once, with who holds the lock. Errors: Locked
  /// (the message names the holder and says what to do), those of the ports.
  [[nodiscard]] static core::Result<EngineLock> acquire(
      const Request& request,
      core::EngineReader& reader,
      core::EngineActor& actor,
      core::Clock& clock,
      const std::function<void(const std::string&)>& on_wait,
      std::stop_token stop);

  /// Locked if somebody took the lock away meanwhile.
  [[nodiscard]] core::Result<void> check_still_ours(std::stop_token stop) const;

  EngineLock(EngineLock&&) noexcept = default;
  EngineLock& operator=(EngineLock&&) noexcept = default;
  EngineLock(const EngineLock&) = delete;
  EngineLock& operator=(const EngineLock&) = delete;
  /// Gives the lock up, unless it was taken away.
  ~EngineLock();

 private:
  struct Held {
    core::EngineReader& reader;
    core::EngineActor& actor;
    std::string volume;
    std::string label;  ///< the holder as it was written
  };

  explicit EngineLock(std::unique_ptr<Held> held) : held_(std::move(held)) {}

  std::unique_ptr<Held> held_;
};

[[nodiscard]] std::string lock_volume_name(const std::string& project,
                                           const std::string& workspace);

}  // namespace aim::cmd
