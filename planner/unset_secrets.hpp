#pragma once

#include <string>
#include <vector>

#include "planner/plan.hpp"

namespace aim::planner {

/// Whether a value is made of a sensitive variable that is not set here.
[[nodiscard]] bool is_unset_secret(const core::Value& value);

/// `wanted` with every secret that is not set here taken for what was recorded at its place, as far
/// as that is a secret too.
[[nodiscard]] core::Value assume_unchanged(const core::Value& wanted, const core::Value* recorded);

/// The attributes and outputs of a plan for which nothing was recorded that a secret, not set here,
/// could be taken for: "endpoint.qwen.hf_token". Such a plan cannot be saved.
[[nodiscard]] std::vector<std::string> unset_places(const Plan& plan);

}  // namespace aim::planner
