#include "recipes/serving_metrics.hpp"

#include <gtest/gtest.h>

namespace aim::recipes {
namespace {

TEST(ServingMetrics, OfVllmAreAddedUpOverEnginesAndReasons) {
  const ServingMetrics metrics = read_metrics(
      "# HELP vllm:num_requests_running Number of requests in model execution batches.\n"
      "# TYPE vllm:num_requests_running gauge\n"
      "vllm:num_requests_running{engine=\"0\",model_name=\"a{b}\"} 3.0\n"
      "vllm:num_requests_running{engine=\"1\",model_name=\"a{b}\"} 2.0\n"
      "vllm:num_requests_waiting{engine=\"0\"} 1.0\n"
      "vllm:kv_cache_usage_perc{engine=\"0\"} 0.5\n"
      "vllm:kv_cache_usage_perc{engine=\"1\"} 0.25\n"
      "vllm:request_success_total{engine=\"0\",finished_reason=\"stop\"} 10.0\n"
      "vllm:request_success_total{engine=\"0\",finished_reason=\"length\"} 4.0\n"
      "vllm:prompt_tokens_total{engine=\"0\"} 1.2e+03\n"
      "vllm:generation_tokens_total{engine=\"0\"} 900.0 1700000000\n"
      "vllm:generation_tokens_created{engine=\"0\"} 1.7e+09\n");
  EXPECT_EQ(metrics.running, 5.0);
  EXPECT_EQ(metrics.waiting, 1.0);
  EXPECT_EQ(metrics.kv_usage, 0.375);
  EXPECT_EQ(metrics.requests, 14.0);
  EXPECT_EQ(metrics.prompt_tokens, 1200.0);
  EXPECT_EQ(metrics.generated_tokens, 900.0);
  EXPECT_EQ(metrics.tokens_per_second, std::nullopt);
}

TEST(ServingMetrics, OfTheOthersHaveTheirNames) {
  const ServingMetrics sglang = read_metrics(
      "sglang:num_running_reqs{model_name=\"m\"} 2\nsglang:token_usage{model_name=\"m\"} 0.125\n"
      "sglang:gen_throughput{model_name=\"m\"} 86.5\n");
  EXPECT_EQ(sglang.running, 2.0);
  EXPECT_EQ(sglang.kv_usage, 0.125);
  EXPECT_EQ(sglang.tokens_per_second, 86.5);
  const ServingMetrics llama = read_metrics(
      "llamacpp:requests_processing 1\nllamacpp:requests_deferred 4\n"
      "llamacpp:tokens_predicted_total 77\nllamacpp:predicted_tokens_seconds 12.5");
  EXPECT_EQ(llama.running, 1.0);
  EXPECT_EQ(llama.waiting, 4.0);
  EXPECT_EQ(llama.generated_tokens, 77.0);
  EXPECT_EQ(llama.tokens_per_second, 12.5);
}

TEST(ServingMetrics, WhatIsNoSampleIsPassedOver) {
  EXPECT_EQ(read_metrics(""), ServingMetrics());
  EXPECT_EQ(read_metrics("vllm:num_requests_running{broken 3\nvllm:num_requests_running\n"
                         "vllm:num_requests_running NaNny\n<html>"),
            ServingMetrics());
}

}  // namespace
}  // namespace aim::recipes
