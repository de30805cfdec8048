#include "tests/model_server/loading.hpp"

#include <fmt/format.h>

namespace aim::model_server {
namespace {

constexpr std::size_t kBlockBytes = std::size_t{1} << 20;

}  // namespace

std::vector<Milestone> load_milestones(const std::string& model, std::uint64_t max_model_len) {
  const std::uint64_t cache_tokens = max_model_len * 4;
  std::vector<Milestone> milestones = {
      {"core.py:94",
       fmt::format("Initializing a V1 LLM engine (v0.27.1) with config: model='{}'", model)},
      {"gpu_model_runner.py:2602", fmt::format("Starting to load model {}...", model)}};
  for (int percent = 0; percent <= 100; percent += 25) {
    milestones.push_back(
        {"",
         fmt::format("Loading safetensors checkpoint shards: {:3}% Completed | {}/4",
                     percent,
                     percent / 25)});
  }
  const std::vector<Milestone> rest = {
      {"default_loader.py:268", "Loading weights took 0.52 seconds"},
      {"gpu_model_runner.py:2653", "Model loading took 1.12 GiB memory and 0.71 seconds"},
      {"gpu_worker.py:298", "Available KV cache memory: 17.20 GiB"},
      {"kv_cache_utils.py:1087", fmt::format("GPU KV cache size: {} tokens", cache_tokens)},
      {"kv_cache_utils.py:1091",
       fmt::format("Maximum concurrency for {} tokens per request: {:.2f}x", max_model_len, 4.0)},
      {"gpu_model_runner.py:3480", "Graph capturing finished in 2 secs, took 0.31 GiB"},
      {"core.py:218", "init engine (profile, create kv cache, warmup model) took 4.03 seconds"}};
  milestones.insert(milestones.end(), rest.begin(), rest.end());
  return milestones;
}

std::string shown_arguments(const Arguments& arguments) {
  std::string text = fmt::format("{{'model_tag': '{}'", arguments.model);
  for (const auto& [flag, values] : arguments.values) {
    const bool secret = flag == "--api-key" || flag == "--hf-token";
    text += fmt::format(", '{}': {}",
                        flag.substr(2),
                        secret           ? "'***'"
                        : values.empty() ? "True"
                                         : fmt::format("'{}'", fmt::join(values, " ")));
  }
  return text + "}";
}

Memory::Memory(std::size_t mebibytes) : bytes_(mebibytes << 20) {}

void Memory::grow(std::size_t part, std::size_t whole) {
  while (blocks_.size() * kBlockBytes < bytes_ / whole * part) {
    blocks_.emplace_back(kBlockBytes, '\1');
  }
}

}  // namespace aim::model_server
