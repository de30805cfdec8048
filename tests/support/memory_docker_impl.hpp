#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <stop_token>

#include "tests/support/fake_clock.hpp"
#include "tests/support/memory_docker.hpp"
#include "tests/support/memory_docker_faults.hpp"
#include "tests/support/memory_docker_world.hpp"

namespace aim::support {

using Next = std::function<memory::Step(memory::World&)>;

/// The world, its lock, and whoever waits for it to change.
struct MemoryDocker::Impl {
  Impl(core::Clock& used_clock, MemoryDockerOptions options)
      : clock(used_clock), world(used_clock, std::move(options)) {
    if (auto* fake = dynamic_cast<FakeClock*>(&used_clock)) {
      by_hand = true;
      subscription = fake->subscribe([this] { on_time(); });
    }
  }

  void catch_up();
  void on_time();
  bool block(std::unique_lock<std::mutex>& lock,
             std::optional<core::Steady> until,
             std::stop_token stop);
  FakePiece next_piece(const Next& next, std::optional<core::Steady> until, std::stop_token stop);
  FakeExchange wrap(memory::Answer answer);
  FakeExchange exchange(const providers::HttpRequest& request,
                        std::chrono::milliseconds budget,
                        std::stop_token stop);
  bool spend(std::chrono::milliseconds duration,
             std::chrono::milliseconds& budget,
             std::stop_token stop);

  void touched() {
    ++changes;
    changed.notify_all();
  }

  core::Clock& clock;
  bool by_hand = false;  ///< time moves only when somebody moves it
  mutable std::mutex mutex;
  std::condition_variable_any changed;
  std::condition_variable_any settled;
  memory::World world;
  memory::Faults faults;
  std::uint64_t changes = 0;     ///< counts what calls did
  std::uint64_t generation = 0;  ///< counts what time did
  std::uint64_t next_waiter = 0;
  std::map<std::uint64_t, std::uint64_t> waiting;  ///< by waiter: the generation it has seen
  FakeClock::Subscription subscription;            ///< last, so that it ends first
};

}  // namespace aim::support
