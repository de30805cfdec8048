#include <fmt/format.h>

#include <iostream>

#include "cmd/apply_session.hpp"
#include "cmd/asking.hpp"
#include "cmd/command_list.hpp"
#include "cmd/interrupts.hpp"
#include "cmd/planning.hpp"
#include "planner/evaluate.hpp"
#include "planner/plan_file.hpp"

namespace aim::cmd {

using core::ErrorCode;
using core::make_error;
using planner::Plan;

namespace {

enum class Approval { Ask, Given };

struct ApplyOptions {
  Approval approval = Approval::Ask;
  std::optional<Plan> saved;  ///< carried out as it is, or refused
  planner::PlanOptions plan;
  planner::ExecutorOptions executor;
  LockOptions lock;
  std::string operation = "apply";
};

std::optional<ApplyOptions> parse_apply(const Arguments& arguments,
                                        const Project& project,
                                        App& app) {
  ApplyOptions options;
  if (arguments.has("yes") || arguments.has("auto-approve")) {
    options.approval = Approval::Given;
  }
  const auto plan = plan_options(arguments, project, app);
  const auto width = parallelism(arguments, app);
  const auto lock = lock_options(arguments, app);
  if (!plan || !width || !lock) {
    return std::nullopt;
  }
  options.plan = *plan;
  options.executor.parallelism = *width;
  options.executor.keep_failed = arguments.has("keep-failed");
  options.executor.on_failure = project.configuration.on_failure;
  if (const auto given = arguments.value("on-failure")) {
    const auto choice = planner::on_failure_from(*given);
    if (!choice) {
      app.view().error(
          make_error(ErrorCode::Invalid,
                     fmt::format("--on-failure takes rollback or keep, not \"{}\"", *given)));
      return std::nullopt;
    }
    options.executor.on_failure = *choice;
  }
  options.lock = *lock;
  return options;
}

/// Only the full word counts.
bool approved(App& app, bool destroy) {
  app.view().question(destroy ? "Do you really want to destroy this? Only \"yes\" is accepted: "
                              : "Do you want to carry this out? Only \"yes\" is accepted: ");
  std::string answer;
  return static_cast<bool>(std::getline(std::cin, answer)) && answer == "yes";
}

/// Runs the steps between the parsed options and the executor.
class Apply {
 public:
  Apply(const Project& project, const ApplyOptions& options, EngineAccess& engine, App& app)
      : project_(project), options_(options), engine_(engine), app_(app) {}

  ExitCode run() {
    if (options_.approval == Approval::Ask) {
      if (const auto early = preview()) {
        return *early;
      }
    }
    ApplySession::Begun begun =
        ApplySession::begin(project_, options_.lock, options_.operation, engine_, app_);
    if (!begun.session) {
      return begun.exit;
    }
    // From here on nobody else changes this deployment through aim.
    return under_lock(*begun.session);
  }

 private:
  std::optional<Plan> plan_with(const core::StateSnapshot& state) {
    return make_plan_now(
        project_, options_.plan, state, engine_, options_.executor.parallelism, app_);
  }

  /// Shows the plan and asks. Something if that is already the end.
  std::optional<ExitCode> preview() {
    const auto state = read_state(project_.state_file, app_);
    if (!state) {
      return ExitCode::Error;
    }
    std::optional<Plan> plan = plan_with(*state);
    if (!plan) {
      return ExitCode::Error;
    }
    app_.view().plan(*plan, project_.sources);
    if (!planner::has_changes(*plan) && plan->rebuilt.empty()) {
      return ExitCode::Done;
    }
    if (!planner::has_changes(*plan)) {
      return std::nullopt;
    }
    if (!ask()) {
      return ExitCode::Error;
    }
    shown_ = planner::canonical_plan_bytes(*plan);
    return std::nullopt;
  }

  bool ask() {
    if (const auto why = why_nobody_answers(app_)) {
      app_.view().error(make_error(
          ErrorCode::Invalid,
          fmt::format("nobody can be asked, since {}: give --yes, or apply a saved plan", *why)));
      return false;
    }
    if (!approved(app_, options_.plan.destroy)) {
      app_.view().message("Declined. Nothing was changed.");
      return false;
    }
    return true;
  }

  ExitCode under_lock(ApplySession& session) {
    const std::optional<Plan> plan = plan_with(session.snapshot());
    if (!plan) {
      return ExitCode::Error;
    }
    if (options_.saved) {
      const std::vector<std::string> moved = planner::differences(*options_.saved, *plan);
      if (!moved.empty()) {
        app_.view().stale(moved);
        return ExitCode::Stale;
      }
    }
    const bool same = shown_ && *shown_ == planner::canonical_plan_bytes(*plan);
    if (!same) {
      if (shown_) {
        app_.view().message("Something changed since the plan was shown. The plan is now:");
      }
      app_.view().plan(*plan, project_.sources);
      if (shown_ && planner::has_changes(*plan) && !ask()) {
        return ExitCode::Error;
      }
    }
    if (!planner::has_changes(*plan) && plan->rebuilt.empty()) {
      return ExitCode::Done;
    }
    if (const auto made_up = planner::without_real_gpus(*plan); !made_up.empty()) {
      app_.view().error(make_error(
          ErrorCode::Invalid,
          fmt::format(
              "{} cannot be started here: the GPUs of `hosts.local.gpus` are only declared, "
              "and this host has none. Apply where they are",
              made_up.front().str())));
      return ExitCode::Error;
    }
    return session.execute(*plan, options_.operation, options_.executor);
  }

  const Project& project_;
  const ApplyOptions& options_;
  EngineAccess& engine_;
  App& app_;
  std::optional<std::string> shown_;
};

/// The variables that were given to the plan by hand; those in files are read again. Sensitive
/// ones are not in it: they have to be given again, and to hash alike.
PresetVariables variables_of(const Plan& plan) {
  PresetVariables variables;
  for (const auto& [name, variable] : plan.variables) {
    const bool by_hand = variable.origin == "--var" || variable.origin.starts_with("AIM_VAR_");
    if (!variable.sensitive && by_hand) {
      variables.emplace_back(name, planner::as_text(variable.value));
    }
  }
  return variables;
}

enum class Purpose { Apply, Destroy };

ExitCode apply_with(const Arguments& arguments, App& app, Purpose purpose) {
  const Interrupts interrupts(app.stop_source());
  std::optional<Plan> saved;
  if (!arguments.positional().empty()) {
    core::Result<Plan> plan = planner::load_plan(arguments.positional().front());
    if (!plan) {
      app.view().error(plan.error());
      return ExitCode::Error;
    }
    saved = std::move(*plan);
  }
  // What is only removed needs no secrets.
  const bool removes =
      purpose == Purpose::Destroy || arguments.has("destroy") || (saved && saved->options.destroy);
  const std::optional<Project> project =
      load_project(arguments,
                   app,
                   saved ? variables_of(*saved) : PresetVariables(),
                   removes ? Secrets::MayBeUnset : Secrets::Needed);
  if (!project) {
    return ExitCode::Error;
  }
  std::optional<ApplyOptions> options = parse_apply(arguments, *project, app);
  if (!options) {
    return ExitCode::Error;
  }
  if (saved) {
    options->approval = Approval::Given;
    options->plan = saved->options;
    options->saved = std::move(saved);
  }
  if (purpose == Purpose::Destroy) {
    options->plan.destroy = true;
  }
  options->operation = options->plan.destroy ? "destroy" : "apply";
  const std::unique_ptr<EngineAccess> engine = open_engine(project->configuration.docker_host, app);
  if (!engine) {
    return ExitCode::Error;
  }
  return Apply(*project, *options, *engine, app).run();
}

std::vector<Option> apply_options() {
  std::vector<Option> options = {
      {"yes", {}, "do not ask", 'y', false},
      {"auto-approve", {}, "the same as --yes", '\0', false},
      {"on-failure",
       "rollback|keep",
       "what becomes of the rest when a part fails: rollback (default), or keep what succeeded",
       '\0',
       false},
      {"keep-failed", {}, "keep failed new containers, stopped", '\0', false}};
  options.insert(options.end(), std::begin(kPlanOptions), std::end(kPlanOptions));
  options.insert(options.end(), std::begin(kLockOptions), std::end(kLockOptions));
  options.insert(options.end(), std::begin(kVariableOptions), std::end(kVariableOptions));
  return options;
}

}  // namespace

Command apply_command() {
  return {"apply",
          "change the deployment as planned",
          "Plans, asks (only the full word \"yes\" counts), carries the plan out, waits until "
          "everything answers, and puts the previous deployment back if something does not. With "
          "PLAN, a file that `aim plan --out` wrote, exactly that plan is carried out, or refused "
          "with exit code 5 if anything moved since.",
          apply_options(),
          {{"PLAN", false, false}},
          [](const Arguments& arguments, App& app) {
            return apply_with(arguments, app, Purpose::Apply);
          }};
}

Command destroy_command() {
  std::vector<Option> options = apply_options();
  std::erase_if(options, [](const Option& option) {
    return option.name == "destroy" || option.name == "replace" || option.name == "upgrade" ||
           option.name == "allow-exec";
  });
  options.insert(options.begin(),
                 Option{"volumes", {}, "delete the volumes and their data as well", '\0', false});
  return {"destroy",
          "remove everything that is deployed",
          "The same as `aim apply --destroy`: removes what this configuration and its state "
          "describe. Volumes are kept unless --volumes is given.",
          std::move(options),
          {},
          [](const Arguments& arguments, App& app) {
            return apply_with(arguments, app, Purpose::Destroy);
          }};
}

}  // namespace aim::cmd
