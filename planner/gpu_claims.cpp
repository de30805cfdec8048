#include "planner/gpu_claims.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "planner/birth_labels.hpp"
#include "planner/gpu_holders.hpp"
#include "planner/identity.hpp"
#include "planner/realize.hpp"

namespace aim::planner {

using core::ContainerStatus;
using core::ContainerSummary;

namespace {

/// Whether it is about to have its GPUs, or has them.
bool is_coming_or_up(const ContainerSummary& container) {
  return container.status == ContainerStatus::Created || !stands_still(container.status);
}

std::string holder_name(const ContainerSummary& container) {
  return fmt::format("{} of project {}",
                     label_of(container.labels, core::label::kAddress),
                     label_of(container.labels, core::label::kProject));
}

}  // namespace

std::vector<Rival> gpu_rivals(const std::vector<ContainerSummary>& newest_first,
                              const std::map<std::string, NewClaim>& ours,
                              const std::string& project,
                              const std::string& workspace) {
  std::vector<Rival> rivals;
  std::set<std::string> seen;  // of ours, that were made after what comes now
  for (const ContainerSummary& container : newest_first) {
    if (ours.contains(container.id)) {
      seen.insert(container.id);
      continue;
    }
    const GpuGrant theirs = grant_from_label(label_of(container.labels, core::label::kGpus));
    if (claims(container.labels, project, workspace) || !is_coming_or_up(container) ||
        theirs.share_percent != kWholeGpu) {
      continue;
    }
    for (const auto& [id, claim] : ours) {
      const auto both = std::find_first_of(
          claim.grant.ids.begin(), claim.grant.ids.end(), theirs.ids.begin(), theirs.ids.end());
      if (both != claim.grant.ids.end()) {
        rivals.push_back({claim.address,
                          *both,
                          holder_name(container),
                          seen.contains(id),
                          container.status != ContainerStatus::Created});
      }
    }
  }
  return rivals;
}

Precedence precedence(const Rival& rival) {
  return rival.earlier || rival.up ? Precedence::Theirs : Precedence::Open;
}

}  // namespace aim::planner
