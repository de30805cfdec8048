#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <vector>

namespace aim::model_server {

/// One request that came to its end.
struct FinishedRequest {
  std::uint64_t prompt_tokens = 0;
  std::uint64_t generation_tokens = 0;
  std::string reason = "stop";  ///< stop, length, abort, error
  std::chrono::duration<double> to_first_token{0};
  std::chrono::duration<double> whole{0};
};

/// Counts what really happened and shows it under vLLM's names. Thread-safe.
class Metrics {
 public:
  Metrics(std::string model_name, double kv_usage, std::uint64_t max_model_len);

  void request_started();
  /// One more token of a request that is being answered.
  void token_generated();
  void request_finished(const FinishedRequest& request);
  /// Prometheus' text form.
  [[nodiscard]] std::string text() const;

 private:
  struct Histogram {
    std::vector<double> bounds;
    std::vector<std::uint64_t> counts;  ///< one more than bounds: the last is +Inf
    double sum = 0;
    void observe(double value, std::uint64_t times = 1);
  };

  void add_histogram(const char* name, std::vector<double> bounds);

  const std::string model_name_;
  const double kv_usage_;
  mutable std::mutex mutex_;
  std::uint64_t running_ = 0;
  std::uint64_t prompt_tokens_ = 0;
  std::uint64_t generation_tokens_ = 0;
  std::map<std::string, std::uint64_t> finished_;  ///< by reason
  std::map<std::string, Histogram> histograms_;
};

}  // namespace aim::model_server
