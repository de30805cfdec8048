#pragma once

#include <string>
#include <string_view>

#include "core/result.hpp"
#include "providers/docker/registry_logins.hpp"

namespace aim::providers {

/// What went wrong with an image, read off the Engine's words: it passes a registry's refusals on
/// with whatever status, and inside an answer of status 200.
enum class RegistryProblem {
  NoPlatform,   ///< the image is not there for the platform that is asked for
  Missing,      ///< no such tag, digest or repository
  Refused,      ///< credentials are missing or wrong
  RateLimited,  ///< too many requests for now
  Unreachable,  ///< the Engine cannot get at the registry
  DamagedBlob,  ///< a layer that the registry lists and does not have, or has wrong
  DiskFull,     ///< of the Engine
  Other
};

[[nodiscard]] RegistryProblem registry_problem(std::string_view message);

/// Whether an error is what the Engine answered, and not what became of the exchange with it.
[[nodiscard]] bool is_from_engine(const core::Error& error);

/// The error of a pull or a question about `reference`, with what can be done about it behind the
/// Engine's words. An error that did not come from the Engine's answer (Timeout, Cancelled,
/// Protocol) stays as it is. Codes: NotFound, Denied, Unreachable, Failed.
[[nodiscard]] core::Error registry_error(const core::Error& error,
                                         const std::string& reference,
                                         const RegistryLogin& login);

}  // namespace aim::providers
