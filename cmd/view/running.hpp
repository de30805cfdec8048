#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/clock.hpp"
#include "core/progress.hpp"

namespace aim::view {

/// How often something that goes on is told again where no line can be redrawn.
inline constexpr std::chrono::seconds kStillEvery{10};

/// One activity that has begun and not ended.
struct RunningActivity {
  std::string resource;
  core::Activity activity = core::Activity::Creating;
  core::Steady since;
  core::Steady reported;  ///< when it was last told
  std::string detail;     ///< foreign text
  std::optional<core::PullProgress> pull;
  /// Bytes seen over the last seconds, for the rate.
  std::vector<std::pair<core::Steady, std::uint64_t>> samples;

  [[nodiscard]] std::chrono::milliseconds elapsed(core::Steady now) const;
  /// Bytes a second from the first sample until now, so that a pull that stands still is seen to;
  /// nothing before a second has passed.
  [[nodiscard]] std::optional<double> bytes_per_second(core::Steady now) const;
};

/// What runs, in the order in which it began. Not thread-safe.
class RunningActivities {
 public:
  void start(const std::string& resource, core::Activity activity, core::Steady now);
  /// Progress of something that was never started starts it; true then.
  bool progress(const core::ActivityProgress& event, core::Steady now);
  void end(const std::string& resource, core::Activity activity);

  [[nodiscard]] const std::vector<RunningActivity>& all() const { return all_; }

  /// Those that were last told kStillEvery ago or longer; they count as told now.
  [[nodiscard]] std::vector<RunningActivity> due(core::Steady now);

 private:
  [[nodiscard]] std::vector<RunningActivity>::iterator find(const std::string& resource,
                                                            core::Activity activity);

  std::vector<RunningActivity> all_;
};

}  // namespace aim::view
