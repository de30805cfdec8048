#pragma once

#include <string_view>
#include <variant>

#include "core/document.hpp"

namespace aim::core {

/// A number that fits neither 64 bits nor a double.
struct NumberOutOfRange {};

/// The type of a plain scalar by YAML 1.2's core schema, but for booleans, which are `true` and
/// `false` only. Source: YAML 1.2.2, section 10.3.2.
[[nodiscard]] std::variant<Node::Data, NumberOutOfRange> decide_scalar(std::string_view plain);

}  // namespace aim::core
