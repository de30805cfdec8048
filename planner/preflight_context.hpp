#pragma once

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "core/diagnostic.hpp"
#include "core/snapshot.hpp"
#include "planner/plan.hpp"
#include "planner/realize.hpp"

namespace aim::planner {

/// A container that apply makes or starts.
struct ComingContainer {
  const ResourceChange* change = nullptr;
  core::Map docker;   ///< vocabulary of kind `container`, networks left out
  bool made = false;  ///< a new object, not only a start
};

/// What every part of preflight works with.
struct PreflightContext {
  const Plan& plan;
  const Configuration& configuration;
  const core::ObservedWorld& observed;
  core::Diagnostics& diagnostics;
  std::vector<ComingContainer> coming;
  std::set<std::string> ours;     ///< ids on Docker that the plan is about
  std::set<std::string> leaving;  ///< those of them that do not stay as they are

  /// Where a part of a resource is written: the nearest place to `path`.
  [[nodiscard]] std::optional<core::SourceRange> position(const core::Address& address,
                                                          core::Path path) const;
  void add(core::Severity severity,
           std::string summary,
           std::string detail,
           const core::Address& address,
           core::Path path) const;
  /// The host as it was seen, or null when it was not asked or Docker runs elsewhere.
  [[nodiscard]] const core::HostFacts* host() const;
  /// The name on Docker of a listed container, or null.
  [[nodiscard]] const core::ContainerSummary* listed(const std::string& id) const;
};

[[nodiscard]] PreflightContext preflight_context(const Plan& plan,
                                                 const Configuration& configuration,
                                                 const core::ObservedWorld& observed,
                                                 core::Diagnostics& diagnostics);

// The parts; each reports its own classes of faults.
void check_names(const PreflightContext& context);
void check_ports(const PreflightContext& context);
void check_paths(const PreflightContext& context);
void check_limits(const PreflightContext& context);
void check_drivers(const PreflightContext& context);
void check_networks(const PreflightContext& context);
/// Networks and volumes that go although somebody outside of the plan uses them.
void check_users(const PreflightContext& context);
void check_disk(const PreflightContext& context);
/// Says what would have been looked at on the host, had Docker been there.
void note_unchecked_host(const PreflightContext& context);

/// The paths on the host that a container needs, with their place in its attributes.
struct NeededPath {
  std::string path;
  std::string target;  ///< inside the container
  core::Path place;
  bool device = false;
};

[[nodiscard]] std::vector<NeededPath> needed_paths(const core::Map& docker);

/// A driver that something asks for and that the Engine does not list.
struct UnlistedDriver {
  core::Address address;
  std::string what;  ///< "log", "network", "volume"
  std::string name;
  core::Path place;
  const std::set<std::string>* known = nullptr;
};

[[nodiscard]] std::vector<UnlistedDriver> unlisted_drivers(const PreflightContext& context);

/// Published addresses of what comes that are neither a wildcard nor loopback.
[[nodiscard]] std::set<std::string> published_addresses(const PreflightContext& context);

/// Ports of the host that something new takes and that no container on Docker publishes now.
[[nodiscard]] std::set<core::HostPort> unclaimed_ports(const PreflightContext& context);

/// Networks with subnets of their own that apply makes.
[[nodiscard]] std::vector<const ResourceChange*> networks_with_subnets(
    const PreflightContext& context);

}  // namespace aim::planner
