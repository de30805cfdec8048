#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <set>

#include "recipes/fields.hpp"
#include "recipes/select.hpp"

namespace aim::recipes {

using core::Map;
using core::Value;

namespace {

std::optional<double> number_of(const Value& value) {
  if (const std::int64_t* whole = value.get<std::int64_t>()) {
    return static_cast<double>(*whole);
  }
  if (const double* number = value.get<double>()) {
    return *number;
  }
  const std::string* text = value.get<std::string>();
  if (text == nullptr) {
    return std::nullopt;
  }
  double number = 0;
  const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), number);
  if (error != std::errc{} || end != text->data() + text->size()) {
    return std::nullopt;
  }
  return number;
}

/// Takes a flag that aim has a name for out of the arguments.
std::optional<Value> take(Map& args, const BackendData& backend, std::string_view neutral) {
  const auto found = args.find(backend.flag(neutral));
  if (found == args.end()) {
    return std::nullopt;
  }
  Value value = std::move(found->second);
  args.erase(found);
  return value;
}

template <class Number>
std::optional<Number> take_number(Map& args, const BackendData& backend, std::string_view neutral) {
  const std::optional<Value> value = take(args, backend, neutral);
  const std::optional<double> number = value ? number_of(*value) : std::nullopt;
  return number ? std::optional(static_cast<Number>(*number)) : std::nullopt;
}

/// Bytes of a number in the KV cache, from the argument that chooses its type.
double kv_bytes(const Map& args, const BackendData& backend) {
  const std::optional<std::string> type = core::string_at(args, backend.flag("kv_cache_dtype"));
  if (!type) {
    return 2.0;
  }
  if (type->starts_with("fp8") || type->starts_with("int8") || *type == "q8_0") {
    return 1.0;
  }
  if (type->starts_with("nvfp4") || type->starts_with("int4") || type->starts_with("fp4")) {
    return 0.5625;  // with a scale for 16 numbers
  }
  return *type == "f32" ? 4.0 : 2.0;
}

bool spreads_experts(const Map& args, const BackendData& backend) {
  return args.contains(backend.flag("expert_parallel"));
}

class Maker {
 public:
  explicit Maker(const SelectionInput& input) : input_(input), wish_(input.wish) {}

  std::vector<Candidate> make() {
    std::set<std::string> disabled;
    for (const Recipe& recipe : input_.recipes) {
      add_recipe(recipe, false, disabled);
    }
    // A recipe that switches a layout off speaks for the general one too.
    for (const Recipe& recipe : general_recipes(input_)) {
      add_recipe(recipe, true, disabled);
    }
    return std::move(candidates_);
  }

 private:
  const SelectionInput& input_;
  const Wish& wish_;
  std::vector<Candidate> candidates_;

  static std::string place_key(const Candidate& one) {
    return fmt::format(
        "{} {} {} {}", one.backend, one.hardware, to_string(one.precision), one.gpus);
  }

  void add_recipe(const Recipe& recipe, bool general, std::set<std::string>& disabled) {
    for (const auto& [name, layouts] : recipe.serves) {
      const BackendData* backend = input_.backends->find(name);
      if (backend == nullptr) {
        continue;
      }
      for (const auto& [gpus, layout] : layouts) {
        Candidate one = candidate(recipe, *backend, layout);
        one.general = general;
        if (!general && !layout.enabled) {
          disabled.insert(place_key(one));
        }
        if (general && disabled.contains(place_key(one))) {
          continue;
        }
        judge(one, recipe, *backend, layout);
        candidates_.push_back(std::move(one));
      }
    }
  }

  Candidate candidate(const Recipe& recipe, const BackendData& backend, const Layout& layout) {
    Candidate one;
    one.recipe_id = recipe.id;
    one.file = recipe.range.file;
    one.backend = backend.name;
    one.hardware = recipe.hardware;
    one.gpus = layout.gpus;
    one.verified = recipe.is_verified(layout.gpus);
    one.precision = recipe.precision;
    one.quant = recipe.quant;
    one.served = recipe.served();
    one.task = input_.facts ? input_.facts->task : "chat";
    one.entrypoint = recipe.entrypoint;
    one.env = recipe.env;
    one.min_version = recipe.min_version;
    one.tokens_per_second = recipe.tokens_per_second;
    one.ttft_ms = recipe.ttft_ms;
    one.notes = recipe.notes;
    // Names and values as the backend has them; faults are told where recipes are validated.
    core::Diagnostics unused;
    ArgumentCheck check;
    check.backend = &backend;
    check.origin = ArgsOrigin::Recipe;
    check.level = ArgsCheck::Warn;
    one.args = checked_arguments(layout.args, check, unused);
    for (const char* own : {"model", "repository", "host", "port", "served_name", "api_key"}) {
      static_cast<void>(take(one.args, backend, own));
    }
    const std::optional<int> tensor = take_number<int>(one.args, backend, "tensor_parallel");
    one.pipeline_parallel = take_number<int>(one.args, backend, "pipeline_parallel").value_or(1);
    one.data_parallel = take_number<int>(one.args, backend, "data_parallel").value_or(1);
    const int others = std::max(1, one.pipeline_parallel * one.data_parallel);
    // Servers without the flag spread the layers by themselves.
    one.tensor_parallel = tensor.value_or(std::max(1, layout.gpus / others));
    one.context_length = take_number<std::int64_t>(one.args, backend, "context_length");
    if (!one.context_length) {
      one.context_length = recipe.context_length;
    }
    one.gpu_memory = take_number<double>(one.args, backend, "gpu_memory");
    if (!one.gpu_memory) {
      one.gpu_memory = backend.gpu_memory;
    }
    if (wish_.context_length) {
      one.context_length = wish_.context_length;
    }
    if (wish_.gpu_memory) {
      one.gpu_memory = wish_.gpu_memory;
    }
    return one;
  }

  void reject(Candidate& one, Criterion criterion, std::string reason) const {
    one.rejections.push_back({criterion, std::move(reason), false});
  }

  /// What another wish would not have refused.
  void refuse_by_wish(Candidate& one, Criterion criterion, std::string reason) const {
    one.rejections.push_back({criterion, std::move(reason), true});
  }

  void judge(Candidate& one,
             const Recipe& recipe,
             const BackendData& backend,
             const Layout& layout) const {
    if (wish_.recipe && *wish_.recipe != recipe.id) {
      refuse_by_wish(
          one, Criterion::Recipe, fmt::format("the recipe {} was asked for", *wish_.recipe));
    }
    if (wish_.backend && *wish_.backend != backend.name) {
      refuse_by_wish(one,
                     Criterion::Backend,
                     fmt::format("is for {}, and {} was asked for", backend.name, *wish_.backend));
    }
    const GpuGroup* group = matching_group(one);
    if (one.gpus > 0 && group == nullptr) {
      reject(one, Criterion::Hardware, hardware_reason(one));
    }
    set_image(one, recipe, backend, group);
    if (wish_.precision && *wish_.precision != one.precision) {
      refuse_by_wish(one,
                     Criterion::Precision,
                     fmt::format("is {}, and {} was asked for",
                                 to_string(one.precision),
                                 to_string(*wish_.precision)));
    }
    if (!layout.enabled) {
      reject(one, Criterion::Enabled, fmt::format("its layout for {} GPUs is disabled", one.gpus));
    }
    judge_count(one, group);
    add_features(one, recipe, backend);
    judge_fit(one, backend, group);
  }

  void judge_count(Candidate& one, const GpuGroup* group) const {
    if (wish_.gpus && *wish_.gpus != one.gpus) {
      refuse_by_wish(one,
                     Criterion::GpuCount,
                     fmt::format("is for {}, and {} asked for",
                                 gpus_text(one.gpus),
                                 *wish_.gpus == 1 ? "1 was" : fmt::format("{} were", *wish_.gpus)));
    }
    if (group != nullptr && one.gpus > group->count) {
      reject(one,
             Criterion::GpuCount,
             fmt::format("needs {}, and {} free",
                         gpus_text(one.gpus),
                         group->count == 1 ? "1 is" : fmt::format("{} are", group->count)));
    }
  }

  static std::string gpus_text(int count) {
    return count == 1 ? "1 GPU" : fmt::format("{} GPUs", count);
  }

  /// The largest group of the recipe's hardware; for "any" the largest at all.
  const GpuGroup* matching_group(const Candidate& one) const {
    const GpuGroup* best = nullptr;
    for (const GpuGroup& group : input_.gpus) {
      const Accelerator* accelerator = input_.backends->accelerator(group.model);
      const bool same =
          one.hardware == "any" || one.hardware == group.model ||
          (accelerator != nullptr && accelerator->name == one.hardware) ||
          (accelerator != nullptr && accelerator == input_.backends->accelerator(one.hardware));
      if (same && (best == nullptr ||
                   std::pair(group.count, best->model) > std::pair(best->count, group.model))) {
        best = &group;
      }
    }
    return best;
  }

  std::string hardware_reason(const Candidate& one) const {
    std::vector<std::string> here;
    for (const GpuGroup& group : input_.gpus) {
      const Accelerator* accelerator = input_.backends->accelerator(group.model);
      here.push_back(accelerator ? accelerator->name : group.model);
    }
    std::sort(here.begin(), here.end());
    here.erase(std::unique(here.begin(), here.end()), here.end());
    return here.empty()
               ? fmt::format("is for {}, and there is no GPU here", one.hardware)
               : fmt::format("is for {}, and the GPUs here are {}", one.hardware, listed(here));
  }

  void set_image(Candidate& one,
                 const Recipe& recipe,
                 const BackendData& backend,
                 const GpuGroup* group) const {
    const Accelerator* accelerator = group ? input_.backends->accelerator(group->model)
                                           : input_.backends->accelerator(one.hardware);
    const std::string vendor = group ? group->vendor : accelerator ? accelerator->vendor : "";
    const std::string key(one.gpus == 0 ? "cpu" : image_vendor(vendor));
    if (const auto own = recipe.images.find(key); own != recipe.images.end()) {
      one.image = own->second;
      return;
    }
    one.image = backend.image_for(key, accelerator ? accelerator->family : "");
    if (one.image.empty() && group != nullptr) {
      reject(one,
             Criterion::Hardware,
             fmt::format("{} has no image for {}", backend.title, group->model));
    }
  }

  void add_features(Candidate& one, const Recipe& recipe, const BackendData& backend) const;
  void judge_fit(Candidate& one, const BackendData& backend, const GpuGroup* group) const;
};

void Maker::add_features(Candidate& one, const Recipe& recipe, const BackendData& backend) const {
  for (const std::string& feature : wish_.features) {
    const auto own = recipe.features.find(feature);
    const Map args = own != recipe.features.end()
                         ? own->second
                         : feature_arguments(input_.facts, backend, feature);
    if (args.empty()) {
      reject(one,
             Criterion::Features,
             fmt::format("neither recipe nor facts tell how {} is switched on", feature));
      continue;
    }
    one.args = merged_arguments(one.args, args, backend.flags);
  }
}

void Maker::judge_fit(Candidate& one, const BackendData& backend, const GpuGroup* group) const {
  if (wish_.fit == FitCheck::Error && wish_.context_length && input_.facts &&
      input_.facts->max_context && *wish_.context_length > *input_.facts->max_context) {
    reject(one,
           Criterion::Fit,
           fmt::format("the model takes {} tokens, and {} were asked for",
                       grouped(*input_.facts->max_context),
                       grouped(*wish_.context_length)));
  }
  if (one.gpus == 0 || !input_.facts || input_.facts->parameters == 0) {
    return;
  }
  const Accelerator* accelerator =
      input_.backends->accelerator(group ? std::string_view(group->model) : one.hardware);
  FitQuestion question;
  question.facts = &*input_.facts;
  question.precision = one.precision;
  question.quant = one.quant;
  const auto checkpoint = input_.facts->checkpoints.find(one.served);
  if (checkpoint != input_.facts->checkpoints.end()) {
    question.weight_bytes = checkpoint->second.weight_bytes;
  }
  question.tensor_parallel = one.tensor_parallel;
  question.pipeline_parallel = one.pipeline_parallel;
  question.data_parallel = one.data_parallel;
  question.expert_parallel = spreads_experts(one.args, backend);
  question.context_length = one.context_length.value_or(input_.facts->max_context.value_or(0));
  question.kv_bytes = kv_bytes(one.args, backend);
  question.memory_bytes = group && group->memory_bytes > 0 ? group->memory_bytes
                          : accelerator                    ? accelerator->memory_bytes
                                                           : 0;
  question.gpu_memory = one.gpu_memory.value_or(0.9);
  question.activations_outside = backend.activations_outside;
  if (question.memory_bytes == 0) {
    return;
  }
  one.fit = fit(question);
  if (!one.fit->fits() && wish_.fit == FitCheck::Error) {
    reject(one, Criterion::Fit, fit_refusal(*one.fit));
  }
}

}  // namespace

std::vector<Candidate> make_candidates(const SelectionInput& input) { return Maker(input).make(); }

}  // namespace aim::recipes
