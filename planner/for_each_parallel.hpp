#pragma once

#include <algorithm>
#include <atomic>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

#include "core/result.hpp"

namespace aim::planner {

/// Calls `look` with each index below `count` from up to `width` threads; the first error ends it.
template <class Look>
std::optional<core::Error> for_each_parallel(std::size_t count,
                                             std::size_t width,
                                             const Look& look) {
  std::atomic<std::size_t> next{0};
  std::mutex mutex;
  std::optional<core::Error> failure;
  const auto work = [&] {
    while (true) {
      const std::size_t index = next++;
      if (index >= count) {
        return;
      }
      if (std::optional<core::Error> error = look(index)) {
        const std::lock_guard lock(mutex);
        if (!failure) {
          failure = std::move(error);
        }
        next = count;
      }
    }
  };
  std::vector<std::jthread> threads;
  for (std::size_t i = 1; i < std::min(width, count); ++i) {
    threads.emplace_back(work);
  }
  work();
  threads.clear();
  return failure;
}

}  // namespace aim::planner
