#include "providers/gpu/amd.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <tuple>

#include "providers/gpu/amd_json.hpp"
#include "providers/gpu/kfd.hpp"
#include "providers/gpu/sysfs.hpp"
#include "providers/host/program.hpp"

namespace aim::providers {

namespace fs = std::filesystem;
using core::Gpu;
using core::GpuVendor;
using core::InventoryFault;
using sysfs::PciCard;

namespace {

constexpr std::uint32_t kAccelerator = 0x12;

class AmdLook {
 public:
  AmdLook(const GpuSources& sources, std::stop_token stop)
      : sources_(sources), stop_(std::move(stop)) {}

  VendorReport run() {
    for (PciCard& card : sysfs::pci_cards(sources_.sys, GpuVendor::Amd)) {
      std::string address = card.address;
      cards_.emplace(std::move(address), std::move(card));
    }
    std::error_code failed;
    driver_loaded_ = fs::exists(sources_.sys / "module/amdgpu", failed);
    report_.driver = sysfs::text_of(sources_.sys / "module/amdgpu/version").value_or("");
    add_nodes();
    driver_loaded_ = driver_loaded_ || !report_.gpus.empty();
    add_cards_without_nodes();
    if (driver_loaded_ && std::any_of(report_.gpus.begin(), report_.gpus.end(), is_incomplete)) {
      ask_programs();
    }
    for (Gpu& gpu : report_.gpus) {
      finish(gpu);
    }
    tell_about_driver();
    sort();
    return std::move(report_);
  }

 private:
  void tell_about_driver() {
    const auto lame = std::count_if(report_.gpus.begin(), report_.gpus.end(), [](const Gpu& gpu) {
      return gpu.health == core::GpuHealth::Faulty;
    });
    if (lame == 0) {
      return;
    }
    if (!driver_loaded_) {
      report_.problems.push_back(
          {InventoryFault::NoDriver,
           GpuVendor::Amd,
           fmt::format("{} AMD GPU{} on the PCI bus, but the kernel driver amdgpu is not loaded.",
                       lame,
                       lame == 1 ? " is" : "s are"),
           "Load it with `modprobe amdgpu`, or install AMD's driver."});
    } else {
      report_.problems.push_back(
          {InventoryFault::DriverBroken,
           GpuVendor::Amd,
           fmt::format("The kernel driver amdgpu is loaded, but {} of {} AMD GPU{} cannot be used.",
                       lame,
                       report_.gpus.size(),
                       report_.gpus.size() == 1 ? "" : "s"),
           "See what the kernel says with `dmesg | grep amdgpu`."});
    }
  }

  static bool is_incomplete(const Gpu& gpu) { return gpu.memory_bytes == 0 || gpu.model.empty(); }

  void add_nodes() {
    for (kfd::Node& node : kfd::nodes(sources_.sys)) {
      Gpu gpu;
      gpu.vendor = GpuVendor::Amd;
      gpu.pci_address = node.pci_address;
      gpu.architecture = std::move(node.architecture);
      gpu.memory_bytes = node.memory_bytes;
      gpu.used_bytes = node.used_bytes;
      gpu.device_node = fmt::format("/dev/dri/renderD{}", node.render_minor);
      gpu.pids = std::move(node.pids);
      device_[gpu.pci_address] = node.device;
      report_.gpus.push_back(std::move(gpu));
    }
    // Nodes come in order of address and render minor: parts of one card stand together.
    for (auto first = report_.gpus.begin(); first != report_.gpus.end();) {
      const auto last = std::find_if(first, report_.gpus.end(), [&](const Gpu& gpu) {
        return gpu.pci_address != first->pci_address;
      });
      set_parts(first, last);
      first = last;
    }
  }

  void set_parts(std::vector<Gpu>::iterator first, std::vector<Gpu>::iterator last) {
    const auto card = cards_.find(first->pci_address);
    const int count = static_cast<int>(last - first);
    for (int number = 0; first != last; ++first, ++number) {
      first->partition.number = number;
      first->partition.count = count;
      if (card != cards_.end()) {
        add_card(card->second, *first);
      }
      first->model = model_name(
          GpuVendor::Amd, device_[first->pci_address], first->product, first->memory_bytes);
    }
  }

  /// What the card's own directory says.
  static void add_card(const PciCard& card, Gpu& gpu) {
    const auto text = [&](const char* file) {
      return sysfs::text_of(card.directory / file).value_or("");
    };
    gpu.product = text("product_name");
    gpu.partition.compute = text("current_compute_partition");
    gpu.partition.memory = text("current_memory_partition");
    // These count the whole card.
    if (gpu.partition.count == 1) {
      if (gpu.memory_bytes == 0) {
        gpu.memory_bytes = sysfs::number_of(card.directory / "mem_info_vram_total").value_or(0);
      }
      if (!gpu.used_bytes) {
        gpu.used_bytes = sysfs::number_of(card.directory / "mem_info_vram_used");
      }
    }
  }

  /// Old graphics chips of boards are AMD's, too; they compute nothing and are not spoken of.
  static bool is_accelerator(const PciCard& card) {
    return card.device_class >> 16U == kAccelerator ||
           core::gpu_model_of(GpuVendor::Amd, card.device) != nullptr;
  }

  void add_cards_without_nodes() {
    for (const auto& [address, card] : cards_) {
      if (device_.contains(address) || !is_accelerator(card)) {
        continue;
      }
      Gpu gpu;
      gpu.vendor = GpuVendor::Amd;
      gpu.pci_address = address;
      gpu.device_node = sysfs::render_node(card);
      add_card(card, gpu);
      if (const core::GpuModel* model = core::gpu_model_of(GpuVendor::Amd, card.device)) {
        gpu.model = model->name;
        gpu.architecture = model->architecture;
      } else {
        gpu.model = gpu.product;
      }
      if (!driver_loaded_) {
        set_faulty(gpu, "the kernel driver amdgpu is not loaded");
      }
      report_.gpus.push_back(std::move(gpu));
    }
  }

  void ask_programs() {
    if (const auto amd_smi = find_program(sources_.amd_smi)) {
      if (ask_amd_smi(*amd_smi)) {
        return;
      }
    }
    if (const auto rocm_smi = find_program(sources_.rocm_smi)) {
      ask_rocm_smi(*rocm_smi);
    }
  }

  /// The program's answer, or nothing, with the problem added.
  std::optional<std::string> answer_of(const fs::path& program,
                                       const std::vector<std::string>& arguments) {
    const ProgramLimits limits{sources_.program_timeout};
    const auto output = run_program(program, arguments, limits, stop_);
    if (!output) {
      failed(program, output.error().message);
      return std::nullopt;
    }
    if (output->exit_code != 0) {
      const std::string& said = output->err.empty() ? output->out : output->err;
      failed(program,
             fmt::format("it ended with exit code {}: {}",
                         output->exit_code,
                         said.substr(0, said.find('\n'))));
      return std::nullopt;
    }
    return output->out;
  }

  void failed(const fs::path& program, const std::string& why) {
    report_.problems.push_back(
        {InventoryFault::ToolFailed,
         GpuVendor::Amd,
         fmt::format("{} did not tell about the GPUs: {}.", program.string(), why),
         "Run it by hand, and see what the kernel says with `dmesg | grep amdgpu`."});
  }

  bool ask_amd_smi(const fs::path& program) {
    const auto text =
        answer_of(program, {"static", "--json", "--asic", "--vram", "--bus", "--driver"});
    if (!text) {
      return false;
    }
    auto answer = amd_json::read_static(*text);
    if (!answer) {
      failed(program, answer.error().message);
      return false;
    }
    if (const auto usage = answer_of(program, {"metric", "--mem-usage", "--json"})) {
      if (const auto added = amd_json::add_memory_usage(*usage, *answer); !added) {
        failed(program, added.error().message);
      }
    }
    fill(*answer);
    return true;
  }

  void ask_rocm_smi(const fs::path& program) {
    const auto text = answer_of(program,
                                {"--showproductname",
                                 "--showmeminfo",
                                 "vram",
                                 "--showbus",
                                 "--showdriverversion",
                                 "--json"});
    if (!text) {
      return;
    }
    if (const auto answer = amd_json::read_rocm_smi(*text)) {
      fill(*answer);
    } else {
      failed(program, answer.error().message);
    }
  }

  void fill(const amd_json::Answer& answer) {
    if (report_.driver.empty()) {
      report_.driver = answer.driver;
    }
    for (Gpu& gpu : report_.gpus) {
      const auto row =
          std::find_if(answer.rows.begin(), answer.rows.end(), [&](const amd_json::Row& candidate) {
            return candidate.pci_address == gpu.pci_address;
          });
      if (!is_incomplete(gpu) || gpu.partition.count > 1 || row == answer.rows.end()) {
        continue;
      }
      gpu.product = gpu.product.empty() ? row->product : gpu.product;
      gpu.architecture = gpu.architecture.empty() ? row->architecture : gpu.architecture;
      gpu.memory_bytes = gpu.memory_bytes == 0 ? row->memory_bytes.value_or(0) : gpu.memory_bytes;
      gpu.used_bytes = gpu.used_bytes ? gpu.used_bytes : row->used_bytes;
      if (gpu.model.empty()) {
        gpu.model = model_name(GpuVendor::Amd, row->pci_device, gpu.product, gpu.memory_bytes);
      }
    }
  }

  void finish(Gpu& gpu) {
    gpu.control_node = "/dev/kfd";
    gpu.id = gpu.partition.count == 1 ? gpu.pci_address
                                      : fmt::format("{}/{}", gpu.pci_address, gpu.partition.number);
    if (gpu.health == core::GpuHealth::Faulty) {
      return;
    }
    const fs::path kfd = sources_.dev / "kfd";
    const fs::path render = sources_.dev / fs::path(gpu.device_node).lexically_relative("/dev");
    std::error_code failed;
    if (gpu.device_node.empty()) {
      set_faulty(gpu, "the kernel made no render node for it");
    } else if (!fs::exists(kfd, failed)) {
      set_faulty(gpu, "there is no /dev/kfd, so nothing can compute on it");
    } else if (!fs::exists(render, failed)) {
      set_faulty(gpu, fmt::format("there is no {}", gpu.device_node));
    } else if (gpu.memory_bytes == 0) {
      set_faulty(gpu, "it reports no memory");
    }
    gpu.groups = sysfs::groups_of({kfd, render});
  }

  void sort() {
    std::sort(report_.gpus.begin(), report_.gpus.end(), [](const Gpu& a, const Gpu& b) {
      return std::tie(a.pci_address, a.partition.number) <
             std::tie(b.pci_address, b.partition.number);
    });
  }

  const GpuSources& sources_;
  std::stop_token stop_;
  std::map<std::string, PciCard> cards_;         ///< by address
  std::map<std::string, std::uint16_t> device_;  ///< PCI ids of what KFD has, by address
  bool driver_loaded_ = false;
  VendorReport report_;
};

}  // namespace

VendorReport look_for_amd(const GpuSources& sources, std::stop_token stop) {
  return AmdLook(sources, std::move(stop)).run();
}

}  // namespace aim::providers
