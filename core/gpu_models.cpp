#include "core/gpu_models.hpp"

#include <algorithm>
#include <cctype>
#include <cstdlib>
#include <iterator>

namespace aim::core {

namespace {

constexpr std::uint64_t kMebi = 1ULL << 20U;
constexpr std::uint64_t kGibi = 1ULL << 30U;

// Device ids: the PCI id list of 2026.08.22. Memory of NVIDIA's: what nvidia-smi reports, in MiB.
constexpr std::uint16_t kV100Of16[] = {0x1db1, 0x1db4};
constexpr std::uint16_t kV100Of32[] = {0x1db5, 0x1db6, 0x1db8};
constexpr std::uint16_t kT4[] = {0x1eb8};
constexpr std::uint16_t kA10[] = {0x2236};
constexpr std::uint16_t kA10G[] = {0x2237};
constexpr std::uint16_t kA100Of40[] = {0x20b0, 0x20b1, 0x20f1};
constexpr std::uint16_t kA100Of80[] = {0x20b2, 0x20b5};
constexpr std::uint16_t kL4[] = {0x27b8};
constexpr std::uint16_t kL40[] = {0x26b5};
constexpr std::uint16_t kL40S[] = {0x26b9};
constexpr std::uint16_t kRtx4090[] = {0x2684};
constexpr std::uint16_t kRtx4090D[] = {0x2685};
constexpr std::uint16_t kRtx6000Ada[] = {0x26b1};
constexpr std::uint16_t kH100[] = {0x2330, 0x2331};
constexpr std::uint16_t kH100Nvl[] = {0x2321};
constexpr std::uint16_t kH100Of94[] = {0x2339};
constexpr std::uint16_t kH200[] = {0x2335};
constexpr std::uint16_t kH200Nvl[] = {0x233b};
constexpr std::uint16_t kB200[] = {0x2901};
constexpr std::uint16_t kGb200[] = {0x2941};
constexpr std::uint16_t kB300[] = {0x3182};
constexpr std::uint16_t kGb300[] = {0x31c2, 0x31c3};
constexpr std::uint16_t kRtx5090[] = {0x2b85};
constexpr std::uint16_t kRtxPro6000[] = {0x2bb1, 0x2bb4, 0x2bb5};
constexpr std::uint16_t kGb10[] = {0x2e12};

// 740c is the id of MI250 and of MI250X: they cannot be told apart by it.
constexpr std::uint16_t kMi210[] = {0x740f};
constexpr std::uint16_t kMi250[] = {0x740c};
constexpr std::uint16_t kMi250X[] = {0x7408};
constexpr std::uint16_t kMi300A[] = {0x74a0};
constexpr std::uint16_t kMi300X[] = {0x74a1, 0x74b5, 0x74a9, 0x74bd};
constexpr std::uint16_t kMi308X[] = {0x74a2, 0x74b6, 0x74a8, 0x74bc};
constexpr std::uint16_t kMi325X[] = {0x74a5, 0x74b9};
constexpr std::uint16_t kMi350X[] = {0x75a0, 0x75b0};
constexpr std::uint16_t kMi355X[] = {0x75a3, 0x75b3};
constexpr std::uint16_t kMi350P[] = {0x75a8};

using enum GpuVendor;

constexpr GpuModel kModels[] = {
    {"V100-16GB", "V100", Nvidia, "sm_70", 16384 * kMebi, kV100Of16},
    {"V100-32GB", "V100", Nvidia, "sm_70", 32768 * kMebi, kV100Of32},
    {"T4", "T4", Nvidia, "sm_75", 15360 * kMebi, kT4},
    {"A100-40GB", "A100", Nvidia, "sm_80", 40960 * kMebi, kA100Of40},
    {"A100-80GB", "A100", Nvidia, "sm_80", 81920 * kMebi, kA100Of80},
    {"A10", "A10", Nvidia, "sm_86", 23028 * kMebi, kA10},
    {"A10G", "A10G", Nvidia, "sm_86", 0, kA10G},
    {"L4", "L4", Nvidia, "sm_89", 23034 * kMebi, kL4},
    {"L40", "L40", Nvidia, "sm_89", 0, kL40},
    {"L40S", "L40S", Nvidia, "sm_89", 46068 * kMebi, kL40S},
    {"RTX-4090", "RTX-4090", Nvidia, "sm_89", 24564 * kMebi, kRtx4090},
    {"RTX-4090-D", "RTX-4090-D", Nvidia, "sm_89", 0, kRtx4090D},
    {"RTX-6000-Ada", "RTX-6000-Ada", Nvidia, "sm_89", 49140 * kMebi, kRtx6000Ada},
    {"H100", "H100", Nvidia, "sm_90", 81559 * kMebi, kH100},
    {"H100-NVL", "H100-NVL", Nvidia, "sm_90", 0, kH100Nvl},
    {"H100-94GB", "H100", Nvidia, "sm_90", 0, kH100Of94},
    {"H200", "H200", Nvidia, "sm_90", 143771 * kMebi, kH200},
    {"H200-NVL", "H200-NVL", Nvidia, "sm_90", 0, kH200Nvl},
    {"B200", "B200", Nvidia, "sm_100", 183359 * kMebi, kB200},
    {"GB200", "GB200", Nvidia, "sm_100", 189471 * kMebi, kGb200},
    {"B300", "B300", Nvidia, "sm_103", 275040 * kMebi, kB300},
    {"GB300", "GB300", Nvidia, "sm_103", 284208 * kMebi, kGb300},
    {"RTX-5090", "RTX-5090", Nvidia, "sm_120", 32607 * kMebi, kRtx5090},
    {"RTX-PRO-6000", "RTX-PRO-6000", Nvidia, "sm_120", 97887 * kMebi, kRtxPro6000},
    {"GB10", "GB10", Nvidia, "sm_121", 0, kGb10},
    {"MI210", "MI210", Amd, "gfx90a", 64 * kGibi, kMi210},
    {"MI250", "MI250", Amd, "gfx90a", 64 * kGibi, kMi250},
    {"MI250X", "MI250X", Amd, "gfx90a", 64 * kGibi, kMi250X},
    {"MI300A", "MI300A", Amd, "gfx942", 128 * kGibi, kMi300A},
    {"MI300X", "MI300X", Amd, "gfx942", 196592 * kMebi, kMi300X},
    {"MI308X", "MI308X", Amd, "gfx942", 192 * kGibi, kMi308X},
    {"MI325X", "MI325X", Amd, "gfx942", 256 * kGibi, kMi325X},
    {"MI350X", "MI350X", Amd, "gfx950", 288 * kGibi, kMi350X},
    {"MI355X", "MI355X", Amd, "gfx950", 288 * kGibi, kMi355X},
    {"MI350P", "MI350P", Amd, "", 0, kMi350P}};

char lower(char c) { return static_cast<char>(std::tolower(static_cast<unsigned char>(c))); }

bool same_letters(std::string_view a, std::string_view b) {
  return std::equal(
      a.begin(), a.end(), b.begin(), b.end(), [](char x, char y) { return lower(x) == lower(y); });
}

/// "NVIDIA GeForce RTX 4090" -> "-nvidia-geforce-rtx-4090-": words can be searched for whole.
std::string words_of(std::string_view text) {
  std::string words = "-";
  for (const char c : text) {
    if (std::isalnum(static_cast<unsigned char>(c)) != 0) {
      words += lower(c);
    } else if (words.back() != '-') {
      words += '-';
    }
  }
  return words.back() == '-' ? words : words + '-';
}

std::uint64_t distance(std::uint64_t a, std::uint64_t b) { return a > b ? a - b : b - a; }

/// A laptop's card has the name of the large one and half its memory.
bool can_be(const GpuModel& model, std::uint64_t memory_bytes) {
  return model.memory_bytes == 0 || memory_bytes == 0 ||
         distance(model.memory_bytes, memory_bytes) <= model.memory_bytes / 8;
}

}  // namespace

std::string_view to_string(GpuVendor vendor) {
  switch (vendor) {
    case Nvidia:
      return "nvidia";
    case Amd:
      return "amd";
  }
  return "";
}

std::string_view brand(GpuVendor vendor) {
  switch (vendor) {
    case Nvidia:
      return "NVIDIA";
    case Amd:
      return "AMD";
  }
  return "";
}

std::span<const GpuModel> gpu_models() { return kModels; }

const GpuModel* gpu_model_of(GpuVendor vendor, std::uint16_t pci_device) {
  const auto* found =
      std::find_if(std::begin(kModels), std::end(kModels), [&](const GpuModel& model) {
        return model.vendor == vendor &&
               std::find(model.pci_devices.begin(), model.pci_devices.end(), pci_device) !=
                   model.pci_devices.end();
      });
  return found == std::end(kModels) ? nullptr : found;
}

const GpuModel* gpu_model_named(std::string_view name) {
  const auto* found =
      std::find_if(std::begin(kModels), std::end(kModels), [&](const GpuModel& model) {
        return same_letters(model.name, name);
      });
  return found == std::end(kModels) ? nullptr : found;
}

const GpuModel* gpu_model_of_product(GpuVendor vendor,
                                     std::string_view product,
                                     std::uint64_t memory_bytes) {
  const std::string words = words_of(product);
  const GpuModel* best = nullptr;
  for (const GpuModel& model : kModels) {
    if (model.vendor != vendor || !can_be(model, memory_bytes) ||
        words.find(words_of(model.family)) == std::string::npos) {
      continue;
    }
    // The longest name says most: "H100 NVL" is no "H100".
    if (best == nullptr || model.family.size() > best->family.size() ||
        (model.family == best->family &&
         distance(model.memory_bytes, memory_bytes) < distance(best->memory_bytes, memory_bytes))) {
      best = &model;
    }
  }
  return best;
}

std::vector<std::string> gpu_model_names() {
  std::vector<std::string> names;
  for (const GpuModel& model : kModels) {
    names.emplace_back(model.name);
  }
  return names;
}

}  // namespace aim::core
