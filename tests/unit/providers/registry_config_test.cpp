#include "providers/docker/registry_config.hpp"

#include <gtest/gtest.h>

#include "providers/docker/base64.hpp"

namespace aim::providers {
namespace {

using core::ErrorCode;
using core::make_error;
using core::Secret;

RegistryConfig config_of(std::string_view text) {
  auto config = parse_registry_config(text, "config.json");
  EXPECT_TRUE(config) << core::to_string(config.error());
  return config ? *config : RegistryConfig();
}

std::vector<std::string> origins(const RegistryConfig& config, std::string_view registry) {
  std::vector<std::string> result;
  for (const CredentialSource& source : credential_sources(config, registry)) {
    if (const auto* stored = std::get_if<StoredCredentials>(&source)) {
      result.push_back(stored->origin);
    } else {
      const auto& ask = std::get<AskHelper>(source);
      result.push_back(ask.origin + " -> " + ask.helper + " " + ask.key);
    }
  }
  return result;
}

using Texts = std::vector<std::string>;

TEST(Base64, IsWrittenForHeadersAndReadFromFiles) {
  EXPECT_EQ(base64url(""), "");
  EXPECT_EQ(base64url("f"), "Zg==");
  EXPECT_EQ(base64url("fo"), "Zm8=");
  EXPECT_EQ(base64url("foo"), "Zm9v");
  EXPECT_EQ(base64url("\xfb\xff\xbf"), "-_-_");
  EXPECT_EQ(base64_decoded("Zm9vYg=="), "foob");
  EXPECT_EQ(base64_decoded("Zm9vYg"), "foob");
  EXPECT_EQ(base64_decoded("+/+/"), "\xfb\xff\xbf");
  EXPECT_EQ(base64_decoded("Zm9vY"), std::nullopt);
  EXPECT_EQ(base64_decoded("Zm 9"), std::nullopt);
}

TEST(RegistryOf, IsTheFirstPartIfThatCanBeAHost) {
  EXPECT_EQ(registry_of("busybox:1"), "docker.io");
  EXPECT_EQ(registry_of("vllm/vllm-openai:v1"), "docker.io");
  EXPECT_EQ(registry_of("docker.io/library/busybox"), "docker.io");
  EXPECT_EQ(registry_of("index.docker.io/a/b"), "docker.io");
  EXPECT_EQ(registry_of("ghcr.io/a/b:1"), "ghcr.io");
  EXPECT_EQ(registry_of("127.0.0.1:5000/one:1"), "127.0.0.1:5000");
  EXPECT_EQ(registry_of("localhost/one@sha256:12"), "localhost");
  EXPECT_EQ(registry_of("127.0.0.1:5000"), "docker.io");
}

TEST(RegistryKeys, MeanTheSameWithSchemeAndPath) {
  EXPECT_EQ(credential_key("docker.io"), "https://index.docker.io/v1/");
  EXPECT_EQ(credential_key("ghcr.io"), "ghcr.io");
  EXPECT_EQ(registry_of_key("https://index.docker.io/v1/"), "docker.io");
  EXPECT_EQ(registry_of_key("docker.io"), "docker.io");
  EXPECT_EQ(registry_of_key("https://ghcr.io"), "ghcr.io");
  EXPECT_EQ(registry_of_key("http://127.0.0.1:5000/v2/"), "127.0.0.1:5000");
}

TEST(RegistryConfig, KnowsUserNamesPasswordsAndTokens) {
  const RegistryConfig config = config_of(R"({"auths": {
    "ghcr.io": {"auth": "YWRhOnBhOnNz"},
    "plain.example": {"username": "ada", "password": "pass"},
    "token.example": {"auth": "PHRva2VuPjo=", "identitytoken": "id"},
    "bearer.example": {"registrytoken": "bearer"},
    "zeros.example": {"auth": "YWRhOnBhc3MAAA=="},
    "kept.elsewhere": {}}})");
  EXPECT_EQ(config.auths.size(), 5U);
  EXPECT_EQ(config.auths.at("ghcr.io").username, "ada");
  EXPECT_EQ(config.auths.at("ghcr.io").password.reveal(), "pa:ss");
  EXPECT_EQ(config.auths.at("plain.example").password.reveal(), "pass");
  EXPECT_EQ(config.auths.at("token.example").identity_token.reveal(), "id");
  EXPECT_EQ(config.auths.at("bearer.example").registry_token.reveal(), "bearer");
  EXPECT_EQ(config.auths.at("zeros.example").password.reveal(), "pass");
}

TEST(RegistryConfig, IsRefusedWithoutAWordOfIt) {
  EXPECT_EQ(parse_registry_config("{\"auths\": hunter2", "config.json").error(),
            make_error(ErrorCode::Protocol, "config.json is not a JSON object"));
  EXPECT_EQ(parse_registry_config(R"({"auths": {"a.b": {"auth": "hunter2!"}}})", "f").error(),
            make_error(ErrorCode::Protocol,
                       "auths[\"a.b\"].auth of f is not the base64 of USER:PASSWORD"));
  EXPECT_EQ(parse_registry_config(R"({"auths": {"a.b": "hunter2"}})", "f").error(),
            make_error(ErrorCode::Protocol, "auths[\"a.b\"] of f is not an object"));
}

TEST(CredentialSources, AreHelperThenStoreThenFile) {
  const RegistryConfig config = config_of(R"({
    "auths": {"https://ghcr.io/": {"auth": "YTpi"}, "other.example": {"auth": "YTpi"}},
    "credHelpers": {"ghcr.io": "gh"}, "credsStore": "keys"})");
  EXPECT_EQ(origins(config, "ghcr.io"),
            (Texts{"credHelpers[\"ghcr.io\"] of config.json -> gh ghcr.io",
                   "credsStore of config.json -> keys ghcr.io",
                   "auths[\"https://ghcr.io/\"] of config.json"}));
  EXPECT_EQ(origins(config, "docker.io"),
            Texts{"credsStore of config.json -> keys https://index.docker.io/v1/"});
}

TEST(CredentialSources, AKeyAsWrittenGoesFirst) {
  const RegistryConfig config = config_of(R"({"auths": {
    "http://a.example/v1/": {"auth": "YTpi"}, "a.example": {"auth": "YTpi"},
    "https://index.docker.io/v1/": {"auth": "YTpi"}, "docker.io": {"auth": "YTpi"}}})");
  EXPECT_EQ(origins(config, "a.example"), Texts{"auths[\"a.example\"] of config.json"});
  EXPECT_EQ(origins(config, "docker.io"),
            Texts{"auths[\"https://index.docker.io/v1/\"] of config.json"});
  EXPECT_EQ(origins(config, "b.example"), Texts{});
  // A name that only ends alike is another registry.
  EXPECT_EQ(origins(config, "example"), Texts{});
}

TEST(RegistryAuthHeader, IsJsonInBase64ForHeaders) {
  RegistryCredentials user;
  user.username = "ada";
  user.password = Secret("p?>~");
  EXPECT_EQ(registry_auth_header(user, "a.example").reveal(),
            base64url(R"({"username":"ada","password":"p?>~","serveraddress":"a.example"})"));
  EXPECT_EQ(registry_auth_header(user, "a.example").reveal().size() % 4, 0U);
  RegistryCredentials token;
  token.identity_token = Secret("id");
  EXPECT_EQ(registry_auth_header(token, "docker.io").reveal(),
            base64url(R"({"identitytoken":"id","serveraddress":"https://index.docker.io/v1/"})"));
}

TEST(HelperAnswer, GivesAPasswordOrAToken) {
  const auto user = parse_helper_answer(R"({"ServerURL":"x","Username":"ada","Secret":"pass"})");
  ASSERT_TRUE(user);
  EXPECT_EQ(user->username, "ada");
  EXPECT_EQ(user->password.reveal(), "pass");
  const auto token = parse_helper_answer(R"({"Username":"<token>","Secret":"id"})");
  ASSERT_TRUE(token);
  EXPECT_EQ(token->username, "");
  EXPECT_EQ(token->identity_token.reveal(), "id");
  EXPECT_EQ(parse_helper_answer("hunter2").error().message, "what it printed is not a JSON object");
  EXPECT_EQ(parse_helper_answer(R"({"Secret":"hunter2"})").error().message,
            "what it printed lacks Username or Secret");
}

}  // namespace
}  // namespace aim::providers
