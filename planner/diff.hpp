#pragma once

#include <vector>

#include "planner/plan.hpp"
#include "planner/realize.hpp"

namespace aim::planner {

/// The fields in which two resolved specifications of one kind differ, sorted by path. Maps are
/// compared member by member, lists as a whole. An attribute that `before` lacks and that `after`
/// has with the table's default is no difference: it came with a newer aim. Whether a field forces
/// replacement comes from the attribute table. Fields of attributes that the table does not know
/// any more are left out.
[[nodiscard]] std::vector<FieldChange> diff_attributes(core::Kind kind,
                                                       const core::Map& before,
                                                       const core::Map& after,
                                                       const core::Positions& positions);

/// The fields in which the observed projection of a container differs from its baseline, in the
/// vocabulary of kind `container`. With `same_api` false (Docker was upgraded) only attributes
/// that `specified` names are compared, since a newer Engine shows defaults differently.
[[nodiscard]] std::vector<FieldChange> diff_projection(const core::Map& baseline,
                                                       const core::Map& observed,
                                                       bool same_api,
                                                       const core::Map& specified);

/// With the policy of a container that is held: Docker is not to start it.
[[nodiscard]] core::Map without_restart(core::Map attributes);

/// What a container needs so that, without being replaced, it becomes what `after` says.
struct InPlacePlan {
  std::vector<InPlaceStep> steps;
  bool possible = true;  ///< false: a drifted field can only be mended by a new container
};

/// Whether it is to run (or, a job, to have run).
enum class Aim { Up, Held };

/// Compares `after` with what is observed. `changed` are the top-level attributes that differ from
/// what was recorded; `drifted` those that moved away from the baseline.
[[nodiscard]] InPlacePlan in_place_steps(const core::Address& address,
                                         const core::Map& after,
                                         const core::ObservedContainer& observed,
                                         const core::Map& baseline,
                                         const std::vector<FieldChange>& changed,
                                         const std::vector<FieldChange>& drifted,
                                         const std::string& wanted_name,
                                         const NameLookup& names,
                                         Aim aim = Aim::Up);

/// The attributes of a kind that have a default, with it.
[[nodiscard]] const core::Map& default_attributes(core::Kind kind);

}  // namespace aim::planner
