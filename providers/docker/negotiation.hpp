#pragma once

#include <string>

#include "core/result.hpp"
#include "providers/docker/docker_api.hpp"
#include "providers/http/http_client.hpp"

namespace aim::providers {

/// What an Engine says of itself before anything else is asked.
struct Greeting {
  ApiVersion newest;                      ///< of the Docker API
  std::string product = "Docker Engine";  ///< or "Podman 4.3.1"
  /// Whether it can change limits and restart policy of a container: Podman before 5 cannot.
  bool updates_containers = true;
};

/// Reads the answer to GET /_ping. Errors: Protocol when it is no Engine, or one that wants TLS;
/// otherwise as error_from_answer.
[[nodiscard]] core::Result<Greeting> read_greeting(const HttpResponse& ping);

/// The version to speak: `pinned` (DOCKER_API_VERSION) unless that is empty, else the newest that
/// both sides know. Errors: Unsupported, with both sides' versions; Invalid for a pin that is no
/// version.
[[nodiscard]] core::Result<ApiVersion> choose_version(const Greeting& greeting,
                                                      const std::string& pinned);

/// Why an Engine refuses `ours` for good. `about` is its answer to GET /version, `refusal` what it
/// said.
[[nodiscard]] core::Error refused_version(const core::Error& refusal,
                                          const core::Result<HttpResponse>& about,
                                          ApiVersion ours,
                                          const std::string& pinned);

}  // namespace aim::providers
