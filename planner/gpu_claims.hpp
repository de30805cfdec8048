#pragma once

#include <map>
#include <string>
#include <vector>

#include "core/snapshot.hpp"
#include "planner/allocation.hpp"

namespace aim::planner {

/// Somebody else's container that claims a GPU which one of ours was given.
struct Rival {
  core::Address address;  ///< of ours
  std::string gpu;        ///< id
  std::string holder;     ///< "endpoint.qwen of project lab"
  bool earlier = false;   ///< made before ours
  bool up = false;        ///< it runs
  bool operator==(const Rival&) const = default;
};

/// A container that this run made.
struct NewClaim {
  core::Address address;
  GpuGrant grant;
};

/// Two applies of different projects may plan at the same time and be given the same GPU. After
/// each has made its containers (`ours`, by id) it looks for rivals. The list is Docker's, the
/// newest first (by nanoseconds; Moby daemon/list.go), so one made earlier comes behind ours. What
/// only stopped has given its GPUs up; what shares them was counted by the plan.
[[nodiscard]] std::vector<Rival> gpu_rivals(const std::vector<core::ContainerSummary>& newest_first,
                                            const std::map<std::string, NewClaim>& ours,
                                            const std::string& project,
                                            const std::string& workspace);

/// Whether ours has to give way. A rival that was made later gives way itself as soon as it sees
/// ours, unless it looked before ours could be seen (Docker lists a container a while after the
/// time that it notes for it): then it comes up. As long as it does neither, that is open.
enum class Precedence { Theirs, Open };
[[nodiscard]] Precedence precedence(const Rival& rival);

}  // namespace aim::planner
