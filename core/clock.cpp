#include "core/clock.hpp"

#include <condition_variable>
#include <mutex>

namespace aim::core {

Utc SystemClock::utc_now() {
  return std::chrono::time_point_cast<std::chrono::milliseconds>(std::chrono::system_clock::now());
}

Steady SystemClock::steady_now() { return std::chrono::steady_clock::now(); }

bool SystemClock::wait_for(std::chrono::milliseconds duration, std::stop_token stop) {
  std::mutex mutex;
  std::condition_variable_any changed;
  std::unique_lock lock(mutex);
  changed.wait_for(lock, stop, duration, [] { return false; });
  return !stop.stop_requested();
}

}  // namespace aim::core
