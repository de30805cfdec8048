#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "recipes/model_facts.hpp"

namespace aim::recipes {

/// What is to be placed, and where.
struct FitQuestion {
  const ModelFacts* facts = nullptr;  ///< never null
  Precision precision = Precision::Bf16;
  std::string quant;
  std::optional<std::int64_t> weight_bytes;  ///< of the checkpoint, where it is known
  int tensor_parallel = 1;
  int pipeline_parallel = 1;
  int data_parallel = 1;
  bool expert_parallel = false;
  std::int64_t context_length = 0;   ///< tokens of one request; 0: the cache is not counted
  double kv_bytes = 2.0;             ///< a number of the KV cache: 2, or 1 as fp8
  std::int64_t memory_bytes = 0;     ///< of one GPU
  double gpu_memory = 0.9;           ///< the share the server takes
  bool activations_outside = false;  ///< the share holds weights and cache only
};

/// The sum for one GPU, in bytes.
struct Fit {
  std::int64_t weights = 0;
  std::int64_t all_weights = 0;  ///< of the whole model, as its files have them
  std::int64_t kv_cache = 0;     ///< of one request of the full context
  std::int64_t overhead = 0;     ///< activations, graphs, libraries
  std::int64_t available = 0;    ///< memory x share
  std::int64_t context_length = 0;
  bool kv_known = true;      ///< false: the facts do not tell, and kv_cache is 0
  bool heads_divide = true;  ///< false: so many GPUs cannot share the attention heads
  std::int64_t attention_heads = 0;
  int tensor_parallel = 1;

  [[nodiscard]] std::int64_t needed() const { return weights + kv_cache + overhead; }

  [[nodiscard]] bool fits() const { return heads_divide && needed() <= available; }

  bool operator==(const Fit&) const = default;
};

/// Weights over tensor and pipeline parallel parts, plus the KV cache of one request, plus an
/// overhead of 2 GiB and, where the share holds activations, a twentieth of the weights, against
/// memory x gpu_memory. No engine publishes the overhead; this one lets every published
/// configuration of the catalogue pass.
[[nodiscard]] Fit fit(const FitQuestion& question);

/// Bytes of the KV cache of `tokens` tokens over all GPUs; nothing when the facts do not tell.
/// Layers with a sliding window hold no more than the window.
[[nodiscard]] std::optional<std::int64_t> kv_cache_bytes(const ModelFacts& facts,
                                                         std::int64_t tokens,
                                                         double kv_bytes);

/// "61.0 weights + 5.1 other + 8.0 KV (32,768 tokens) of 172.8 GiB a GPU"
[[nodiscard]] std::string fit_sum(const Fit& fit);

/// Why it does not fit, in a sentence with the sum.
[[nodiscard]] std::string fit_refusal(const Fit& fit);

/// 32768 as "32,768".
[[nodiscard]] std::string grouped(std::int64_t number);

}  // namespace aim::recipes
