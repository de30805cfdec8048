#pragma once

#include "tests/support/memory_docker_world.hpp"

// The addresses of a network.
namespace aim::support::memory {

/// A free subnet, as Docker chooses it.
void choose_subnet(const World& world, Network& network);

/// The pools as the network shows them: those that were given, behind one that Docker chose when
/// none of them is of IPv4. The in-memory Docker gives addresses of IPv4 only.
[[nodiscard]] std::optional<Answer> settle_pools(const World& world,
                                                 const std::string& driver,
                                                 bool with_ipv6,
                                                 json::array& pools,
                                                 Network& network);

}  // namespace aim::support::memory
