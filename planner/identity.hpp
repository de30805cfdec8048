#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/diagnostic.hpp"
#include "core/snapshot.hpp"
#include "planner/configuration.hpp"

namespace aim::planner {

/// What one address is on Docker and in state.
struct Located {
  std::optional<core::RecordedResource> record;  ///< from state, or rebuilt from the birth labels
  bool rebuilt = false;                          ///< state did not know it
  std::string docker_name;  ///< that it has by right, or would get: see incarnation_of
  const core::ObservedContainer* container = nullptr;
  const core::ObservedNetwork* network = nullptr;
  const core::ObservedVolume* volume = nullptr;
  /// Earlier incarnations that a commit should have removed and did not, oldest first.
  std::vector<const core::ObservedContainer*> superseded;

  [[nodiscard]] bool exists() const { return container || network || volume; }
};

/// An object on Docker that carries our project's and workspace's birth labels and that neither
/// state nor configuration knows.
struct Unmanaged {
  core::Address address;
  std::string docker_name;
};

struct Identification {
  std::map<core::Address, Located> resources;  ///< configured and recorded ones
  std::vector<Unmanaged> unmanaged;            ///< sorted by name on Docker
  std::string lineage;  ///< of the state, else the one that the labels agree on, else empty
};

/// Finds what belongs to us. Ours is what state knows by id, then what carries our birth labels
/// under a name of ours, provided that its image does not carry them. Errors: a name of ours is
/// taken by an object without our labels; by one whose labels come from its image; by one of
/// another lineage, project or workspace; labels of several lineages while there is no state.
[[nodiscard]] Identification identify(const Configuration& configuration,
                                      const core::StateSnapshot& recorded,
                                      const core::ObservedWorld& observed,
                                      core::Diagnostics& diagnostics);

/// The number behind "NAME.g" if `name` is `base` itself (0) or one that replaced it. A volume
/// cannot be renamed: the one that replaced another keeps the name it was made with.
[[nodiscard]] std::optional<std::int64_t> incarnation_of(const std::string& base,
                                                         const std::string& name);

/// Whether labels claim that an object belongs to this project and workspace.
[[nodiscard]] bool claims(const core::Labels& labels,
                          const std::string& project,
                          const std::string& workspace);

}  // namespace aim::planner
