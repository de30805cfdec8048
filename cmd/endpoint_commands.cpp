#include <fmt/format.h>

#include <charconv>

#include "cmd/command_list.hpp"
#include "cmd/deployed.hpp"
#include "cmd/endpoint_checks.hpp"
#include "cmd/planning.hpp"
#include "planner/evaluate.hpp"
#include "planner/readiness.hpp"
#include "planner/readiness_watch.hpp"
#include "recipes/resolve.hpp"

namespace aim::cmd {

using core::ErrorCode;
using core::make_error;
using core::Result;

namespace {

/// A recorded container and the connection to look at it with.
struct Target {
  Project project;
  core::RecordedResource record;
  std::unique_ptr<EngineAccess> engine;
};

std::optional<Target> find_target(const Arguments& arguments, App& app) {
  std::optional<Deployed> deployed = find_deployed(arguments.positional().front(), arguments, app);
  if (!deployed) {
    return std::nullopt;
  }
  std::unique_ptr<EngineAccess> engine =
      open_engine(deployed->project.configuration.docker_host, app);
  if (!engine) {
    return std::nullopt;
  }
  core::RecordedResource record = deployed->state.resources.at(deployed->address);
  return Target{std::move(deployed->project), std::move(record), std::move(engine)};
}

/// The container that served before the one that is deployed, if it was kept.
Result<std::string> previous_container(const Target& target, App& app) {
  const auto listed = target.engine->engine.list_containers(app.stop());
  if (!listed) {
    return listed.error();
  }
  const planner::Configuration& configuration = target.project.configuration;
  const auto label = [](const core::ContainerSummary& one, const char* name) {
    const auto found = one.labels.find(name);
    return found == one.labels.end() ? std::string() : found->second;
  };
  std::string newest;
  std::int64_t generation = 0;
  for (const core::ContainerSummary& one : *listed) {
    std::int64_t number = 0;
    const std::string text = label(one, core::label::kGeneration);
    std::from_chars(text.data(), text.data() + text.size(), number);
    if (label(one, core::label::kProject) == configuration.project &&
        label(one, core::label::kWorkspace) == configuration.workspace &&
        label(one, core::label::kAddress) == target.record.address.str() && number > generation &&
        number < target.record.generation) {
      newest = one.id;
      generation = number;
    }
  }
  if (newest.empty()) {
    return make_error(
        ErrorCode::NotFound,
        fmt::format(
            "no previous container of {} is there. `update: {{ keep_previous: 1 }}` keeps "
            "one from the next replacement on; what failed in an apply has its log in {}",
            target.record.address.str(),
            (target.project.state_file.parent_path() / "logs").lexically_normal().string()));
  }
  return newest;
}

ExitCode run_logs(const Arguments& arguments, App& app) {
  const std::optional<Target> target = find_target(arguments, app);
  if (!target) {
    return ExitCode::Error;
  }
  core::LogRequest request;
  request.follow = arguments.has("follow");
  request.timestamps = arguments.has("timestamps");
  if (const auto tail = arguments.value("tail")) {
    std::size_t lines = 0;
    const auto [end, failed] = std::from_chars(tail->data(), tail->data() + tail->size(), lines);
    if (failed != std::errc() || end != tail->data() + tail->size()) {
      app.view().error(make_error(
          ErrorCode::Invalid, fmt::format("--tail takes a number of lines, not \"{}\"", *tail)));
      return ExitCode::Error;
    }
    request.tail = lines;
  }
  std::string container = target->record.docker_id;
  if (arguments.has("previous")) {
    const Result<std::string> previous = previous_container(*target, app);
    if (!previous) {
      app.view().error(previous.error());
      return ExitCode::Error;
    }
    container = *previous;
  }
  const auto read = target->engine->engine.logs(
      container,
      request,
      [&](const core::LogPiece& piece) { app.view().log_piece(piece); },
      app.stop());
  if (!read) {
    app.view().error(
        core::while_doing(read.error(), "while reading the log of " + target->record.docker_name));
    return ExitCode::Error;
  }
  return ExitCode::Done;
}

/// The API key is known to the configuration; state has only its hash.
core::Map with_key(const Target& target) {
  core::Map attributes = target.record.attributes;
  const auto desired = target.project.configuration.resources.find(target.record.address);
  if (desired != target.project.configuration.resources.end()) {
    if (const core::Value* key = core::find(desired->second.attributes, "api_key")) {
      attributes.insert_or_assign("api_key", *key);
    }
  }
  return attributes;
}

ExitCode run_test(const Arguments& arguments, App& app) {
  const std::optional<Target> target = find_target(arguments, app);
  if (!target) {
    return ExitCode::Error;
  }
  if (target->record.held) {
    app.view().error(make_error(
        ErrorCode::Conflict,
        fmt::format("{0} is held: it was stopped with `aim stop`. `aim start {0}` starts "
                    "it",
                    arguments.positional().front())));
    return ExitCode::Error;
  }
  const auto policy = planner::readiness_policy(target->record.address, with_key(*target));
  const auto container =
      target->engine->engine.inspect_container(target->record.docker_id, app.stop());
  if (!container) {
    app.view().error(container.error());
    return ExitCode::Error;
  }
  if (!policy || policy->checks.empty()) {
    app.view().error(make_error(ErrorCode::Unsupported,
                                target->record.address.str() + " has no readiness checks to run"));
    return ExitCode::Error;
  }
  std::vector<TestRow> rows =
      run_checks(*policy, *container, target->engine->engine, target->engine->prober, app.stop());
  if (all_passed(rows)) {
    if (auto speed = measure_speed(
            *policy, target->record.attributes, *container, target->engine->prober, app.stop())) {
      rows.push_back(std::move(*speed));
    }
  }
  app.view().test(target->record.address, rows);
  return all_passed(rows) ? ExitCode::Done : ExitCode::Error;
}

std::vector<Option> with_variables(std::vector<Option> options) {
  options.insert(options.end(), std::begin(kVariableOptions), std::end(kVariableOptions));
  return options;
}

}  // namespace

Command logs_command() {
  return {"logs",
          "print the log of an endpoint or container",
          "Prints what the container wrote: its standard output to standard output, its standard "
          "error to standard error.",
          with_variables(
              {{"follow", {}, "go on as more is written", 'f', false},
               {"tail", "N", "only the last N lines", '\0', false},
               {"previous", {}, "of the container before this one, if it was kept", 'p', false},
               {"timestamps", {}, "with the time of each line", 't', false}}),
          {{"ADDRESS", true, false}},
          run_logs};
}

Command test_command() {
  return {"test",
          "run an endpoint's readiness checks now",
          "Runs every readiness check of an endpoint once, its inference included, and prints how "
          "long each took and how many tokens were generated. Exit code 1 if one fails.",
          with_variables({}),
          {{"ADDRESS", true, false}},
          run_test};
}

}  // namespace aim::cmd
