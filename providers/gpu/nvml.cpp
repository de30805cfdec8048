#include "providers/gpu/nvml.hpp"

#include <dlfcn.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <memory>
#include <string_view>

#include "providers/gpu/sysfs.hpp"

namespace aim::providers {

namespace {

// NVML's binary interface, which is stable (nvidia-smi's text is not): return codes and structures
// as in nvml.h of NVML 12; the functions that newer headers alias keep their suffixed names.
using Return = int;
constexpr Return kSuccess = 0;
constexpr Return kNotSupported = 3;
constexpr Return kInsufficientSize = 7;
constexpr Return kDriverNotLoaded = 9;
constexpr Return kGpuIsLost = 15;
constexpr Return kResetRequired = 16;
constexpr Return kOperatingSystem = 17;
constexpr Return kVersionMismatch = 18;
constexpr std::size_t kNameSize = 96;
constexpr unsigned int kMigOn = 1;
constexpr unsigned int kMostGpus = 1024;

using Device = struct NvmlDevice*;

struct PciInfo {
  std::array<char, 16> bus_id_legacy;
  unsigned int domain;
  unsigned int bus;
  unsigned int device;
  unsigned int pci_device_id;  // device in the upper half, vendor in the lower
  unsigned int pci_subsystem_id;
  std::array<char, 32> bus_id;
};

struct Memory {
  unsigned long long total;
  unsigned long long free;
  unsigned long long used;
};

struct MemoryV2 {
  unsigned int version;
  unsigned long long total;
  unsigned long long reserved;
  unsigned long long free;
  unsigned long long used;
};

constexpr unsigned int kMemoryV2 = sizeof(MemoryV2) | (2U << 24U);

struct Process {
  unsigned int pid;
  unsigned long long used_memory;
  unsigned int gpu_instance;
  unsigned int compute_instance;
};

struct CloseLibrary {
  void operator()(void* handle) const { ::dlclose(handle); }
};

using Library = std::unique_ptr<void, CloseLibrary>;

template <std::size_t N>
std::string text_in(const std::array<char, N>& buffer) {
  return {buffer.data(), ::strnlen(buffer.data(), N)};
}

/// The functions that are called. Those that older drivers lack may be null.
class Nvml {
 public:
  explicit Nvml(void* library) : library_(library) {
    load(init, "nvmlInit_v2");
    load(shutdown, "nvmlShutdown");
    load(error_string, "nvmlErrorString");
    load(driver_version, "nvmlSystemGetDriverVersion");
    load(count, "nvmlDeviceGetCount_v2");
    load(handle, "nvmlDeviceGetHandleByIndex_v2");
    load(pci, "nvmlDeviceGetPciInfo_v3");
    load(name, "nvmlDeviceGetName");
    load(uuid, "nvmlDeviceGetUUID");
    load(minor, "nvmlDeviceGetMinorNumber");
    load(memory, "nvmlDeviceGetMemoryInfo");
    load(memory_v2, "nvmlDeviceGetMemoryInfo_v2");
    load(compute, "nvmlDeviceGetCudaComputeCapability");
    load(mig_mode, "nvmlDeviceGetMigMode");
    load(processes, "nvmlDeviceGetComputeRunningProcesses_v3");
  }

  [[nodiscard]] bool is_usable() const {
    return init && shutdown && count && handle && pci && name && uuid && memory;
  }

  [[nodiscard]] std::string describe(Return code) const {
    switch (code) {
      case kDriverNotLoaded:
        return "the kernel driver is not loaded";
      case kGpuIsLost:
        return "it has fallen off the bus";
      case kResetRequired:
        return "it must be reset before it can be used again";
      case kOperatingSystem:
        return "the operating system blocks the driver's control device";
      case kVersionMismatch:
        return "the versions of the kernel driver and its library differ";
      default:
        break;
    }
    const char* text = error_string == nullptr ? nullptr : error_string(code);
    return fmt::format("{} (NVML error {})", text == nullptr ? "unknown error" : text, code);
  }

  Return (*init)() = nullptr;
  Return (*shutdown)() = nullptr;
  const char* (*error_string)(Return) = nullptr;
  Return (*driver_version)(char*, unsigned int) = nullptr;
  Return (*count)(unsigned int*) = nullptr;
  Return (*handle)(unsigned int, Device*) = nullptr;
  Return (*pci)(Device, PciInfo*) = nullptr;
  Return (*name)(Device, char*, unsigned int) = nullptr;
  Return (*uuid)(Device, char*, unsigned int) = nullptr;
  Return (*minor)(Device, unsigned int*) = nullptr;
  Return (*memory)(Device, Memory*) = nullptr;
  Return (*memory_v2)(Device, MemoryV2*) = nullptr;
  Return (*compute)(Device, int*, int*) = nullptr;
  Return (*mig_mode)(Device, unsigned int*, unsigned int*) = nullptr;
  Return (*processes)(Device, unsigned int*, Process*) = nullptr;

 private:
  template <class Function>
  void load(Function& function, const char* symbol) {
    function = reinterpret_cast<Function>(::dlsym(library_, symbol));
  }

  void* library_;
};

Return read_text(Return (*function)(Device, char*, unsigned int), Device device, std::string& to) {
  std::array<char, kNameSize> buffer{};
  const Return code = function(device, buffer.data(), buffer.size());
  if (code == kSuccess) {
    to = text_in(buffer);
  }
  return code;
}

/// What the driver keeps for itself counts as used in one call and not in the other; what is
/// neither free nor reserved is used by somebody.
Return read_memory(const Nvml& nvml, Device device, NvidiaRow& row) {
  MemoryV2 newer{};
  newer.version = kMemoryV2;
  if (nvml.memory_v2 != nullptr && nvml.memory_v2(device, &newer) == kSuccess) {
    row.memory_bytes = newer.total;
    const unsigned long long idle = std::min(newer.total, newer.free + newer.reserved);
    row.used_bytes = newer.total - idle;
    return kSuccess;
  }
  Memory older{};
  const Return code = nvml.memory(device, &older);
  if (code == kSuccess) {
    row.memory_bytes = older.total;
    row.used_bytes = older.used;
  }
  // A GPU whose memory is the machine's has none to report.
  return code == kNotSupported ? kSuccess : code;
}

void read_processes(const Nvml& nvml, Device device, NvidiaRow& row) {
  if (nvml.processes == nullptr) {
    return;
  }
  std::vector<Process> found(64);
  for (int attempt = 0; attempt < 3; ++attempt) {
    auto count = static_cast<unsigned int>(found.size());
    const Return code = nvml.processes(device, &count, found.data());
    if (code == kSuccess) {
      found.resize(std::min<std::size_t>(count, found.size()));
      for (const Process& process : found) {
        row.pids.push_back(static_cast<std::int64_t>(process.pid));
      }
      std::sort(row.pids.begin(), row.pids.end());
      row.pids.erase(std::unique(row.pids.begin(), row.pids.end()), row.pids.end());
      return;
    }
    if (code != kInsufficientSize) {
      return;
    }
    // More may start meanwhile.
    found.resize(std::min<std::size_t>(std::size_t{count} * 2 + 16, 65536));
  }
}

/// What a device tells; the first thing it cannot tell is its fault.
Return read_device(const Nvml& nvml, Device device, NvidiaRow& row) {
  PciInfo pci{};
  Return code = nvml.pci(device, &pci);
  if (code != kSuccess) {
    return code;
  }
  row.pci_address = sysfs::pci_address(text_in(pci.bus_id));
  row.pci_device = static_cast<std::uint16_t>(pci.pci_device_id >> 16U);
  for (const auto& [function, target] :
       {std::pair{nvml.uuid, &row.uuid}, std::pair{nvml.name, &row.product}}) {
    code = read_text(function, device, *target);
    if (code != kSuccess) {
      return code;
    }
  }
  if (unsigned int minor = 0; nvml.minor && nvml.minor(device, &minor) == kSuccess) {
    row.minor = minor;
  }
  int major_version = 0;
  int minor_version = 0;
  if (nvml.compute && nvml.compute(device, &major_version, &minor_version) == kSuccess) {
    row.compute = fmt::format("{}.{}", major_version, minor_version);
  }
  unsigned int mode = 0;
  unsigned int pending = 0;
  row.mig = nvml.mig_mode && nvml.mig_mode(device, &mode, &pending) == kSuccess && mode == kMigOn;
  code = read_memory(nvml, device, row);
  if (code == kSuccess) {
    read_processes(nvml, device, row);
  }
  return code;
}

void read_devices(const Nvml& nvml, NvidiaAnswer& answer) {
  unsigned int count = 0;
  if (const Return code = nvml.count(&count); code != kSuccess) {
    answer.fault = NvidiaFault::Broken;
    answer.message = nvml.describe(code);
    return;
  }
  for (unsigned int index = 0; index < std::min(count, kMostGpus); ++index) {
    NvidiaRow row;
    Device device = nullptr;
    Return code = nvml.handle(index, &device);
    if (code == kSuccess) {
      code = read_device(nvml, device, row);
    }
    if (code != kSuccess) {
      row.fault = nvml.describe(code);
    }
    answer.rows.push_back(std::move(row));
  }
}

}  // namespace

NvidiaAnswer ask_nvml(const std::vector<std::string>& libraries) {
  NvidiaAnswer answer;
  answer.fault = NvidiaFault::Absent;
  answer.message = "NVML is not installed";
  Library library;
  for (const std::string& name : libraries) {
    library.reset(::dlopen(name.c_str(), RTLD_NOW | RTLD_LOCAL));
    if (library) {
      break;
    }
  }
  if (!library) {
    return answer;
  }
  const Nvml nvml(library.get());
  if (!nvml.is_usable()) {
    answer.message = "NVML is too old";
    return answer;
  }
  if (const Return code = nvml.init(); code != kSuccess) {
    answer.fault = code == kDriverNotLoaded ? NvidiaFault::NoDriver : NvidiaFault::Broken;
    answer.message = nvml.describe(code);
    return answer;
  }
  answer.fault = NvidiaFault::None;
  answer.message.clear();
  std::array<char, kNameSize> version{};
  if (nvml.driver_version && nvml.driver_version(version.data(), version.size()) == kSuccess) {
    answer.driver = text_in(version);
  }
  read_devices(nvml, answer);
  nvml.shutdown();
  return answer;
}

}  // namespace aim::providers
