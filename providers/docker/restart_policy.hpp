#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace aim::providers {

/// "no", "always", "unless-stopped", "on-failure" or "on-failure:N".
struct RestartPolicy {
  std::string name = "no";
  std::int64_t retries = 0;  ///< with on-failure only; zero: without end

  bool operator==(const RestartPolicy&) const = default;
};

/// An empty text is "no", as it is to Docker. Nothing for anything else.
[[nodiscard]] std::optional<RestartPolicy> parse_restart_policy(std::string_view text);
[[nodiscard]] std::string to_string(const RestartPolicy& policy);

}  // namespace aim::providers
