#pragma once

#include <optional>
#include <string_view>

namespace aim::recipes {

/// What a server says of its work. What it does not tell is absent.
struct ServingMetrics {
  std::optional<double> running;            ///< requests that are worked on
  std::optional<double> waiting;            ///< requests that wait
  std::optional<double> kv_usage;           ///< part of the KV cache in use, 0 to 1
  std::optional<double> requests;           ///< finished since it started
  std::optional<double> prompt_tokens;      ///< since it started
  std::optional<double> generated_tokens;   ///< since it started
  std::optional<double> tokens_per_second;  ///< generated, as the server itself measures it

  bool operator==(const ServingMetrics&) const = default;
};

/// Reads the Prometheus text of vLLM, SGLang or llama.cpp. Counts are added up over labels (several
/// engines, reasons to finish), the use of the cache is their mean. Sources: vllm/v1/metrics/
/// loggers.py, SGLang's production metrics, llama.cpp's tools/server/README.md.
[[nodiscard]] ServingMetrics read_metrics(std::string_view text);

}  // namespace aim::recipes
