#include "providers/docker/registry_config.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>
#include <optional>

#include "providers/docker/base64.hpp"
#include "providers/docker/json_read.hpp"

namespace aim::providers {

namespace {

namespace json = boost::json;
using core::ErrorCode;
using core::make_error;
using core::Secret;
using json_read::object_at;
using json_read::text_at;

constexpr std::string_view kHub = "docker.io";
constexpr std::string_view kHubKey = "https://index.docker.io/v1/";
/// The user name that stands for "the secret is an identity token".
constexpr std::string_view kTokenUser = "<token>";

Secret secret_at(const json::object& in, std::string_view key) { return Secret(text_at(in, key)); }

bool is_set(const Secret& secret) { return secret.known() && !secret.reveal().empty(); }

/// "user:password" in base64, as `docker login` writes it; some writers end it with zero bytes.
bool take_pair(const std::string& encoded, RegistryCredentials& into) {
  std::optional<std::string> pair = base64_decoded(encoded);
  const std::size_t colon = pair ? pair->find(':') : std::string::npos;
  if (colon == std::string::npos) {
    return false;
  }
  std::string password = pair->substr(colon + 1);
  while (!password.empty() && password.back() == '\0') {
    password.pop_back();
  }
  into.username = pair->substr(0, colon);
  into.password = Secret(std::move(password));
  return true;
}

core::Result<void> read_auths(const json::object& auths, RegistryConfig& config) {
  for (const auto& [key, value] : auths) {
    const json::object* entry = value.if_object();
    if (entry == nullptr) {
      return make_error(
          ErrorCode::Protocol,
          fmt::format(
              "auths[\"{}\"] of {} is not an object", std::string_view(key), config.origin));
    }
    RegistryCredentials credentials;
    credentials.username = text_at(*entry, "username");
    credentials.password = secret_at(*entry, "password");
    credentials.identity_token = secret_at(*entry, "identitytoken");
    credentials.registry_token = secret_at(*entry, "registrytoken");
    if (const std::string pair = text_at(*entry, "auth");
        !pair.empty() && !take_pair(pair, credentials)) {
      return make_error(ErrorCode::Protocol,
                        fmt::format("auths[\"{}\"].auth of {} is not the base64 of USER:PASSWORD",
                                    std::string_view(key),
                                    config.origin));
    }
    // Beside a credential store `docker login` leaves an empty entry.
    if (!credentials.username.empty() || is_set(credentials.identity_token) ||
        is_set(credentials.registry_token)) {
      config.auths.emplace(std::string_view(key), std::move(credentials));
    }
  }
  return {};
}

bool is_hub(std::string_view registry) {
  return registry == kHub || registry == "index.docker.io" || registry == "registry-1.docker.io" ||
         registry == "registry.hub.docker.com";
}

/// The entry whose key is the registry's own, else the first that means the same registry.
template <class Value>
typename std::map<std::string, Value>::const_iterator entry_for(
    const std::map<std::string, Value>& entries, std::string_view registry) {
  const auto exact = entries.find(credential_key(registry));
  if (exact != entries.end()) {
    return exact;
  }
  const std::string wanted = registry_of_key(registry);
  return std::find_if(entries.begin(), entries.end(), [&](const auto& entry) {
    return registry_of_key(entry.first) == wanted;
  });
}

}  // namespace

core::Result<RegistryConfig> parse_registry_config(std::string_view text, std::string origin) {
  RegistryConfig config;
  config.origin = std::move(origin);
  boost::system::error_code wrong;
  const json::value parsed = json::parse(text, wrong);
  const json::object* root = wrong ? nullptr : parsed.if_object();
  if (root == nullptr) {
    return make_error(ErrorCode::Protocol, fmt::format("{} is not a JSON object", config.origin));
  }
  config.store = text_at(*root, "credsStore");
  if (const json::object* helpers = object_at(*root, "credHelpers")) {
    for (const auto& [key, value] : *helpers) {
      if (const json::string* name = value.if_string()) {
        config.helpers.emplace(std::string_view(key), std::string_view(*name));
      }
    }
  }
  if (const json::object* auths = object_at(*root, "auths")) {
    if (const core::Result<void> read = read_auths(*auths, config); !read) {
      return read.error();
    }
  }
  return config;
}

std::string registry_of(std::string_view reference) {
  const std::size_t slash = reference.find('/');
  const std::string_view first =
      slash == std::string_view::npos ? std::string_view() : reference.substr(0, slash);
  const bool names_host =
      first.find_first_of(".:") != std::string_view::npos || first == "localhost" ||
      std::any_of(first.begin(), first.end(), [](char c) { return c >= 'A' && c <= 'Z'; });
  return names_host && !is_hub(first) ? std::string(first) : std::string(kHub);
}

std::string credential_key(std::string_view registry) {
  return std::string(is_hub(registry) ? kHubKey : registry);
}

std::string registry_of_key(std::string_view key) {
  if (const std::size_t scheme = key.find("://"); scheme != std::string_view::npos) {
    key.remove_prefix(scheme + 3);
  }
  const std::string_view host = key.substr(0, key.find('/'));
  return std::string(is_hub(host) ? kHub : host);
}

std::vector<CredentialSource> credential_sources(const RegistryConfig& config,
                                                 std::string_view registry) {
  std::vector<CredentialSource> sources;
  if (const auto helper = entry_for(config.helpers, registry); helper != config.helpers.end()) {
    sources.emplace_back(
        AskHelper{helper->second,
                  credential_key(registry),
                  fmt::format("credHelpers[\"{}\"] of {}", helper->first, config.origin)});
  }
  if (!config.store.empty()) {
    sources.emplace_back(AskHelper{
        config.store, credential_key(registry), fmt::format("credsStore of {}", config.origin)});
  }
  if (const auto stored = entry_for(config.auths, registry); stored != config.auths.end()) {
    sources.emplace_back(StoredCredentials{
        stored->second, fmt::format("auths[\"{}\"] of {}", stored->first, config.origin)});
  }
  return sources;
}

core::Result<RegistryCredentials> parse_helper_answer(std::string_view text) {
  boost::system::error_code wrong;
  const json::value parsed = json::parse(text, wrong);
  const json::object* answer = wrong ? nullptr : parsed.if_object();
  if (answer == nullptr) {
    return make_error(ErrorCode::Protocol, "what it printed is not a JSON object");
  }
  RegistryCredentials credentials;
  const std::string user = text_at(*answer, "Username");
  Secret secret = secret_at(*answer, "Secret");
  if (user.empty() || !is_set(secret)) {
    return make_error(ErrorCode::Protocol, "what it printed lacks Username or Secret");
  }
  if (user == kTokenUser) {
    credentials.identity_token = std::move(secret);
  } else {
    credentials.username = user;
    credentials.password = std::move(secret);
  }
  return credentials;
}

Secret registry_auth_header(const RegistryCredentials& credentials, std::string_view registry) {
  json::object body;
  if (is_set(credentials.registry_token)) {
    body["registrytoken"] = credentials.registry_token.reveal();
  } else if (is_set(credentials.identity_token)) {
    body["identitytoken"] = credentials.identity_token.reveal();
  } else {
    body["username"] = credentials.username;
    body["password"] = credentials.password.known() ? credentials.password.reveal() : "";
  }
  body["serveraddress"] = credential_key(registry);
  return Secret(base64url(json::serialize(body)));
}

}  // namespace aim::providers
