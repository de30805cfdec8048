#pragma once

#include <string>

#include "tests/apply/apply_lab.hpp"

namespace aim::apply_test {

/// Everything that went wrong in an apply, a line each.
[[nodiscard]] std::string causes(const planner::ApplyResult& result);

/// Expects that a plan of what there is now changes nothing.
void expect_no_changes(ApplyLab& lab);

/// Applies what is configured, expects success, and that the next plan changes nothing.
void apply_and_expect_no_changes(ApplyLab& lab);

/// What a plan does to one address, which it must have.
[[nodiscard]] planner::Action action_of(const planner::Plan& plan, const std::string& address);
[[nodiscard]] const planner::ResourceChange& change_of(const planner::Plan& plan,
                                                       const std::string& address);

}  // namespace aim::apply_test
