#include "recipes/serving_metrics.hpp"

#include <array>
#include <charconv>
#include <cmath>
#include <utility>

namespace aim::recipes {

namespace {

enum class Join { Sum, Mean };

struct Metric {
  std::string_view name;
  std::optional<double> ServingMetrics::*field;
  Join join = Join::Sum;
};

constexpr std::array<Metric, 20> kMetrics = {{
    {"vllm:num_requests_running", &ServingMetrics::running},
    {"vllm:num_requests_waiting", &ServingMetrics::waiting},
    {"vllm:kv_cache_usage_perc", &ServingMetrics::kv_usage, Join::Mean},
    {"vllm:gpu_cache_usage_perc", &ServingMetrics::kv_usage, Join::Mean},  // before V1
    {"vllm:request_success_total", &ServingMetrics::requests},
    {"vllm:prompt_tokens_total", &ServingMetrics::prompt_tokens},
    {"vllm:generation_tokens_total", &ServingMetrics::generated_tokens},
    {"sglang:num_running_reqs", &ServingMetrics::running},
    {"sglang:num_queue_reqs", &ServingMetrics::waiting},
    {"sglang:token_usage", &ServingMetrics::kv_usage, Join::Mean},
    {"sglang:num_requests_total", &ServingMetrics::requests},
    {"sglang:prompt_tokens_total", &ServingMetrics::prompt_tokens},
    {"sglang:generation_tokens_total", &ServingMetrics::generated_tokens},
    {"sglang:gen_throughput", &ServingMetrics::tokens_per_second},
    {"llamacpp:requests_processing", &ServingMetrics::running},
    {"llamacpp:requests_deferred", &ServingMetrics::waiting},
    {"llamacpp:kv_cache_usage_ratio", &ServingMetrics::kv_usage, Join::Mean},  // older ones
    {"llamacpp:prompt_tokens_total", &ServingMetrics::prompt_tokens},
    {"llamacpp:tokens_predicted_total", &ServingMetrics::generated_tokens},
    {"llamacpp:predicted_tokens_seconds", &ServingMetrics::tokens_per_second},
}};

/// "name{labels} value [time]" as name and value.
std::optional<std::pair<std::string_view, double>> sample_of(std::string_view line) {
  const std::size_t end = line.find_first_of("{ ");
  if (line.empty() || line.front() == '#' || end == std::string_view::npos) {
    return std::nullopt;
  }
  const std::string_view name = line.substr(0, end);
  // A label's value may hold a brace, so the last one counts.
  const std::size_t labels = line[end] == '{' ? line.rfind('}') : end;
  if (labels == std::string_view::npos) {
    return std::nullopt;
  }
  const std::size_t begin = line.find_first_not_of(' ', labels + (line[end] == '{' ? 1 : 0));
  if (begin == std::string_view::npos) {
    return std::nullopt;
  }
  double value = 0;
  const auto [last, failed] =
      std::from_chars(line.data() + begin, line.data() + line.size(), value);
  // A gauge that was never set may be NaN.
  return failed == std::errc() && std::isfinite(value) ? std::optional(std::pair(name, value))
                                                       : std::nullopt;
}

}  // namespace

ServingMetrics read_metrics(std::string_view text) {
  ServingMetrics metrics;
  std::array<int, kMetrics.size()> seen{};
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    const auto sample = sample_of(text.substr(0, end));
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    if (!sample) {
      continue;
    }
    for (std::size_t i = 0; i < kMetrics.size(); ++i) {
      if (kMetrics.at(i).name == sample->first) {
        std::optional<double>& field = metrics.*kMetrics.at(i).field;
        field = field.value_or(0) + sample->second;
        ++seen.at(i);
      }
    }
  }
  for (std::size_t i = 0; i < kMetrics.size(); ++i) {
    std::optional<double>& field = metrics.*kMetrics.at(i).field;
    if (kMetrics.at(i).join == Join::Mean && seen.at(i) > 1) {
      field = *field / seen.at(i);
    }
  }
  return metrics;
}

}  // namespace aim::recipes
