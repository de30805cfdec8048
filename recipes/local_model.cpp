#include <fmt/format.h>

#include <boost/json.hpp>

#include <cmath>

#include "recipes/fields.hpp"
#include "recipes/model_facts.hpp"

namespace aim::recipes {

namespace json = boost::json;

namespace {

std::string plain(const json::string& text) { return {text.data(), text.size()}; }

/// Members of a Hugging Face config.json; a multimodal model keeps those of its text part apart.
class Config {
 public:
  explicit Config(const json::object& object) : object_(object) {
    if (const json::value* text = object.if_contains("text_config")) {
      text_ = text->if_object();
    }
  }

  const json::value* find(std::string_view name) const {
    if (text_ != nullptr) {
      if (const json::value* found = text_->if_contains(name); found && !found->is_null()) {
        return found;
      }
    }
    const json::value* found = object_.if_contains(name);
    return found && !found->is_null() ? found : nullptr;
  }

  std::optional<std::int64_t> integer(std::initializer_list<std::string_view> names) const {
    for (const std::string_view name : names) {
      const json::value* found = find(name);
      if (found != nullptr && found->is_int64() && found->get_int64() > 0) {
        return found->get_int64();
      }
    }
    return std::nullopt;
  }

  std::string text(std::initializer_list<std::string_view> names) const {
    for (const std::string_view name : names) {
      const json::value* found = find(name);
      if (found != nullptr && found->is_string()) {
        return plain(found->get_string());
      }
    }
    return {};
  }

 private:
  const json::object& object_;
  const json::object* text_ = nullptr;
};

std::optional<Precision> dtype_precision(std::string_view dtype) {
  if (dtype == "bfloat16") {
    return Precision::Bf16;
  }
  if (dtype == "float16" || dtype == "half") {
    return Precision::Fp16;
  }
  return std::nullopt;
}

/// From `quantization_config`, whose members differ by method.
void read_quantization(const Config& config, ModelFacts& facts) {
  const json::value* value = config.find("quantization_config");
  const json::object* object = value ? value->if_object() : nullptr;
  if (object == nullptr) {
    return;
  }
  const json::value* method = object->if_contains("quant_method");
  facts.quant = method && method->is_string() ? plain(method->get_string()) : std::string();
  const json::value* bits_value = object->if_contains("bits");
  const std::int64_t width = bits_value && bits_value->is_int64() ? bits_value->get_int64() : 0;
  if (facts.quant == "fp8" || facts.quant == "fbgemm_fp8") {
    facts.precision = Precision::Fp8;
  } else if (facts.quant == "mxfp4") {
    facts.precision = Precision::Fp4;
  } else if (width == 4 || facts.quant == "awq") {
    facts.precision = Precision::Int4;
  } else if (width == 8) {
    facts.precision = Precision::Int8;
  }
}

void read_attention(const Config& config, ModelFacts& facts) {
  facts.layers = config.integer({"num_hidden_layers", "n_layer"});
  facts.attention_heads = config.integer({"num_attention_heads", "n_head"});
  facts.kv_heads = config.integer({"num_key_value_heads"});
  if (!facts.kv_heads) {
    facts.kv_heads = facts.attention_heads;
  }
  facts.hidden_size = config.integer({"hidden_size", "n_embd"});
  facts.head_dim = config.integer({"head_dim"});
  if (!facts.head_dim && facts.hidden_size && facts.attention_heads) {
    facts.head_dim = *facts.hidden_size / *facts.attention_heads;
  }
  facts.max_context = config.integer({"max_position_embeddings", "n_positions"});
  facts.sliding_window = config.integer({"sliding_window"});
  facts.experts = config.integer({"num_experts", "num_local_experts", "n_routed_experts"});
  facts.moe_intermediate_size = config.integer({"moe_intermediate_size"});
  const std::optional<std::int64_t> rank = config.integer({"kv_lora_rank"});
  const std::optional<std::int64_t> rope = config.integer({"qk_rope_head_dim"});
  if (!facts.layers || !facts.kv_heads || !facts.head_dim) {
    return;
  }
  if (rank && rope) {
    facts.attention = "mla";
    facts.kv_bytes_per_token = *facts.layers * (*rank + *rope) * 2;
  } else {
    facts.attention = *facts.kv_heads == *facts.attention_heads ? "mha" : "gqa";
    facts.kv_bytes_per_token = 2 * *facts.layers * *facts.kv_heads * *facts.head_dim * 2;
  }
}

std::optional<json::object> parsed_object(std::string_view text) {
  json::error_code code;
  json::value value = json::parse({text.data(), text.size()}, code);
  if (code || !value.is_object()) {
    return std::nullopt;
  }
  return std::move(value.get_object());
}

core::Error invalid(std::string message) {
  return core::make_error(core::ErrorCode::Invalid, std::move(message));
}

}  // namespace

core::Result<ModelFacts> facts_of_config(std::string_view config_json,
                                         std::string_view index_json,
                                         const std::string& model) {
  const std::optional<json::object> object = parsed_object(config_json);
  if (!object) {
    return invalid(fmt::format("config.json of {} is no JSON object", model));
  }
  const Config config(*object);
  ModelFacts facts;
  facts.model_id = model;
  facts.family = config.text({"model_type"});
  facts.precision = dtype_precision(config.text({"dtype", "torch_dtype"}));
  facts.sources = {"its own config.json"};
  read_quantization(config, facts);
  read_attention(config, facts);
  if (const json::value* code = config.find("auto_map")) {
    facts.trust_remote_code = code->is_object();
  }
  std::optional<std::int64_t> bytes;
  if (!index_json.empty()) {
    const std::optional<json::object> index = parsed_object(index_json);
    const json::value* metadata = index ? index->if_contains("metadata") : nullptr;
    const json::object* members = metadata ? metadata->if_object() : nullptr;
    const json::value* size = members ? members->if_contains("total_size") : nullptr;
    if (size != nullptr && size->is_number()) {
      // Some writers make it 1.5e11.
      const double number = size->to_number<double>();
      if (number >= 1 && number < 1e18) {
        bytes = std::llround(number);
      }
    }
    if (!bytes) {
      return invalid(fmt::format("the safetensors index of {} has no metadata.total_size", model));
    }
  }
  if (!facts.precision) {
    return invalid(fmt::format("config.json of {} says neither dtype nor quantisation", model));
  }
  if (bytes) {
    facts.parameters =
        std::llround(static_cast<double>(*bytes) / bytes_per_weight(*facts.precision, facts.quant));
  }
  facts.checkpoints.emplace(model, Checkpoint{*facts.precision, facts.quant, bytes});
  return facts;
}

core::Result<ModelFacts> facts_of_directory(const std::filesystem::path& directory) {
  namespace fs = std::filesystem;
  const core::Result<std::string> config = read_text((directory / "config.json").string());
  if (!config) {
    return config.error();
  }
  const core::Result<std::string> index =
      read_text((directory / "model.safetensors.index.json").string(), 256U << 20U);
  if (!index && index.error().code != core::ErrorCode::NotFound) {
    return index.error();
  }
  core::Result<ModelFacts> facts =
      facts_of_config(*config, index ? std::string_view(*index) : "", directory.string());
  if (!facts || index) {
    return facts;
  }
  std::int64_t bytes = 0;
  std::error_code code;
  for (const fs::directory_entry& entry : fs::directory_iterator(directory, code)) {
    std::error_code size_code;
    if (entry.path().extension() == ".safetensors") {
      const std::uintmax_t size = entry.file_size(size_code);
      bytes += size_code ? 0 : static_cast<std::int64_t>(size);
    }
  }
  if (bytes == 0) {
    return core::make_error(core::ErrorCode::Invalid,
                            fmt::format("{} holds no *.safetensors", directory.string()));
  }
  Checkpoint& checkpoint = facts->checkpoints.begin()->second;
  checkpoint.weight_bytes = bytes;
  facts->parameters = std::llround(static_cast<double>(bytes) /
                                   bytes_per_weight(checkpoint.precision, checkpoint.quant));
  return facts;
}

}  // namespace aim::recipes
