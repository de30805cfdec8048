#pragma once

#include <stop_token>
#include <vector>

#include "cmd/view/view.hpp"
#include "core/prober.hpp"
#include "planner/readiness.hpp"

namespace aim::cmd {

/// Runs every check of an endpoint once, now, whether the one before passed or not.
[[nodiscard]] std::vector<TestRow> run_checks(const planner::ReadinessPolicy& policy,
                                              const core::ObservedContainer& container,
                                              core::Prober& prober,
                                              std::stop_token stop);

[[nodiscard]] bool all_passed(const std::vector<TestRow>& rows);

}  // namespace aim::cmd
