#include "planner/allocation.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <set>

#include "planner/allocation_choice.hpp"
#include "planner/allocation_order.hpp"
#include "planner/allocation_table.hpp"
#include "planner/allocation_text.hpp"

namespace aim::planner {

using core::Address;
using core::Diagnostics;
using core::Gpu;

namespace {

using Indices = std::vector<std::size_t>;

// An idle GPU has some memory in use by its driver or by a screen.
constexpr std::uint64_t kIdleBytes = 1ULL << 30U;
constexpr std::uint64_t kIdlePart = 20;

std::string share_text(int percent) {
  return percent == kWholeGpu ? "" : fmt::format(" ({}%)", percent);
}

/// A table at the end of a text.
std::string without_end(std::string table) {
  if (table.ends_with('\n')) {
    table.pop_back();
  }
  return table;
}

class Allocator {
 public:
  Allocator(const AllocationInput& input, Diagnostics& diagnostics)
      : input_(input), diagnostics_(diagnostics), gpus_(input.gpus), holders_(input.holders) {
    std::sort(
        gpus_.begin(), gpus_.end(), [](const Gpu& a, const Gpu& b) { return a.index < b.index; });
    std::sort(holders_.begin(), holders_.end(), [](const GpuHolder& a, const GpuHolder& b) {
      return std::tie(a.name, a.ids) < std::tie(b.name, b.ids);
    });
  }

  Allocation run() {
    make_slots();
    for (const GpuWish& wish : input_.wishes) {
      AIM_CHECK(!wish.ids.empty() || !wish.counts.empty());
      wishes_.emplace(wish.address, &wish);
    }
    take_recorded();
    add_foreign_holders();
    mark_busy();
    keep_recorded();
    mark_leaving();
    for (const GpuWish* wish : open_wishes(&GpuWish::ids)) {
      grant_named(*wish);
    }
    for (const GpuWish* wish : open_wishes(nullptr)) {
      grant_counted(*wish);
    }
    allocation_.handovers = find_handovers(gpus_, recorded_, allocation_.granted);
    allocation_.order = order_of(allocation_.handovers);
    return std::move(allocation_);
  }

 private:
  void make_slots() {
    for (const Gpu& gpu : gpus_) {
      GpuSlot slot;
      slot.gpu = &gpu;
      slot.unusable = unusable_reason(gpu);
      slots_.push_back(std::move(slot));
    }
    for (const std::string& written : input_.excluded) {
      if (const Gpu* gpu = core::find_gpu(gpus_, written)) {
        slots_[index_of(*gpu)].unusable = "excluded by hosts.local.gpus";
      }
    }
  }

  [[nodiscard]] std::size_t index_of(const Gpu& gpu) const {
    return static_cast<std::size_t>(&gpu - gpus_.data());
  }

  [[nodiscard]] std::optional<std::size_t> slot_of(const std::string& id) const {
    for (std::size_t i = 0; i < slots_.size(); ++i) {
      if (slots_[i].gpu->id == id) {
        return i;
      }
    }
    return std::nullopt;
  }

  /// What state lost is still known by the containers that hold it.
  void take_recorded() {
    recorded_ = input_.recorded;
    for (const GpuHolder& holder : holders_) {
      if (holder.address) {
        recorded_.emplace(*holder.address, GpuGrant{holder.ids, holder.share_percent});
        present_.insert(*holder.address);
      }
    }
  }

  void add_foreign_holders() {
    for (const GpuHolder& holder : holders_) {
      for (const std::string& id : holder.address ? std::vector<std::string>() : holder.ids) {
        if (const auto slot = slot_of(id)) {
          take(*slot, holder.name, holder.share_percent);
        }
      }
    }
  }

  void take(std::size_t slot, const std::string& who, int percent) {
    slots_[slot].used_percent += percent;
    slots_[slot].holders.push_back(who + share_text(percent));
  }

  /// Memory in use on a GPU that no container holds belongs to somebody outside Docker.
  void mark_busy() {
    std::set<std::string> held;
    for (const auto& [address, grant] : recorded_) {
      held.insert(grant.ids.begin(), grant.ids.end());
    }
    for (GpuSlot& slot : slots_) {
      const std::uint64_t used = slot.gpu->used_bytes.value_or(0);
      if (used <= std::max(kIdleBytes, slot.gpu->memory_bytes / kIdlePart) ||
          !slot.holders.empty() || held.contains(slot.gpu->id)) {
        continue;
      }
      slot.busy = slot.gpu->pids.empty() ? fmt::format("{} in use outside Docker", gibibytes(used))
                                         : fmt::format("{} in use outside Docker by process{} {}",
                                                       gibibytes(used),
                                                       slot.gpu->pids.size() == 1 ? "" : "es",
                                                       fmt::join(slot.gpu->pids, ", "));
    }
  }

  void error(const GpuWish& wish, std::string summary, std::string detail) {
    diagnostics_.add({core::Severity::Error,
                      std::move(summary),
                      std::move(detail),
                      wish.range,
                      {},
                      wish.address.str()});
    settled_.insert(wish.address);
  }

  /// The wish whose recorded GPUs would meet it, were they all in order.
  [[nodiscard]] const GpuGrant* recorded_for(const GpuWish& wish) const {
    const auto found = recorded_.find(wish.address);
    if (found == recorded_.end() || wish.choose_again ||
        found->second.share_percent != wish.share_percent) {
      return nullptr;
    }
    const GpuGrant& grant = found->second;
    if (wish.ids.empty()) {
      const bool counts =
          std::find(wish.counts.begin(), wish.counts.end(), static_cast<int>(grant.ids.size())) !=
          wish.counts.end();
      return counts ? &grant : nullptr;
    }
    std::set<std::string> named;
    for (const std::string& written : wish.ids) {
      const Gpu* gpu = core::find_gpu(gpus_, written);
      named.insert(gpu == nullptr ? written : gpu->id);
    }
    return named == std::set<std::string>(grant.ids.begin(), grant.ids.end()) ? &grant : nullptr;
  }

  void keep_recorded() {
    for (const auto& [address, wish] : wishes_) {
      if (const GpuGrant* grant = recorded_for(*wish)) {
        keep(*wish, *grant);
      }
    }
  }

  void keep(const GpuWish& wish, const GpuGrant& grant) {
    Indices kept;
    std::vector<std::string> missing;
    std::vector<std::string> lame;
    bool stays = true;
    bool contested = false;
    for (const std::string& id : grant.ids) {
      const auto slot = slot_of(id);
      if (!slot) {
        missing.push_back(id);
        continue;
      }
      const GpuSlot& one = slots_[*slot];
      if (const std::string why = unusable_reason(*one.gpu); !why.empty()) {
        lame.push_back(fmt::format("GPU {} {}", one.gpu->index, why));
      }
      stays = stays && one.unusable.empty() && fits(*one.gpu, wish);
      contested = contested || one.used_percent + wish.share_percent > kWholeGpu;
      kept.push_back(*slot);
    }
    if (!missing.empty() || !lame.empty()) {
      error(wish, "GPU missing", lost_text(wish, gpus_, missing, lame));
      return;
    }
    // What is granted to our own stays theirs; a stranger beside a running one of ours is told.
    const bool ours = std::any_of(kept.begin(), kept.end(), [&](std::size_t slot) {
      return granted_slots_.contains(slot) &&
             slots_[slot].used_percent + wish.share_percent > kWholeGpu;
    });
    if (!stays || ours || (contested && !present_.contains(wish.address))) {
      return;
    }
    if (contested) {
      std::vector<const GpuSlot*> shared;
      for (const std::size_t slot : kept) {
        shared.push_back(&slots_[slot]);
      }
      diagnostics_.add({core::Severity::Warning,
                        "GPU used by others",
                        stranger_text(wish, shared),
                        wish.range,
                        {},
                        wish.address.str()});
    }
    grant_slots(wish, kept);
  }

  void grant_slots(const GpuWish& wish, Indices slots) {
    std::sort(slots.begin(), slots.end());
    GpuGrant grant;
    grant.share_percent = wish.share_percent;
    for (const std::size_t slot : slots) {
      take(slot, wish.address.str(), wish.share_percent);
      granted_slots_.insert(slot);
      grant.ids.push_back(slots_[slot].gpu->id);
    }
    allocation_.granted.insert_or_assign(wish.address, std::move(grant));
    settled_.insert(wish.address);
  }

  /// GPUs that somebody of ours has and will not keep.
  void mark_leaving() {
    for (const auto& [address, grant] : recorded_) {
      for (const std::string& id : grant.ids) {
        const auto slot = slot_of(id);
        if (slot && !allocation_.granted.contains(address)) {
          leaving_[*slot].insert(address);
        }
      }
    }
  }

  /// Wishes that are not settled: those who name their GPUs, or all that are left. Who has some
  /// GPUs already comes before who has none, larger numbers before smaller ones, then by address.
  std::vector<const GpuWish*> open_wishes(std::vector<std::string> GpuWish::*named) const {
    std::vector<const GpuWish*> open;
    for (const auto& [address, wish] : wishes_) {
      if (!settled_.contains(address) && (named == nullptr || !(wish->*named).empty())) {
        open.push_back(wish);
      }
    }
    const auto least = [](const GpuWish& wish) {
      return wish.counts.empty() ? 0 : *std::min_element(wish.counts.begin(), wish.counts.end());
    };
    std::stable_sort(open.begin(), open.end(), [&](const GpuWish* a, const GpuWish* b) {
      const bool a_new = !recorded_.contains(a->address);
      const bool b_new = !recorded_.contains(b->address);
      return std::tuple(a_new, -least(*a)) < std::tuple(b_new, -least(*b));
    });
    return open;
  }

  void grant_named(const GpuWish& wish) {
    Indices named;
    for (const std::string& written : wish.ids) {
      const Gpu* gpu = core::find_gpu(gpus_, written);
      if (gpu == nullptr) {
        error(wish,
              "No such GPU",
              fmt::format("{} asks for GPU {}, and this host has none of that index or id.{}",
                          wish.address,
                          written,
                          slots_.empty() ? "" : " It has:\n" + without_end(holder_table(slots_))));
        return;
      }
      const std::size_t slot = index_of(*gpu);
      if (std::find(named.begin(), named.end(), slot) != named.end()) {
        error(wish,
              "GPU named twice",
              fmt::format("{} names GPU {} twice.", wish.address, gpu->index));
        return;
      }
      named.push_back(slot);
    }
    for (const std::size_t slot : named) {
      if (const std::string why = why_not(slots_[slot], wish); !why.empty()) {
        error(wish,
              "GPU cannot be had",
              fmt::format("{} asks for GPU {}, which {}. This is how things are:\n{}Name other "
                          "GPUs, or write a number, and free ones are chosen.",
                          wish.address,
                          slots_[slot].gpu->index,
                          why,
                          holder_table(slots_)));
        return;
      }
    }
    grant_slots(wish, named);
  }

  void grant_counted(const GpuWish& wish) {
    Indices eligible;
    for (std::size_t i = 0; i < slots_.size(); ++i) {
      if (why_not(slots_[i], wish).empty()) {
        eligible.push_back(i);
      }
    }
    for (const int count : wish.counts) {
      if (count == 0) {
        grant_slots(wish, {});
        return;
      }
      GpuChoice choice;
      choice.count = static_cast<std::size_t>(count);
      choice.share_percent = wish.share_percent;
      choice.base = base_of(wish, eligible, choice.count);
      for (const auto& [slot, addresses] : leaving_) {
        if (addresses.size() > 1 || !addresses.contains(wish.address)) {
          choice.avoided.insert(slot);
        }
      }
      Indices chosen = choose_slots(slots_, eligible, choice);
      if (chosen.empty() && !choice.base.empty()) {
        // Its own GPUs may be of a kind of which there are too few.
        choice.base.clear();
        chosen = choose_slots(slots_, eligible, choice);
      }
      if (!chosen.empty()) {
        grant_slots(wish, std::move(chosen));
        return;
      }
    }
    error(wish, "Not enough GPUs", shortage_text(wish, slots_, eligible.size()));
  }

  /// What it has of the GPUs that may be chosen, the first of them if it had more than it wants.
  [[nodiscard]] std::set<std::size_t> base_of(const GpuWish& wish,
                                              const Indices& eligible,
                                              std::size_t count) const {
    std::set<std::size_t> base;
    const auto recorded = recorded_.find(wish.address);
    if (recorded == recorded_.end() || wish.choose_again) {
      return base;
    }
    for (const std::size_t slot : eligible) {
      const auto& ids = recorded->second.ids;
      if (base.size() < count &&
          std::find(ids.begin(), ids.end(), slots_[slot].gpu->id) != ids.end()) {
        base.insert(slot);
      }
    }
    return base;
  }

  const AllocationInput& input_;
  Diagnostics& diagnostics_;
  std::vector<Gpu> gpus_;           ///< in order of index
  std::vector<GpuHolder> holders_;  ///< in order of name
  std::vector<GpuSlot> slots_;      ///< one for each of gpus_
  std::map<Address, const GpuWish*> wishes_;
  std::map<Address, GpuGrant> recorded_;
  std::set<Address> present_;                         ///< whose container is on Docker
  std::set<Address> settled_;                         ///< granted or refused
  std::set<std::size_t> granted_slots_;               ///< to one of ours
  std::map<std::size_t, std::set<Address>> leaving_;  ///< who gives up a GPU
  Allocation allocation_;
};

}  // namespace

Allocation allocate(const AllocationInput& input, Diagnostics& diagnostics) {
  return Allocator(input, diagnostics).run();
}

}  // namespace aim::planner
