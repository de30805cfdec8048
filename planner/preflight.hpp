#pragma once

#include "core/diagnostic.hpp"
#include "core/host_facts.hpp"
#include "core/snapshot.hpp"
#include "planner/plan.hpp"

namespace aim::planner {

/// Finds, before anything is touched, what would fail in apply: ports, names, addresses and
/// subnets that are taken, paths and devices that do not exist, drivers, runtimes and limits that
/// this Docker does not have, a disk that is full. Errors at the places written. Only what the plan
/// makes, starts or changes is looked at. Where the host has to be known and Docker runs elsewhere,
/// a note says what was not checked.
void preflight(const Plan& plan,
               const Configuration& configuration,
               const core::ObservedWorld& observed,
               core::Diagnostics& diagnostics);

/// What has to be asked of Docker's host before `preflight` can answer for this plan; empty when
/// nothing changes that rests on the host.
[[nodiscard]] core::HostQuestions host_questions(const Plan& plan,
                                                 const Configuration& configuration,
                                                 const core::ObservedWorld& observed);

/// A host port a container asks for, read off the canonical form "IP:HOST:CONTAINER/PROTO".
[[nodiscard]] std::vector<core::PublishedPort> published_ports(const core::Map& docker_attributes);

/// Whether two bindings cannot exist at once: same port and protocol, addresses that overlap.
[[nodiscard]] bool collide(const core::PublishedPort& a, const core::PublishedPort& b);

/// Host ports that a resource with these attributes publishes.
[[nodiscard]] std::vector<core::PublishedPort> host_ports(const core::Address& address,
                                                          const core::Map& attributes);

}  // namespace aim::planner
