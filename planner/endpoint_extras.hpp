#pragma once

#include <string_view>

#include "planner/configuration.hpp"

namespace aim::planner {

/// The host-wide volume that keeps weights and compiled kernels of all projects. Docker makes it at
/// its first use; it belongs to no project and is never removed.
inline constexpr std::string_view kBuiltInCache = "aim-cache";

/// Where a container finds its Hugging Face token.
inline constexpr std::string_view kTokenPath = "/run/secrets/hf_token";

enum class DefaultCache { None, BuiltIn };

/// Puts what is short for something else in its long form: `hf_token` becomes a file and
/// HF_TOKEN_PATH, the `api_key` of sglang and llamacpp a file that they read it from, `cache`
/// (without one: `fallback`) a mount at /root/.cache, a model or an adapter that is a path a mount
/// of that path. What is mounted there by hand stays.
void spell_out(DesiredResource& endpoint, DefaultCache fallback);

}  // namespace aim::planner
