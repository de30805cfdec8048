#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace aim::providers {

/// An NVIDIA GPU as the driver tells it, by whichever way; what was not told is empty.
struct NvidiaRow {
  std::string pci_address;  ///< as in sysfs::pci_address
  std::string uuid;         ///< "GPU-9221d5d1-..."
  std::string product;      ///< "NVIDIA H100 80GB HBM3"
  std::string compute;      ///< compute capability, "9.0"
  std::optional<std::uint16_t> pci_device;
  std::uint64_t memory_bytes = 0;
  std::optional<std::uint64_t> used_bytes;  ///< without what the driver keeps for itself
  std::optional<std::uint64_t> minor;       ///< N of /dev/nvidiaN, which is not the index
  bool mig = false;                         ///< cut into parts by MIG
  std::vector<std::int64_t> pids;
  std::string fault;  ///< why the driver cannot work with it; empty if it can
};

enum class NvidiaFault {
  None,
  Absent,    ///< there is no such library or program
  NoDriver,  ///< the kernel driver is not loaded
  Broken     ///< the driver is there and refuses
};

struct NvidiaAnswer {
  std::vector<NvidiaRow> rows;  ///< in the driver's order
  std::string driver;           ///< version, may be empty
  NvidiaFault fault = NvidiaFault::None;
  std::string message;  ///< of the fault, no full sentence; may be foreign text
};

}  // namespace aim::providers
