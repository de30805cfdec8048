#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "core/result.hpp"
#include "providers/http/http_client.hpp"

namespace aim::providers {

/// What runs for ssh://[user@]host[:port][/socket]: the user's own ssh, with the configuration and
/// keys that it finds, and at the other end Docker's command, which hands the bytes on to the
/// Engine (the one at `socket`, or whichever it finds there). `rest` is what follows "ssh://" in
/// `uri`. ErrorCode::Invalid for a password, a query, a fragment or no host.
[[nodiscard]] core::Result<HttpEndpoint> ssh_endpoint(std::string_view uri, std::string_view rest);

/// `host`:`port` as the machine sees it that `engine`, made by ssh_endpoint, is on: ssh forwards
/// the connection (-W), if its server allows that.
[[nodiscard]] HttpEndpoint ssh_tunnel(const HttpEndpoint& engine,
                                      std::string host,
                                      std::uint16_t port);

}  // namespace aim::providers
