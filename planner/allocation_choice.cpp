#include "planner/allocation_choice.hpp"

#include <algorithm>
#include <tuple>

namespace aim::planner {

namespace {

using Indices = std::vector<std::size_t>;

/// GPUs that one model can be spread over.
bool same_kind(const core::Gpu& a, const core::Gpu& b) {
  return std::tie(a.vendor,
                  a.model,
                  a.architecture,
                  a.memory_bytes,
                  a.partition.compute,
                  a.partition.memory) == std::tie(b.vendor,
                                                  b.model,
                                                  b.architecture,
                                                  b.memory_bytes,
                                                  b.partition.compute,
                                                  b.partition.memory);
}

/// The eligible ones by kind, in order of the first of each.
std::vector<Indices> by_kind(const std::vector<GpuSlot>& slots, const Indices& eligible) {
  std::vector<Indices> kinds;
  for (const std::size_t index : eligible) {
    const auto kind = std::find_if(kinds.begin(), kinds.end(), [&](const Indices& candidate) {
      return same_kind(*slots[candidate.front()].gpu, *slots[index].gpu);
    });
    if (kind == kinds.end()) {
      kinds.push_back({index});
    } else {
      kind->push_back(index);
    }
  }
  return kinds;
}

std::size_t distance(std::size_t a, std::size_t b) { return a > b ? a - b : b - a; }

/// The nearest to any of `base`; the lower one of two that are equally near.
Indices beside(const std::set<std::size_t>& base, Indices others, std::size_t wanted) {
  const auto far = [&](std::size_t index) {
    std::size_t least = distance(*base.begin(), index);
    for (const std::size_t one : base) {
      least = std::min(least, distance(one, index));
    }
    return least;
  };
  std::stable_sort(
      others.begin(), others.end(), [&](std::size_t a, std::size_t b) { return far(a) < far(b); });
  others.resize(wanted);
  return others;
}

Indices from_shortest_run(const Indices& others, std::size_t wanted) {
  Indices best;
  for (std::size_t begin = 0; begin < others.size();) {
    std::size_t end = begin + 1;
    while (end < others.size() && others[end] == others[end - 1] + 1) {
      ++end;
    }
    if (end - begin >= wanted && (best.empty() || end - begin < best.size())) {
      best.assign(others.begin() + static_cast<std::ptrdiff_t>(begin),
                  others.begin() + static_cast<std::ptrdiff_t>(end));
    }
    begin = end;
  }
  const Indices& source = best.empty() ? others : best;
  return {source.begin(), source.begin() + static_cast<std::ptrdiff_t>(wanted)};
}

/// Those that are used most come first: what is begun is filled up.
Indices fullest(const std::vector<GpuSlot>& slots, Indices others, std::size_t wanted) {
  std::stable_sort(others.begin(), others.end(), [&](std::size_t a, std::size_t b) {
    return slots[a].used_percent > slots[b].used_percent;
  });
  others.resize(wanted);
  return others;
}

Indices pick(const std::vector<GpuSlot>& slots, const Indices& kind, const GpuChoice& choice) {
  Indices others;
  for (const std::size_t index : kind) {
    if (!choice.base.contains(index)) {
      others.push_back(index);
    }
  }
  const std::size_t wanted = choice.count - choice.base.size();
  Indices picked = wanted == 0                        ? Indices()
                   : choice.share_percent < kWholeGpu ? fullest(slots, others, wanted)
                   : choice.base.empty()              ? from_shortest_run(others, wanted)
                                                      : beside(choice.base, others, wanted);
  picked.insert(picked.end(), choice.base.begin(), choice.base.end());
  std::sort(picked.begin(), picked.end());
  return picked;
}

}  // namespace

std::vector<std::size_t> choose_slots(const std::vector<GpuSlot>& slots,
                                      const std::vector<std::size_t>& eligible,
                                      const GpuChoice& choice) {
  Indices preferred;
  for (const std::size_t index : eligible) {
    if (!choice.avoided.contains(index) || choice.base.contains(index)) {
      preferred.push_back(index);
    }
  }
  for (const Indices& candidates : {preferred, eligible}) {
    for (const Indices& kind : by_kind(slots, candidates)) {
      const bool has_base =
          std::all_of(choice.base.begin(), choice.base.end(), [&](std::size_t index) {
            return std::find(kind.begin(), kind.end(), index) != kind.end();
          });
      if (has_base && kind.size() >= choice.count) {
        return pick(slots, kind, choice);
      }
    }
  }
  return {};
}

}  // namespace aim::planner
