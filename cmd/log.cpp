#include "cmd/log.hpp"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <array>

#include "cmd/view/text.hpp"

namespace aim::cmd {

namespace {

constexpr std::array<std::string_view, 5> kWords = {"off", "error", "warn", "info", "debug"};

}  // namespace

std::optional<LogLevel> log_level_from(std::string_view word) {
  for (std::size_t i = 0; i < kWords.size(); ++i) {
    if (kWords[i] == word) {
      return static_cast<LogLevel>(i);
    }
  }
  return std::nullopt;
}

void Log::write(LogLevel level, std::string_view text) {
  if (!wants(level)) {
    return;
  }
  const auto now = std::chrono::floor<std::chrono::seconds>(clock_.utc_now());
  const std::string line = fmt::format("{:%Y-%m-%dT%H:%M:%S}Z {:<5} {}\n",
                                       now,
                                       kWords[static_cast<std::size_t>(level)],
                                       view::escape_line(text));
  const std::lock_guard lock(mutex_);
  out_ << line << std::flush;
}

}  // namespace aim::cmd
