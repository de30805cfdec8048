#pragma once

#include <atomic>
#include <mutex>
#include <optional>
#include <ostream>
#include <string>
#include <string_view>

#include "core/clock.hpp"

namespace aim::cmd {

enum class LogLevel { Off, Error, Warn, Info, Debug };

/// "off", "error", "warn", "info" or "debug".
[[nodiscard]] std::optional<LogLevel> log_level_from(std::string_view word);

/// What aim does, line by line, for whoever looks for a fault; apart from what commands say.
/// Thread-safe. Nothing that is logged may hold a secret.
class Log {
 public:
  /// `out` and `clock` must outlive the log.
  Log(std::ostream& out, core::Clock& clock) : out_(out), clock_(clock) {}

  void set_level(LogLevel level) { level_ = level; }

  [[nodiscard]] bool wants(LogLevel level) const { return level <= level_; }

  /// "2026-11-26T03:42:58Z debug GET /v1.41/info: 200 in 3 ms". Foreign text is escaped.
  void write(LogLevel level, std::string_view text);

 private:
  std::ostream& out_;
  core::Clock& clock_;
  std::atomic<LogLevel> level_{LogLevel::Off};
  std::mutex mutex_;
};

}  // namespace aim::cmd
