#include "providers/gpu/kfd.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <tuple>

#include "providers/gpu/sysfs.hpp"

namespace aim::providers::kfd {

namespace fs = std::filesystem;
using sysfs::names_in;
using sysfs::number_of;
using sysfs::properties_of;

namespace {

using Properties = std::map<std::string, std::uint64_t, std::less<>>;

constexpr std::uint64_t kAmd = 0x1002;
// Frame buffer, visible to the processor or not; the other heaps are no memory of the card.
constexpr std::uint64_t kPublicHeap = 1;
constexpr std::uint64_t kPrivateHeap = 2;

std::uint64_t at(const Properties& properties, std::string_view key) {
  const auto found = properties.find(key);
  return found == properties.end() ? 0 : found->second;
}

void add_memory(const fs::path& banks, Node& node) {
  for (const std::string& name : names_in(banks)) {
    const Properties bank = properties_of(banks / name / "properties");
    const std::uint64_t heap = at(bank, "heap_type");
    if (heap != kPublicHeap && heap != kPrivateHeap) {
      continue;
    }
    node.memory_bytes += at(bank, "size_in_bytes");
    if (const auto used = number_of(banks / name / "used_memory")) {
      node.used_bytes = node.used_bytes.value_or(0) + *used;
    }
  }
}

void add_processes(const fs::path& processes, const std::string& gpu_id, Node& node) {
  for (const std::string& pid : names_in(processes)) {
    const auto number = sysfs::number_from(pid);
    if (number && number_of(processes / pid / ("vram_" + gpu_id)).value_or(0) > 0) {
      node.pids.push_back(static_cast<std::int64_t>(*number));
    }
  }
}

std::optional<Node> read_node(const fs::path& directory, const fs::path& processes) {
  const Properties properties = properties_of(directory / "properties");
  if (at(properties, "simd_count") == 0 || at(properties, "drm_render_minor") == 0 ||
      at(properties, "vendor_id") != kAmd) {
    return std::nullopt;
  }
  Node node;
  const std::uint64_t location = at(properties, "location_id");
  node.pci_address = fmt::format("{:04x}:{:02x}:{:02x}.0",
                                 at(properties, "domain"),
                                 (location >> 8U) & 0xffU,
                                 (location >> 3U) & 0x1fU);
  node.device = static_cast<std::uint16_t>(at(properties, "device_id"));
  node.architecture = architecture(at(properties, "gfx_target_version"));
  node.render_minor = at(properties, "drm_render_minor");
  add_memory(directory / "mem_banks", node);
  if (const auto gpu_id = sysfs::text_of(directory / "gpu_id")) {
    add_processes(processes, *gpu_id, node);
  }
  return node;
}

}  // namespace

std::string architecture(std::uint64_t gfx_target_version) {
  if (gfx_target_version == 0) {
    return {};
  }
  return fmt::format("gfx{}{}{:x}",
                     gfx_target_version / 10000,
                     gfx_target_version / 100 % 100,
                     gfx_target_version % 100);
}

std::vector<Node> nodes(const fs::path& sys) {
  std::vector<Node> found;
  const fs::path kfd = sys / "class/kfd/kfd";
  for (const std::string& name : names_in(kfd / "topology/nodes")) {
    if (auto node = read_node(kfd / "topology/nodes" / name, kfd / "proc")) {
      found.push_back(std::move(*node));
    }
  }
  std::sort(found.begin(), found.end(), [](const Node& a, const Node& b) {
    return std::tie(a.pci_address, a.render_minor) < std::tie(b.pci_address, b.render_minor);
  });
  return found;
}

}  // namespace aim::providers::kfd
