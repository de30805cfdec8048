#pragma once

#include <chrono>
#include <map>
#include <mutex>
#include <optional>
#include <string>

#include "core/clock.hpp"
#include "providers/docker/credential_helper.hpp"
#include "providers/docker/registry_config.hpp"

namespace aim::providers {

/// What is known of us at one registry.
struct RegistryLogin {
  std::optional<RegistryCredentials> credentials;  ///< none: we come as anybody
  std::string origin;  ///< where they come from, or where was looked in vain
};

/// Knows how to log in at a registry. Thread-safe.
class RegistryLogins {
 public:
  virtual ~RegistryLogins() = default;
  /// Blocks while a credential helper is asked. Errors: Denied (there should be credentials, and
  /// they cannot be had), Timeout, Cancelled.
  [[nodiscard]] virtual core::Result<RegistryLogin> find(const std::string& registry,
                                                         std::stop_token stop) = 0;
};

/// The logins of Docker's own client: DOCKER_AUTH_CONFIG, then config.json. Both are read, and
/// helpers asked, when a registry is first met; what was found is used again for five minutes.
class DockerLogins : public RegistryLogins {
 public:
  /// What the surroundings give, handed in by whoever reads them.
  struct Inputs {
    std::string config_dir;   ///< DOCKER_CONFIG, else ~/.docker
    std::string auth_config;  ///< DOCKER_AUTH_CONFIG, empty if not set
    HelperSettings helper;
  };

  /// `clock` must outlive this.
  DockerLogins(Inputs inputs, core::Clock& clock);

  core::Result<RegistryLogin> find(const std::string& registry, std::stop_token stop) override;

 private:
  [[nodiscard]] core::Result<RegistryLogin> look(const std::string& registry,
                                                 std::stop_token stop) const;

  struct Known {
    RegistryLogin login;
    core::Steady since;
  };

  Inputs inputs_;
  core::Clock& clock_;
  std::mutex mutex_;
  std::map<std::string, Known> known_;
};

}  // namespace aim::providers
