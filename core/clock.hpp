#pragma once

#include <chrono>
#include <stop_token>

namespace aim::core {

using Utc = std::chrono::time_point<std::chrono::system_clock, std::chrono::milliseconds>;
using Steady = std::chrono::steady_clock::time_point;

/// Time as a port: nothing below cmd reads a clock of its own.
class Clock {
 public:
  virtual ~Clock() = default;
  [[nodiscard]] virtual Utc utc_now() = 0;
  [[nodiscard]] virtual Steady steady_now() = 0;
  /// Blocks for `duration` or until a stop is requested. True if the whole time passed.
  virtual bool wait_for(std::chrono::milliseconds duration, std::stop_token stop) = 0;
};

/// The machine's own clocks. Thread-safe.
class SystemClock : public Clock {
 public:
  Utc utc_now() override;
  Steady steady_now() override;
  bool wait_for(std::chrono::milliseconds duration, std::stop_token stop) override;
};

}  // namespace aim::core
