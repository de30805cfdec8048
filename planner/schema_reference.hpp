#pragma once

#include <string>
#include <string_view>

#include "planner/schema.hpp"

namespace aim::planner {

/// docs/reference/<kind>.md, made from the tables: attributes with type, default and what a change
/// costs, the members of objects, what every resource takes, and what others may refer to.
[[nodiscard]] std::string reference_markdown(core::Kind kind);

/// A type in words: "a duration (`30s`, `1h30m`)".
[[nodiscard]] std::string_view type_words(Type type);

}  // namespace aim::planner
