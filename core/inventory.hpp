#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "core/gpu_models.hpp"

namespace aim::core {

/// How a card is cut into parts. A whole card is part 0 of 1.
struct GpuPartition {
  std::string compute;  ///< "SPX", "CPX", "MIG"; empty: the card has no such modes
  std::string memory;   ///< "NPS1", "NPS4"
  int number = 0;
  int count = 1;
  bool operator==(const GpuPartition&) const = default;
};

enum class GpuHealth {
  Ok,
  Unknown,  ///< nobody was there to ask
  Faulty    ///< it is there and cannot be used
};

[[nodiscard]] std::string_view to_string(GpuHealth health);

/// One GPU that a container can be given: a whole card, or one part of a partitioned card.
struct Gpu {
  /// How people write it: NVIDIA's first, within a vendor in order of PCI address and part, from 0.
  int index = 0;
  /// How it is recorded: the UUID ("GPU-9221...") of an NVIDIA card, the PCI address of an AMD
  /// card ("0000:05:00.0"), with "/3" behind it for a part of a partitioned one.
  std::string id;
  GpuVendor vendor = GpuVendor::Nvidia;
  std::string model;         ///< "MI300X" as in core/gpu_models.hpp, else the product's name
  std::string product;       ///< as the vendor calls it; foreign text, may be empty
  std::string architecture;  ///< "gfx942", "sm_90"; empty if not known
  std::string pci_address;
  std::uint64_t memory_bytes = 0;           ///< 0: not known
  std::optional<std::uint64_t> used_bytes;  ///< by everything that runs on it
  GpuHealth health = GpuHealth::Ok;
  std::string health_detail;  ///< why it is faulty; may be foreign text
  GpuPartition partition;
  /// What a container is given to reach it, on the host: "/dev/dri/renderD128", "/dev/nvidia0".
  std::string device_node;
  /// What a container needs besides, "/dev/kfd"; empty for NVIDIA, whose tools bring theirs.
  std::string control_node;
  /// Numeric groups of the host that own these nodes, sorted; root is not among them.
  std::vector<std::uint32_t> groups;
  /// Processes of the host that hold memory on it, sorted; empty if none or not known.
  std::vector<std::int64_t> pids;

  bool operator==(const Gpu&) const = default;
};

enum class InventoryFault {
  NoDriver,      ///< cards are there, their kernel driver is not
  DriverBroken,  ///< the driver is there and refuses to work
  ToolFailed     ///< a program of the vendor failed, so something may be missing
};

[[nodiscard]] std::string_view to_string(InventoryFault fault);

/// Why an inventory may be less than what is screwed into the machine.
struct InventoryProblem {
  InventoryFault fault = InventoryFault::ToolFailed;
  GpuVendor vendor = GpuVendor::Nvidia;
  std::string message;  ///< a full sentence; may hold foreign text
  std::string remedy;   ///< what to do, a full sentence
  bool operator==(const InventoryProblem&) const = default;
};

/// The GPUs of one host. No GPU and no problem: the host has none.
struct Inventory {
  std::vector<Gpu> gpus;                     ///< in order of index
  std::map<GpuVendor, std::string> drivers;  ///< version of the driver, where it is known
  std::vector<InventoryProblem> problems;
  bool operator==(const Inventory&) const = default;
};

/// The id as tables show it: of a UUID the first group.
[[nodiscard]] std::string short_id(const Gpu& gpu);

/// The GPU that `written` means: an index ("3"), an id, the beginning of a UUID as tables show it
/// ("GPU-9221d5d1") if it is that of one only, or the PCI address of a whole card. Null if none is.
[[nodiscard]] const Gpu* find_gpu(const std::vector<Gpu>& gpus, std::string_view written);

/// The GPUs of this host.
class GpuInventory {
 public:
  virtual ~GpuInventory() = default;
  /// Looks now; blocks for as long as the vendors' programs take, which is bounded. What went wrong
  /// is part of the answer. After a stop was requested the answer is incomplete.
  [[nodiscard]] virtual Inventory look(std::stop_token stop) = 0;
};

}  // namespace aim::core
