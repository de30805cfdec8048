#pragma once

#include <chrono>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "core/result.hpp"
#include "providers/docker/registry_config.hpp"

namespace aim::providers {

/// How a credential helper is run.
struct HelperSettings {
  std::vector<std::string> environment;  ///< "NAME=value"; its PATH is where helpers are found
  std::chrono::milliseconds timeout{30'000};
};

/// Asks the program docker-credential-`helper` for what it keeps under `key`: `get` as its only
/// argument, the key on its standard input. Nothing if it says that it has none. Blocks for at
/// most the timeout; a helper that takes longer is killed.
/// Errors: Denied (not found, failed, silent, or not understood), Timeout, Cancelled. What the
/// helper printed is in no message.
[[nodiscard]] core::Result<std::optional<RegistryCredentials>> ask_credential_helper(
    const std::string& helper,
    const std::string& key,
    const HelperSettings& settings,
    std::stop_token stop);

}  // namespace aim::providers
