#include "tests/support/fake_clock.hpp"

#include <utility>
#include <vector>

namespace aim::support {

namespace {

// Far from the epoch, so that "never" and "at the beginning" differ.
constexpr std::chrono::hours kSteadyStart{1000};

}  // namespace

struct FakeClock::Listener {
  std::function<void()> call;
  int running = 0;
};

FakeClock::FakeClock(std::int64_t pace) : pace_(pace) {}

core::Utc FakeClock::utc_now() {
  constexpr std::chrono::sys_days kStart{std::chrono::year{2026} / 1 / 1};
  const std::scoped_lock lock(mutex_);
  return core::Utc(kStart) + elapsed_;
}

core::Steady FakeClock::steady_now() {
  const std::scoped_lock lock(mutex_);
  return core::Steady(kSteadyStart) + elapsed_;
}

bool FakeClock::wait_for(std::chrono::milliseconds duration, std::stop_token stop) {
  if (stop.stop_requested()) {
    return false;
  }
  advance(duration);
  if (pace_ > 0) {
    std::mutex mutex;
    std::condition_variable_any never;
    std::unique_lock lock(mutex);
    never.wait_for(lock, stop, std::chrono::microseconds(duration) / pace_, [] { return false; });
  }
  return !stop.stop_requested();
}

void FakeClock::advance(std::chrono::milliseconds duration) {
  std::vector<std::shared_ptr<Listener>> told;
  {
    const std::scoped_lock lock(mutex_);
    elapsed_ += duration;
    for (const auto& [number, listener] : listeners_) {
      ++listener->running;
      told.push_back(listener);
    }
  }
  for (const std::shared_ptr<Listener>& listener : told) {
    listener->call();
    const std::scoped_lock lock(mutex_);
    --listener->running;
    idle_.notify_all();
  }
}

FakeClock::Subscription FakeClock::subscribe(std::function<void()> listener) {
  const std::scoped_lock lock(mutex_);
  const std::uint64_t number = next_number_++;
  listeners_[number] = std::make_shared<Listener>(Listener{std::move(listener), 0});
  return {*this, number};
}

FakeClock::Subscription::Subscription(Subscription&& other) noexcept
    : clock_(std::exchange(other.clock_, nullptr)), number_(other.number_) {}

FakeClock::Subscription& FakeClock::Subscription::operator=(Subscription&& other) noexcept {
  std::swap(clock_, other.clock_);
  std::swap(number_, other.number_);
  return *this;
}

FakeClock::Subscription::~Subscription() {
  if (clock_ == nullptr) {
    return;
  }
  // A call under way on another thread still uses what the listener refers to.
  std::unique_lock lock(clock_->mutex_);
  const auto found = clock_->listeners_.find(number_);
  const std::shared_ptr<Listener> listener = found->second;
  clock_->listeners_.erase(found);
  clock_->idle_.wait(lock, [&] { return listener->running == 0; });
}

}  // namespace aim::support
