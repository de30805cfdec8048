#include <boost/json.hpp>

#include "cmd/command_list.hpp"
#include "cmd/planning.hpp"
#include "cmd/state_change.hpp"
#include "planner/plan_file.hpp"

namespace aim::cmd {

using core::ErrorCode;
using core::make_error;

namespace {

std::optional<core::StateSnapshot> find_state(const Arguments& arguments, App& app) {
  const auto file = find_state_file(arguments, app);
  return file ? read_state(*file, app) : std::nullopt;
}

ExitCode run_list(const Arguments& arguments, App& app) {
  const auto state = find_state(arguments, app);
  if (!state) {
    return ExitCode::Error;
  }
  app.view().state_list(*state);
  return ExitCode::Done;
}

ExitCode run_show(const Arguments& arguments, App& app) {
  const auto state = find_state(arguments, app);
  if (!state) {
    return ExitCode::Error;
  }
  const auto address =
      complete_address(arguments.positional().front(), known_addresses({}, *state));
  if (!address) {
    app.view().error(core::while_doing(address.error(), "in the state"));
    return ExitCode::Error;
  }
  app.view().state_resource(state->resources.at(*address));
  return ExitCode::Done;
}

ExitCode run_show_plan(const Arguments& arguments, App& app) {
  if (arguments.positional().empty()) {
    return run_list(arguments, app);
  }
  const auto plan = planner::load_plan(arguments.positional().front());
  if (!plan) {
    app.view().error(plan.error());
    return ExitCode::Error;
  }
  app.view().plan_document(*plan);
  return ExitCode::Done;
}

ExitCode run_output(const Arguments& arguments, App& app) {
  const auto state = find_state(arguments, app);
  if (!state) {
    return ExitCode::Error;
  }
  if (arguments.positional().empty()) {
    app.view().outputs(state->outputs);
    return ExitCode::Done;
  }
  const std::string& name = arguments.positional().front();
  const auto found = state->outputs.find(name);
  if (found == state->outputs.end()) {
    std::vector<std::string> names;
    for (const auto& [other, output] : state->outputs) {
      names.push_back(other);
    }
    const std::string hint = core::did_you_mean(name, names);
    app.view().error(make_error(
        ErrorCode::NotFound,
        "the state has no output \"" + name + "\"" + (hint.empty() ? std::string() : ". " + hint)));
    return ExitCode::Error;
  }
  app.view().output(name, found->second);
  return ExitCode::Done;
}

std::vector<Option> variable_options() {
  return {std::begin(kVariableOptions), std::end(kVariableOptions)};
}

}  // namespace

Command state_list_command() {
  return {"state list",
          "list the resources that state knows",
          "Lists the addresses of the resources in the state, with what they are on Docker.",
          variable_options(),
          {},
          run_list};
}

Command state_show_command() {
  return {"state show",
          "show one resource as state knows it",
          "Shows what the state holds of one resource. Secrets are held as hashes only.",
          variable_options(),
          {{"ADDRESS", true, false}},
          run_show};
}

Command show_command() {
  return {"show",
          "show a saved plan, or the state",
          "Shows a plan that `aim plan --out` saved; with --json in the shape of Terraform's plan "
          "JSON. Without PLAN, lists the state.",
          variable_options(),
          {{"PLAN", false, false}},
          run_show_plan};
}

Command output_command() {
  return {"output",
          "print outputs of the last apply",
          "Prints the outputs of the last apply, or the value of one. Sensitive ones are kept as "
          "hashes only, so they cannot be printed.",
          variable_options(),
          {{"NAME", false, false}},
          run_output};
}

}  // namespace aim::cmd
