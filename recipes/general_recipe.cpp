#include <algorithm>
#include <cctype>
#include <string_view>

#include "recipes/select.hpp"

namespace aim::recipes {

namespace {

/// What the published configurations use; longer contexts are a wish.
constexpr std::int64_t kContext = 32768;
constexpr int kGpuCounts[] = {1, 2, 4, 8};

bool can_compute(const Accelerator* accelerator, Precision precision) {
  if (accelerator == nullptr || precision == Precision::Int4 || precision == Precision::Int8) {
    return true;  // integers are unpacked to 16 bits
  }
  const auto& all = accelerator->precisions;
  return std::find(all.begin(), all.end(), precision) != all.end();
}

core::Map tool_arguments(const BackendData& backend, const std::string& parser) {
  core::Map args;
  if (!backend.flag("tool_choice").empty()) {
    args.emplace(backend.flag("tool_choice"), core::Value(true));
  }
  args.emplace(backend.flag("tool_call_parser"), core::Value(parser));
  return args;
}

/// One recipe for one checkpoint on one kind of accelerator.
Recipe general_recipe(const SelectionInput& input,
                      const std::string& repository,
                      const Checkpoint& checkpoint,
                      const std::string& hardware) {
  const ModelFacts& facts = *input.facts;
  Recipe recipe;
  recipe.version = 2;
  recipe.id = "general";
  recipe.model_id = facts.model_id;
  recipe.huggingface_id = repository;
  recipe.hardware = hardware;
  recipe.precision = checkpoint.precision;
  recipe.quant = checkpoint.quant;
  if (facts.max_context) {
    recipe.context_length = std::min(*facts.max_context, kContext);
  }
  for (const BackendData& backend : input.backends->backends) {
    if (backend.name == "llamacpp") {
      continue;  // it needs a file of its own format, which no facts name
    }
    for (const int gpus : kGpuCounts) {
      if (facts.attention_heads && *facts.attention_heads % gpus != 0) {
        continue;
      }
      Layout layout;
      layout.gpus = gpus;
      if (const auto args = facts.args.find(backend.name); args != facts.args.end()) {
        layout.args = args->second;
      } else if (facts.trust_remote_code.value_or(false)) {
        layout.args.emplace(backend.flag("trust_remote_code"), core::Value(true));
      }
      recipe.serves[backend.name].emplace(gpus, std::move(layout));
    }
  }
  if (const auto version = facts.min_version.find("vllm"); version != facts.min_version.end()) {
    recipe.min_version = version->second;
  }
  return recipe;
}

/// A context whose cache every host has room for; the server's own default is the model's whole.
constexpr std::int64_t kGgufContext = 8192;

Recipe gguf_recipe(const SelectionInput& input) {
  Recipe recipe;
  recipe.version = 2;
  recipe.id = "general";
  recipe.model_id = input.wish.model;
  recipe.huggingface_id = input.wish.model;
  recipe.hardware = "any";
  // Q4_K_M is what llama.cpp takes of a repository when nothing is said.
  recipe.precision = input.wish.precision.value_or(Precision::Int4);
  recipe.context_length = kGgufContext;
  Layout layout;
  layout.gpus = input.wish.gpus.value_or(input.gpus.empty() ? 0 : 1);
  recipe.serves["llamacpp"].emplace(layout.gpus, layout);
  return recipe;
}

std::string lower(std::string_view text) {
  std::string result(text);
  std::transform(result.begin(), result.end(), result.begin(), [](unsigned char c) {
    return static_cast<char>(std::tolower(c));
  });
  return result;
}

}  // namespace

bool is_gguf(const Wish& wish) {
  if (wish.backend != "llamacpp") {
    return false;
  }
  const std::string name = lower(wish.model);
  return name.starts_with('/') ? name.ends_with(".gguf")
                               : name.substr(0, name.find(':')).ends_with("gguf");
}

std::vector<Recipe> general_recipes(const SelectionInput& input) {
  std::vector<Recipe> result;
  if (is_gguf(input.wish)) {
    result.push_back(gguf_recipe(input));
    return result;
  }
  if (!input.facts) {
    return result;
  }
  std::map<std::string, Checkpoint> checkpoints = input.facts->checkpoints;
  if (checkpoints.empty()) {
    checkpoints.emplace(
        input.facts->model_id,
        Checkpoint{input.facts->precision.value_or(Precision::Bf16), input.facts->quant, {}});
  }
  // Somebody who names one checkpoint gets that one; a model of its own has only itself.
  const auto named = checkpoints.find(input.wish.model);
  if (named != checkpoints.end() && input.wish.model != input.facts->model_id) {
    checkpoints = {*named};
  } else if (named == checkpoints.end() && input.wish.model != input.facts->model_id) {
    checkpoints = {
        {input.wish.model,
         Checkpoint{input.wish.precision.value_or(input.facts->precision.value_or(Precision::Bf16)),
                    input.wish.precision ? "" : input.facts->quant,
                    {}}}};
  }
  // Checkpoints of one form are other models of the same shape, as instruct beside base.
  if (const auto own = checkpoints.find(input.wish.model); own != checkpoints.end()) {
    std::erase_if(checkpoints, [&](const auto& entry) {
      return entry.first != own->first && entry.second.precision == own->second.precision &&
             entry.second.quant == own->second.quant;
    });
  }
  std::vector<std::string> hardware;
  for (const GpuGroup& group : input.gpus) {
    hardware.push_back(group.model);
  }
  std::sort(hardware.begin(), hardware.end());
  hardware.erase(std::unique(hardware.begin(), hardware.end()), hardware.end());
  for (const std::string& model : hardware) {
    const Accelerator* accelerator = input.backends->accelerator(model);
    for (const auto& [repository, checkpoint] : checkpoints) {
      if (can_compute(accelerator, checkpoint.precision)) {
        result.push_back(
            general_recipe(input, repository, checkpoint, accelerator ? accelerator->name : model));
      }
    }
  }
  return result;
}

core::Map feature_arguments(const std::optional<ModelFacts>& facts,
                            const BackendData& backend,
                            const std::string& feature) {
  if (!facts) {
    return {};
  }
  if (feature == "tool_calling") {
    const auto parser = facts->tool_call_parser.find(backend.name);
    return parser == facts->tool_call_parser.end() ? core::Map()
                                                   : tool_arguments(backend, parser->second);
  }
  if (feature == "reasoning") {
    const auto parser = facts->reasoning_parser.find(backend.name);
    return parser == facts->reasoning_parser.end()
               ? core::Map()
               : core::Map{
                     {std::string(backend.flag("reasoning_parser")), core::Value(parser->second)}};
  }
  return {};
}

}  // namespace aim::recipes
