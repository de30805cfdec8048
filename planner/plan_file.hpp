#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/clock.hpp"
#include "core/result.hpp"
#include "planner/plan.hpp"

namespace aim::planner {

/// A plan as a file holds it. Secrets are known by digest only.
struct SavedPlan {
  Plan plan;
  std::optional<core::Utc> created;  ///< never compared
};

/// The bytes in which two plans must agree to be the same plan. Notes, places in files, the origin
/// of variables and times are not among them. Of secrets they hold digests.
[[nodiscard]] std::string canonical_plan_bytes(const Plan& plan);

/// The text of a plan file: a line of JSON with format version and checksum, then the plan as one
/// line of JSON.
[[nodiscard]] std::string format_plan_file(const SavedPlan& saved);

/// The inverse of format_plan_file; every input is safe. Errors: Invalid (not a plan file),
/// Unsupported (of a newer aim), Protocol (damaged).
[[nodiscard]] core::Result<SavedPlan> parse_plan_file(std::string_view text);

/// Writes the file with mode 0600 beside `path` and renames it there, so that a reader sees the old
/// file or the new one. ErrorCode::Failed with the system's words.
[[nodiscard]] core::Result<void> save_plan(const Plan& plan,
                                           const std::string& path,
                                           std::optional<core::Utc> created);

/// Reads a file that save_plan wrote. Errors: NotFound, Failed (cannot be read), and those of
/// parse_plan_file; each names the path.
[[nodiscard]] core::Result<Plan> load_plan(const std::string& path);

/// What moved between the making of `planned` and `now`, one sentence each, the cause rather than
/// its effects. Empty exactly when canonical_plan_bytes agree.
[[nodiscard]] std::vector<std::string> differences(const Plan& planned, const Plan& now);

}  // namespace aim::planner
