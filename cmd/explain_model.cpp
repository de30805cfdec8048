#include "cmd/explain_model.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <boost/json.hpp>

#include "cmd/gpu_access.hpp"
#include "cmd/launch_request.hpp"
#include "cmd/project.hpp"
#include "cmd/recipe_data.hpp"
#include "cmd/view/text.hpp"
#include "planner/resolved_gpus.hpp"

namespace aim::cmd {

namespace json = boost::json;
using recipes::Candidate;

namespace {

constexpr std::size_t kColumns = 80;

std::string name_of(const Candidate& one) {
  return fmt::format("{} ({}, {}, {}, {})",
                     one.general ? "general" : one.recipe_id,
                     one.backend,
                     one.hardware,
                     one.gpus == 1 ? "1 GPU" : fmt::format("{} GPUs", one.gpus),
                     to_string(one.precision));
}

/// Lines of at most 80 columns, the first behind `head`, the others as far in.
std::string indented(const std::string& head, const std::string& text) {
  std::string out;
  std::string before = head;
  for (const std::string& line : view::wrap(text, kColumns - head.size())) {
    out += before + line + "\n";
    before.assign(head.size(), ' ');
  }
  return out;
}

std::string text_of(const std::string& model,
                    const std::vector<recipes::GpuGroup>& groups,
                    const recipes::Selection& selection) {
  std::vector<std::string> here;
  for (const recipes::GpuGroup& group : groups) {
    here.push_back(fmt::format("{} {}", group.count, group.model));
  }
  std::string text =
      fmt::format("{} on {}\n\n",
                  model,
                  here.empty() ? "a host without GPUs" : fmt::to_string(fmt::join(here, ", ")));
  if (selection.chosen) {
    text += indented("Chosen: ", name_of(*selection.chosen));
    text += indented("  ", fmt::format("image {}", selection.chosen->image));
    for (const std::string& reason : selection.reasons) {
      text += indented("  ", reason);
    }
  }
  text += "\nCandidates, best first:\n";
  for (const Candidate& one : selection.candidates) {
    text += indented("  ", name_of(one));
    if (one.rejections.empty()) {
      const bool taken = selection.chosen && name_of(*selection.chosen) == name_of(one);
      text += taken ? "      chosen\n" : "      could be taken\n";
    }
    for (const recipes::Rejection& rejection : one.rejections) {
      text += indented("      not: ", rejection.reason);
    }
  }
  return text;
}

json::object json_of(const Candidate& one) {
  json::array rejections;
  for (const recipes::Rejection& rejection : one.rejections) {
    rejections.emplace_back(
        json::object{{"criterion", to_string(rejection.criterion)}, {"reason", rejection.reason}});
  }
  json::object object{{"recipe_id", one.recipe_id},
                      {"verified", one.verified},
                      {"backend", one.backend},
                      {"hardware", one.hardware},
                      {"gpus", one.gpus},
                      {"precision", to_string(one.precision)},
                      {"image", one.image},
                      {"rejections", std::move(rejections)}};
  if (one.fit) {
    object.emplace("fit", recipes::fit_sum(*one.fit));
  }
  return object;
}

}  // namespace

ExitCode explain_model(const Arguments& arguments, App& app) {
  const std::optional<LaunchRequest> request = launch_request(arguments, app);
  if (!request) {
    return ExitCode::Error;
  }
  core::Diagnostics diagnostics;
  core::SourceFiles sources;
  const auto data = load_recipes(project_directory(arguments, app), app, diagnostics, sources);
  if (!data) {
    return ExitCode::Error;
  }
  const planner::HostGpus host =
      planner::host_gpus(open_inventory(app)->look(app.stop()), std::nullopt, {}, diagnostics);
  std::vector<recipes::GpuGroup> groups =
      planner::gpu_groups(host, {core::Kind::Endpoint, "model", std::nullopt}, {}, {}, {});
  recipes::Wish wish;
  wish.model = request->model;
  wish.backend = request->backend;
  wish.gpus = request->gpus;
  wish.context_length = request->context_length;
  if (request->precision) {
    wish.precision = recipes::precision_from(*request->precision);
  }
  const recipes::Selection selection = recipes::select(
      recipes::selection_input(*data, std::move(wish), "", groups, diagnostics, sources),
      diagnostics);
  if (arguments.has("json")) {
    json::array candidates;
    for (const Candidate& one : selection.candidates) {
      candidates.emplace_back(json_of(one));
    }
    json::object document{{"model_id", request->model}, {"candidates", std::move(candidates)}};
    if (selection.chosen) {
      document.emplace("chosen", json_of(*selection.chosen));
      document.emplace("reasons", json::value_from(selection.reasons));
    }
    app.view().json_document(document);
  } else if (!selection.candidates.empty()) {
    app.view().text(text_of(request->model, groups, selection));
  }
  if (!selection.chosen) {
    app.view().diagnostics(diagnostics, sources);
    return ExitCode::Error;
  }
  return ExitCode::Done;
}

}  // namespace aim::cmd
