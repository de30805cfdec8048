#include "planner/endpoint_decision.hpp"

#include <algorithm>
#include <array>

namespace aim::planner {

using core::List;
using core::Map;
using core::Value;

namespace {

/// What a choice follows from.
constexpr std::array<std::string_view, 13> kChoice = {"base_model",
                                                      "backend",
                                                      "context_length",
                                                      "fallback",
                                                      "features",
                                                      "fit",
                                                      "goal",
                                                      "gpu_memory",
                                                      "gpus",
                                                      "model",
                                                      "precision",
                                                      "recipe",
                                                      "select"};
/// What the command follows from besides.
constexpr std::array<std::string_view, 7> kCommand = {
    "args", "args_check", "container_port", "image", "lora", "revision", "served_name"};

template <std::size_t N>
Map part_of(const Map& attributes, const std::array<std::string_view, N>& names) {
  Map part;
  for (const std::string_view name : names) {
    if (const Value* value = core::find(attributes, name); value && !value->is_null()) {
      part.emplace(name, *value);
    }
  }
  return part;
}

}  // namespace

bool is_set(const Map& attributes, std::string_view name) {
  const Value* value = core::find(attributes, name);
  return value != nullptr && !value->is_null();
}

bool is_by_hand(const Map& endpoint) {
  return core::string_at(endpoint, "recipe") == recipes::kNoRecipe ||
         core::string_at(endpoint, "backend") == "custom" || is_set(endpoint, "command");
}

const Map* map_at(const Map* map, std::string_view name) {
  const Value* value = map ? core::find(*map, name) : nullptr;
  return value ? value->get<Map>() : nullptr;
}

Map asked_of(const Map& endpoint) {
  if (is_by_hand(endpoint)) {  // nothing but GPUs is for aim to decide
    constexpr std::array<std::string_view, 1> kGpus = {"gpus"};
    return {{"choice", part_of(endpoint, kGpus)}};
  }
  Map command = part_of(endpoint, kCommand);
  if (core::string_at(endpoint, "backend") == "sglang" && is_set(endpoint, "api_key")) {
    command.emplace("api_key", true);  // that there is one; not which
  }
  return {{"choice", part_of(endpoint, kChoice)}, {"command", std::move(command)}};
}

void mark_as_decided(DesiredResource& endpoint, const Map& written) {
  const core::SourceRange model =
      core::position_of(endpoint.positions, {"model"}).value_or(endpoint.range);
  for (const auto& [name, value] : endpoint.attributes) {
    const Value* before = core::find(written, name);
    if (before == nullptr || (*before != value && name != "env")) {
      endpoint.positions.insert_or_assign(name, name == "image" ? model : core::SourceRange());
    }
  }
}

void fill_in(const recipes::Decision& decision,
             const std::vector<std::string>& defaulted,
             Map& attributes) {
  const auto put = [&](const char* name, Value value) {
    if (!is_set(attributes, name)) {
      attributes.insert_or_assign(name, std::move(value));
    }
  };
  attributes.insert_or_assign("recipe", decision.recipe);
  attributes.insert_or_assign("precision", decision.precision);
  put("image", decision.image);
  if (!decision.entrypoint.empty()) {
    put("entrypoint", List(decision.entrypoint.begin(), decision.entrypoint.end()));
  }
  if (decision.context_length) {
    put("context_length", *decision.context_length);
  }
  if (decision.gpu_memory) {
    put("gpu_memory", *decision.gpu_memory);
  }
  if (!decision.task.empty() &&
      std::find(defaulted.begin(), defaulted.end(), "task") != defaulted.end()) {
    attributes.insert_or_assign("task", decision.task);
  }
  if (!decision.env.empty()) {
    Map env = decision.env;
    if (const Map* own = map_at(&attributes, "env")) {
      for (const auto& [name, value] : *own) {
        env.insert_or_assign(name, value);
      }
    }
    attributes.insert_or_assign("env", std::move(env));
  }
  attributes.insert_or_assign("selected", recipes::to_map(decision));
}

}  // namespace aim::planner
