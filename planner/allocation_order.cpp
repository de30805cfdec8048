#include "planner/allocation_order.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <set>

#include "planner/allocation_table.hpp"

namespace aim::planner {

using core::Address;

namespace {

bool has(const std::map<Address, GpuGrant>& grants, const Address& address, const std::string& id) {
  const auto found = grants.find(address);
  return found != grants.end() &&
         std::find(found->second.ids.begin(), found->second.ids.end(), id) !=
             found->second.ids.end();
}

/// Whether all who have the GPU before and after fit on it side by side.
bool fits_beside(const std::string& id,
                 const std::map<Address, GpuGrant>& before,
                 const std::map<Address, GpuGrant>& after) {
  std::map<Address, int> percent;
  for (const auto* grants : {&before, &after}) {
    for (const auto& [address, grant] : *grants) {
      if (has(*grants, address, id)) {
        percent[address] = std::max(percent[address], grant.share_percent);
      }
    }
  }
  int sum = 0;
  for (const auto& [address, part] : percent) {
    sum += part;
  }
  return sum <= kWholeGpu;
}

using Edges = std::map<Address, std::set<Address>>;

/// Everything that can be reached from each node, itself only if it lies on a circle.
Edges closure_of(const std::vector<GpuHandover>& handovers) {
  Edges reach;
  for (const GpuHandover& handover : handovers) {
    reach[handover.from].insert(handover.to);
    reach[handover.to];
  }
  for (bool grew = true; grew;) {
    grew = false;
    for (auto& [from, targets] : reach) {
      const std::set<Address> now = targets;
      for (const Address& target : now) {
        const std::set<Address>& further = reach.at(target);
        targets.insert(further.begin(), further.end());
      }
      grew = grew || targets.size() != now.size();
    }
  }
  return reach;
}

std::string names(const std::vector<Address>& addresses) {
  std::string text;
  for (std::size_t i = 0; i < addresses.size(); ++i) {
    text += i == 0 ? "" : i + 1 == addresses.size() ? " and " : ", ";
    text += addresses[i].str();
  }
  return text;
}

}  // namespace

std::vector<GpuHandover> find_handovers(const std::vector<core::Gpu>& gpus,
                                        const std::map<Address, GpuGrant>& before,
                                        const std::map<Address, GpuGrant>& after) {
  std::map<std::pair<Address, Address>, std::vector<std::string>> found;
  for (const core::Gpu& gpu : gpus) {
    if (fits_beside(gpu.id, before, after)) {
      continue;
    }
    for (const auto& [from, old_grant] : before) {
      // Who stays on it was counted when it was given out.
      if (!has(before, from, gpu.id) || has(after, from, gpu.id)) {
        continue;
      }
      for (const auto& [to, grant] : after) {
        const auto old = before.find(to);
        const bool had =
            has(before, to, gpu.id) && grant.share_percent <= old->second.share_percent;
        if (to != from && has(after, to, gpu.id) && !had) {
          found[{from, to}].push_back(gpu.id);
        }
      }
    }
  }
  std::vector<GpuHandover> handovers;
  for (auto& [ends, ids] : found) {
    handovers.push_back({ends.first, ends.second, std::move(ids)});
  }
  return handovers;
}

std::vector<std::vector<Address>> order_of(const std::vector<GpuHandover>& handovers) {
  const Edges reach = closure_of(handovers);
  std::vector<std::vector<Address>> order;
  std::set<Address> placed;
  while (placed.size() < reach.size()) {
    for (const auto& [address, targets] : reach) {
      if (placed.contains(address)) {
        continue;
      }
      const std::set<Address>& mine = targets;
      std::vector<Address> group = {address};
      bool ready = true;
      for (const auto& [other, other_targets] : reach) {
        if (other == address || placed.contains(other) || !other_targets.contains(address)) {
          continue;
        }
        // Who waits for whom in a circle moves together; any other giver goes first.
        if (mine.contains(other)) {
          group.push_back(other);
        } else {
          ready = false;
        }
      }
      if (ready) {
        std::sort(group.begin(), group.end());
        placed.insert(group.begin(), group.end());
        order.push_back(std::move(group));
        break;
      }
    }
  }
  return order;
}

std::vector<std::string> handover_sentences(const Allocation& allocation,
                                            const std::vector<core::Gpu>& gpus) {
  std::vector<std::string> sentences;
  for (const std::vector<Address>& group : allocation.order) {
    const auto inside = [&](const Address& address) {
      return std::find(group.begin(), group.end(), address) != group.end();
    };
    std::vector<std::string> taken;
    for (const GpuHandover& handover : allocation.handovers) {
      if (inside(handover.to)) {
        taken.push_back(fmt::format(
            "{} takes {} from {}", handover.to, gpu_list(gpus, handover.ids), handover.from));
      }
    }
    if (taken.empty()) {
      continue;
    }
    std::string text = fmt::format("{}", fmt::join(taken, ", "));
    if (group.size() > 1) {
      text += fmt::format(": {} stop before the first of them starts again.", names(group));
    } else {
      text += taken.size() == 1 ? ", which stops first." : "; these stop first.";
    }
    sentences.push_back(std::move(text));
  }
  return sentences;
}

}  // namespace aim::planner
