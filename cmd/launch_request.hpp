#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "cmd/app.hpp"

namespace aim::cmd {

/// What `aim launch` was asked for. What is absent is for aim to choose.
struct LaunchRequest {
  std::string model;
  std::optional<int> gpus;
  std::optional<std::string> precision;
  std::optional<std::string> backend;
  std::optional<std::string> recipe;
  std::optional<std::string> base_model;
  std::optional<std::int64_t> context_length;
  std::optional<int> port;
  std::optional<std::string> bind;
  std::optional<std::string> image;
  std::optional<std::string> cache;
  std::vector<std::string> features;
  std::vector<std::string> arguments;    ///< "--max-num-seqs=64", "--enforce-eager"
  std::vector<std::string> environment;  ///< "NAME=VALUE"
  std::optional<std::string> api_key;    ///< "env:NAME" or "file:/path"
  std::optional<std::string> start_timeout;
  bool hf_token = false;  ///< HF_TOKEN is set
  bool fallback = false;  ///< the nearest recipe will do
  std::string name;       ///< of the launch; "qwen-qwen3-32b-4gpu-bf16"
  bool named = false;     ///< by the user

  /// "vllm", unless another one was asked for.
  [[nodiscard]] std::string backend_or_default() const { return backend.value_or("vllm"); }
};

/// Reads and checks what was given; every fault is shown. Nothing is returned then.
[[nodiscard]] std::optional<LaunchRequest> launch_request(const Arguments& arguments, App& app);

/// What is not known before the recipe and the port were chosen.
struct LaunchNames {
  std::optional<int> port;
  std::optional<std::string> container;
};

/// The configuration that stands for the request, as the text of an aim.yaml of project `project`.
[[nodiscard]] std::string launch_yaml(const LaunchRequest& request,
                                      const std::string& project,
                                      const LaunchNames& names);

/// "qwen-qwen3-32b" of "Qwen/Qwen3-32B": what a name on Docker may hold.
[[nodiscard]] std::string model_slug(const std::string& model);

/// "aim-engine-qwen-qwen3-32b-4gpu-bf16-vllm"
[[nodiscard]] std::string engine_name(const std::string& model,
                                      int gpus,
                                      const std::string& precision,
                                      const std::string& backend);
/// "aim-engine-chat", of a launch that the user gave a name.
[[nodiscard]] std::string engine_name(const std::string& launch);

}  // namespace aim::cmd
