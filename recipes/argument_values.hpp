#pragma once

#include <string>

#include "core/value.hpp"
#include "recipes/flag_table.hpp"

namespace aim::recipes {

/// What came of a value.
struct ValueCheck {
  core::Value value;             ///< as it is to be used
  std::string fault;             ///< "takes a whole number, but ...", to follow the flag; or empty
  bool fault_of_choice = false;  ///< the value is none of the recorded choices
  bool became_switch = false;    ///< the text "true" or "false" of a flag without a value
};

/// Whether a flag, or its negation, can have this value.
[[nodiscard]] ValueCheck check_value(const Flag& flag, bool negated, const core::Value& value);

}  // namespace aim::recipes
