#pragma once

#include "planner/configuration.hpp"
#include "recipes/decision.hpp"

namespace aim::planner {

/// Whether image and arguments of an endpoint are written by hand: no recipe is chosen for it.
[[nodiscard]] bool is_by_hand(const core::Map& endpoint);

[[nodiscard]] bool is_set(const core::Map& attributes, std::string_view name);

/// The map that is the value of a member, or null; `map` may be null.
[[nodiscard]] const core::Map* map_at(const core::Map* map, std::string_view name);

/// What a decision follows from: `choice`, and `command` that follows from it and from more. Equal
/// to what was recorded, it means that nothing has to be decided.
[[nodiscard]] core::Map asked_of(const core::Map& endpoint);

/// Puts a decision among the attributes of an endpoint, where nothing else was written.
void fill_in(const recipes::Decision& decision,
             const std::vector<std::string>& defaulted,
             core::Map& endpoint);

/// Gives attributes that nobody wrote no place in a file; a fault of the image is told at the
/// model. `written` is what the attributes were before.
void mark_as_decided(DesiredResource& endpoint, const core::Map& written);

}  // namespace aim::planner
