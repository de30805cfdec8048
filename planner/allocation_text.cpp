#include "planner/allocation_text.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

namespace aim::planner {

using core::Gpu;

std::string unusable_reason(const Gpu& gpu) {
  if (gpu.health == core::GpuHealth::Faulty) {
    return fmt::format("cannot be used: {}", gpu.health_detail);
  }
  if (gpu.partition.compute == "MIG") {
    return "cannot be given: MIG has cut it into parts";
  }
  return {};
}

bool fits(const Gpu& gpu, const GpuWish& wish) {
  return gpu.memory_bytes >= wish.memory_bytes &&
         (wish.models.empty() ||
          std::find(wish.models.begin(), wish.models.end(), gpu.model) != wish.models.end());
}

std::string why_not(const GpuSlot& slot, const GpuWish& wish) {
  if (!slot.unusable.empty()) {
    return slot.unusable.starts_with("cannot") ? slot.unusable : "is " + slot.unusable;
  }
  if (slot.used_percent + wish.share_percent > kWholeGpu) {
    return fmt::format("is held by {}", fmt::join(slot.holders, " and "));
  }
  if (!slot.busy.empty()) {
    return "has " + slot.busy;
  }
  if (slot.gpu->memory_bytes < wish.memory_bytes) {
    return fmt::format("has {} of memory where {} are needed",
                       gibibytes(slot.gpu->memory_bytes),
                       gibibytes(wish.memory_bytes));
  }
  return fits(*slot.gpu, wish)
             ? std::string()
             : fmt::format("is a {} and no {}", slot.gpu->model, fmt::join(wish.models, " or "));
}

std::string lost_text(const GpuWish& wish,
                      const std::vector<core::Gpu>& gpus,
                      const std::vector<std::string>& missing,
                      const std::vector<std::string>& lame) {
  std::string what;
  if (!missing.empty()) {
    what = fmt::format("{} holds {}, and {} not on this host any more: {} {} found. ",
                       wish.address,
                       gpu_list(gpus, missing),
                       missing.size() == 1 ? "it is" : "they are",
                       gpus.size(),
                       gpus.size() == 1 ? "GPU is" : "GPUs are");
  }
  for (const std::string& one : lame) {
    what += fmt::format("{} holds a GPU that fails: {}. ", wish.address, one);
  }
  return what + "Mend the card or its driver, or change `gpus` so that others are chosen.";
}

std::string stranger_text(const GpuWish& wish, const std::vector<const GpuSlot*>& kept) {
  std::string who;
  for (const GpuSlot* slot : kept) {
    if (!slot->holders.empty()) {
      who += fmt::format("{}GPU {} by {}",
                         who.empty() ? "" : ", ",
                         slot->gpu->index,
                         fmt::join(slot->holders, " and "));
    }
  }
  return fmt::format(
      "{} keeps its GPUs, but others use them, too: {}. It may run out of memory; "
      "stop what should not be there.",
      wish.address,
      who);
}

std::string shortage_text(const GpuWish& wish,
                          const std::vector<GpuSlot>& slots,
                          std::size_t free) {
  std::string needs;
  for (std::size_t i = 0; i < wish.counts.size(); ++i) {
    needs += i == 0 ? "" : i + 1 == wish.counts.size() ? " or " : ", ";
    needs += std::to_string(wish.counts[i]);
  }
  needs += wish.counts == std::vector<int>{1} ? " GPU" : " GPUs";
  needs +=
      wish.models.empty() ? "" : fmt::format(" of the model {}", fmt::join(wish.models, " or "));
  needs += wish.memory_bytes == 0
               ? ""
               : fmt::format(" with {} of memory each", gibibytes(wish.memory_bytes));
  needs += wish.share_percent == kWholeGpu ? "" : fmt::format(", {}% of each", wish.share_percent);
  return slots.empty() ? fmt::format(
                             "{} needs {}, and this host has none. Plan where the GPUs are, or "
                             "declare under `hosts.local.gpus` what the host will have.",
                             wish.address,
                             needs)
                       : fmt::format(
                             "{} needs {}, and {} of {} can be given to it:\n{}Ask for fewer, let "
                             "GPUs be shared (`gpus: {{ count: 1, share: 25% }}`), or remove what "
                             "holds them.",
                             wish.address,
                             needs,
                             free,
                             slots.size(),
                             holder_table(slots));
}

}  // namespace aim::planner
