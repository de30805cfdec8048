#pragma once

#include <optional>
#include <set>

#include "cmd/addresses.hpp"
#include "cmd/app.hpp"
#include "cmd/engine_access.hpp"
#include "cmd/project.hpp"
#include "planner/endpoint_resolution.hpp"
#include "planner/plan.hpp"

namespace aim::cmd {

/// Options that plan, apply and destroy share.
inline constexpr Option kPlanOptions[] = {
    {"destroy", {}, "plan the removal of everything", '\0', false},
    {"target", "ADDRESS", "only this resource and what it needs", '\0', true},
    {"exclude", "ADDRESS", "not this resource, nor what needs it", '\0', true},
    {"replace", "ADDRESS", "replace this resource", '\0', true},
    {"upgrade",
     "ADDRESS",
     "ask the registry what tags stand for now, of all or of this resource",
     '\0',
     true,
     OptionValue::Optional},
    {"allow-exec", {}, "run programs that the configuration names (select.command)", '\0', false},
    {"parallelism", "N", "calls to Docker at a time (default 10)", '\0', false}};

/// Reads the planning options; short addresses ("qwen") are completed where they are unique.
/// Faults are shown; nothing is returned then.
[[nodiscard]] std::optional<planner::PlanOptions> plan_options(const Arguments& arguments,
                                                               const Project& project,
                                                               App& app);

/// --parallelism, 1 to 256; shows a fault and returns nothing.
[[nodiscard]] std::optional<std::size_t> parallelism(const Arguments& arguments, App& app);

/// Fills in what endpoints leave to aim. Docker and its host are only looked at when something has
/// to be decided; without `engine`, GPUs are taken for free. Faults go to `diagnostics`, the texts
/// that they point to to `sources`; fails only when Docker does.
[[nodiscard]] core::Result<planner::Configuration> resolve_now(const Project& project,
                                                               const planner::PlanOptions& options,
                                                               const core::StateSnapshot& state,
                                                               const core::ObservedWorld& world,
                                                               EngineAccess* engine,
                                                               core::Diagnostics& diagnostics,
                                                               core::SourceFiles& sources,
                                                               App& app);

/// What came of planning: a plan, or the reasons why there is none.
struct Planned {
  std::optional<planner::Plan> plan;
  std::optional<core::Error> error;
  core::Diagnostics diagnostics;
  core::SourceFiles sources;
  planner::Configuration configuration;  ///< with what endpoints leave to aim filled in
};

/// Looks at Docker and plans.
[[nodiscard]] Planned plan_now(const Project& project,
                               const planner::PlanOptions& options,
                               const core::StateSnapshot& state,
                               EngineAccess& engine,
                               std::size_t parallelism,
                               App& app);

/// The same. Faults are shown; nothing is returned then.
[[nodiscard]] std::optional<planner::Plan> make_plan_now(const Project& project,
                                                         const planner::PlanOptions& options,
                                                         const core::StateSnapshot& state,
                                                         EngineAccess& engine,
                                                         std::size_t parallelism,
                                                         App& app);

/// The state as a snapshot; never written. Shows a fault and returns nothing.
[[nodiscard]] std::optional<core::StateSnapshot> read_state(const std::filesystem::path& file,
                                                            App& app);

}  // namespace aim::cmd
