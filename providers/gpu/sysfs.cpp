#include "providers/gpu/sysfs.hpp"

#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <charconv>
#include <fstream>
#include <sstream>

namespace aim::providers::sysfs {

namespace fs = std::filesystem;

namespace {

constexpr std::size_t kLargestFile = 64U << 10U;
constexpr std::uint64_t kNvidia = 0x10de;
constexpr std::uint64_t kAmd = 0x1002;
constexpr std::uint32_t kDisplay = 0x03;
constexpr std::uint32_t kAccelerator = 0x12;

std::uint64_t vendor_number(core::GpuVendor vendor) {
  switch (vendor) {
    case core::GpuVendor::Nvidia:
      return kNvidia;
    case core::GpuVendor::Amd:
      return kAmd;
  }
  return 0;
}

bool shorter_or_less(const std::string& a, const std::string& b) {
  const auto is_number = [](const std::string& text) {
    return !text.empty() && text.find_first_not_of("0123456789") == std::string::npos;
  };
  if (is_number(a) && is_number(b) && a.size() != b.size()) {
    return a.size() < b.size();
  }
  return a < b;
}

std::optional<std::uint32_t> hex_part(std::string_view text) {
  std::uint32_t number = 0;
  const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), number, 16);
  return failed == std::errc() && end == text.data() + text.size() ? std::optional(number)
                                                                   : std::nullopt;
}

}  // namespace

std::optional<std::string> text_of(const fs::path& file) {
  std::ifstream stream(file, std::ios::binary);
  if (!stream) {
    return std::nullopt;
  }
  std::string text(kLargestFile, '\0');
  stream.read(text.data(), static_cast<std::streamsize>(text.size()));
  // A directory opens and cannot be read; neither can an attribute of a card that is gone.
  if (stream.bad() || (stream.gcount() == 0 && !stream.eof())) {
    return std::nullopt;
  }
  text.resize(static_cast<std::size_t>(stream.gcount()));
  const std::size_t begin = text.find_first_not_of(" \t\r\n");
  if (begin == std::string::npos) {
    return std::string();
  }
  return text.substr(begin, text.find_last_not_of(" \t\r\n") + 1 - begin);
}

std::optional<std::uint64_t> number_from(std::string_view text) {
  int base = 10;
  if (text.starts_with("0x") || text.starts_with("0X")) {
    text.remove_prefix(2);
    base = 16;
  }
  std::uint64_t number = 0;
  const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), number, base);
  return failed == std::errc() && end == text.data() + text.size() ? std::optional(number)
                                                                   : std::nullopt;
}

std::optional<std::uint64_t> number_of(const fs::path& file) {
  const std::optional<std::string> text = text_of(file);
  return text ? number_from(*text) : std::nullopt;
}

std::vector<std::string> names_in(const fs::path& directory) {
  std::vector<std::string> names;
  std::error_code failed;
  for (fs::directory_iterator entry(directory, failed), end; !failed && entry != end;
       entry.increment(failed)) {
    names.push_back(entry->path().filename().string());
  }
  std::sort(names.begin(), names.end(), shorter_or_less);
  return names;
}

std::map<std::string, std::uint64_t, std::less<>> properties_of(const fs::path& file) {
  std::map<std::string, std::uint64_t, std::less<>> properties;
  std::istringstream lines(text_of(file).value_or(""));
  std::string line;
  while (std::getline(lines, line)) {
    const std::size_t space = line.find(' ');
    if (space == std::string::npos) {
      continue;
    }
    if (const auto value = number_from(std::string_view(line).substr(space + 1))) {
      properties.emplace(line.substr(0, space), *value);
    }
  }
  return properties;
}

std::vector<std::uint32_t> groups_of(const std::vector<fs::path>& files) {
  std::vector<std::uint32_t> groups;
  for (const fs::path& file : files) {
    struct stat status {};

    if (::stat(file.c_str(), &status) == 0 && status.st_gid != 0) {
      groups.push_back(status.st_gid);
    }
  }
  std::sort(groups.begin(), groups.end());
  groups.erase(std::unique(groups.begin(), groups.end()), groups.end());
  return groups;
}

std::string pci_address(std::string_view text) {
  const std::size_t first = text.find(':');
  const std::size_t second = first == std::string_view::npos ? first : text.find(':', first + 1);
  const std::size_t dot = second == std::string_view::npos ? second : text.find('.', second + 1);
  if (dot == std::string_view::npos) {
    return std::string(text);
  }
  const auto domain = hex_part(text.substr(0, first));
  const auto bus = hex_part(text.substr(first + 1, second - first - 1));
  const auto device = hex_part(text.substr(second + 1, dot - second - 1));
  const auto function = hex_part(text.substr(dot + 1));
  if (!domain || !bus || !device || !function) {
    return std::string(text);
  }
  return fmt::format("{:04x}:{:02x}:{:02x}.{:x}", *domain, *bus, *device, *function);
}

std::vector<PciCard> pci_cards(const fs::path& sys, core::GpuVendor vendor) {
  std::vector<PciCard> cards;
  const fs::path bus = sys / "bus/pci/devices";
  for (const std::string& name : names_in(bus)) {
    const fs::path directory = bus / name;
    if (number_of(directory / "vendor") != vendor_number(vendor)) {
      continue;
    }
    const auto device_class =
        static_cast<std::uint32_t>(number_of(directory / "class").value_or(0));
    const std::uint32_t base = device_class >> 16U;
    if (base == kDisplay || base == kAccelerator) {
      cards.push_back({pci_address(name),
                       static_cast<std::uint16_t>(number_of(directory / "device").value_or(0)),
                       device_class,
                       directory});
    }
  }
  std::sort(cards.begin(), cards.end(), [](const PciCard& a, const PciCard& b) {
    return a.address < b.address;
  });
  return cards;
}

std::string render_node(const PciCard& card) {
  for (const std::string& name : names_in(card.directory / "drm")) {
    if (name.starts_with("renderD")) {
      return "/dev/dri/" + name;
    }
  }
  return {};
}

}  // namespace aim::providers::sysfs
