#include "cmd/view/live_progress.hpp"

#include <fmt/format.h>

#include <array>

#include "cmd/view/progress_text.hpp"

namespace aim::view {

namespace {

constexpr std::array<char, 4> kSpinner = {'|', '/', '-', '\\'};
// A terminal is never filled with live lines: what scrolls out of it cannot be written over.
constexpr std::size_t kMostLive = 8;

/// Lines that stay, for the events that both kinds of progress tell alike; empty for the others.
std::string lasting_line(const core::ProgressEvent& event) {
  return std::visit(core::overloaded{[](const core::PhaseEntered&) { return std::string(); },
                                     [](const core::ActivityStarted&) { return std::string(); },
                                     [](const core::ActivityProgress&) { return std::string(); },
                                     [](const core::ActivityFinished& e) { return end_text(e); },
                                     [](const core::ActivityFailed& e) { return failure_text(e); },
                                     [](const core::UndoStarted& e) {
                                       return fmt::format("Undoing: {}", escape_line(e.reason));
                                     },
                                     [](const core::Warned& e) {
                                       return fmt::format("{}: Warning: {}",
                                                          escape_line(e.resource),
                                                          escape_line(e.message));
                                     }},
                    event);
}

/// Enters an event into the list of what runs. True if it began something.
bool follow(const core::ProgressEvent& event, RunningActivities& running, core::Steady now) {
  return std::visit(
      core::overloaded{[](const core::PhaseEntered&) { return false; },
                       [&](const core::ActivityStarted& e) {
                         running.start(e.resource, e.activity, now);
                         return true;
                       },
                       [&](const core::ActivityProgress& e) { return running.progress(e, now); },
                       [&](const core::ActivityFinished& e) {
                         running.end(e.resource, e.activity);
                         return false;
                       },
                       [&](const core::ActivityFailed& e) {
                         running.end(e.resource, e.activity);
                         return false;
                       },
                       [](const core::UndoStarted&) { return false; },
                       [](const core::Warned&) { return false; }},
      event);
}

}  // namespace

Ticker::Ticker(core::Clock& clock, std::chrono::milliseconds period, std::function<void()> tick)
    : thread_([&clock, period, tick = std::move(tick)](const std::stop_token& stop) {
        while (clock.wait_for(period, stop)) {
          tick();
        }
      }) {}

void LiveProgress::on(const core::ProgressEvent& event) {
  const std::lock_guard lock(mutex_);
  follow(event, running_, clock_.steady_now());
  // Progress comes many times a second and is shown at the next tick.
  if (!std::holds_alternative<core::ActivityProgress>(event)) {
    const std::string line = lasting_line(event);
    screen_.update(line.empty() ? line : line + "\n", live_lines());
  }
}

void LiveProgress::tick() {
  const std::lock_guard lock(mutex_);
  ++frame_;
  if (!running_.all().empty()) {
    screen_.update({}, live_lines());
  }
}

std::vector<std::string> LiveProgress::live_lines() const {
  const core::Steady now = clock_.steady_now();
  std::vector<std::string> lines;
  for (const RunningActivity& running : running_.all()) {
    if (lines.size() == kMostLive) {
      lines.push_back(fmt::format("  and {} more", running_.all().size() - kMostLive));
      break;
    }
    lines.push_back(
        fmt::format("{} {}", kSpinner.at(frame_ % kSpinner.size()), live_text(running, now)));
  }
  return lines;
}

void PlainProgress::on(const core::ProgressEvent& event) {
  const std::lock_guard lock(mutex_);
  std::string line = lasting_line(event);
  if (follow(event, running_, clock_.steady_now())) {
    const RunningActivity& begun = running_.all().back();
    line = start_text(begun.resource, begun.activity);
  }
  if (!line.empty()) {
    screen_.write(line + "\n");
  }
}

void PlainProgress::tick() {
  const std::lock_guard lock(mutex_);
  const core::Steady now = clock_.steady_now();
  for (const RunningActivity& running : running_.due(now)) {
    screen_.write(still_text(running, now) + "\n");
  }
}

}  // namespace aim::view
