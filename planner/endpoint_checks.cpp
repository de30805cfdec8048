#include "planner/endpoint_checks.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "planner/endpoint_decision.hpp"

namespace aim::planner {

using core::Map;
using core::Value;

void EndpointChecks::error(const char* summary,
                           std::string detail,
                           const std::string& attribute) const {
  diagnostics_.add({core::Severity::Error,
                    summary,
                    std::move(detail),
                    core::position_of(endpoint_.positions, {attribute}),
                    {},
                    endpoint_.address.str()});
}

bool EndpointChecks::are_known(const Map& asked) const {
  bool known = true;
  for (const char* part : {"choice", "command"}) {
    const Map* values = map_at(&asked, part);
    for (const auto& [name, value] : values ? *values : Map()) {
      if (!core::contains_template(value) && !core::contains_unknown(value)) {
        continue;
      }
      known = false;
      error("Reference is not possible here",
            fmt::format("`{}` of {} refers to another resource, but the recipe is chosen when the "
                        "plan is made. Write the value, or use a variable.",
                        name,
                        endpoint_.address.str()),
            name);
    }
  }
  return known;
}

bool EndpointChecks::need_no_recipe() const {
  bool fine = true;
  for (const char* name : {"lora", "revision", "select"}) {
    if (is_set(endpoint_.attributes, name)) {
      fine = false;
      error("Conflicting attributes",
            fmt::format("{} is written by hand, so `{}` has no meaning for it: {}.",
                        endpoint_.address.str(),
                        name,
                        name == std::string_view("select")
                            ? "there is no recipe to choose"
                            : "write the server's own flags into `command` or `args`"),
            name);
    }
  }
  return fine;
}

bool EndpointChecks::have_gpus(std::optional<int> count) const {
  const std::string backend = core::string_at(endpoint_.attributes, "backend").value_or("");
  if (backend == "llamacpp" || count != 0) {
    return true;
  }
  error("Too few GPUs",
        fmt::format("{} needs at least 1 GPU with the backend {}. Only llamacpp and custom can "
                    "serve with `gpus: 0`.",
                    endpoint_.address.str(),
                    backend),
        "gpus");
  return false;
}

bool EndpointChecks::have_gguf(const recipes::SelectionInput& input) const {
  if (recipes::is_gguf(input.wish) ||
      std::any_of(input.recipes.begin(), input.recipes.end(), [](const recipes::Recipe& recipe) {
        return recipe.serves.contains("llamacpp");
      })) {
    return true;
  }
  error("No file in GGUF form",
        fmt::format("llama.cpp serves models in GGUF form, and aim knows of none for {}. Name a "
                    "repository of such files, which is often called like the model with -GGUF "
                    "behind it (Qwen/Qwen3-0.6B-GGUF), or a file (/models/chat.gguf).",
                    input.wish.model),
        "model");
  return false;
}

void EndpointChecks::suit(const recipes::BackendData& backend,
                          const recipes::Decision& decision) const {
  const Map& attributes = endpoint_.attributes;
  const std::string model = core::string_at(attributes, "model").value_or("");
  const Value* key = core::find(attributes, "api_key");
  if (!backend.flag("config_file").empty() && key != nullptr && core::contains_template(*key)) {
    error("Reference is not possible here",
          fmt::format("{} reads its `api_key` from a file that aim writes, so it has to be known "
                      "when the plan is made. Use a variable for both endpoints.",
                      backend.title),
          "api_key");
  }
  if (is_set(attributes, "lora") && backend.flag("lora_adapters").empty()) {
    error("Adapters are not possible here",
          fmt::format("{} serves no LoRA adapters by name: drop `lora`, or use vllm or sglang.",
                      backend.title),
          "lora");
  }
  if (!is_set(attributes, "revision")) {
    return;
  }
  if (backend.flag("revision").empty()) {
    error(
        "Revision is not possible here",
        fmt::format("{} takes no revision: drop `revision`, or use vllm or sglang.", backend.title),
        "revision");
  } else if (decision.served != model) {
    error("Revision of another repository",
          fmt::format("`revision` is one of {}, but what is served in {} is {}. Write that as "
                      "`model`, with `base_model: {}`, or drop `revision`.",
                      model,
                      decision.precision,
                      decision.served,
                      model),
          "revision");
  }
}

void EndpointChecks::tell_of_key() const {
  const std::string backend = core::string_at(endpoint_.attributes, "backend").value_or("");
  if (is_set(endpoint_.attributes, "command") && is_set(endpoint_.attributes, "api_key") &&
      (backend == "sglang" || backend == "llamacpp")) {
    diagnostics_.warning(
        "API key is not handed over",
        fmt::format("{} has a `command` of its own, and {} takes its key as an argument, so aim "
                    "cannot hand over `api_key`; it only uses it for its checks. Put the key into "
                    "`files` and name that file in the command.",
                    endpoint_.address.str(),
                    backend),
        core::position_of(endpoint_.positions, {"api_key"}));
  }
}

}  // namespace aim::planner
