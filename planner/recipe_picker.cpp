#include "planner/recipe_picker.hpp"

#include <fmt/format.h>

#include "planner/endpoint_decision.hpp"
#include "recipes/choice_program.hpp"

namespace aim::planner {

using core::Map;
using core::Value;

recipes::Picker recipe_picker(const DesiredResource& endpoint,
                              const recipes::SelectionInput& input,
                              const RunProgram& run,
                              core::Diagnostics& diagnostics) {
  const Map* select = map_at(&endpoint.attributes, "select");
  if (select == nullptr) {
    return {};
  }
  std::vector<std::string> command;
  for (const Value& word : *core::find(*select, "command")->get<core::List>()) {
    command.push_back(*word.get<std::string>());
  }
  const auto error = [&](const char* summary, std::string detail) {
    diagnostics.add({core::Severity::Error,
                     summary,
                     std::move(detail),
                     core::position_of(endpoint.positions, {"select"}),
                     {},
                     endpoint.address.str()});
    return std::nullopt;
  };
  return [&endpoint, &input, &run, command, error](
             const std::vector<recipes::Candidate>& candidates) -> std::optional<std::size_t> {
    if (!run) {
      return error("Program is not run",
                   fmt::format("{} is chosen by {}, and a program that a configuration names runs "
                               "only with --allow-exec, since a plan may be of a stranger's pull "
                               "request.",
                               endpoint.address.str(),
                               command.front()));
    }
    const core::Result<std::string> answer =
        run(command, recipes::candidates_json(input, candidates));
    const core::Result<std::size_t> picked = answer ? recipes::picked_candidate(*answer, candidates)
                                                    : core::Result<std::size_t>(answer.error());
    if (!picked) {
      return error("Program chose nothing",
                   fmt::format("{}: {}.", command.front(), core::to_string(picked.error())));
    }
    return *picked;
  };
}

}  // namespace aim::planner
