#pragma once

#include <chrono>
#include <functional>
#include <mutex>
#include <thread>

#include "cmd/view/running.hpp"
#include "cmd/view/screen.hpp"

namespace aim::view {

/// Calls a function again and again, on a thread of its own, until it is destroyed.
class Ticker {
 public:
  Ticker(core::Clock& clock, std::chrono::milliseconds period, std::function<void()> tick);

 private:
  std::jthread thread_;
};

/// Progress on a terminal: one live line for each running activity, folded to one line that stays
/// when it ends. Thread-safe; somebody has to call tick() for the lines to move.
class LiveProgress : public core::Progress {
 public:
  LiveProgress(Screen& screen, core::Clock& clock) : screen_(screen), clock_(clock) {}

  void on(const core::ProgressEvent& event) override;
  void tick();

 private:
  [[nodiscard]] std::vector<std::string> live_lines() const;

  std::mutex mutex_;
  Screen& screen_;
  core::Clock& clock_;
  RunningActivities running_;
  std::size_t frame_ = 0;
};

/// Progress elsewhere: a line when an activity begins, every ten seconds, and when it ends.
/// Thread-safe; somebody has to call tick() at least every second.
class PlainProgress : public core::Progress {
 public:
  PlainProgress(Screen& screen, core::Clock& clock) : screen_(screen), clock_(clock) {}

  void on(const core::ProgressEvent& event) override;
  void tick();

 private:
  std::mutex mutex_;
  Screen& screen_;
  core::Clock& clock_;
  RunningActivities running_;
};

}  // namespace aim::view
