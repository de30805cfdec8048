#pragma once

#include "core/diagnostic.hpp"
#include "core/snapshot.hpp"
#include "planner/plan.hpp"

namespace aim::planner {

/// Finds, before anything is touched, what would fail in apply: two resources on one host port, a
/// host port held by a container that is not part of the plan. Errors at the places written.
void preflight(const Plan& plan,
               const Configuration& configuration,
               const core::ObservedWorld& observed,
               core::Diagnostics& diagnostics);

/// A host port a container asks for, read off the canonical form "IP:HOST:CONTAINER/PROTO".
[[nodiscard]] std::vector<core::PublishedPort> published_ports(const core::Map& docker_attributes);

/// Whether two bindings cannot exist at once: same port and protocol, addresses that overlap.
[[nodiscard]] bool collide(const core::PublishedPort& a, const core::PublishedPort& b);

/// Host ports that a resource with these attributes publishes.
[[nodiscard]] std::vector<core::PublishedPort> host_ports(const core::Address& address,
                                                          const core::Map& attributes);

}  // namespace aim::planner
