#include <fmt/format.h>

#include <boost/json.hpp>

#include "cmd/command_list.hpp"
#include "cmd/planning.hpp"
#include "cmd/view/graph_render.hpp"

namespace aim::cmd {

using core::ErrorCode;
using core::make_error;

namespace {

ExitCode run_graph(const Arguments& arguments, App& app) {
  const std::string format = arguments.value("format").value_or("dot");
  if (format != "dot" && format != "mermaid") {
    app.view().error(make_error(ErrorCode::Invalid,
                                fmt::format("--format takes dot or mermaid, not \"{}\"", format)));
    return ExitCode::Error;
  }
  const std::optional<Project> project = load_project(arguments, app);
  if (!project) {
    return ExitCode::Error;
  }
  std::optional<planner::Plan> plan;
  if (arguments.has("plan")) {
    const auto state = read_state(project->state_file, app);
    const std::unique_ptr<EngineAccess> engine =
        open_engine(project->configuration.docker_host, app);
    const auto width = parallelism(arguments, app);
    if (!state || !engine || !width) {
      return ExitCode::Error;
    }
    plan = make_plan_now(*project, {}, *state, *engine, *width, app);
    if (!plan) {
      return ExitCode::Error;
    }
  }
  const view::Graph graph = view::graph_of(project->configuration, plan ? &*plan : nullptr);
  if (arguments.has("json")) {
    app.view().json_document(view::graph_json(graph));
  } else {
    app.view().text(format == "dot" ? view::render_dot(graph) : view::render_mermaid(graph));
  }
  return ExitCode::Done;
}

}  // namespace

Command graph_command() {
  std::vector<Option> options = {
      {"format", "dot|mermaid", "the language of the graph (default dot)", '\0', false},
      {"plan", {}, "with what apply would do to each resource", '\0', false},
      {"parallelism", "N", "with --plan: calls to Docker at a time (default 10)", '\0', false}};
  options.insert(options.end(), std::begin(kVariableOptions), std::end(kVariableOptions));
  return {"graph",
          "print the resources and what they depend on",
          "Prints the resources of the configuration as a graph: for Graphviz (`aim graph | dot "
          "-Tsvg`), or for Mermaid. An arrow leads from what depends to what it depends on. The "
          "same configuration gives the same text.",
          std::move(options),
          {},
          run_graph};
}

}  // namespace aim::cmd
