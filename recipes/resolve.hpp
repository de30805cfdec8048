#pragma once

#include <string>
#include <vector>

#include "core/diagnostic.hpp"
#include "core/value.hpp"

namespace aim::recipes {

/// How a serving backend is started inside its own image. Source: the images' Dockerfiles.
struct Backend {
  std::string_view name;             ///< "vllm"
  std::uint16_t container_port = 0;  ///< where it listens unless told otherwise
  std::string_view weights_note;     ///< what `model` means to it
};

/// Where a server finds its API key that would take it only as an argument, which everyone on the
/// machine can read: SGLang in a file of arguments, llama.cpp in a file of keys. vLLM has a
/// variable.
inline constexpr std::string_view kSglangConfigPath = "/run/secrets/sglang.yaml";
inline constexpr std::string_view kLlamaKeyPath = "/run/secrets/api_key";

/// Null for an unknown name.
[[nodiscard]] const Backend* find_backend(std::string_view name);

/// The port an endpoint listens on inside its container: `container_port`, else the backend's.
[[nodiscard]] std::uint16_t endpoint_container_port(const core::Map& endpoint);

/// The name clients use for the model: `served_name`, else `model`.
[[nodiscard]] std::string endpoint_served_name(const core::Map& endpoint);

/// Serve arguments as words: true is a bare flag, false is left out, a list repeats the flag, a
/// map becomes one JSON value. Flags in order of name. `true`/`false` inside a list become text.
[[nodiscard]] std::vector<std::string> argument_words(const core::Map& arguments);

/// Checks what the attribute table cannot: reserved serve flags (the error names the key to use),
/// settings that the backend has no way to take. Diagnostics at the written places.
void check_endpoint(const core::Map& endpoint,
                    const core::Positions& positions,
                    core::Diagnostics& diagnostics);

/// The container that serves a resolved endpoint, in the vocabulary of kind `container`: command,
/// environment, published port; everything both kinds share is handed on unchanged.
[[nodiscard]] core::Map endpoint_container(const core::Map& endpoint);

}  // namespace aim::recipes
