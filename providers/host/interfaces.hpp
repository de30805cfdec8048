#pragma once

#include <sys/types.h>

#include <optional>
#include <set>
#include <string>

#include "core/host_facts.hpp"

namespace aim::providers {

/// Whether an IP address, or localhost, is one of this host's interfaces, loopback included.
[[nodiscard]] bool is_own_address(const std::string& host);

/// Those of `addresses` that nothing here can listen on. Empty where the kernel lets programs bind
/// any address (net.ipv4.ip_nonlocal_bind), or where the interfaces cannot be listed.
[[nodiscard]] std::set<std::string> not_own_addresses(const std::set<std::string>& addresses);

/// Whether a program could take the port on 0.0.0.0; tells a wildcard of IPv6 that leaves IPv4
/// alone from one that does not. Binds for a moment and never listens. True when it cannot be
/// told, as for a port that this user may not take.
[[nodiscard]] bool can_bind_ipv4(const core::HostPort& port);

/// The process that listens on a Unix socket; 0 when it is in another process namespace, nothing
/// when nobody answers there.
[[nodiscard]] std::optional<pid_t> listening_process(const std::string& socket);

}  // namespace aim::providers
