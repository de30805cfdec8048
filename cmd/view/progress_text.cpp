#include "cmd/view/progress_text.hpp"

#include <fmt/format.h>

#include "cmd/view/text.hpp"

namespace aim::view {

using core::Activity;

namespace {

struct Words {
  std::string_view begin;  ///< "Creating"
  std::string_view still;  ///< "Still creating"
  std::string_view end;    ///< "Creation complete"
  std::string_view noun;   ///< "Creation"
};

Words words_for(Activity activity) {
  switch (activity) {
    case Activity::Pulling:
      return {"Pulling", "Still pulling", "Pull complete", "Pull"};
    case Activity::Creating:
      return {"Creating", "Still creating", "Creation complete", "Creation"};
    case Activity::Updating:
      return {"Modifying", "Still modifying", "Modifications complete", "Modification"};
    case Activity::Replacing:
      return {"Replacing", "Still replacing", "Replacement complete", "Replacement"};
    case Activity::Destroying:
      return {"Destroying", "Still destroying", "Destruction complete", "Destruction"};
    case Activity::Stopping:
      return {"Stopping", "Still stopping", "Stopped", "Stop"};
    case Activity::Disconnecting:
      return {"Disconnecting", "Still disconnecting", "Disconnected", "Disconnection"};
    case Activity::Starting:
      return {"Starting", "Still starting", "Started", "Start"};
    case Activity::Waiting:
      return {"Waiting until it answers", "Still waiting", "Ready", "Readiness check"};
    case Activity::Undoing:
      return {"Undoing", "Still undoing", "Undone", "Undo"};
    case Activity::Renaming:
      return {"Renaming", "Still renaming", "Renamed", "Renaming"};
    case Activity::Removing:
      return {"Removing", "Still removing", "Removal complete", "Removal"};
  }
  return {};
}

std::string short_id(const std::string& id) {
  const bool long_one =
      id.size() == 64 && id.find_first_not_of("0123456789abcdef") == std::string::npos;
  return escape_line(long_one ? id.substr(0, 12) : id);
}

/// "1.2 GiB of 8.0 GiB, 112.0 MiB/s", or what is known of a wait; may be empty.
std::string details(const RunningActivity& running, core::Steady now) {
  if (!running.pull) {
    return escape_line(running.detail);
  }
  const core::PullProgress& pull = *running.pull;
  std::string text =
      pull.total_bytes > 0
          ? fmt::format("{} of {}", bytes_text(pull.current_bytes), bytes_text(pull.total_bytes))
          : escape_line(pull.status);
  if (const std::optional<double> rate = running.bytes_per_second(now)) {
    text += fmt::format(", {}/s", bytes_text(static_cast<std::uint64_t>(*rate)));
  }
  return text;
}

std::string with_details(const std::string& text,
                         const RunningActivity& running,
                         core::Steady now) {
  const std::string more = details(running, now);
  return more.empty() ? text + "]" : fmt::format("{}, {}]", text, more);
}

}  // namespace

std::string start_text(const std::string& resource, Activity activity) {
  return fmt::format("{}: {}...", escape_line(resource), words_for(activity).begin);
}

std::string still_text(const RunningActivity& running, core::Steady now) {
  return with_details(fmt::format("{}: {}... [{} elapsed",
                                  escape_line(running.resource),
                                  words_for(running.activity).still,
                                  elapsed_text(running.elapsed(now))),
                      running,
                      now);
}

std::string live_text(const RunningActivity& running, core::Steady now) {
  return with_details(fmt::format("{} [{}",
                                  start_text(running.resource, running.activity),
                                  elapsed_text(running.elapsed(now))),
                      running,
                      now);
}

std::string end_text(const core::ActivityFinished& event) {
  std::string text = fmt::format("{}: {} after {}",
                                 escape_line(event.resource),
                                 words_for(event.activity).end,
                                 elapsed_text(event.elapsed));
  if (!event.id.empty()) {
    text += fmt::format(" [id={}]", short_id(event.id));
  }
  return text;
}

std::string failure_text(const core::ActivityFailed& event) {
  return fmt::format("{}: {} failed after {}: {}",
                     escape_line(event.resource),
                     words_for(event.activity).noun,
                     elapsed_text(event.elapsed),
                     escape_line(core::to_string(event.error)));
}

std::string_view activity_noun(Activity activity) { return words_for(activity).noun; }

}  // namespace aim::view
