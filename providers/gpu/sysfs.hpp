#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/inventory.hpp"

/// Small files of the kernel, and the cards on the PCI bus.
namespace aim::providers::sysfs {

/// The trimmed contents, at most 64 KiB of them; nothing if it cannot be read.
[[nodiscard]] std::optional<std::string> text_of(const std::filesystem::path& file);
/// The number in a file or a text: decimal, or hexadecimal behind 0x; nothing if it is none.
[[nodiscard]] std::optional<std::uint64_t> number_of(const std::filesystem::path& file);
[[nodiscard]] std::optional<std::uint64_t> number_from(std::string_view text);
/// Names in a directory, sorted; numbers by their value. Empty if there is none.
[[nodiscard]] std::vector<std::string> names_in(const std::filesystem::path& directory);
/// Lines "name value" with decimal values, as KFD writes them.
[[nodiscard]] std::map<std::string, std::uint64_t, std::less<>> properties_of(
    const std::filesystem::path& file);
/// Groups other than root's that own the files, sorted, each once.
[[nodiscard]] std::vector<std::uint32_t> groups_of(const std::vector<std::filesystem::path>& files);

/// "00000000:C1:00.0" and "0000:c1:00.0" are one address: the latter. Anything else is returned as
/// it is.
[[nodiscard]] std::string pci_address(std::string_view text);

/// A card of one vendor on the PCI bus that can compute: a display or 3D controller, or a
/// processing accelerator. Bridges and audio functions of the vendor are left out.
struct PciCard {
  std::string address;  ///< "0000:05:00.0"
  std::uint16_t device = 0;
  std::uint32_t device_class = 0;  ///< 0x030200
  std::filesystem::path directory;
};

/// In order of address.
[[nodiscard]] std::vector<PciCard> pci_cards(const std::filesystem::path& sys,
                                             core::GpuVendor vendor);

/// "/dev/dri/renderD128": the render node that the kernel made for a card, empty if it made none.
[[nodiscard]] std::string render_node(const PciCard& card);

}  // namespace aim::providers::sysfs
