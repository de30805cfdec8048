#include "recipes/decision.hpp"

#include "recipes/resolve.hpp"
#include "recipes/version.hpp"

namespace aim::recipes {

using core::List;
using core::Map;
using core::Value;

namespace {

void put_text(Map& map, const char* name, const std::string& text) {
  if (!text.empty()) {
    map.emplace(name, text);
  }
}

void put_number(Map& map, const char* name, const std::optional<double>& number) {
  if (number) {
    map.emplace(name, *number);
  }
}

void put_parallel(Map& map, const char* name, int count) {
  if (count != 1) {
    map.emplace(name, count);
  }
}

std::string text_at(const Map& map, std::string_view name) {
  return core::string_at(map, name).value_or("");
}

int count_at(const Map& map, std::string_view name, int fallback) {
  return static_cast<int>(core::integer_at(map, name).value_or(fallback));
}

Map map_at(const Map& map, std::string_view name) {
  const Value* value = core::find(map, name);
  const Map* found = value ? value->get<Map>() : nullptr;
  return found ? *found : Map();
}

std::vector<std::string> texts_at(const Map& map, std::string_view name) {
  std::vector<std::string> texts;
  const Value* value = core::find(map, name);
  const List* list = value ? value->get<List>() : nullptr;
  for (const Value& item : list ? *list : List()) {
    if (const std::string* text = item.get<std::string>()) {
      texts.push_back(*text);
    }
  }
  return texts;
}

std::optional<double> number_at(const Map& map, std::string_view name) {
  const Value* value = core::find(map, name);
  if (const double* number = value ? value->get<double>() : nullptr) {
    return *number;
  }
  const auto whole = core::integer_at(map, name);
  return whole ? std::optional(static_cast<double>(*whole)) : std::nullopt;
}

/// How many GPUs `gpus` names, or nothing when that is to be chosen.
std::optional<int> wished_gpus(const Map& endpoint) {
  const Map request = map_at(endpoint, "gpus");
  if (const Value* ids = core::find(request, "ids"); ids && ids->is<List>()) {
    return static_cast<int>(ids->get<List>()->size());
  }
  const auto count = core::integer_at(request, "count");
  return count ? std::optional(static_cast<int>(*count)) : std::nullopt;
}

/// The word of an attribute, unless it leaves the choice to us.
std::optional<std::string> chosen_word(const Map& endpoint, std::string_view name) {
  const auto word = core::string_at(endpoint, name);
  return word == "auto" ? std::nullopt : word;
}

}  // namespace

Decision decision_of(const Selection& selection) {
  AIM_CHECK(selection.chosen.has_value());
  const Candidate& candidate = *selection.chosen;
  Decision decision;
  decision.recipe = candidate.recipe_id;
  decision.verified = candidate.verified;
  decision.backend = candidate.backend;
  decision.hardware = candidate.hardware;
  decision.precision = to_string(candidate.precision);
  decision.served = candidate.served;
  decision.image = candidate.image;
  decision.task = candidate.task;
  decision.gpus = candidate.gpus;
  decision.tensor_parallel = candidate.tensor_parallel;
  decision.pipeline_parallel = candidate.pipeline_parallel;
  decision.data_parallel = candidate.data_parallel;
  decision.context_length = candidate.context_length;
  decision.gpu_memory = candidate.gpu_memory;
  decision.entrypoint = candidate.entrypoint;
  decision.env = candidate.env;
  decision.args = candidate.args;
  if (candidate.fit) {
    decision.weight_bytes = candidate.fit->all_weights;
    decision.fit = fit_sum(*candidate.fit);
  }
  decision.tokens_per_second = candidate.tokens_per_second;
  decision.ttft_ms = candidate.ttft_ms;
  decision.reasons = selection.reasons;
  return decision;
}

Map to_map(const Decision& decision) {
  Map map{{"recipe", decision.recipe}, {"backend", decision.backend}, {"gpus", decision.gpus}};
  if (decision.verified) {
    map.emplace("verified", true);
  }
  put_text(map, "hardware", decision.hardware);
  put_text(map, "precision", decision.precision);
  put_text(map, "served", decision.served);
  put_text(map, "image", decision.image);
  put_text(map, "task", decision.task);
  put_parallel(map, "tensor_parallel", decision.tensor_parallel);
  put_parallel(map, "pipeline_parallel", decision.pipeline_parallel);
  put_parallel(map, "data_parallel", decision.data_parallel);
  if (decision.context_length) {
    map.emplace("context_length", *decision.context_length);
  }
  put_number(map, "gpu_memory", decision.gpu_memory);
  if (!decision.entrypoint.empty()) {
    map.emplace("entrypoint", List(decision.entrypoint.begin(), decision.entrypoint.end()));
  }
  if (!decision.env.empty()) {
    map.emplace("env", decision.env);
  }
  if (!decision.args.empty()) {
    map.emplace("args", decision.args);
  }
  if (decision.weight_bytes) {
    map.emplace("weight_bytes", *decision.weight_bytes);
  }
  put_text(map, "fit", decision.fit);
  put_number(map, "tokens_per_second", decision.tokens_per_second);
  put_number(map, "ttft_ms", decision.ttft_ms);
  if (!decision.reasons.empty()) {
    map.emplace("reasons", List(decision.reasons.begin(), decision.reasons.end()));
  }
  return map;
}

std::optional<Decision> decision_from(const Map& map) {
  Decision decision;
  decision.recipe = text_at(map, "recipe");
  decision.backend = text_at(map, "backend");
  if (decision.recipe.empty() || decision.backend.empty() || !core::integer_at(map, "gpus")) {
    return std::nullopt;
  }
  decision.verified = core::boolean_at(map, "verified").value_or(false);
  decision.hardware = text_at(map, "hardware");
  decision.precision = text_at(map, "precision");
  decision.served = text_at(map, "served");
  decision.image = text_at(map, "image");
  decision.task = text_at(map, "task");
  decision.gpus = count_at(map, "gpus", 0);
  decision.tensor_parallel = count_at(map, "tensor_parallel", 1);
  decision.pipeline_parallel = count_at(map, "pipeline_parallel", 1);
  decision.data_parallel = count_at(map, "data_parallel", 1);
  decision.context_length = core::integer_at(map, "context_length");
  decision.gpu_memory = number_at(map, "gpu_memory");
  decision.entrypoint = texts_at(map, "entrypoint");
  decision.env = map_at(map, "env");
  decision.args = map_at(map, "args");
  decision.weight_bytes = core::integer_at(map, "weight_bytes");
  decision.fit = text_at(map, "fit");
  decision.tokens_per_second = number_at(map, "tokens_per_second");
  decision.ttft_ms = number_at(map, "ttft_ms");
  decision.reasons = texts_at(map, "reasons");
  return decision;
}

Wish wish_of(const Map& endpoint) {
  Wish wish;
  wish.model = text_at(endpoint, "model");
  wish.backend = core::string_at(endpoint, "backend");
  if (const auto precision = chosen_word(endpoint, "precision")) {
    wish.precision = precision_from(*precision);
  }
  wish.gpus = wished_gpus(endpoint);
  wish.recipe = chosen_word(endpoint, "recipe");
  wish.context_length = core::integer_at(endpoint, "context_length");
  wish.gpu_memory = number_at(endpoint, "gpu_memory");
  wish.features = texts_at(endpoint, "features");
  wish.goal = text_at(endpoint, "goal") == "latency" ? Goal::Latency : Goal::Throughput;
  wish.fallback = text_at(endpoint, "fallback") == "allow" ? Fallback::Allow : Fallback::Refuse;
  const std::string fit = text_at(endpoint, "fit");
  wish.fit = fit == "off" ? FitCheck::Off : fit == "warn" ? FitCheck::Warn : FitCheck::Error;
  return wish;
}

Map final_arguments(const Decision& decision,
                    const Map& endpoint,
                    const core::Positions& positions,
                    const BackendData& backend,
                    core::Diagnostics& diagnostics) {
  ArgumentCheck check;
  check.backend = &backend;
  check.image = image_version(core::string_at(endpoint, "image").value_or(decision.image));
  const std::string level = text_at(endpoint, "args_check");
  check.level = level == "off"    ? ArgsCheck::Off
                : level == "warn" ? ArgsCheck::Warn
                                  : ArgsCheck::Error;
  check.place = [&](const std::string& flag) {
    return core::position_of(positions, {"args", flag});
  };
  const Map own = checked_arguments(map_at(endpoint, "args"), check, diagnostics);
  return merged_arguments(decision.args, own, backend.flags);
}

std::vector<std::string> decided_command(const Decision& decision,
                                         const Map& endpoint,
                                         const Map& arguments,
                                         const BackendData& backend) {
  ServeValues values;
  values.model = decision.served;
  const std::string name = endpoint_served_name(endpoint);
  // llama.cpp would list the model under the name of its file.
  if (name != decision.served || decision.backend == "llamacpp") {
    values.served_name = name;
  }
  values.port = endpoint_container_port(endpoint);
  values.tensor_parallel = decision.tensor_parallel;
  values.pipeline_parallel = decision.pipeline_parallel;
  values.data_parallel = decision.data_parallel;
  values.context_length = decision.context_length;
  values.gpu_memory = decision.gpu_memory;
  values.revision = text_at(endpoint, "revision");
  if (const Value* key = core::find(endpoint, "api_key"); key && !key->is_null()) {
    values.config_file = kSglangConfigPath;
  }
  for (const auto& [adapter, source] : map_at(endpoint, "lora")) {
    if (const std::string* text = source.get<std::string>()) {
      values.lora.emplace(adapter, *text);
    }
  }
  return serve_command(
      backend, core::string_at(endpoint, "image").value_or(decision.image), values, arguments);
}

}  // namespace aim::recipes
