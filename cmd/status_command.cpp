#include <algorithm>
#include <thread>

#include "cmd/command_list.hpp"
#include "cmd/gpu_access.hpp"
#include "cmd/interrupts.hpp"
#include "cmd/launch_store.hpp"
#include "cmd/planning.hpp"
#include "planner/observe.hpp"
#include "planner/readiness.hpp"
#include "planner/readiness_watch.hpp"
#include "planner/realize.hpp"
#include "planner/resolved_gpus.hpp"

namespace aim::cmd {

namespace {

using core::Steady;

/// Long enough for a rate that means something, short enough to wait for.
constexpr std::chrono::milliseconds kSample{1000};
constexpr std::chrono::milliseconds kWatchEvery{2000};
constexpr std::chrono::milliseconds kMetricsTimeout{2000};

/// One endpoint or container of a state, and its container.
struct Looked {
  StatusRow row;
  core::RecordedResource record;
  std::optional<core::ObservedContainer> container;
  Steady sampled{};
};

/// One quick look: does the first check (health) pass now?
std::string answering(const Looked& one, EngineAccess& engine, std::stop_token stop) {
  const auto policy = planner::readiness_policy(one.record.address, one.record.attributes);
  if (!policy || policy->checks.empty()) {
    return {};
  }
  const planner::Check& check = policy->checks.front();
  const core::ProbeTarget target = planner::probe_target(*one.container, check.port);
  if (check.expect == planner::Check::Expect::Connects) {
    const auto connected = engine.prober.tcp(target, check.request.timeout, stop);
    return connected ? "ready" : "not ready: " + connected.error().message;
  }
  const planner::CheckVerdict verdict =
      planner::judge(check, engine.prober.http(target, check.request, stop));
  return verdict.passed ? "ready" : "not ready: " + verdict.detail;
}

/// What the server says at /metrics; nothing if it has none.
std::optional<recipes::ServingMetrics> metrics_of(const Looked& one,
                                                  EngineAccess& engine,
                                                  std::stop_token stop) {
  if (one.record.address.kind != core::Kind::Endpoint) {
    return std::nullopt;
  }
  const auto policy = planner::readiness_policy(one.record.address, one.record.attributes);
  if (!policy || policy->checks.empty()) {
    return std::nullopt;
  }
  core::ProbeRequest request;
  request.path = "/metrics";
  request.timeout = kMetricsTimeout;
  const auto answer = engine.prober.http(
      planner::probe_target(*one.container, policy->checks.front().port), request, stop);
  if (!answer || answer->status != 200) {
    return std::nullopt;
  }
  recipes::ServingMetrics metrics = recipes::read_metrics(answer->body);
  return metrics == recipes::ServingMetrics() ? std::nullopt : std::optional(metrics);
}

Looked looked_at(const core::RecordedResource& record, const core::ObservedWorld& world) {
  Looked one;
  one.record = record;
  one.row.address = record.address;
  one.row.name = record.docker_name;
  one.row.url = core::string_at(record.computed, "url").value_or("");
  const auto seen = world.containers.find(record.docker_id);
  if (seen == world.containers.end()) {
    one.row.status = "missing";
    return one;
  }
  const core::ContainerState& state = seen->second.state;
  one.container = seen->second;
  one.row.status = std::string(core::to_string(state.status));
  if (planner::is_job(record.attributes) && planner::is_as_wanted(record.attributes, state) &&
      state.status == core::ContainerStatus::Exited) {
    one.row.status = "done";
  }
  if (record.held && planner::stands_still(state.status)) {
    one.row.status = "held";
  }
  one.row.started_at = state.started_at;
  one.row.restarts = state.restart_count;
  return one;
}

/// For each that runs, at the same time.
template <class Function>
void for_each_running(std::vector<Looked>& all, Function function) {
  std::vector<std::jthread> threads;
  for (Looked& one : all) {
    if (one.container && one.row.status == "running") {
      threads.emplace_back([&one, &function] { function(one); });
    }
  }
}

class StatusRun {
 public:
  StatusRun(const Arguments& arguments, App& app) : arguments_(arguments), app_(app) {}

  ExitCode run() {
    if (has_configuration(project_directory(arguments_, app_)) || all_launches(app_).empty()) {
      std::optional<Project> project = load_project(arguments_, app_);
      if (!project) {
        return ExitCode::Error;
      }
      docker_ = project->configuration.docker_host;
      projects_.emplace_back("", std::move(*project));
    }
    for (const Launch& launch : all_launches(app_)) {
      core::Diagnostics ignored;  // a launch whose file is damaged is still there to be seen
      if (auto project = launched_project(launch, app_, ignored)) {
        projects_.emplace_back(launch.name, std::move(*project));
      }
    }
    engine_ = open_engine(docker_, app_);
    if (!engine_) {
      return ExitCode::Error;
    }
    for (;;) {
      std::optional<std::vector<StatusRow>> rows = look();
      if (!rows) {
        return ExitCode::Error;
      }
      app_.view().status(*rows);
      if (!arguments_.has("watch") || app_.stop().stop_requested()) {
        return ExitCode::Done;
      }
      static_cast<void>(app_.clock().wait_for(kWatchEvery, app_.stop()));
      if (app_.stop().stop_requested()) {
        return ExitCode::Done;
      }
    }
  }

 private:
  std::optional<std::vector<StatusRow>> look() {
    std::vector<Looked> all;
    for (const auto& [launch, project] : projects_) {
      const auto state = read_state(project.state_file, app_);
      if (!state && launch.empty()) {
        return std::nullopt;
      }
      if (!state) {
        continue;  // said already; the others can be seen all the same
      }
      const auto world = planner::observe(engine_->engine,
                                          *state,
                                          project.configuration.project,
                                          project.configuration.workspace,
                                          10,
                                          app_.stop());
      if (!world) {
        app_.view().error(core::while_doing(world.error(), "on Docker at " + engine_->host.uri));
        return std::nullopt;
      }
      for (const auto& [address, record] : state->resources) {
        if (address.kind == core::Kind::Endpoint || address.kind == core::Kind::Container) {
          all.push_back(looked_at(record, *world));
          all.back().row.launch = launch;
        }
      }
    }
    for_each_running(all, [&](Looked& one) {
      one.row.readiness = answering(one, *engine_, app_.stop());
      one.row.metrics = metrics_of(one, *engine_, app_.stop());
      one.sampled = app_.clock().steady_now();
    });
    add_gpus(all);
    add_rates(all);
    std::vector<StatusRow> rows;
    for (Looked& one : all) {
      rows.push_back(std::move(one.row));
    }
    return rows;
  }

  void add_gpus(std::vector<Looked>& all) {
    const bool any = std::any_of(all.begin(), all.end(), [](const Looked& one) {
      return !planner::grant_of(one.record.attributes).ids.empty();
    });
    if (!any) {
      return;
    }
    const core::Inventory inventory = open_inventory(app_)->look(app_.stop());
    for (Looked& one : all) {
      const planner::GpuGrant grant = planner::grant_of(one.record.attributes);
      for (const core::Gpu& gpu : inventory.gpus) {
        if (std::find(grant.ids.begin(), grant.ids.end(), gpu.id) != grant.ids.end()) {
          one.row.gpus.push_back(gpu);
        }
      }
    }
  }

  /// Tokens a second: as the server measures it, else over a second from now.
  void add_rates(std::vector<Looked>& all) {
    const auto can_be_measured = [](const Looked& one) {
      return one.row.metrics && one.row.metrics->generated_tokens && !one.row.tokens_per_second;
    };
    for (Looked& one : all) {
      if (one.row.metrics) {
        one.row.tokens_per_second = one.row.metrics->tokens_per_second;
      }
      if (can_be_measured(one) && one.row.metrics->running == 0.0) {
        one.row.tokens_per_second = 0;
      }
    }
    if (std::none_of(all.begin(), all.end(), can_be_measured)) {
      return;
    }
    static_cast<void>(app_.clock().wait_for(kSample, app_.stop()));
    for_each_running(all, [&](Looked& one) {
      if (!can_be_measured(one)) {
        return;
      }
      const auto now = metrics_of(one, *engine_, app_.stop());
      const std::chrono::duration<double> passed = app_.clock().steady_now() - one.sampled;
      if (now && now->generated_tokens && passed.count() > 0) {
        one.row.tokens_per_second =
            (*now->generated_tokens - *one.row.metrics->generated_tokens) / passed.count();
        one.row.metrics = now;
      }
    });
  }

  const Arguments& arguments_;
  App& app_;
  std::optional<std::string> docker_;
  std::vector<std::pair<std::string, Project>> projects_;  ///< with the name of the launch
  std::unique_ptr<EngineAccess> engine_;
};

ExitCode run_status(const Arguments& arguments, App& app) {
  const Interrupts interrupts(app.stop_source());
  return StatusRun(arguments, app).run();
}

}  // namespace

Command status_command() {
  std::vector<Option> options = {
      {"watch", {}, "again every two seconds, until Ctrl-C", 'w', false}};
  options.insert(options.end(), std::begin(kVariableOptions), std::end(kVariableOptions));
  return {"status",
          "show what runs, whether it answers, and how much it does",
          "Shows every endpoint and container of the state, and everything that was launched: "
          "whether its container runs, since when, whether its first readiness check passes now; "
          "of endpoints the memory of their GPUs and what the server's /metrics say of requests, "
          "tokens a second and the KV cache.",
          std::move(options),
          {},
          run_status};
}

}  // namespace aim::cmd
