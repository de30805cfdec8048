#pragma once

#include <boost/json/fwd.hpp>
#include <optional>
#include <string>

#include "core/clock.hpp"
#include "planner/plan.hpp"
#include "planner/schema.hpp"

namespace aim::planner {

enum class Errored { No, Yes };

/// What stands in a plan's JSON besides the plan.
struct PlanJsonHeader {
  std::string aim_version;
  std::optional<core::Utc> timestamp;  ///< of the making; left out where bytes are compared
  Errored errored = Errored::No;       ///< Yes: it has errors and must not be applied
};

/// What an attribute's sensitive value is replaced by.
inline constexpr std::string_view kRedacted = "(sensitive value)";

/// The plan in the shape of Terraform's plan JSON, format_version 1.2, for policy tools:
/// resource_changes with change {actions, before, after, after_unknown, before_sensitive,
/// after_sensitive, replace_paths}, action_reason; resource_drift; output_changes; prior_state;
/// planned_values; variables; applyable, complete, errored; aim_version. Equal plans and headers
/// give equal bytes. Sensitive values are replaced by kRedacted. Source: Terraform's "JSON output
/// format".
[[nodiscard]] boost::json::value plan_json(const Plan& plan, const PlanJsonHeader& header);

/// One field of a change: path, before, after, before_sensitive, after_sensitive, after_unknown,
/// forces_replacement, and range where it was written. Sensitive values are replaced.
[[nodiscard]] boost::json::value field_json(core::Kind kind, const FieldChange& field);

/// A value without anything sensitive or unknown: secrets become kRedacted, unknowns null in lists
/// and absent in maps. `attribute` is the table's entry and may be null.
[[nodiscard]] boost::json::value public_json(const Attribute* attribute, const core::Value& value);

/// The table's entry of an attribute of a kind, else, for an endpoint, of the container that it is
/// on Docker (drift speaks of that one); null for computed attributes.
[[nodiscard]] const Attribute* attribute_of(core::Kind kind, std::string_view name);

/// Terraform's words: ["create"], ["delete","create"], ...
[[nodiscard]] boost::json::value actions_json(Action action);

/// "2026-01-01T00:00:00Z"; milliseconds are written only if there are any.
[[nodiscard]] std::string utc_text(core::Utc time);

}  // namespace aim::planner
