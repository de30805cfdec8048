#include "recipes/fit.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace aim::recipes {

namespace {

constexpr std::int64_t kGiB = std::int64_t{1} << 30;
constexpr std::int64_t kOverhead = 2 * kGiB;
constexpr std::int64_t kOverheadPart = 20;

double gib(std::int64_t bytes) { return static_cast<double>(bytes) / static_cast<double>(kGiB); }

/// Attention whose cache follows from heads and layers alone.
bool is_plain(const ModelFacts& facts) {
  return facts.attention == "gqa" || facts.attention == "mha" ||
         facts.attention.starts_with("gqa-");
}

double all_weights(const FitQuestion& question) {
  return question.weight_bytes ? static_cast<double>(*question.weight_bytes)
                               : static_cast<double>(question.facts->parameters) *
                                     bytes_per_weight(question.precision, question.quant);
}

std::int64_t weights_of(const FitQuestion& question) {
  const ModelFacts& facts = *question.facts;
  const double all = all_weights(question);
  const int parts = question.tensor_parallel * question.pipeline_parallel;
  // With data parallelism the experts, if they are spread, are held once by all of them.
  if (question.data_parallel > 1 && question.expert_parallel && facts.experts && facts.layers &&
      facts.hidden_size && facts.moe_intermediate_size) {
    const double share =
        std::min(1.0,
                 static_cast<double>(*facts.experts) * static_cast<double>(*facts.layers) * 3.0 *
                     static_cast<double>(*facts.hidden_size) *
                     static_cast<double>(*facts.moe_intermediate_size) /
                     static_cast<double>(facts.parameters));
    return std::llround(all * (1.0 - share) / parts +
                        all * share / (parts * question.data_parallel));
  }
  return std::llround(all / parts);
}

}  // namespace

std::optional<std::int64_t> kv_cache_bytes(const ModelFacts& facts,
                                           std::int64_t tokens,
                                           double kv_bytes) {
  const double each = kv_bytes / 2.0;
  const bool windowed = facts.sliding_attention_layers && facts.full_attention_layers &&
                        facts.sliding_window && facts.kv_heads && facts.head_dim;
  if (windowed) {
    const std::int64_t a_layer = 2 * *facts.kv_heads * *facts.head_dim * 2;
    const std::int64_t held =
        *facts.full_attention_layers * tokens +
        *facts.sliding_attention_layers * std::min(tokens, *facts.sliding_window);
    return std::llround(static_cast<double>(a_layer * held) * each);
  }
  std::optional<std::int64_t> a_token = facts.kv_bytes_per_token;
  if (!a_token && is_plain(facts) && facts.layers && facts.kv_heads && facts.head_dim) {
    a_token = 2 * *facts.layers * *facts.kv_heads * *facts.head_dim * 2;
  }
  if (!a_token) {
    return std::nullopt;
  }
  return std::llround(static_cast<double>(*a_token) * static_cast<double>(tokens) * each);
}

Fit fit(const FitQuestion& question) {
  const ModelFacts& facts = *question.facts;
  Fit result;
  result.weights = weights_of(question);
  result.all_weights = std::llround(all_weights(question));
  result.overhead = kOverhead + (question.activations_outside ? 0 : result.weights / kOverheadPart);
  result.available =
      static_cast<std::int64_t>(static_cast<double>(question.memory_bytes) * question.gpu_memory);
  result.context_length = question.context_length;
  result.tensor_parallel = question.tensor_parallel;
  result.attention_heads = facts.attention_heads.value_or(0);
  result.heads_divide = question.tensor_parallel < 2 || !facts.attention_heads ||
                        *facts.attention_heads % question.tensor_parallel == 0;
  const std::optional<std::int64_t> cache =
      kv_cache_bytes(facts, question.context_length, question.kv_bytes);
  result.kv_known = cache.has_value();
  // Heads of the cache divide among the GPUs as far as there are heads; a latent does not divide.
  std::int64_t parts = question.pipeline_parallel;
  if (!facts.is_mla()) {
    parts *= std::min<std::int64_t>(question.tensor_parallel,
                                    facts.kv_heads.value_or(question.tensor_parallel));
  }
  result.kv_cache = cache.value_or(0) / std::max<std::int64_t>(parts, 1);
  return result;
}

std::string grouped(std::int64_t number) {
  const std::string digits = std::to_string(number);
  std::string text;
  for (std::size_t i = 0; i < digits.size(); ++i) {
    const bool behind_digit = i > 0 && digits[i - 1] != '-';
    if (behind_digit && (digits.size() - i) % 3 == 0) {
      text += ',';
    }
    text += digits[i];
  }
  return text;
}

std::string fit_sum(const Fit& fit) {
  const std::string cache =
      fit.kv_known
          ? fmt::format("{:.1f} KV ({} tokens)", gib(fit.kv_cache), grouped(fit.context_length))
          : std::string("an unknown KV cache");
  return fmt::format("{:.1f} weights + {:.1f} other + {} of {:.1f} GiB a GPU",
                     gib(fit.weights),
                     gib(fit.overhead),
                     cache,
                     gib(fit.available));
}

std::string fit_refusal(const Fit& fit) {
  if (!fit.heads_divide) {
    return fmt::format("its {} attention heads cannot be divided among {} GPUs",
                       fit.attention_heads,
                       fit.tensor_parallel);
  }
  return fmt::format("it needs {:.1f} GiB a GPU and {:.1f} GiB are there: {}",
                     gib(fit.needed()),
                     gib(fit.available),
                     fit_sum(fit));
}

}  // namespace aim::recipes
