#pragma once

#include <string>
#include <string_view>

#include "core/result.hpp"
#include "core/snapshot.hpp"

namespace aim::planner {

/// The text of an exported state: indented JSON with a format version. Secrets are known to a state
/// by digest only, so the text holds none. Runs and revisions are not in it.
[[nodiscard]] std::string format_state_file(const core::StateSnapshot& state);

/// The inverse of format_state_file; every input is safe. Errors: Invalid (not an exported state),
/// Unsupported (of a newer aim), Protocol (damaged, naming the place).
[[nodiscard]] core::Result<core::StateSnapshot> parse_state_file(std::string_view text);

}  // namespace aim::planner
