#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace aim::providers::kfd {

/// A GPU node of KFD's topology: a whole card, or one part of a partitioned one.
struct Node {
  std::string pci_address;
  std::uint16_t device = 0;
  std::string architecture;  ///< "gfx942"
  std::uint64_t render_minor = 0;
  std::uint64_t memory_bytes = 0;
  std::optional<std::uint64_t> used_bytes;
  std::vector<std::int64_t> pids;  ///< processes that hold memory of it, sorted
};

/// The GPU nodes of AMD in order of address and render minor; empty without KFD. The kernel makes
/// render nodes that are not valid, too, when a card is partitioned: only these are.
[[nodiscard]] std::vector<Node> nodes(const std::filesystem::path& sys);

/// 90402 -> "gfx942", 90010 -> "gfx90a"; empty for 0.
[[nodiscard]] std::string architecture(std::uint64_t gfx_target_version);

}  // namespace aim::providers::kfd
