#pragma once

#include <optional>
#include <stop_token>
#include <vector>

#include "cmd/view/view.hpp"
#include "core/engine.hpp"
#include "core/prober.hpp"
#include "planner/readiness.hpp"

namespace aim::cmd {

/// Runs every check of an endpoint once, now, whether the one before passed or not.
[[nodiscard]] std::vector<TestRow> run_checks(const planner::ReadinessPolicy& policy,
                                              const core::ObservedContainer& container,
                                              core::ContainerWatcher& watcher,
                                              core::Prober& prober,
                                              std::stop_token stop);

/// Measures how fast one request is generated, and puts it beside what the recipe expects; nothing
/// where the recipe expects nothing, or the task generates nothing. Slower is told, and no failure:
/// one request says little of a server that is busy with others.
[[nodiscard]] std::optional<TestRow> measure_speed(const planner::ReadinessPolicy& policy,
                                                   const core::Map& endpoint,
                                                   const core::ObservedContainer& container,
                                                   core::Prober& prober,
                                                   std::stop_token stop);

[[nodiscard]] bool all_passed(const std::vector<TestRow>& rows);

}  // namespace aim::cmd
