#include <fmt/format.h>

#include "cmd/command_list.hpp"
#include "cmd/interrupts.hpp"
#include "cmd/planning.hpp"
#include "planner/plan_file.hpp"
#include "planner/unset_secrets.hpp"

namespace aim::cmd {

namespace {

ExitCode run_plan(const Arguments& arguments, App& app) {
  const std::optional<Project> project = load_project(arguments, app);
  if (!project) {
    return ExitCode::Error;
  }
  std::optional<planner::PlanOptions> options = plan_options(arguments, *project, app);
  const std::optional<std::size_t> width = parallelism(arguments, app);
  if (!options || !width) {
    return ExitCode::Error;
  }
  const std::optional<core::StateSnapshot> state = read_state(project->state_file, app);
  const std::unique_ptr<EngineAccess> engine = open_engine(project->configuration.docker_host, app);
  if (!state || !engine) {
    return ExitCode::Error;
  }
  const std::optional<planner::Plan> plan =
      make_plan_now(*project, *options, *state, *engine, *width, app);
  if (!plan) {
    return ExitCode::Error;
  }
  if (state->open_run) {
    app.view().message(fmt::format(
        "Warning: run {} ({} by {}) did not end; apply will refuse until it is settled.",
        state->open_run->id.value,
        state->open_run->operation,
        state->open_run->who));
  }
  app.view().plan(*plan, project->sources);
  if (const auto out = arguments.value("out")) {
    if (const std::vector<std::string> places = planner::unset_places(*plan); !places.empty()) {
      app.view().error(core::make_error(
          core::ErrorCode::Invalid,
          fmt::format(
              "this plan cannot be saved: {} would get a sensitive variable that is not set "
              "here and was never applied. Set it, for example with AIM_VAR_NAME",
              fmt::join(places, ", "))));
      return ExitCode::Error;
    }
    if (const core::Result<void> saved = planner::save_plan(*plan, *out, app.clock().utc_now());
        !saved) {
      app.view().error(saved.error());
      return ExitCode::Error;
    }
    app.view().message(
        fmt::format("Saved the plan. To carry out exactly this: aim apply {}", *out));
  }
  const bool changes = planner::has_changes(*plan);
  return changes && arguments.has("detailed-exitcode") ? ExitCode::Changes : ExitCode::Done;
}

}  // namespace

Command plan_command() {
  std::vector<Option> options = {
      {"out", "FILE", "save the plan for `aim apply FILE`", '\0', false},
      {"detailed-exitcode", {}, "exit with 2 when there are changes", '\0', false},
      {"volumes", {}, "with --destroy: the volumes as well", '\0', false}};
  options.insert(options.end(), std::begin(kPlanOptions), std::end(kPlanOptions));
  options.insert(options.end(), std::begin(kVariableOptions), std::end(kVariableOptions));
  return {"plan",
          "show what apply would do",
          "Compares the configuration with the state and with what Docker shows now, and changes "
          "nothing: it takes no lock and writes nothing but the file asked for.",
          std::move(options),
          {},
          run_plan};
}

}  // namespace aim::cmd
