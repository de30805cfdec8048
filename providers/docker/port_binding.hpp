#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "core/result.hpp"

namespace aim::providers {

/// "[IP:]HOST:CONTAINER/PROTOCOL"; an address of version 6 stands in brackets.
struct PortBinding {
  std::string host_ip;    ///< empty: Docker binds every address
  std::string host_port;  ///< "0" or empty: Docker chooses
  std::uint16_t container_port = 0;
  std::string protocol = "tcp";

  auto operator<=>(const PortBinding&) const = default;
};

/// ErrorCode::Invalid on anything else. A host that is no IP address is refused here, since
/// Engines before 29 take "localhost" and then bind every interface.
[[nodiscard]] core::Result<PortBinding> parse_port_binding(std::string_view text);
[[nodiscard]] std::string to_string(const PortBinding& binding);

}  // namespace aim::providers
