#include <fmt/format.h>
#include <fmt/ranges.h>

#include "cmd/apply_session.hpp"
#include "cmd/command_list.hpp"
#include "cmd/interrupts.hpp"
#include "cmd/launch_store.hpp"
#include "cmd/planning.hpp"

namespace aim::cmd {

namespace fs = std::filesystem;
using core::ErrorCode;
using core::make_error;

namespace {

constexpr std::size_t kParallelism = 10;

ExitCode run_rm(const Arguments& arguments, App& app) {
  const Interrupts interrupts(app.stop_source());
  const std::string& name = arguments.positional().front();
  const std::optional<Launch> launch = find_launch(app, name);
  if (!launch) {
    std::vector<std::string> names;
    for (const Launch& one : all_launches(app)) {
      names.push_back(one.name);
    }
    const std::string near = core::did_you_mean(name, names);
    app.view().error(make_error(
        ErrorCode::NotFound,
        fmt::format("nothing was launched as \"{}\"{}{}",
                    name,
                    near.empty() ? "" : ". " + near,
                    names.empty() ? "" : fmt::format(". There is {}", fmt::join(names, ", ")))));
    return ExitCode::Error;
  }
  const Project project = bare_launch(*launch, app);
  const std::unique_ptr<EngineAccess> engine = open_engine(std::nullopt, app);
  if (!engine) {
    return ExitCode::Error;
  }
  ExitCode code = ExitCode::Done;
  {
    ApplySession::Begun begun = ApplySession::begin(project, {}, "rm", *engine, app);
    if (!begun.session) {
      return begun.exit;
    }
    planner::PlanOptions options;
    options.destroy = true;
    options.destroy_volumes = true;
    const std::optional<planner::Plan> plan =
        make_plan_now(project, options, begun.session->snapshot(), *engine, kParallelism, app);
    if (!plan) {
      return ExitCode::Error;
    }
    code = planner::has_changes(*plan) ? begun.session->execute(*plan, "rm", {}) : ExitCode::Done;
  }
  if (code == ExitCode::Done) {
    std::error_code failed;
    fs::remove_all(launch->directory, failed);
    app.view().message(fmt::format("Removed {}.", launch->name));
  }
  return code;
}

}  // namespace

Command rm_command() {
  return {"rm",
          "remove what was launched",
          "Stops and removes a launched endpoint, by the name that `aim launch` gave it or the "
          "name of its container. The cache of weights stays.",
          {},
          {{"NAME", true, false}},
          run_rm};
}

}  // namespace aim::cmd
