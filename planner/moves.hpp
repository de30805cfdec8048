#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/diagnostic.hpp"
#include "core/snapshot.hpp"
#include "planner/configuration.hpp"

namespace aim::planner {

/// Where addresses have moved to. There must be no cycles for final_address.
class Moves {
 public:
  Moves() = default;
  explicit Moves(const std::vector<Move>& moves);

  [[nodiscard]] bool empty() const { return next_.empty(); }

  /// Where one entry leads from `address`. An entry between two sets moves each of their resources.
  [[nodiscard]] std::optional<core::Address> next(const core::Address& address) const;
  /// The end of the chain that begins at `address`; itself if it does not move.
  [[nodiscard]] core::Address final_address(core::Address address) const;

 private:
  std::map<core::Address, core::Address> next_;
};

/// Renames the networks and volumes that `attributes` name by their keys, as far as they have
/// moved.
void move_keys(core::Map& attributes, const Moves& moves);

/// A state as it is after all moves.
struct MovedState {
  /// Nothing: nothing recorded moves, and the state is as it was read.
  std::optional<core::StateSnapshot> state;
  std::map<core::Address, core::Address> from;  ///< where what moved was recorded, by new address
};

/// Carries out `moved` on what is recorded. Where the target is recorded too, that one stays, and a
/// warning says that the other will not move.
[[nodiscard]] MovedState move_records(const Configuration& configuration,
                                      const core::StateSnapshot& recorded,
                                      core::Diagnostics& diagnostics);

/// What a recorded object was when it was made: networks and volumes keep the name of that time,
/// and the birth labels of all say it for ever.
struct Birth {
  std::string project;
  std::string workspace;
  core::Address address;
  bool operator==(const Birth&) const = default;
};

/// Read off the salt of its secrets, which never changes; the present if there is none.
[[nodiscard]] Birth birth_of(const core::RecordedResource& record,
                             const Configuration& configuration);

/// The name that a resource should have on Docker. One of a network or volume that was made under
/// another address stays as it is, since Docker cannot change it, unless `name` asks for one.
[[nodiscard]] std::string wanted_docker_name(const DesiredResource& desired,
                                             const core::RecordedResource* record,
                                             const Configuration& configuration);

}  // namespace aim::planner
