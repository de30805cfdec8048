#pragma once

#include <chrono>

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
/// Longest silence of a pull: images of 25 GB make a limit on the whole meaningless.
inline constexpr std::chrono::seconds kPullSilence{120};

}  // namespace aim::providers::limits
