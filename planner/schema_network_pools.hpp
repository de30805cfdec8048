#pragma once

#include "core/value.hpp"
#include "planner/schema_site.hpp"

namespace aim::planner {

/// Whether the address pools of a network fit together, which Docker finds out half-way: a network
/// that it refuses for its addresses keeps them taken until the daemon restarts (20.10).
void check_address_pools(const core::Map& attributes, const Site& site);

/// Whether a network names a subnet of IPv6.
[[nodiscard]] bool has_ipv6_subnet(const core::Map& attributes);

}  // namespace aim::planner
