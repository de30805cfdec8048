#pragma once

#include <string>

#include "cmd/view/terminal.hpp"
#include "core/source.hpp"
#include "planner/plan.hpp"

namespace aim::view {

/// The whole plan as people read it: what changed outside of aim, what will be done, outputs,
/// unmanaged objects, notes, and the summary line. At most 80 columns wide but for words that
/// cannot be broken, the same text for the same plan, and nothing sensitive in it. `sources` may
/// lack the files (a saved plan): then notes come without their source lines.
[[nodiscard]] std::string render_plan(const planner::Plan& plan,
                                      const core::SourceFiles& sources,
                                      Colour colour);

/// "Plan: 1 to add, 0 to change, 1 to destroy. Downtime: qwen.", wrapped at 80 columns, or the
/// sentence that begins with "No changes.". Without a line end.
[[nodiscard]] std::string summary_line(const planner::Plan& plan);

/// "must be replaced", "will be created", ...
[[nodiscard]] std::string_view action_text(planner::Action action);

}  // namespace aim::view
