#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/diagnostic.hpp"
#include "core/ids.hpp"
#include "core/inventory.hpp"

namespace aim::planner {

inline constexpr int kWholeGpu = 100;

/// What a resource wants of the GPUs.
struct GpuWish {
  core::Address address;
  std::optional<core::SourceRange> range;  ///< of its `gpus`
  /// How many; with `auto` each number that would do, the best first. Zero is a number.
  std::vector<int> counts;
  /// The very ones, as written: indices or ids. Then `counts` is not looked at.
  std::vector<std::string> ids;
  int share_percent = kWholeGpu;    ///< of each GPU; below 100 others may have the rest
  std::vector<std::string> models;  ///< that would do, of core/gpu_models.hpp; empty: any
  std::uint64_t memory_bytes = 0;   ///< that each GPU must have at least
  bool choose_again = false;        ///< whatever is recorded
};

/// The GPUs that one resource has.
struct GpuGrant {
  std::vector<std::string> ids;  ///< as core::Gpu::id, in order of index
  int share_percent = kWholeGpu;
  bool operator==(const GpuGrant&) const = default;
};

/// A container on this Docker that has GPUs.
struct GpuHolder {
  std::string name;                      ///< "endpoint.qwen of project lab", "container ollama"
  std::optional<core::Address> address;  ///< if it belongs to this project and workspace
  std::vector<std::string> ids;          ///< as core::Gpu::id; may name GPUs that are gone
  int share_percent = kWholeGpu;
  bool operator==(const GpuHolder&) const = default;
};

struct AllocationInput {
  std::vector<core::Gpu> gpus;
  std::vector<std::string> excluded;  ///< indices or ids that are not to be given to anybody
  std::vector<GpuWish> wishes;        ///< one for each resource that stays or comes
  /// What was given before. Who is here and has no wish is removed by this plan.
  std::map<core::Address, GpuGrant> recorded;
  std::vector<GpuHolder> holders;
};

/// `to` can start only after `from` has stopped.
struct GpuHandover {
  core::Address from;
  core::Address to;
  std::vector<std::string> ids;  ///< in order of index
  bool operator==(const GpuHandover&) const = default;
};

struct Allocation {
  /// For every wish that could be met.
  std::map<core::Address, GpuGrant> granted;
  std::vector<GpuHandover> handovers;  ///< in order of the addresses
  /// Who takes part in handovers, in the order in which they are moved. Those of one group swap
  /// among themselves: all of them stop before the first of them starts.
  std::vector<std::vector<core::Address>> order;
};

/// Gives each resource its GPUs. What is recorded stays as long as the wish can be met by it, so
/// nothing moves when nothing was asked for; then come GPUs that were named, then numbers of them:
/// packed, all of one model, and rather free ones than ones that somebody has to give up. A GPU is
/// never given twice unless all who have it share it. The result does not depend on the order of
/// the input. Each wish that cannot be met is an error with a table of who holds what.
[[nodiscard]] Allocation allocate(const AllocationInput& input, core::Diagnostics& diagnostics);

/// A sentence for each group of the order: who takes which GPUs from whom, and what stops first.
[[nodiscard]] std::vector<std::string> handover_sentences(const Allocation& allocation,
                                                          const std::vector<core::Gpu>& gpus);

}  // namespace aim::planner
