#include <boost/json.hpp>

#include "cmd/command_list.hpp"
#include "cmd/explain.hpp"
#include "cmd/explain_model.hpp"
#include "cmd/planning.hpp"

namespace aim::cmd {

namespace {

/// A model has a slash, as at Hugging Face or as a path; an address has one in a key at most.
bool is_model(const std::string& text) {
  const std::size_t slash = text.find('/');
  return slash != std::string::npos && text.find('[') > slash;
}

ExitCode run_explain(const Arguments& arguments, App& app) {
  if (is_model(arguments.positional().front())) {
    return explain_model(arguments, app);
  }
  const std::optional<Project> project = load_project(arguments, app);
  if (!project) {
    return ExitCode::Error;
  }
  const auto state = read_state(project->state_file, app);
  if (!state) {
    return ExitCode::Error;
  }
  const auto address =
      complete_address(arguments.positional().front(), known_addresses(project->configuration, {}));
  if (!address) {
    app.view().error(core::while_doing(address.error(), "in the configuration"));
    return ExitCode::Error;
  }
  // No Docker is asked: what it decided is in the state, and the rest follows from the files.
  core::Diagnostics about_endpoints;
  core::SourceFiles sources = project->sources;
  const auto resolved =
      resolve_now(*project, {}, *state, {}, nullptr, about_endpoints, sources, app);
  if (!resolved) {
    app.view().error(resolved.error());
    return ExitCode::Error;
  }
  if (about_endpoints.has_errors()) {
    app.view().diagnostics(about_endpoints, sources);
    return ExitCode::Error;
  }
  const planner::Configuration& configuration = *resolved;
  core::Diagnostics about_docker;
  const planner::Plan plan = planner::make_plan(configuration, *state, {}, {}, about_docker);
  const Explanation explanation = explain(*address, configuration, *state, plan, sources);
  if (arguments.has("json")) {
    app.view().json_document(explanation_json(explanation));
  } else {
    app.view().text(render_explanation(explanation));
  }
  return ExitCode::Done;
}

std::vector<Option> explain_options() {
  std::vector<Option> options(std::begin(kModelOptions), std::end(kModelOptions));
  options.insert(options.end(), std::begin(kVariableOptions), std::end(kVariableOptions));
  return options;
}

}  // namespace

Command explain_command() {
  return {
      "explain",
      "say where a value comes from, or which recipe a model gets",
      "Prints every value of a resource with the place, variable or default it comes from, what "
      "it depends on and why, and the `docker run` that would make the same container. Secrets "
      "are named, never shown. Asks no Docker; of an "
      "endpoint that was not applied yet, the GPUs of this host are taken for free. Of a model "
      "(ORGANISATION/NAME or a path): which recipe it would get on this host, and what speaks "
      "against each of the others.",
      explain_options(),
      {{"ADDRESS|MODEL", true, false}},
      run_explain};
}

}  // namespace aim::cmd
