#pragma once

#include <sys/socket.h>

#include <chrono>
#include <stop_token>
#include <vector>

#include "providers/http/http_client.hpp"

namespace aim::providers {

struct SocketAddress {
  ::sockaddr_storage storage{};
  ::socklen_t size = 0;
};

/// Where an endpoint is: one address for a socket path or a literal address, any number for a
/// name. Errors: Unreachable when there is no such name, Timeout, Cancelled. Blocks, for names
/// only; the C library cannot be interrupted, so a thread of its own asks it and is left behind
/// when the caller stops waiting.
[[nodiscard]] core::Result<std::vector<SocketAddress>> addresses_of(
    const HttpEndpoint& endpoint,
    std::chrono::steady_clock::time_point until,
    std::stop_token stop);

}  // namespace aim::providers
