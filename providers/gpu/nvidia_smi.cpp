#include "providers/gpu/nvidia_smi.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "providers/gpu/sysfs.hpp"
#include "providers/gpu/xml.hpp"

namespace aim::providers::nvidia_smi {

using core::ErrorCode;
using core::make_error;

namespace {

constexpr std::uint64_t kMebi = 1ULL << 20U;
constexpr std::size_t kGpuFieldCount = 9;

std::string trimmed(std::string_view text) {
  const std::size_t begin = text.find_first_not_of(" \t\r");
  return begin == std::string_view::npos
             ? std::string()
             : std::string(text.substr(begin, text.find_last_not_of(" \t\r") + 1 - begin));
}

/// Empty for the ways in which nvidia-smi says that it does not know.
std::string known(std::string_view text) {
  std::string word = trimmed(text);
  for (const char* unknown :
       {"N/A", "[N/A]", "[Not Supported]", "[Not Available]", "[Unknown Error]"}) {
    if (word == unknown) {
      return {};
    }
  }
  return word;
}

std::vector<std::string> fields_of(std::string_view line) {
  std::vector<std::string> fields;
  while (true) {
    const std::size_t comma = line.find(',');
    fields.push_back(known(line.substr(0, comma)));
    if (comma == std::string_view::npos) {
      return fields;
    }
    line.remove_prefix(comma + 1);
  }
}

template <class Take>
void for_each_line(std::string_view text, const Take& take) {
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    if (const std::string line = trimmed(text.substr(0, end)); !line.empty()) {
      take(line);
    }
    text.remove_prefix(std::min(end + 1, text.size()));
  }
}

/// "81559 MiB" or "81559", in MiB, as bytes.
std::optional<std::uint64_t> mebibytes(const std::string& text) {
  const std::size_t space = text.find(' ');
  const auto number = sysfs::number_from(std::string_view(text).substr(0, space));
  const bool is_unit = space == std::string::npos || text.substr(space + 1) == "MiB";
  return number && is_unit ? std::optional(*number * kMebi) : std::nullopt;
}

std::optional<std::uint16_t> device_of(const std::string& id) {
  const auto number = sysfs::number_from("0x" + id);
  return id.size() == 8 && number ? std::optional(static_cast<std::uint16_t>(*number >> 16U))
                                  : std::nullopt;
}

NvidiaRow row_of(const xml::Element& gpu) {
  NvidiaRow row;
  row.product = known(gpu.text_at({"product_name"}));
  row.uuid = known(gpu.text_at({"uuid"}));
  row.pci_address = sysfs::pci_address(known(gpu.text_at({"pci", "pci_bus_id"})));
  row.pci_device = device_of(known(gpu.text_at({"pci", "pci_device_id"})));
  row.minor = sysfs::number_from(known(gpu.text_at({"minor_number"})));
  row.mig = gpu.text_at({"mig_mode", "current_mig"}) == "Enabled";
  row.memory_bytes = mebibytes(known(gpu.text_at({"fb_memory_usage", "total"}))).value_or(0);
  row.used_bytes = mebibytes(known(gpu.text_at({"fb_memory_usage", "used"})));
  if (const xml::Element* processes = gpu.child("processes")) {
    for (const xml::Element& process : processes->children) {
      if (const auto pid = sysfs::number_from(process.text_at({"pid"}))) {
        row.pids.push_back(static_cast<std::int64_t>(*pid));
      }
    }
  }
  std::sort(row.pids.begin(), row.pids.end());
  return row;
}

}  // namespace

core::Result<NvidiaAnswer> read_gpus(std::string_view csv) {
  NvidiaAnswer answer;
  std::string wrong;
  for_each_line(csv, [&](const std::string& line) {
    const std::vector<std::string> fields = fields_of(line);
    if (fields.size() != kGpuFieldCount || !sysfs::number_from(fields[0])) {
      wrong = wrong.empty() ? line : wrong;
      return;
    }
    NvidiaRow row;
    row.product = fields[1];
    row.uuid = fields[2];
    row.pci_address = sysfs::pci_address(fields[3]);
    row.memory_bytes = mebibytes(fields[4]).value_or(0);
    row.used_bytes = mebibytes(fields[5]);
    answer.driver = fields[6];
    row.compute = fields[7];
    row.mig = fields[8] == "Enabled";
    answer.rows.push_back(std::move(row));
  });
  if (!wrong.empty()) {
    return make_error(ErrorCode::Protocol, fmt::format("this line is no GPU: {}", wrong));
  }
  return answer;
}

void add_processes(std::string_view csv, NvidiaAnswer& answer) {
  for_each_line(csv, [&](const std::string& line) {
    const std::vector<std::string> fields = fields_of(line);
    const auto pid = fields.size() == 2 ? sysfs::number_from(fields[1]) : std::nullopt;
    if (!pid) {
      return;
    }
    for (NvidiaRow& row : answer.rows) {
      if (row.uuid == fields[0]) {
        row.pids.push_back(static_cast<std::int64_t>(*pid));
        std::sort(row.pids.begin(), row.pids.end());
      }
    }
  });
}

core::Result<NvidiaAnswer> read_xml(std::string_view text) {
  const core::Result<xml::Element> root = xml::parse(text);
  if (!root) {
    return root.error();
  }
  if (root->name != "nvidia_smi_log") {
    return make_error(ErrorCode::Protocol,
                      fmt::format("the document is <{}> and no <nvidia_smi_log>", root->name));
  }
  NvidiaAnswer answer;
  answer.driver = known(root->text_at({"driver_version"}));
  for (const xml::Element& child : root->children) {
    if (child.name == "gpu") {
      answer.rows.push_back(row_of(child));
    }
  }
  return answer;
}

NvidiaAnswer read_failure(int exit_code, std::string_view said) {
  NvidiaAnswer answer;
  answer.fault = NvidiaFault::Broken;
  if (said.find("ersion mismatch") != std::string_view::npos) {
    answer.message = "the versions of the kernel driver and its library differ";
  } else if (said.find("communicate with the NVIDIA driver") != std::string_view::npos ||
             said.find("river Not Loaded") != std::string_view::npos) {
    answer.fault = NvidiaFault::NoDriver;
    answer.message = "the kernel driver is not loaded";
  } else {
    std::string first;
    for_each_line(said, [&](const std::string& line) { first = first.empty() ? line : first; });
    answer.message = fmt::format(
        "nvidia-smi ended with exit code {}{}{}", exit_code, first.empty() ? "" : ": ", first);
  }
  return answer;
}

}  // namespace aim::providers::nvidia_smi
