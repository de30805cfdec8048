#include <fmt/format.h>

#include "cmd/apply_session.hpp"
#include "cmd/command_list.hpp"
#include "cmd/deployed.hpp"
#include "cmd/interrupts.hpp"
#include "cmd/planning.hpp"
#include "planner/observe.hpp"
#include "planner/plan_stop_start.hpp"

namespace aim::cmd {

namespace {

using planner::StopStart;
using Operation = StopStart::Operation;

constexpr std::size_t kParallelism = 10;

std::string_view word(Operation operation) {
  switch (operation) {
    case Operation::Stop:
      return "stop";
    case Operation::Start:
      return "start";
    case Operation::Restart:
      return "restart";
  }
  return {};
}

/// What is asked of one project.
struct Request {
  Project project;
  StopStart what;
  std::vector<std::string> names;  ///< as the user wrote them, by address
};

class StopStartRun {
 public:
  StopStartRun(const Request& request, const LockOptions& lock, App& app)
      : request_(request), lock_(lock), app_(app) {}

  ExitCode run() {
    const std::unique_ptr<EngineAccess> engine =
        open_engine(request_.project.configuration.docker_host, app_);
    if (!engine) {
      return ExitCode::Error;
    }
    const std::string operation(word(request_.what.operation));
    ApplySession::Begun begun =
        ApplySession::begin(request_.project, lock_, operation, *engine, app_);
    if (!begun.session) {
      return begun.exit;
    }
    const std::optional<planner::Plan> plan = plan_now(begun.session->snapshot(), *engine);
    if (!plan) {
      return ExitCode::Error;
    }
    if (!planner::has_changes(*plan)) {
      say_nothing_to_do();
      return ExitCode::Done;
    }
    const ApplySession::Carried carried = begun.session->carry_out(*plan, operation, {});
    if (carried.result && carried.exit != ExitCode::Done) {
      app_.view().applied(*plan, *carried.result, carried.exit);
    } else if (carried.result) {
      say_done();
    }
    return carried.exit;
  }

 private:
  std::optional<planner::Plan> plan_now(const core::StateSnapshot& state, EngineAccess& engine) {
    const planner::Configuration& configuration = request_.project.configuration;
    const auto world = planner::observe(engine.engine,
                                        state,
                                        configuration.project,
                                        configuration.workspace,
                                        kParallelism,
                                        app_.stop());
    if (!world) {
      app_.view().error(core::while_doing(world.error(), "on Docker at " + engine.host.uri));
      return std::nullopt;
    }
    core::Diagnostics diagnostics;
    planner::Plan plan =
        planner::plan_stop_start(configuration, state, *world, request_.what, diagnostics);
    if (!diagnostics.empty()) {
      app_.view().diagnostics(diagnostics, request_.project.sources);
    }
    return diagnostics.has_errors() ? std::nullopt : std::optional(std::move(plan));
  }

  void say_nothing_to_do() {
    for (const std::string& name : request_.names) {
      app_.view().message(
          fmt::format("{} is {} already.",
                      name,
                      request_.what.operation == Operation::Stop ? "held" : "started"));
    }
  }

  void say_done() {
    for (const std::string& name : request_.names) {
      app_.view().message(
          request_.what.operation == Operation::Stop
              ? fmt::format("Stopped {0}. It is held: plans and applies leave it so, its GPUs stay "
                            "its own.\n`aim start {0}` starts it again.",
                            name)
              : fmt::format("{} {}.",
                            request_.what.operation == Operation::Start ? "Started" : "Restarted",
                            name));
    }
  }

  const Request& request_;
  const LockOptions& lock_;
  App& app_;
};

/// One run for what the configuration has deployed, and one for each launch.
std::optional<std::vector<Request>> requests_of(Operation operation,
                                                const Arguments& arguments,
                                                App& app) {
  const Secrets secrets = operation == Operation::Stop ? Secrets::MayBeUnset : Secrets::Needed;
  std::vector<Request> requests;
  Request* configured = nullptr;
  requests.reserve(arguments.positional().size());
  for (const std::string& name : arguments.positional()) {
    std::optional<Deployed> deployed = find_deployed(name, arguments, app, secrets);
    if (!deployed) {
      return std::nullopt;
    }
    if (deployed->launched || configured == nullptr) {
      requests.push_back({std::move(deployed->project), {operation, {}}, {}});
      configured = deployed->launched ? configured : &requests.back();
    }
    Request& request = deployed->launched ? requests.back() : *configured;
    if (request.what.addresses.insert(deployed->address).second) {
      request.names.push_back(name);
    }
  }
  return requests;
}

ExitCode run_with(Operation operation, const Arguments& arguments, App& app) {
  const Interrupts interrupts(app.stop_source());
  const std::optional<LockOptions> lock = lock_options(arguments, app);
  if (!lock) {
    return ExitCode::Error;
  }
  const auto requests = requests_of(operation, arguments, app);
  if (!requests) {
    return ExitCode::Error;
  }
  for (const Request& request : *requests) {
    if (const ExitCode code = StopStartRun(request, *lock, app).run(); code != ExitCode::Done) {
      return code;
    }
  }
  return ExitCode::Done;
}

using RunCommand = ExitCode (*)(const Arguments&, App&);

Command command(Operation operation,
                std::string_view summary,
                std::string_view description,
                RunCommand run) {
  std::vector<Option> options(std::begin(kLockOptions), std::end(kLockOptions));
  options.insert(options.end(), std::begin(kVariableOptions), std::end(kVariableOptions));
  return {
      word(operation), summary, description, std::move(options), {{"ADDRESS", true, true}}, run};
}

}  // namespace

Command stop_command() {
  return command(Operation::Stop,
                 "stop endpoints or containers and hold them",
                 "Stops what is deployed, by address or by the name of a launch, and holds it: "
                 "Docker does not start it again, plans say that it is held, an apply leaves it "
                 "stopped, and its GPUs stay its own. What the configuration says by now is not "
                 "applied.",
                 [](const Arguments& arguments, App& app) {
                   return run_with(Operation::Stop, arguments, app);
                 });
}

Command start_command() {
  return command(Operation::Start,
                 "start what was stopped",
                 "Starts what `aim stop` stopped and waits until it answers; if it does not, it is "
                 "stopped and held as before. What the configuration says by now is not applied.",
                 [](const Arguments& arguments, App& app) {
                   return run_with(Operation::Start, arguments, app);
                 });
}

Command restart_command() {
  return command(Operation::Restart,
                 "stop and start endpoints or containers",
                 "Stops what is deployed within its grace period, starts it again and waits until "
                 "it answers. The container stays the same, and what the configuration says by now "
                 "is not applied. What was held is no longer.",
                 [](const Arguments& arguments, App& app) {
                   return run_with(Operation::Restart, arguments, app);
                 });
}

}  // namespace aim::cmd
