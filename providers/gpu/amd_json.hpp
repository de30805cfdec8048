#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.hpp"

/// What AMD's programs print, as values. Pure.
namespace aim::providers::amd_json {

/// A GPU as a program tells it; what it did not tell is empty.
struct Row {
  std::string pci_address;
  std::string product;
  std::string architecture;
  std::optional<std::uint16_t> pci_device;
  std::optional<std::uint64_t> memory_bytes;
  std::optional<std::uint64_t> used_bytes;
};

struct Answer {
  std::vector<Row> rows;  ///< in the program's order
  std::string driver;     ///< version, may be empty
};

/// `amd-smi static --json --asic --vram --bus --driver`: an array (ROCm 6) or an object with the
/// array in gpu_data (ROCm 7). ErrorCode::Protocol on anything else.
[[nodiscard]] core::Result<Answer> read_static(std::string_view text);

/// `amd-smi metric --mem-usage --json`: adds used bytes to the rows, by the number of the GPU.
/// ErrorCode::Protocol as above.
[[nodiscard]] core::Result<void> add_memory_usage(std::string_view text, Answer& answer);

/// `rocm-smi --showproductname --showmeminfo vram --showbus --showdriverversion --json`: an object
/// with a member per card, all values of which are texts. ErrorCode::Protocol on anything else.
[[nodiscard]] core::Result<Answer> read_rocm_smi(std::string_view text);

}  // namespace aim::providers::amd_json
