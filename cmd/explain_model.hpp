#pragma once

#include "cmd/app.hpp"

namespace aim::cmd {

/// Options of `aim explain MODEL`.
inline constexpr Option kModelOptions[] = {
    {"gpus", "N", "of a model: how many GPUs", '\0', false},
    {"precision", "P", "of a model: its precision", '\0', false},
    {"backend", "B", "of a model: vllm, sglang or llamacpp", '\0', false},
    {"context-length", "TOKENS", "of a model: tokens of one request", '\0', false}};

/// Says which recipe a model would get on the GPUs of this host, what else was weighed, and why
/// not. GPUs that others hold count as free. Asks no Docker.
[[nodiscard]] ExitCode explain_model(const Arguments& arguments, App& app);

}  // namespace aim::cmd
