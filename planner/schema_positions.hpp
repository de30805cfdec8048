#pragma once

#include "core/value.hpp"

namespace aim::planner {

/// The canonical form sorts published ports and mounts; this lets the positions of the single ones
/// follow, so that a message about one points at its line. `written` is what was decoded.
void follow_canonical_order(core::Kind kind,
                            const core::Map& written,
                            const core::Map& decoded,
                            core::Positions& positions);

}  // namespace aim::planner
