#pragma once

#include <string>
#include <vector>

#include "planner/allocation_table.hpp"

namespace aim::planner {

/// Why a GPU can be given to nobody: "cannot be used: ..."; empty if it can.
[[nodiscard]] std::string unusable_reason(const core::Gpu& gpu);

/// Whether a GPU is of a model and size that the wish would do with.
[[nodiscard]] bool fits(const core::Gpu& gpu, const GpuWish& wish);

/// Why the wish cannot have this GPU now, what stands behind "GPU 3, which ..."; empty if it can.
[[nodiscard]] std::string why_not(const GpuSlot& slot, const GpuWish& wish);

/// Somebody's GPUs are gone (`missing`, ids) or fail (`lame`, sentences).
[[nodiscard]] std::string lost_text(const GpuWish& wish,
                                    const std::vector<core::Gpu>& gpus,
                                    const std::vector<std::string>& missing,
                                    const std::vector<std::string>& lame);

/// Others use the GPUs that somebody keeps.
[[nodiscard]] std::string stranger_text(const GpuWish& wish,
                                        const std::vector<const GpuSlot*>& kept);

/// There are too few GPUs: what is needed, how many could be given, and who holds the others.
[[nodiscard]] std::string shortage_text(const GpuWish& wish,
                                        const std::vector<GpuSlot>& slots,
                                        std::size_t free);

}  // namespace aim::planner
