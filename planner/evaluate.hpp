#pragma once

#include <functional>

#include "core/value.hpp"

namespace aim::planner {

/// The planned or applied value of an attribute of another resource; Unknown while it is not known.
using ReferenceLookup = std::function<core::Value(const core::Reference&)>;

/// Replaces every template inside `value` by what it refers to. A template of one reference takes
/// the type of what it refers to; any other becomes text: Unknown if a part is unknown, secret if
/// a part is secret, and then without content if that part has none.
[[nodiscard]] core::Value evaluate(const core::Value& value, const ReferenceLookup& lookup);

/// A scalar as it reads inside a text: numbers and booleans as written, collections as JSON.
[[nodiscard]] std::string as_text(const core::Value& value);

}  // namespace aim::planner
