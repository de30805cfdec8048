#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <boost/json.hpp>
#include <fstream>

#include "cmd/apply_session.hpp"
#include "cmd/command_list.hpp"
#include "cmd/endpoint_checks.hpp"
#include "cmd/explain.hpp"
#include "cmd/gpu_access.hpp"
#include "cmd/interrupts.hpp"
#include "cmd/launch_report.hpp"
#include "cmd/launch_request.hpp"
#include "cmd/launch_store.hpp"
#include "cmd/planning.hpp"
#include "planner/observe.hpp"
#include "planner/resolved_gpus.hpp"
#include "recipes/decision.hpp"

namespace aim::cmd {

namespace fs = std::filesystem;
using core::Address;
using core::ErrorCode;
using core::make_error;
using core::Map;

namespace {

constexpr std::size_t kParallelism = 10;

Address endpoint_address() { return Address{core::Kind::Endpoint, "model", std::nullopt}; }

/// Writes through a file beside it, so that nobody reads half a text.
core::Result<void> write_text(const fs::path& file, const std::string& text) {
  const fs::path beside = file.string() + ".new";
  {
    std::ofstream stream(beside, std::ios::trunc | std::ios::binary);
    stream << text;
    stream.flush();
    if (!stream) {
      return make_error(ErrorCode::Failed, fmt::format("{} cannot be written", beside.string()));
    }
  }
  std::error_code failed;
  fs::rename(beside, file, failed);
  if (failed) {
    return make_error(ErrorCode::Failed, fmt::format("{}: {}", file.string(), failed.message()));
  }
  return {};
}

class LaunchRun {
 public:
  LaunchRun(LaunchRequest request, const Arguments& arguments, App& app)
      : request_(std::move(request)), arguments_(arguments), app_(app) {}

  ExitCode run() {
    const ExitCode code = launch();
    if (arguments_.has("json")) {
      app_.set_view(
          make_view(ViewKind::Json,
                    view::terminal_from(app_.surroundings().environment, view::ColourWish::Never),
                    app_.clock()));
      app_.view().json_document(launch_json(report_, request_, code));
    }
    return code;
  }

 private:
  ExitCode launch() {
    const auto home = launches_directory(app_);
    engine_ = open_engine(std::nullopt, app_);
    if (!home || !engine_) {
      return ExitCode::Error;
    }
    launch_ = {request_.name, *home / request_.name};
    const auto state = read_state(launch_.directory / ".aim" / "state.db", app_);
    if (!state) {
      return ExitCode::Error;
    }
    say(fmt::format(
        "Model {}, to be served by {}.", request_.model, request_.backend_or_default()));
    look_at_gpus();
    const std::optional<planner::Configuration> chosen = choose(*state);
    if (!chosen) {
      return ExitCode::Error;
    }
    tell_choice(chosen->resources.at(endpoint_address()).attributes);
    return deploy(*state);
  }

  void say(const std::string& text) { app_.view().message(text); }

  std::string project_name() const { return launch_project_name(request_.name); }

  void look_at_gpus() {
    report_.inventory = open_inventory(app_)->look(app_.stop());
    say(report_.inventory.gpus.empty() ? std::string("Found no GPU.")
                                       : fmt::format("Found {}.", found_text(report_.inventory)));
    for (const core::InventoryProblem& problem : report_.inventory.problems) {
      say(fmt::format("{} {}", problem.message, problem.remedy));
    }
  }

  void refuse_with(std::string error, std::string cause, std::string hint) {
    report_.error = std::move(error);
    report_.cause = std::move(cause);
    report_.hint = std::move(hint);
  }

  std::nullopt_t refuse(const core::Diagnostics& diagnostics) {
    for (const core::Diagnostic& one : diagnostics.sorted()) {
      if (one.severity == core::Severity::Error && report_.error.empty()) {
        refuse_with(one.summary, one.detail, "");
      }
    }
    core::Diagnostics without_places;
    for (core::Diagnostic one : diagnostics.sorted()) {
      if (!one.range || one.range->file.empty()) {
        one.range.reset();
      }
      one.address.clear();
      without_places.add(std::move(one));
    }
    app_.view().diagnostics(without_places, sources_);
    return std::nullopt;
  }

  std::nullopt_t refuse(const core::Error& error) {
    refuse_with(error.message, "", "");
    app_.view().error(error);
    return std::nullopt;
  }

  /// The project under names that are not known before the choice is made.
  std::optional<Project> project_with(const LaunchNames& names) {
    core::Diagnostics diagnostics;
    text_ = launch_yaml(request_, project_name(), names);
    Project project = project_from_text(text_, launch_.directory, app_, diagnostics);
    project.recipes = project_directory(arguments_, app_);
    if (diagnostics.has_errors()) {
      return refuse(diagnostics);
    }
    return project;
  }

  /// Recipe, GPUs, port and names.
  std::optional<planner::Configuration> choose(const core::StateSnapshot& state) {
    if (const auto record = state.resources.find(endpoint_address());
        record != state.resources.end() && record->second.held) {
      return refuse(make_error(
          ErrorCode::Conflict,
          fmt::format("{0} is held: it was stopped with `aim stop`. `aim start {0}` starts it, and "
                      "then it can be launched differently",
                      request_.name)));
    }
    std::optional<Project> project = project_with({});
    if (!project) {
      return std::nullopt;
    }
    const auto world = planner::observe(engine_->engine,
                                        state,
                                        project->configuration.project,
                                        project->configuration.workspace,
                                        kParallelism,
                                        app_.stop());
    if (!world) {
      return refuse(core::while_doing(world.error(), "on Docker at " + engine_->host.uri));
    }
    core::Diagnostics diagnostics;
    auto resolved =
        resolve_now(*project, {}, state, *world, engine_.get(), diagnostics, sources_, app_);
    if (!resolved) {
      return refuse(resolved.error());
    }
    if (diagnostics.has_errors()) {
      return refuse(diagnostics);
    }
    const Map& attributes = resolved->resources.at(endpoint_address()).attributes;
    const auto decision = decision_in(attributes);  // none for a custom server
    if (request_.named || !decision) {
      report_.names.container = engine_name(request_.name);
    } else {
      report_.names.container =
          engine_name(request_.model, decision->gpus, decision->precision, decision->backend);
    }
    report_.names.port = static_cast<int>(core::integer_at(attributes, "port").value_or(0));
    return std::move(*resolved);
  }

  static std::optional<recipes::Decision> decision_in(const Map& attributes) {
    const core::Value* selected = core::find(attributes, "selected");
    const Map* map = selected ? selected->get<Map>() : nullptr;
    return map ? recipes::decision_from(*map) : std::nullopt;
  }

  void tell_recipe(const recipes::Decision& decision) {
    say(fmt::format("Chose {}{}: {}, {}, {}.",
                    decision.recipe == "general" ? "a general recipe, made of the model's facts"
                                                 : "recipe " + decision.recipe,
                    decision.verified ? " (verified)" : " (not verified)",
                    decision.backend,
                    decision.precision,
                    decision.gpus == 1 ? "1 GPU" : fmt::format("{} GPUs", decision.gpus)));
    for (const std::string& reason : decision.reasons) {
      say("  " + reason);
    }
  }

  void tell_choice(const Map& attributes) {
    report_.decision = decision_in(attributes);
    report_.grant = planner::grant_of(attributes);
    if (report_.decision) {
      tell_recipe(*report_.decision);
    }
    if (!report_.grant.ids.empty()) {
      say(fmt::format("It gets {}.", gpus_text(report_.grant, report_.inventory)));
    }
    say(fmt::format("Container {} of image {}, on port {}.",
                    *report_.names.container,
                    core::string_at(attributes, "image").value_or(""),
                    *report_.names.port));
  }

  ExitCode deploy(const core::StateSnapshot& state) {
    const std::optional<Project> project = project_with(report_.names);
    if (!project) {
      return ExitCode::Error;
    }
    if (const auto file = arguments_.value("write")) {
      return write_configuration(*file);
    }
    Planned planned = plan_now(*project, {}, state, *engine_, kParallelism, app_);
    sources_ = planned.sources;
    if (!usable(planned)) {
      return ExitCode::Error;
    }
    if (arguments_.has("dry-run")) {
      show_dry_run(planned, state);
      return ExitCode::Done;
    }
    return carry_out(*project);
  }

  bool usable(const Planned& planned) {
    if (planned.error) {
      static_cast<void>(refuse(*planned.error));
      return false;
    }
    if (!planned.plan) {
      static_cast<void>(refuse(planned.diagnostics));
      return false;
    }
    if (const auto made_up = planner::without_real_gpus(*planned.plan); !made_up.empty()) {
      static_cast<void>(refuse(make_error(ErrorCode::Invalid, "this host has no such GPUs")));
      return false;
    }
    return true;
  }

  /// For a repository: the same endpoint as a configuration of one's own.
  ExitCode write_configuration(const std::string& file) {
    std::error_code ignored;
    if (fs::exists(file, ignored)) {
      static_cast<void>(refuse(make_error(
          ErrorCode::Conflict, fmt::format("{} exists; aim does not overwrite it", file))));
      return ExitCode::Error;
    }
    const std::string project = model_slug(request_.model).substr(0, 40);
    std::string name;
    for (const char c : project) {
      name += c == '.' || c == '_' ? '-' : c;
    }
    if (const core::Result<void> written =
            write_text(file, launch_yaml(request_, name, {report_.names.port, std::nullopt}));
        !written) {
      static_cast<void>(refuse(written.error()));
      return ExitCode::Error;
    }
    say(fmt::format("Wrote {}. Nothing was launched: `aim plan` there shows what would be.", file));
    report_.status = "written";
    return ExitCode::Done;
  }

  void show_dry_run(const Planned& planned, const core::StateSnapshot& state) {
    report_.status = "planned";
    if (arguments_.has("json")) {
      return;
    }
    app_.view().plan(*planned.plan, planned.sources);
    const Explanation explanation =
        explain(endpoint_address(), planned.configuration, state, *planned.plan, planned.sources);
    if (explanation.command) {
      app_.view().text("The same container by hand:\n\n" + explanation.command->script);
    }
  }

  ExitCode carry_out(const Project& project) {
    std::error_code failed;
    const bool is_new = !fs::exists(launch_.directory / "aim.yaml", failed);
    fs::create_directories(launch_.directory, failed);
    // What was given with --env stands in the file.
    fs::permissions(launch_.directory, fs::perms::owner_all, failed);
    ApplySession::Begun begun = ApplySession::begin(project, {}, "launch", *engine_, app_);
    if (!begun.session) {
      refuse_with("the launch could not begin", "standard error says why", "");
      return begun.exit;
    }
    // Under the lock the world is read again; what was decided before is decided alike.
    const core::StateSnapshot state = begun.session->snapshot();
    Planned planned = plan_now(project, {}, state, *engine_, kParallelism, app_);
    sources_ = planned.sources;
    if (!usable(planned)) {
      return ExitCode::Error;
    }
    const fs::path file = launch_.directory / "aim.yaml";
    const core::Result<std::string> before = read_file(file);
    if (const core::Result<void> written =
            write_text(file, "# Written by `aim launch`, which also changes it.\n" + text_);
        !written) {
      static_cast<void>(refuse(written.error()));
      return ExitCode::Error;
    }
    ExitCode code = ExitCode::Done;
    if (planner::has_changes(*planned.plan) || !planned.plan->rebuilt.empty()) {
      ApplySession::Carried carried = begun.session->carry_out(*planned.plan, "launch", {});
      code = carried.exit;
      if (carried.result && code != ExitCode::Done) {
        app_.view().applied(*planned.plan, *carried.result, code);
        take_failure(*carried.result);
      }
    } else {
      say("It runs already, just like that.");
    }
    if (code != ExitCode::Done) {
      restore(file, before, is_new && begun.session->snapshot().resources.empty());
      begun.session.reset();
      return code;
    }
    return finish(begun.session->snapshot());
  }

  void take_failure(const planner::ApplyResult& result) {
    if (result.failures.empty()) {
      refuse_with("the launch was interrupted", "", "");
      return;
    }
    const planner::Failure& first = result.failures.front();
    refuse_with(fmt::format("{} failed", first.resource), first.cause, first.remedy);
  }

  /// The file says what is deployed, which is as it was.
  void restore(const fs::path& file, const core::Result<std::string>& before, bool forget) {
    std::error_code ignored;
    if (forget) {
      fs::remove(file, ignored);  // logs of the failed container stay
    } else if (before) {
      static_cast<void>(write_text(file, *before));
    }
  }

  ExitCode finish(const core::StateSnapshot& state) {
    const auto record = state.resources.find(endpoint_address());
    AIM_CHECK(record != state.resources.end());
    report_.container_id = record->second.docker_id;
    report_.url = core::string_at(record->second.computed, "url").value_or("");
    report_.status = "running";
    const auto policy = planner::readiness_policy(endpoint_address(), with_key(record->second));
    const auto container = engine_->engine.inspect_container(report_.container_id, app_.stop());
    if (!policy || !container) {
      return ExitCode::Done;
    }
    const std::vector<TestRow> rows =
        run_checks(*policy, *container, engine_->engine, engine_->prober, app_.stop());
    if (!all_passed(rows)) {
      app_.view().test(endpoint_address(), rows);
      refuse_with("the endpoint does not answer", rows.back().detail, "");
      return ExitCode::Error;
    }
    report_.status = "ready";
    if (!arguments_.has("json")) {
      app_.view().text(success_text(report_, request_.model, launch_.name, rows.back()));
    }
    return ExitCode::Done;
  }

  /// State has only the hash of the key.
  Map with_key(const core::RecordedResource& record) {
    Map attributes = record.attributes;
    core::Diagnostics ignored;
    const Project project = project_from_text(text_, launch_.directory, app_, ignored);
    const auto desired = project.configuration.resources.find(endpoint_address());
    if (desired != project.configuration.resources.end()) {
      if (const core::Value* key = core::find(desired->second.attributes, "api_key")) {
        attributes.insert_or_assign("api_key", *key);
      }
    }
    return attributes;
  }

  LaunchRequest request_;
  const Arguments& arguments_;
  App& app_;
  Launch launch_;
  std::unique_ptr<EngineAccess> engine_;
  core::SourceFiles sources_;
  std::string text_;  ///< of the configuration
  LaunchReport report_;
};

ExitCode run_launch(const Arguments& arguments, App& app) {
  const Interrupts interrupts(app.stop_source());
  if (arguments.has("json")) {
    // Only the result is JSON; what happens meanwhile is told on standard error.
    app.set_view(
        make_view(ViewKind::Human,
                  view::terminal_from(app.surroundings().environment, view::ColourWish::Never),
                  app.clock()));
  }
  std::optional<LaunchRequest> request = launch_request(arguments, app);
  return request ? LaunchRun(std::move(*request), arguments, app).run() : ExitCode::Error;
}

}  // namespace

Command launch_command() {
  return {
      "launch",
      "serve one model, without a file",
      "Finds the GPUs, chooses a recipe, starts the server, waits until it answers and tests it: "
      "one "
      "endpoint, planned and applied like any other, with a state of its own. The same command "
      "again changes nothing; another one under the same name changes what differs.",
      {{"gpus",
        "N",
        "how many GPUs, 1 to 16 (0 with llamacpp or custom); default: what the recipe needs",
        '\0',
        false},
       {"precision",
        "P",
        "bf16, fp16, fp8, fp4, int8 or int4; default: the highest that fits",
        '\0',
        false},
       {"backend", "B", "vllm (default), sglang, llamacpp or custom", '\0', false},
       {"recipe", "ID", "this recipe and no other", '\0', false},
       {"base-model", "MODEL", "the known model that a fine-tune was made of", '\0', false},
       {"fallback", {}, "take the nearest recipe where none is as asked", '\0', false},
       {"context-length", "TOKENS", "tokens that one request may hold", '\0', false},
       {"feature", "NAME", "tool_calling, reasoning or another of the recipe", '\0', true},
       {"arg", "FLAG[=VALUE]", "a serve argument, --arg=--max-num-seqs=64", '\0', true},
       {"env", "NAME=VALUE", "an environment variable of the server", '\0', true},
       {"port", "PORT", "where it answers; default: 8000, or the next that is free", '\0', false},
       {"bind",
        "ADDRESS",
        "address that the port is published on (default 127.0.0.1)",
        '\0',
        false},
       {"name", "NAME", "name of the launch; default: from model and options", '\0', false},
       {"image", "IMAGE", "this image instead of the recipe's", '\0', false},
       {"cache",
        "PLACE",
        "folder of the host for weights, or none (default: a volume)",
        '\0',
        false},
       {"api-key", "SOURCE", "key that clients must send: env:NAME or file:/PATH", '\0', false},
       {"start-timeout",
        "DURATION",
        "how long it may take without progress (default 30m)",
        '\0',
        false},
       {"dry-run", {}, "show the plan and the same as docker run; start nothing", '\0', false},
       {"write", "FILE", "write it as a configuration instead of launching it", '\0', false}},
      {{"MODEL", true, false}},
      run_launch};
}

}  // namespace aim::cmd
