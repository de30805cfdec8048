#include "providers/docker/restart_policy.hpp"

#include <fmt/format.h>

#include <charconv>

namespace aim::providers {

namespace {

constexpr std::string_view kOnFailure = "on-failure";

}  // namespace

std::optional<RestartPolicy> parse_restart_policy(std::string_view text) {
  if (text.empty() || text == "no") {
    return RestartPolicy{};
  }
  if (text == "always" || text == "unless-stopped" || text == kOnFailure) {
    return RestartPolicy{std::string(text), 0};
  }
  if (!text.starts_with(kOnFailure) || text[kOnFailure.size()] != ':') {
    return std::nullopt;
  }
  const std::string_view digits = text.substr(kOnFailure.size() + 1);
  RestartPolicy policy{std::string(kOnFailure), 0};
  const auto [end, error] =
      std::from_chars(digits.data(), digits.data() + digits.size(), policy.retries);
  const bool whole = error == std::errc() && end == digits.data() + digits.size();
  return whole && policy.retries >= 0 ? std::optional(policy) : std::nullopt;
}

std::string to_string(const RestartPolicy& policy) {
  if (policy.name.empty()) {
    return "no";
  }
  return policy.retries > 0 ? fmt::format("{}:{}", policy.name, policy.retries) : policy.name;
}

}  // namespace aim::providers
