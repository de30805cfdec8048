#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "cmd/view/plan_line.hpp"
#include "core/value.hpp"
#include "planner/schema.hpp"

namespace aim::view {

inline constexpr std::string_view kSensitive = "(sensitive value)";
/// Made of a sensitive variable that is not set where the plan is made, and never applied before.
inline constexpr std::string_view kNotSetHere = "(sensitive value, not set here)";
inline constexpr std::string_view kUnknown = "(known after apply)";
inline constexpr std::string_view kForces = "# forces replacement";

/// Where a value stands: what is written around it and what is known about it.
struct ValueSite {
  std::size_t indent = 0;  ///< column of the symbol
  std::string prefix;      ///< "name = ", padded; empty for an element of a list
  std::string suffix;      ///< "," behind an element of a list, " -> null" of what goes away
  std::string remark;      ///< "# forces replacement"
  const planner::Attribute* attribute = nullptr;
};

/// The attribute of one member of an Object's value, or null.
[[nodiscard]] const planner::Attribute* member_attribute(const planner::Attribute* attribute,
                                                         std::string_view name);

/// Whether the table or the value itself says that nobody may see it.
[[nodiscard]] bool is_sensitive(const planner::Attribute* attribute, const core::Value& value);

/// A key of a map, or the name of an attribute: bare if it is a plain word, else in quotes.
[[nodiscard]] std::string key_text(std::string_view key);

/// A value on one line: durations and sizes with their units, texts in quotes, anything sensitive
/// as "(sensitive value)", unknown values as "(known after apply)". `attribute` may be null.
[[nodiscard]] std::string inline_value(const planner::Attribute* attribute,
                                       const core::Value& value);

/// Appends a value that stands alone: on one line if it is a scalar or a short list, else over
/// several, each with `symbol`.
void render_value(const ValueSite& site,
                  Symbol symbol,
                  const core::Value& value,
                  std::vector<Line>& lines);

/// Appends `before -> after`, on two lines when one is too short; maps, lists and texts of several
/// lines are compared element by element. Null on one side makes it an addition or a removal.
void render_difference(const ValueSite& site,
                       const core::Value& before,
                       const core::Value& after,
                       std::vector<Line>& lines);

/// "# (3 unchanged elements hidden)"; nothing is appended for 0. `what` is in the singular.
void render_hidden(std::size_t count,
                   std::string_view what,
                   std::size_t indent,
                   std::vector<Line>& lines);

}  // namespace aim::view
