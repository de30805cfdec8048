#pragma once

#include <map>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "core/result.hpp"
#include "core/secret.hpp"

namespace aim::providers {

/// What is shown to a registry. Either a user name with a password, or one of the tokens.
struct RegistryCredentials {
  std::string username;
  core::Secret password;
  core::Secret identity_token;
  core::Secret registry_token;
  bool operator==(const RegistryCredentials&) const = default;
};

/// What Docker's own client keeps of registries in its config.json.
struct RegistryConfig {
  std::string origin;                                ///< the file, or DOCKER_AUTH_CONFIG
  std::map<std::string, RegistryCredentials> auths;  ///< by key as written
  std::map<std::string, std::string> helpers;        ///< credHelpers: key as written -> name
  std::string store;                                 ///< credsStore, empty if there is none
};

/// Reads config.json. Errors: Protocol; the message never holds anything of the text.
[[nodiscard]] core::Result<RegistryConfig> parse_registry_config(std::string_view text,
                                                                 std::string origin);

/// The registry of an image reference: "ghcr.io", "127.0.0.1:5000", or "docker.io" where the
/// reference names none. Source: the grammar of the distribution project's reference package.
[[nodiscard]] std::string registry_of(std::string_view reference);

/// The key under which credentials for a registry are kept and asked for: Docker Hub's is
/// "https://index.docker.io/v1/", that of any other its host and port.
[[nodiscard]] std::string credential_key(std::string_view registry);

/// The registry that a key stands for, which may carry a scheme and a path: "ghcr.io" of
/// "https://ghcr.io/v2/", "docker.io" of each of Docker Hub's names.
[[nodiscard]] std::string registry_of_key(std::string_view key);

/// The program docker-credential-`helper` knows the credentials under `key`.
struct AskHelper {
  std::string helper;
  std::string key;
  std::string origin;  ///< "credsStore of /root/.docker/config.json"
};

struct StoredCredentials {
  RegistryCredentials credentials;
  std::string origin;  ///< "auths[\"ghcr.io\"] of /root/.docker/config.json"
};

using CredentialSource = std::variant<AskHelper, StoredCredentials>;

/// Where `config` says that credentials for `registry` are, the first to be tried first:
/// credHelpers, credsStore, auths. A key as written goes before one that only means the same.
[[nodiscard]] std::vector<CredentialSource> credential_sources(const RegistryConfig& config,
                                                               std::string_view registry);

/// What a credential helper printed, as the protocol of `get` has it. Errors: Protocol; the
/// message never holds anything of the text.
[[nodiscard]] core::Result<RegistryCredentials> parse_helper_answer(std::string_view text);

/// The value of the header X-Registry-Auth.
[[nodiscard]] core::Secret registry_auth_header(const RegistryCredentials& credentials,
                                                std::string_view registry);

}  // namespace aim::providers
