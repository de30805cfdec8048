#include <fmt/format.h>

#include <algorithm>

#include "cmd/command_list.hpp"
#include "cmd/planning.hpp"
#include "cmd/state_change.hpp"
#include "planner/state_file.hpp"

namespace aim::cmd {

using core::Address;
using core::CommitRecord;
using core::ErrorCode;
using core::make_error;
using core::RecordedResource;
using core::Result;
using core::StateSnapshot;

namespace {

core::Error in_the_state(const core::Error& error) {
  return core::while_doing(error, "in the state");
}

/// Everything that names `from` names `to` afterwards.
Result<CommitRecord> moved(const StateSnapshot& state,
                           const std::string& given,
                           const Address& to) {
  const Result<Address> from = complete_address(given, known_addresses({}, state));
  if (!from) {
    return in_the_state(from.error());
  }
  if (from->kind != to.kind) {
    return make_error(
        ErrorCode::Invalid,
        fmt::format(
            "{} cannot become {}: the kind of a resource does not change", from->str(), to.str()));
  }
  if (state.resources.contains(to)) {
    return make_error(ErrorCode::Conflict, fmt::format("the state has {} already", to.str()));
  }
  CommitRecord record;
  record.outputs = state.outputs;
  record.removals.push_back(*from);
  for (auto [address, resource] : state.resources) {
    const auto& needs = resource.dependencies;
    if (address != *from && std::find(needs.begin(), needs.end(), *from) == needs.end()) {
      continue;
    }
    std::replace(resource.dependencies.begin(), resource.dependencies.end(), *from, to);
    std::sort(resource.dependencies.begin(), resource.dependencies.end());
    if (address == *from) {
      resource.address = to;
    }
    record.upserts.push_back(std::move(resource));
  }
  return record;
}

ExitCode run_move(const Arguments& arguments, App& app) {
  const auto file = find_state_file(arguments, app);
  if (!file) {
    return ExitCode::Error;
  }
  const Result<Address> to = Address::parse(arguments.positional()[1]);
  if (!to) {
    app.view().error(to.error());
    return ExitCode::Error;
  }
  const std::string& from = arguments.positional()[0];
  const ExitCode code = change_state(
      *file,
      "state mv",
      [&](const StateSnapshot& state, core::RunHeader&) { return moved(state, from, *to); },
      app);
  if (code == ExitCode::Done) {
    app.view().message(fmt::format("Moved {} to {} in the state.", from, to->str()));
  }
  return code;
}

ExitCode run_remove(const Arguments& arguments, App& app) {
  const auto file = find_state_file(arguments, app);
  if (!file) {
    return ExitCode::Error;
  }
  std::vector<std::string> gone;
  const ExitCode code = change_state(
      *file,
      "state rm",
      [&](const StateSnapshot& state, core::RunHeader&) -> Result<CommitRecord> {
        CommitRecord record;
        record.outputs = state.outputs;
        for (const std::string& given : arguments.positional()) {
          const Result<Address> address = complete_address(given, known_addresses({}, state));
          if (!address) {
            return in_the_state(address.error());
          }
          record.removals.push_back(*address);
          gone.push_back(fmt::format(
              "{} ({} on Docker)", address->str(), state.resources.at(*address).docker_name));
        }
        return record;
      },
      app);
  if (code == ExitCode::Done) {
    app.view().message(fmt::format("Forgot {}. Docker was not touched.", fmt::join(gone, ", ")));
  }
  return code;
}

ExitCode run_export(const Arguments& arguments, App& app) {
  const auto file = find_state_file(arguments, app);
  const auto state = file ? read_state(*file, app) : std::nullopt;
  if (!state) {
    return ExitCode::Error;
  }
  if (state->lineage.empty()) {
    app.view().error(make_error(ErrorCode::NotFound, "there is no state to export"));
    return ExitCode::Error;
  }
  app.view().text(planner::format_state_file(*state));
  return ExitCode::Done;
}

/// Whether `given` may take the place of `state`.
std::optional<core::Error> objection(const StateSnapshot& state,
                                     const StateSnapshot& given,
                                     const Project& project) {
  const planner::Configuration& configuration = project.configuration;
  if (given.project != configuration.project || given.workspace != configuration.workspace) {
    return make_error(ErrorCode::Conflict,
                      fmt::format("the file is the state of project {}, workspace {}; this is "
                                  "project {}, workspace {}",
                                  given.project,
                                  given.workspace,
                                  configuration.project,
                                  configuration.workspace));
  }
  if (state.lineage.empty()) {
    return std::nullopt;
  }
  if (given.lineage != state.lineage) {
    return make_error(ErrorCode::Conflict,
                      fmt::format("the file has the lineage {} and the state {}: they describe "
                                  "different deployments. Move the state file away to take the "
                                  "other one",
                                  given.lineage,
                                  state.lineage));
  }
  if (given.serial < state.serial) {
    return make_error(ErrorCode::Stale,
                      fmt::format("the file is revision {} and the state is {}: what happened in "
                                  "between would be forgotten. --force takes it all the same",
                                  given.serial,
                                  state.serial));
  }
  return std::nullopt;
}

ExitCode run_import(const Arguments& arguments, App& app) {
  const std::optional<Project> project = load_project(arguments, app);
  if (!project) {
    return ExitCode::Error;
  }
  const std::string& name = arguments.positional().front();
  const Result<std::string> text = read_file(name);
  const Result<StateSnapshot> given =
      text ? planner::parse_state_file(*text) : Result<StateSnapshot>(text.error());
  if (!given) {
    app.view().error(core::while_doing(given.error(), "while reading " + name));
    return ExitCode::Error;
  }
  const ExitCode code = change_state(
      project->state_file,
      "state import",
      [&](const StateSnapshot& state, core::RunHeader& header) -> Result<CommitRecord> {
        const std::optional<core::Error> against = objection(state, *given, *project);
        const bool forced = against && against->code == ErrorCode::Stale && arguments.has("force");
        if (against && !forced) {
          return *against;
        }
        header.lineage = given->lineage;
        header.project = given->project;
        header.workspace = given->workspace;
        CommitRecord record;
        record.outputs = given->outputs;
        for (const auto& [address, resource] : state.resources) {
          if (!given->resources.contains(address)) {
            record.removals.push_back(address);
          }
        }
        for (const auto& [address, resource] : given->resources) {
          record.upserts.push_back(resource);
        }
        return record;
      },
      app);
  if (code == ExitCode::Done) {
    app.view().message(fmt::format("The state now has {} resources, from {}. Docker was not asked.",
                                   given->resources.size(),
                                   name));
  }
  return code;
}

std::vector<Option> with_variables(std::vector<Option> options = {}) {
  options.insert(options.end(), std::begin(kVariableOptions), std::end(kVariableOptions));
  return options;
}

}  // namespace

Command state_mv_command() {
  return {"state mv",
          "give a resource another address in the state",
          "Changes the address of a resource in the state and touches nothing on Docker. A `moved` "
          "entry in the configuration does the same for everybody who applies it.",
          with_variables(),
          {{"ADDRESS", true, false}, {"NEW-ADDRESS", true, false}},
          run_move};
}

Command state_rm_command() {
  return {
      "state rm",
      "forget resources, leave them on Docker",
      "Takes resources out of the state. Docker is not touched: what was made stays, and if the "
      "configuration still has it, the next plan finds it again by its labels.",
      with_variables(),
      {{"ADDRESS", true, true}},
      run_remove};
}

Command state_export_command() {
  return {"state export",
          "print the whole state as JSON",
          "Prints resources and outputs of the state, for a copy or another machine. Secrets are "
          "in a state as digests only.",
          with_variables(),
          {},
          run_export};
}

Command state_import_command() {
  return {"state import",
          "take over a state that was exported",
          "Replaces what the state knows by a file that `aim state export` wrote. Refused for "
          "another project, workspace or lineage, and for an older revision unless --force is "
          "given.",
          with_variables({{"force", {}, "take an older revision too", '\0', false}}),
          {{"FILE", true, false}},
          run_import};
}

}  // namespace aim::cmd
