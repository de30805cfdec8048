#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>

#include "core/clock.hpp"

namespace aim::support {

/// Time that passes only when somebody waits for it: wait_for() moves it on and returns.
/// Thread-safe. Two threads that wait side by side move it by the sum of their waits.
class FakeClock : public core::Clock {
 public:
  /// Starts at 2026-01-01T00:00:00Z. With `pace` a wait really takes that fraction of its length,
  /// so that threads which are about to do something in this time get their turn even on a busy
  /// machine; without it a wait takes no time at all.
  explicit FakeClock(std::int64_t pace = 0);

  core::Utc utc_now() override;
  core::Steady steady_now() override;
  /// Advances by `duration` unless a stop is requested already.
  bool wait_for(std::chrono::milliseconds duration, std::stop_token stop) override;

  void advance(std::chrono::milliseconds duration);

  /// Keeps a listener alive; it is not called any more once this is gone.
  class Subscription {
   public:
    Subscription() = default;

    Subscription(FakeClock& clock, std::uint64_t number) : clock_(&clock), number_(number) {}

    Subscription(const Subscription&) = delete;
    Subscription& operator=(const Subscription&) = delete;
    Subscription(Subscription&& other) noexcept;
    Subscription& operator=(Subscription&& other) noexcept;
    ~Subscription();

   private:
    FakeClock* clock_ = nullptr;
    std::uint64_t number_ = 0;
  };

  /// `listener` is called after each advance, on the thread that advanced, without locks held.
  [[nodiscard]] Subscription subscribe(std::function<void()> listener);

 private:
  struct Listener;

  const std::int64_t pace_;
  mutable std::mutex mutex_;
  std::condition_variable idle_;
  std::chrono::milliseconds elapsed_{0};
  std::uint64_t next_number_ = 1;
  std::map<std::uint64_t, std::shared_ptr<Listener>> listeners_;
};

}  // namespace aim::support
