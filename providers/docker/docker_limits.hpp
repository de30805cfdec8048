#pragma once

#include <chrono>

#include "providers/http/http_client.hpp"

/// How long each sort of call may take: observed on busy machines with images of many gigabytes.
namespace aim::providers::limits {

inline constexpr std::chrono::seconds kPing{5};
inline constexpr std::chrono::seconds kRead{30};
/// Unpacking an image, and hooks of GPU runtimes.
inline constexpr std::chrono::seconds kCreate{120};
inline constexpr std::chrono::seconds kStart{120};
/// On top of the grace period that the container gets.
inline constexpr std::chrono::seconds kStopMargin{60};
/// Deleting very large layers.
inline constexpr std::chrono::seconds kRemove{120};
inline constexpr std::chrono::seconds kChange{60};
/// The Engine asks a registry on the other side of the world, and tries more than one way.
inline constexpr std::chrono::seconds kRegistry{60};
/// Longest silence of a pull: images of 25 GB make a limit on the whole meaningless.
inline constexpr std::chrono::seconds kPullSilence{120};
/// Following a log and waiting for an exit may be silent for days. After each such while the
/// Engine is asked on another connection whether it is still there.
inline constexpr std::chrono::seconds kSilenceBeforePing{30};

/// Connections that are kept for the next call.
inline constexpr std::size_t kMostIdle = 16;

[[nodiscard]] inline LivenessProbe liveness() { return {"/_ping", kSilenceBeforePing, kPing}; }

}  // namespace aim::providers::limits
