#include "cmd/view/running.hpp"

#include <algorithm>

namespace aim::view {

using core::Activity;
using core::Steady;

namespace {

constexpr std::chrono::seconds kRateWindow{5};

}  // namespace

std::chrono::milliseconds RunningActivity::elapsed(Steady now) const {
  return std::chrono::duration_cast<std::chrono::milliseconds>(now - since);
}

std::optional<double> RunningActivity::bytes_per_second(Steady now) const {
  if (samples.empty()) {
    return std::nullopt;
  }
  const auto& [first_time, first_bytes] = samples.front();
  const std::uint64_t last_bytes = samples.back().second;
  const std::chrono::duration<double> span = now - first_time;
  if (span.count() < 1.0 || last_bytes < first_bytes) {
    return std::nullopt;
  }
  return static_cast<double>(last_bytes - first_bytes) / span.count();
}

std::vector<RunningActivity>::iterator RunningActivities::find(const std::string& resource,
                                                               Activity activity) {
  return std::find_if(all_.begin(), all_.end(), [&](const RunningActivity& running) {
    return running.resource == resource && running.activity == activity;
  });
}

void RunningActivities::start(const std::string& resource, Activity activity, Steady now) {
  end(resource, activity);
  RunningActivity running;
  running.resource = resource;
  running.activity = activity;
  running.since = now;
  running.reported = now;
  all_.push_back(std::move(running));
}

bool RunningActivities::progress(const core::ActivityProgress& event, Steady now) {
  const bool known = find(event.resource, event.activity) != all_.end();
  if (!known) {
    start(event.resource, event.activity, now);
  }
  RunningActivity& running = *find(event.resource, event.activity);
  running.detail = event.detail;
  running.pull = event.pull;
  if (event.pull) {
    running.samples.emplace_back(now, event.pull->current_bytes);
    const auto young =
        std::find_if(running.samples.begin(), running.samples.end(), [&](const auto& sample) {
          return now - sample.first <= kRateWindow;
        });
    running.samples.erase(running.samples.begin(), young);
  }
  return !known;
}

void RunningActivities::end(const std::string& resource, Activity activity) {
  const auto found = find(resource, activity);
  if (found != all_.end()) {
    all_.erase(found);
  }
}

std::vector<RunningActivity> RunningActivities::due(Steady now) {
  std::vector<RunningActivity> result;
  for (RunningActivity& running : all_) {
    if (now - running.reported >= kStillEvery) {
      running.reported = now;
      result.push_back(running);
    }
  }
  return result;
}

}  // namespace aim::view
