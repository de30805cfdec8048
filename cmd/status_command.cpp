#include <thread>

#include "cmd/command_list.hpp"
#include "cmd/planning.hpp"
#include "planner/observe.hpp"
#include "planner/readiness.hpp"
#include "planner/readiness_watch.hpp"
#include "planner/realize.hpp"

namespace aim::cmd {

namespace {

/// One quick look: does the first check (health) pass now?
std::string answering(const core::RecordedResource& record,
                      const core::ObservedContainer& container,
                      EngineAccess& engine,
                      std::stop_token stop) {
  const auto policy = planner::readiness_policy(record.address, record.attributes);
  if (!policy || policy->checks.empty()) {
    return {};
  }
  const planner::Check& check = policy->checks.front();
  const core::ProbeTarget target = planner::probe_target(container, check.port);
  if (check.expect == planner::Check::Expect::Connects) {
    const auto connected = engine.prober.tcp(target, check.request.timeout, stop);
    return connected ? "ready" : "not ready: " + connected.error().message;
  }
  const planner::CheckVerdict verdict =
      planner::judge(check, engine.prober.http(target, check.request, stop));
  return verdict.passed ? "ready" : "not ready: " + verdict.detail;
}

StatusRow row_of(const core::RecordedResource& record, const core::ObservedWorld& world) {
  StatusRow row;
  row.address = record.address;
  row.name = record.docker_name;
  row.url = core::string_at(record.computed, "url").value_or("");
  const auto seen = world.containers.find(record.docker_id);
  if (seen == world.containers.end()) {
    row.status = "missing";
    return row;
  }
  row.status = std::string(core::to_string(seen->second.state.status));
  if (planner::is_job(record.attributes) &&
      planner::is_as_wanted(record.attributes, seen->second.state) &&
      seen->second.state.status == core::ContainerStatus::Exited) {
    row.status = "done";
  }
  row.started_at = seen->second.state.started_at;
  row.restarts = seen->second.state.restart_count;
  return row;
}

ExitCode run_status(const Arguments& arguments, App& app) {
  const std::optional<Project> project = load_project(arguments, app);
  if (!project) {
    return ExitCode::Error;
  }
  const auto state = read_state(project->state_file, app);
  const auto engine = open_engine(project->configuration.docker_host, app);
  if (!state || !engine) {
    return ExitCode::Error;
  }
  const auto world = planner::observe(engine->engine,
                                      *state,
                                      project->configuration.project,
                                      project->configuration.workspace,
                                      10,
                                      app.stop());
  if (!world) {
    app.view().error(core::while_doing(world.error(), "on Docker at " + engine->host.uri));
    return ExitCode::Error;
  }
  std::vector<StatusRow> rows;
  for (const auto& [address, record] : state->resources) {
    if (address.kind == core::Kind::Endpoint || address.kind == core::Kind::Container) {
      rows.push_back(row_of(record, *world));
    }
  }
  {
    std::vector<std::jthread> looks;
    for (StatusRow& row : rows) {
      const core::RecordedResource& record = state->resources.at(row.address);
      const auto seen = world->containers.find(record.docker_id);
      if (seen != world->containers.end() && row.status == "running") {
        looks.emplace_back([&row, &record, &container = seen->second, &engine, &app] {
          row.readiness = answering(record, container, *engine, app.stop());
        });
      }
    }
  }
  app.view().status(rows);
  return ExitCode::Done;
}

}  // namespace

Command status_command() {
  return {"status",
          "show what runs and whether it answers",
          "Shows every endpoint and container of the state: whether its container runs, since "
          "when, and whether its first readiness check passes now.",
          {std::begin(kVariableOptions), std::end(kVariableOptions)},
          {},
          run_status};
}

}  // namespace aim::cmd
