#pragma once

#include <string>
#include <string_view>

#include "cmd/view/running.hpp"

namespace aim::view {

/// "endpoint.qwen: Creating..."
[[nodiscard]] std::string start_text(const std::string& resource, core::Activity activity);

/// "endpoint.qwen: Still creating... [10s elapsed]"; behind it, in the brackets, bytes and rate of
/// a pull, or what is known of a wait.
[[nodiscard]] std::string still_text(const RunningActivity& running, core::Steady now);

/// The same for a live line: "endpoint.qwen: Creating... [3s]".
[[nodiscard]] std::string live_text(const RunningActivity& running, core::Steady now);

/// "endpoint.qwen: Creation complete after 3s [id=3f0c9e51b7aa]"
[[nodiscard]] std::string end_text(const core::ActivityFinished& event);

/// "endpoint.qwen: Creation failed after 3s: port 8000 is taken"
[[nodiscard]] std::string failure_text(const core::ActivityFailed& event);

/// "Creation", "Readiness check": what failed, as a noun.
[[nodiscard]] std::string_view activity_noun(core::Activity activity);

}  // namespace aim::view
