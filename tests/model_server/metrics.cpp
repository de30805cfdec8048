#include "tests/model_server/metrics.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace aim::model_server {
namespace {

using Bounds = std::vector<double>;

const Bounds& first_token_bounds() {
  static const Bounds kBounds = {0.001, 0.005, 0.01, 0.02, 0.04, 0.06, 0.08, 0.1, 0.25, 0.5, 0.75,
                                 1.0,   2.5,   5.0,  7.5,  10,   20,   40,   80,  160,  640, 2560};
  return kBounds;
}

const Bounds& token_bounds() {
  static const Bounds kBounds = {0.01,
                                 0.025,
                                 0.05,
                                 0.075,
                                 0.1,
                                 0.15,
                                 0.2,
                                 0.3,
                                 0.4,
                                 0.5,
                                 0.75,
                                 1.0,
                                 2.5,
                                 5.0,
                                 7.5,
                                 10,
                                 20,
                                 40,
                                 80};
  return kBounds;
}

const Bounds& request_bounds() {
  static const Bounds kBounds = {0.3, 0.5, 0.8, 1.0, 1.5, 2.0, 2.5, 5.0,   10,   15,  20,
                                 30,  40,  50,  60,  120, 240, 480, 960.0, 1920, 7680};
  return kBounds;
}

// 1, 2, 5, 10, 20, 50, ... up to the longest request.
Bounds length_bounds(std::uint64_t longest) {
  Bounds bounds;
  for (double decade = 1; decade <= static_cast<double>(longest); decade *= 10) {
    for (const double step : {1.0, 2.0, 5.0}) {
      if (decade * step <= static_cast<double>(longest)) {
        bounds.push_back(decade * step);
      }
    }
  }
  return bounds;
}

}  // namespace

void Metrics::Histogram::observe(double value, std::uint64_t times) {
  const auto bucket = std::lower_bound(bounds.begin(), bounds.end(), value) - bounds.begin();
  counts[static_cast<std::size_t>(bucket)] += times;
  sum += value * static_cast<double>(times);
}

Metrics::Metrics(std::string model_name, double kv_usage, std::uint64_t max_model_len)
    : model_name_(std::move(model_name)), kv_usage_(kv_usage) {
  for (const char* reason : {"abort", "error", "length", "stop"}) {
    finished_[reason] = 0;
  }
  add_histogram("vllm:time_to_first_token_seconds", first_token_bounds());
  add_histogram("vllm:inter_token_latency_seconds", token_bounds());
  add_histogram("vllm:request_time_per_output_token_seconds", token_bounds());
  for (const char* name : {"vllm:e2e_request_latency_seconds",
                           "vllm:request_queue_time_seconds",
                           "vllm:request_prefill_time_seconds",
                           "vllm:request_decode_time_seconds",
                           "vllm:request_inference_time_seconds"}) {
    add_histogram(name, request_bounds());
  }
  add_histogram("vllm:request_prompt_tokens", length_bounds(max_model_len));
  add_histogram("vllm:request_generation_tokens", length_bounds(max_model_len));
  add_histogram("vllm:iteration_tokens_total",
                {1, 8, 16, 32, 64, 128, 256, 512, 1024, 2048, 4096, 8192, 16384});
}

void Metrics::add_histogram(const char* name, std::vector<double> bounds) {
  Histogram& histogram = histograms_[name];
  histogram.counts.resize(bounds.size() + 1);
  histogram.bounds = std::move(bounds);
}

void Metrics::request_started() {
  const std::scoped_lock lock(mutex_);
  ++running_;
}

void Metrics::token_generated() {
  const std::scoped_lock lock(mutex_);
  ++generation_tokens_;
}

void Metrics::request_finished(const FinishedRequest& request) {
  const std::scoped_lock lock(mutex_);
  --running_;
  prompt_tokens_ += request.prompt_tokens;
  ++finished_[request.reason];
  const double first = request.to_first_token.count();
  const double whole = request.whole.count();
  const double decode = whole - first;
  const auto seen = [this](const char* name, double value, std::uint64_t times = 1) {
    histograms_.at(name).observe(value, times);
  };
  seen("vllm:e2e_request_latency_seconds", whole);
  seen("vllm:request_queue_time_seconds", 0);
  seen("vllm:request_prefill_time_seconds", first);
  seen("vllm:request_decode_time_seconds", decode);
  seen("vllm:request_inference_time_seconds", whole);
  seen("vllm:request_prompt_tokens", static_cast<double>(request.prompt_tokens));
  seen("vllm:request_generation_tokens", static_cast<double>(request.generation_tokens));
  if (request.generation_tokens > 0) {
    const std::uint64_t later = request.generation_tokens - 1;
    seen("vllm:time_to_first_token_seconds", first);
    seen("vllm:iteration_tokens_total", static_cast<double>(request.prompt_tokens + 1));
    seen("vllm:iteration_tokens_total", 1, later);
    if (later > 0) {
      seen("vllm:request_time_per_output_token_seconds", decode / static_cast<double>(later));
      seen("vllm:inter_token_latency_seconds", decode / static_cast<double>(later), later);
    }
  }
}

std::string Metrics::text() const {
  const std::scoped_lock lock(mutex_);
  const std::string labels = fmt::format("engine=\"0\",model_name=\"{}\"", model_name_);
  std::string text;
  const auto single = [&](const char* name, const char* type, double value) {
    text += fmt::format("# TYPE {0} {1}\n{0}{{{2}}} {3}\n", name, type, labels, value);
  };
  single("vllm:num_requests_running", "gauge", static_cast<double>(running_));
  single("vllm:num_requests_waiting", "gauge", 0);
  single("vllm:kv_cache_usage_perc", "gauge", kv_usage_);
  single("vllm:num_preemptions_total", "counter", 0);
  single("vllm:prefix_cache_queries_total", "counter", static_cast<double>(prompt_tokens_));
  single("vllm:prefix_cache_hits_total", "counter", 0);
  single("vllm:prompt_tokens_total", "counter", static_cast<double>(prompt_tokens_));
  single("vllm:generation_tokens_total", "counter", static_cast<double>(generation_tokens_));
  text += "# TYPE vllm:request_success_total counter\n";
  for (const auto& [reason, count] : finished_) {
    text += fmt::format(
        "vllm:request_success_total{{{},finished_reason=\"{}\"}} {}\n", labels, reason, count);
  }
  for (const auto& [name, histogram] : histograms_) {
    text += fmt::format("# TYPE {} histogram\n", name);
    std::uint64_t count = 0;
    for (std::size_t i = 0; i < histogram.counts.size(); ++i) {
      count += histogram.counts[i];
      const std::string bound =
          i < histogram.bounds.size() ? fmt::format("{}", histogram.bounds[i]) : "+Inf";
      text += fmt::format("{}_bucket{{{},le=\"{}\"}} {}\n", name, labels, bound, count);
    }
    text += fmt::format(
        "{0}_count{{{1}}} {2}\n{0}_sum{{{1}}} {3}\n", name, labels, count, histogram.sum);
  }
  return text;
}

}  // namespace aim::model_server
