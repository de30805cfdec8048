#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <string_view>

#include "providers/http/http_client.hpp"

namespace aim::providers {

/// How long an exchange may take: until a point in time, or as long as something keeps coming.
struct Patience {
  using Time = std::chrono::steady_clock::time_point;

  std::optional<Time> until;
  std::chrono::milliseconds silence{0};  ///< used when `until` is not set; zero: any
  std::chrono::milliseconds whole{0};    ///< what the caller asked for, for messages
  /// Asked after each `silence`, if set: why to wait no longer, or nothing.
  std::function<std::optional<core::Error>()> ask{};

  [[nodiscard]] static Patience until_deadline(std::chrono::milliseconds deadline);
  [[nodiscard]] static Patience while_it_comes(std::chrono::milliseconds inactivity);

  /// When to give up waiting for the next byte; nothing: never.
  [[nodiscard]] std::optional<Time> next() const;
  /// When to give up connecting, for which there is always a limit.
  [[nodiscard]] Time to_connect() const;
};

// The errors of an exchange that did not come to an end.
[[nodiscard]] core::Error stopped_error();
[[nodiscard]] core::Error timed_out(const HttpEndpoint& endpoint, const Patience& patience);
[[nodiscard]] core::Error cannot_connect(const HttpEndpoint& endpoint, std::string_view why);

}  // namespace aim::providers
