#include "providers/gpu/nvidia.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <sstream>

#include "core/gpu_models.hpp"
#include "providers/gpu/nvidia_smi.hpp"
#include "providers/gpu/nvml.hpp"
#include "providers/gpu/sysfs.hpp"
#include "providers/host/program.hpp"

namespace aim::providers {

namespace fs = std::filesystem;
using core::Gpu;
using core::GpuVendor;
using core::InventoryFault;
using sysfs::PciCard;

namespace {

/// /proc/driver/nvidia/gpus/<address>/information
struct ProcEntry {
  std::string model;
  std::string uuid;  ///< empty until the card was used once
  std::optional<std::uint64_t> minor;
  bool excluded = false;
};

ProcEntry read_proc_entry(const fs::path& file) {
  ProcEntry entry;
  std::istringstream lines(sysfs::text_of(file).value_or(""));
  std::string line;
  while (std::getline(lines, line)) {
    const std::size_t colon = line.find(':');
    const std::size_t begin =
        colon == std::string::npos ? colon : line.find_first_not_of(" \t", colon + 1);
    if (begin == std::string::npos) {
      continue;
    }
    const std::string key = line.substr(0, colon);
    const std::string value = line.substr(begin, line.find_last_not_of(" \t\r") + 1 - begin);
    if (key == "Model") {
      entry.model = value;
    } else if (key == "GPU UUID") {
      entry.uuid = value;
    } else if (key == "Device Minor") {
      entry.minor = sysfs::number_from(value);
    } else if (key == "GPU Excluded") {
      entry.excluded = value == "Yes";
    }
  }
  return entry;
}

std::string remedy_for(const std::string& message) {
  if (message.find("versions") != std::string::npos) {
    return "The driver was upgraded while the old one was loaded: restart the machine.";
  }
  return "See what `nvidia-smi` says, and the kernel with `dmesg | grep NVRM`.";
}

class NvidiaLook {
 public:
  NvidiaLook(const GpuSources& sources, std::stop_token stop)
      : sources_(sources), stop_(std::move(stop)) {}

  VendorReport run() {
    cards_ = sysfs::pci_cards(sources_.sys, GpuVendor::Nvidia);
    const fs::path driver = sources_.proc / "driver/nvidia";
    for (const std::string& name : sysfs::names_in(driver / "gpus")) {
      entries_.emplace(sysfs::pci_address(name),
                       read_proc_entry(driver / "gpus" / name / "information"));
    }
    std::error_code failed;
    driver_loaded_ = fs::exists(driver / "version", failed);
    NvidiaAnswer answer = ask();
    report_.driver = answer.driver;
    for (const NvidiaRow& row : answer.rows) {
      if (!row.pci_address.empty()) {
        add_row(row);
      }
    }
    add_silent_cards(answer);
    tell_about_driver(answer);
    std::sort(report_.gpus.begin(), report_.gpus.end(), [](const Gpu& a, const Gpu& b) {
      return a.pci_address < b.pci_address;
    });
    return std::move(report_);
  }

 private:
  /// NVML; the program when there is no NVML, and when NVML refuses, since it may say more.
  NvidiaAnswer ask() {
    NvidiaAnswer answer = ask_nvml(sources_.nvml);
    const bool anything = !cards_.empty() || driver_loaded_;
    if (answer.fault == NvidiaFault::None || !anything) {
      return answer;
    }
    const auto program = find_program(sources_.nvidia_smi);
    if (!program) {
      return answer;
    }
    NvidiaAnswer second = ask_program(*program);
    return second.fault == NvidiaFault::None || answer.fault == NvidiaFault::Absent
               ? std::move(second)
               : std::move(answer);
  }

  core::Result<ProgramOutput> run(const fs::path& program,
                                  const std::vector<std::string>& arguments) {
    return run_program(program, arguments, ProgramLimits{sources_.program_timeout}, stop_);
  }

  static NvidiaAnswer broken(std::string message) {
    NvidiaAnswer answer;
    answer.fault = NvidiaFault::Broken;
    answer.message = std::move(message);
    return answer;
  }

  NvidiaAnswer ask_program(const fs::path& program) {
    const std::string format = "--format=csv,noheader,nounits";
    const auto gpus = run(program, {std::string("--query-gpu=") + nvidia_smi::kGpuFields, format});
    if (!gpus) {
      return broken(gpus.error().message);
    }
    if (gpus->exit_code != 0) {
      // A driver that does not know a field refuses the whole question.
      return gpus->out.find("not a valid field") != std::string::npos
                 ? ask_for_xml(program)
                 : nvidia_smi::read_failure(gpus->exit_code, gpus->out + gpus->err);
    }
    core::Result<NvidiaAnswer> answer = nvidia_smi::read_gpus(gpus->out);
    if (!answer) {
      return ask_for_xml(program);
    }
    const auto processes =
        run(program, {std::string("--query-compute-apps=") + nvidia_smi::kProcessFields, format});
    if (processes && processes->exit_code == 0) {
      nvidia_smi::add_processes(processes->out, *answer);
    }
    return std::move(*answer);
  }

  NvidiaAnswer ask_for_xml(const fs::path& program) {
    const auto document = run(program, {"-q", "-x"});
    if (!document) {
      return broken(document.error().message);
    }
    if (document->exit_code != 0) {
      return nvidia_smi::read_failure(document->exit_code, document->out + document->err);
    }
    core::Result<NvidiaAnswer> answer = nvidia_smi::read_xml(document->out);
    return answer ? std::move(*answer)
                  : broken(fmt::format(
                        "{} cannot be understood: {}", program.string(), answer.error().message));
  }

  /// What is known of a card besides what the driver's own tools say.
  void complete(Gpu& gpu,
                std::optional<std::uint16_t> pci_device,
                std::optional<std::uint64_t> minor) {
    const auto card = std::find_if(cards_.begin(), cards_.end(), [&](const PciCard& candidate) {
      return candidate.address == gpu.pci_address;
    });
    if (!pci_device && card != cards_.end()) {
      pci_device = card->device;
    }
    const auto entry = entries_.find(gpu.pci_address);
    if (entry != entries_.end()) {
      gpu.product = gpu.product.empty() ? entry->second.model : gpu.product;
      gpu.id = gpu.id.empty() ? entry->second.uuid : gpu.id;
      minor = minor ? minor : entry->second.minor;
      if (entry->second.excluded) {
        set_faulty(gpu, "the driver was told to leave it out");
      }
    }
    gpu.id = gpu.id.empty() ? gpu.pci_address : gpu.id;
    gpu.model = model_name(GpuVendor::Nvidia, pci_device, gpu.product, gpu.memory_bytes);
    const core::GpuModel* model = core::gpu_model_named(gpu.model);
    if (gpu.architecture.empty() && model != nullptr) {
      gpu.architecture = model->architecture;
    }
    if (minor) {
      gpu.device_node = fmt::format("/dev/nvidia{}", *minor);
      gpu.groups = sysfs::groups_of({sources_.dev / fmt::format("nvidia{}", *minor)});
    }
  }

  void add_row(const NvidiaRow& row) {
    Gpu gpu;
    gpu.vendor = GpuVendor::Nvidia;
    gpu.pci_address = row.pci_address;
    gpu.id = row.uuid;
    gpu.product = row.product;
    gpu.memory_bytes = row.memory_bytes;
    gpu.used_bytes = row.used_bytes;
    gpu.pids = row.pids;
    if (!row.compute.empty()) {
      std::string version = row.compute;
      version.erase(std::remove(version.begin(), version.end(), '.'), version.end());
      gpu.architecture = "sm_" + version;
    }
    if (row.mig) {
      gpu.partition.compute = "MIG";
    }
    if (!row.fault.empty()) {
      set_faulty(gpu, row.fault);
    } else if (row.memory_bytes == 0 && !row.mig && row.used_bytes) {
      set_faulty(gpu, "it reports no memory");
    }
    complete(gpu, row.pci_device, row.minor);
    report_.gpus.push_back(std::move(gpu));
  }

  /// Cards that are on the bus and that the driver does not speak of: they keep their place, so
  /// that the others keep their index.
  void add_silent_cards(const NvidiaAnswer& answer) {
    std::vector<std::string> faults;
    for (const NvidiaRow& row : answer.rows) {
      if (row.pci_address.empty()) {
        faults.push_back(row.fault);
      }
    }
    std::size_t next = 0;
    for (const PciCard& card : cards_) {
      const bool told = std::any_of(report_.gpus.begin(), report_.gpus.end(), [&](const Gpu& gpu) {
        return gpu.pci_address == card.address;
      });
      if (told) {
        continue;
      }
      Gpu gpu;
      gpu.vendor = GpuVendor::Nvidia;
      gpu.pci_address = card.address;
      if (answer.fault != NvidiaFault::None) {
        set_faulty(gpu, driver_loaded_ ? answer.message : "the kernel driver is not loaded");
      } else if (next < faults.size()) {
        set_faulty(gpu, faults[next++]);
      } else {
        set_faulty(gpu, "the driver does not report it");
      }
      complete(gpu, card.device, std::nullopt);
      report_.gpus.push_back(std::move(gpu));
    }
  }

  void tell_about_driver(const NvidiaAnswer& answer) {
    const std::size_t count = report_.gpus.size();
    const auto lame = std::count_if(report_.gpus.begin(), report_.gpus.end(), [](const Gpu& gpu) {
      return gpu.health == core::GpuHealth::Faulty;
    });
    const char* plural = count == 1 ? "" : "s";
    if (answer.fault != NvidiaFault::None && count > 0 && !driver_loaded_) {
      report_.problems.push_back(
          {InventoryFault::NoDriver,
           GpuVendor::Nvidia,
           fmt::format("{} NVIDIA GPU{} on the PCI bus, but the kernel driver is not loaded.",
                       count,
                       count == 1 ? " is" : "s are"),
           "Load it with `modprobe nvidia`, or install NVIDIA's driver."});
    } else if (answer.fault == NvidiaFault::Absent && count > 0) {
      report_.problems.push_back(
          {InventoryFault::ToolFailed,
           GpuVendor::Nvidia,
           fmt::format("The kernel driver has {} NVIDIA GPU{}, but neither NVML nor nvidia-smi is "
                       "here to tell about {}.",
                       count,
                       plural,
                       count == 1 ? "it" : "them"),
           "Install the driver's libraries and programs."});
    } else if (answer.fault != NvidiaFault::None && (count > 0 || driver_loaded_)) {
      report_.problems.push_back({InventoryFault::DriverBroken,
                                  GpuVendor::Nvidia,
                                  fmt::format("NVIDIA's driver does not work: {}.", answer.message),
                                  remedy_for(answer.message)});
    } else if (answer.fault == NvidiaFault::None && lame > 0) {
      report_.problems.push_back(
          {InventoryFault::DriverBroken,
           GpuVendor::Nvidia,
           fmt::format(
               "NVIDIA's driver works, but {} of {} GPU{} cannot be used.", lame, count, plural),
           "See what `nvidia-smi` says, and the kernel with `dmesg | grep NVRM`."});
    }
  }

  const GpuSources& sources_;
  std::stop_token stop_;
  std::vector<PciCard> cards_;
  std::map<std::string, ProcEntry> entries_;  ///< by address
  bool driver_loaded_ = false;
  VendorReport report_;
};

}  // namespace

VendorReport look_for_nvidia(const GpuSources& sources, std::stop_token stop) {
  return NvidiaLook(sources, std::move(stop)).run();
}

}  // namespace aim::providers
