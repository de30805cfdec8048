#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "cmd/view/plan_line.hpp"
#include "core/value.hpp"
#include "planner/plan.hpp"

namespace aim::view {

/// All attributes of `values` that are set, aligned, each with `symbol` (Add or Remove); removed
/// ones end in "-> null". Attributes of the configuration stand before those that only Docker
/// gives. `indent` is the symbol's column.
void render_whole(core::Kind kind,
                  const core::Map& values,
                  Symbol symbol,
                  std::size_t indent,
                  std::vector<Line>& lines);

/// What of a resource changes, and what is told beside it.
struct FieldsView {
  core::Kind kind = core::Kind::Endpoint;
  const std::vector<planner::FieldChange>& fields;
  const core::Map* before = nullptr;  ///< the whole, to count what is unchanged; may be null
  const core::Map* after = nullptr;
  std::vector<std::string> shown;  ///< printed even when unchanged
};

/// The changed fields, aligned, in the order of render_whole. Maps and lists are shown element by
/// element; what is unchanged is counted.
void render_fields(const FieldsView& view, std::size_t indent, std::vector<Line>& lines);

}  // namespace aim::view
