#include "providers/docker/registry_logins.hpp"

#include <fmt/format.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <sstream>

namespace aim::providers {

namespace {

using core::ErrorCode;
using core::make_error;

constexpr std::chrono::minutes kLifetime{5};

/// Nothing if there is no such file.
core::Result<std::optional<RegistryConfig>> read_config(const std::string& file) {
  std::ifstream stream(file, std::ios::binary);
  if (!stream) {
    const int reason = errno;
    if (reason == ENOENT || reason == ENOTDIR) {
      return std::optional<RegistryConfig>();
    }
    return make_error(ErrorCode::Denied, fmt::format("{}: {}", file, std::strerror(reason)));
  }
  std::ostringstream text;
  text << stream.rdbuf();
  core::Result<RegistryConfig> config = parse_registry_config(text.str(), file);
  if (!config) {
    return make_error(ErrorCode::Denied, config.error().message);
  }
  return std::optional(std::move(*config));
}

}  // namespace

DockerLogins::DockerLogins(Inputs inputs, core::Clock& clock)
    : inputs_(std::move(inputs)), clock_(clock) {}

core::Result<RegistryLogin> DockerLogins::find(const std::string& registry, std::stop_token stop) {
  // One helper at a time: some of them ask the person for a password.
  const std::scoped_lock lock(mutex_);
  const core::Steady now = clock_.steady_now();
  if (const auto known = known_.find(registry);
      known != known_.end() && now - known->second.since < kLifetime) {
    return known->second.login;
  }
  core::Result<RegistryLogin> login = look(registry, std::move(stop));
  if (login) {
    known_.insert_or_assign(registry, Known{*login, clock_.steady_now()});
  }
  return login;
}

core::Result<RegistryLogin> DockerLogins::look(const std::string& registry,
                                               std::stop_token stop) const {
  const std::string file = inputs_.config_dir + "/config.json";
  std::vector<RegistryConfig> configs;
  if (!inputs_.auth_config.empty()) {
    core::Result<RegistryConfig> config =
        parse_registry_config(inputs_.auth_config, "DOCKER_AUTH_CONFIG");
    if (!config) {
      return make_error(ErrorCode::Denied, config.error().message);
    }
    configs.push_back(std::move(*config));
  }
  core::Result<std::optional<RegistryConfig>> in_file = read_config(file);
  if (!in_file) {
    return in_file.error();
  }
  if (*in_file) {
    configs.push_back(std::move(**in_file));
  }
  for (const RegistryConfig& config : configs) {
    for (const CredentialSource& source : credential_sources(config, registry)) {
      if (const StoredCredentials* stored = std::get_if<StoredCredentials>(&source)) {
        return RegistryLogin{stored->credentials, stored->origin};
      }
      const AskHelper& ask = std::get<AskHelper>(source);
      core::Result<std::optional<RegistryCredentials>> answer =
          ask_credential_helper(ask.helper, ask.key, inputs_.helper, stop);
      if (!answer) {
        return make_error(answer.error().code,
                          fmt::format("{} ({})", answer.error().message, ask.origin));
      }
      if (*answer) {
        return RegistryLogin{std::move(**answer), ask.origin};
      }
    }
  }
  return RegistryLogin{std::nullopt, file};
}

}  // namespace aim::providers
