#include "providers/gpu/amd_json.hpp"

#include <algorithm>
#include <boost/json.hpp>
#include <map>

#include "providers/docker/json_read.hpp"
#include "providers/gpu/sysfs.hpp"

namespace aim::providers::amd_json {

namespace json = boost::json;
using core::ErrorCode;
using core::make_error;
using core::Result;
using json_read::object_at;

namespace {

constexpr std::uint64_t kMebi = 1ULL << 20U;

/// The text of a member; "N/A" is how the programs say that there is none.
std::string text_at(const json::object& in, std::string_view key) {
  std::string text = json_read::text_at(in, key);
  return text == "N/A" ? std::string() : text;
}

std::optional<std::uint64_t> whole(const json::value& value) {
  if (const std::int64_t* number = value.if_int64(); number != nullptr && *number >= 0) {
    return static_cast<std::uint64_t>(*number);
  }
  if (const std::uint64_t* number = value.if_uint64()) {
    return *number;
  }
  if (const json::string* text = value.if_string()) {
    return sysfs::number_from(*text);
  }
  return std::nullopt;
}

/// {"value": 196592, "unit": "MB"}, 196592 or "196592". What is labelled MB is MiB.
std::optional<std::uint64_t> size_at(const json::object& in, std::string_view key) {
  const json::value* member = in.if_contains(key);
  if (member == nullptr) {
    return std::nullopt;
  }
  std::uint64_t unit = kMebi;
  if (const json::object* quantity = member->if_object()) {
    const std::string name = text_at(*quantity, "unit");
    unit = name == "GB" || name == "GiB"   ? kMebi * 1024
           : name == "KB" || name == "KiB" ? 1024
           : name == "B"                   ? 1
                                           : kMebi;
    member = quantity->if_contains("value");
  }
  const auto number = member == nullptr ? std::nullopt : whole(*member);
  return number ? std::optional(*number * unit) : std::nullopt;
}

/// Warnings for people may stand before the JSON.
std::string_view json_in(std::string_view text) {
  const std::size_t begin = text.find_first_of("{[");
  return begin == std::string_view::npos ? text : text.substr(begin);
}

/// The array of GPUs in either shape.
Result<json::array> gpus_in(std::string_view text) {
  const Result<json::value> parsed = json_read::parse(json_in(text));
  if (!parsed) {
    return parsed.error();
  }
  if (const json::array* flat = parsed->if_array()) {
    return *flat;
  }
  if (const json::object* wrapped = parsed->if_object()) {
    if (const json::array* inner = json_read::array_at(*wrapped, "gpu_data")) {
      return *inner;
    }
  }
  return make_error(ErrorCode::Protocol,
                    "the answer is neither a list of GPUs nor an object with gpu_data");
}

std::string driver_of(const json::object& gpu) {
  const json::object* driver = object_at(gpu, "driver");
  if (driver == nullptr) {
    return {};
  }
  for (const char* key : {"version", "VERSION", "driver_version"}) {
    if (std::string version = text_at(*driver, key); !version.empty()) {
      return version;
    }
  }
  return {};
}

std::optional<std::uint16_t> device_number(const std::string& text) {
  const auto number = sysfs::number_from(text);
  return number && *number <= 0xffff ? std::optional(static_cast<std::uint16_t>(*number))
                                     : std::nullopt;
}

Row static_row(const json::object& gpu) {
  Row row;
  if (const json::object* bus = object_at(gpu, "bus")) {
    row.pci_address = sysfs::pci_address(text_at(*bus, "bdf"));
  }
  if (const json::object* asic = object_at(gpu, "asic")) {
    row.product = text_at(*asic, "market_name");
    row.architecture = text_at(*asic, "target_graphics_version");
    row.pci_device = device_number(text_at(*asic, "device_id"));
  }
  if (const json::object* vram = object_at(gpu, "vram")) {
    row.memory_bytes = size_at(*vram, "size");
  }
  return row;
}

/// rocm-smi's keys changed their case between releases.
std::string labelled(const json::object& card, std::string_view label) {
  for (const auto& member : card) {
    const std::string_view key = member.key();
    if (std::equal(key.begin(), key.end(), label.begin(), label.end(), [](char a, char b) {
          const auto low = [](char c) { return c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c; };
          return low(a) == low(b);
        })) {
      return text_at(card, key);
    }
  }
  return {};
}

}  // namespace

Result<Answer> read_static(std::string_view text) {
  const Result<json::array> gpus = gpus_in(text);
  if (!gpus) {
    return gpus.error();
  }
  Answer answer;
  for (const json::value& item : *gpus) {
    const json::object* gpu = item.if_object();
    if (gpu == nullptr) {
      return make_error(ErrorCode::Protocol, "a GPU in the answer is no object");
    }
    answer.rows.push_back(static_row(*gpu));
    if (answer.driver.empty()) {
      answer.driver = driver_of(*gpu);
    }
  }
  return answer;
}

Result<void> add_memory_usage(std::string_view text, Answer& answer) {
  const Result<json::array> gpus = gpus_in(text);
  if (!gpus) {
    return gpus.error();
  }
  for (const json::value& item : *gpus) {
    const json::object* gpu = item.if_object();
    const json::value* number = gpu == nullptr ? nullptr : gpu->if_contains("gpu");
    const json::object* usage = gpu == nullptr ? nullptr : object_at(*gpu, "mem_usage");
    if (number == nullptr || usage == nullptr) {
      continue;
    }
    // An optional tested beside others trips g++ 12's check for uninitialised values.
    const std::uint64_t position = whole(*number).value_or(answer.rows.size());
    if (position < answer.rows.size()) {
      answer.rows[position].used_bytes = size_at(*usage, "used_vram");
    }
  }
  return {};
}

Result<Answer> read_rocm_smi(std::string_view text) {
  const Result<json::value> parsed = json_read::parse_object(json_in(text));
  if (!parsed) {
    return parsed.error();
  }
  std::map<std::uint64_t, Row> by_number;
  Answer answer;
  for (const auto& member : parsed->get_object()) {
    const std::string_view name = member.key();
    const json::object* card = member.value().if_object();
    if (card == nullptr) {
      continue;
    }
    if (name == "system") {
      answer.driver = labelled(*card, "Driver version");
    }
    const auto number =
        name.starts_with("card") ? sysfs::number_from(name.substr(4)) : std::nullopt;
    if (!number) {
      continue;
    }
    Row row;
    row.pci_address = sysfs::pci_address(labelled(*card, "PCI Bus"));
    row.product = labelled(*card, "Card Series");
    row.architecture = labelled(*card, "GFX Version");
    row.pci_device = device_number(labelled(*card, "Card Model"));
    row.memory_bytes = sysfs::number_from(labelled(*card, "VRAM Total Memory (B)"));
    row.used_bytes = sysfs::number_from(labelled(*card, "VRAM Total Used Memory (B)"));
    by_number.emplace(*number, std::move(row));
  }
  if (by_number.empty()) {
    return make_error(ErrorCode::Protocol, "the answer names no card");
  }
  for (auto& [number, row] : by_number) {
    answer.rows.push_back(std::move(row));
  }
  return answer;
}

}  // namespace aim::providers::amd_json
