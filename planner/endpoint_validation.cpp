#include "planner/endpoint_validation.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "planner/endpoint_decision.hpp"

namespace aim::planner {

using core::Diagnostics;
using core::Kind;
using core::Map;
using core::Value;

namespace {

/// Without what refers to other resources.
Map known_part(const Map& attributes) {
  Map known = attributes;
  std::erase_if(known, [](const auto& entry) { return core::contains_template(entry.second); });
  return known;
}

class EndpointValidator {
 public:
  EndpointValidator(const DesiredResource& endpoint,
                    const recipes::RecipeData& data,
                    Diagnostics& diagnostics,
                    core::SourceFiles& sources)
      : endpoint_(endpoint),
        attributes_(known_part(endpoint.attributes)),
        data_(data),
        diagnostics_(diagnostics),
        sources_(sources) {}

  void run() {
    if (!is_set(attributes_, "model")) {
      return;
    }
    Diagnostics found;
    const recipes::SelectionInput input =
        recipes::selection_input(data_,
                                 recipes::wish_of(attributes_),
                                 core::string_at(attributes_, "base_model").value_or(""),
                                 {},
                                 found,
                                 sources_);
    const bool known = recipes::is_known_model(input, found);
    check_arguments(found);
    for (core::Diagnostic diagnostic : found.sorted()) {
      if (!diagnostic.range) {
        diagnostic.range = core::position_of(endpoint_.positions, {"model"});
      }
      diagnostic.address = endpoint_.address.str();
      diagnostics_.add(std::move(diagnostic));
    }
    if (known) {
      static_cast<void>(is_known_recipe(endpoint_, input, diagnostics_));
    }
  }

 private:
  void check_arguments(Diagnostics& found) const {
    const std::string name = core::string_at(attributes_, "backend").value_or("");
    const recipes::BackendData* backend = data_.backends.find(name);
    if (backend == nullptr) {
      return;
    }
    recipes::Decision nothing;
    static_cast<void>(
        recipes::final_arguments(nothing, attributes_, endpoint_.positions, *backend, found));
  }

  const DesiredResource& endpoint_;
  Map attributes_;
  const recipes::RecipeData& data_;
  Diagnostics& diagnostics_;
  core::SourceFiles& sources_;
};

}  // namespace

bool is_known_recipe(const DesiredResource& endpoint,
                     const recipes::SelectionInput& input,
                     Diagnostics& diagnostics) {
  const auto& wanted = input.wish.recipe;
  std::vector<std::string> ids;
  for (const recipes::Recipe& recipe : input.recipes) {
    ids.push_back(recipe.id);
  }
  if (!wanted || *wanted == "general" || std::find(ids.begin(), ids.end(), *wanted) != ids.end()) {
    return true;
  }
  const std::string near = core::did_you_mean(*wanted, ids);
  diagnostics.add({core::Severity::Error,
                   "Unknown recipe",
                   fmt::format("{} has no recipe \"{}\".{} {}",
                               input.wish.model,
                               *wanted,
                               near.empty() ? "" : " " + near,
                               ids.empty() ? std::string("There is none for it.")
                                           : fmt::format("It has {}.", fmt::join(ids, ", "))),
                   core::position_of(endpoint.positions, {"recipe"}),
                   {},
                   endpoint.address.str()});
  return false;
}

void validate_endpoints(const Configuration& configuration,
                        const recipes::RecipeData& data,
                        Diagnostics& diagnostics,
                        core::SourceFiles& sources) {
  for (const auto& [address, desired] : configuration.resources) {
    if (address.kind == Kind::Endpoint && !is_by_hand(desired.attributes)) {
      EndpointValidator(desired, data, diagnostics, sources).run();
    }
  }
}

}  // namespace aim::planner
