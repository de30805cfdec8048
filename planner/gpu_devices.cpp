#include "planner/gpu_devices.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "core/result.hpp"

namespace aim::planner {

using core::Gpu;
using core::GpuVendor;
using core::List;
using core::Map;
using core::Value;

namespace {

// What published commands for both engines use; Docker's own 64 MiB ends them.
constexpr std::int64_t kSharedMemory = std::int64_t{16} << 30U;

List list_of(const std::set<std::string>& texts) { return {texts.begin(), texts.end()}; }

Value nvidia_request(const std::vector<Gpu>& gpus, const std::vector<std::string>& cdi_devices) {
  List uuids;
  List names;
  for (const Gpu& gpu : gpus) {
    std::string name = "nvidia.com/gpu=" + gpu.id;
    const bool known = std::find(cdi_devices.begin(), cdi_devices.end(), name) != cdi_devices.end();
    uuids.emplace_back(gpu.id);
    if (known) {
      names.emplace_back(std::move(name));
    }
  }
  if (names.size() == gpus.size()) {
    return Map{{"driver", "cdi"}, {"ids", std::move(names)}};
  }
  return Map{{"capabilities", List{"gpu"}}, {"ids", std::move(uuids)}};
}

/// "HOST:CONTAINER" where the host has it elsewhere than a container expects it, else one path.
std::string as_device(const std::string& node) {
  const std::size_t dev = node.rfind("/dev/");
  return dev == 0 || dev == std::string::npos ? node : node + ":" + node.substr(dev);
}

void add_amd(const std::vector<Gpu>& gpus, Map& attributes) {
  List devices;
  std::set<std::string> groups;
  for (const Gpu& gpu : gpus) {
    if (devices.empty()) {
      devices.emplace_back(as_device(gpu.control_node));
    }
    devices.emplace_back(as_device(gpu.device_node));
    for (const std::uint32_t group : gpu.groups) {
      groups.insert(std::to_string(group));
    }
  }
  attributes.emplace("devices", std::move(devices));
  attributes.emplace("security_opt", List{"seccomp=unconfined"});
  if (!groups.empty()) {
    attributes.emplace("group_add", list_of(groups));
  }
}

}  // namespace

Map gpu_attributes(const std::vector<Gpu>& gpus, const std::vector<std::string>& cdi_devices) {
  Map attributes;
  if (gpus.empty()) {
    return attributes;
  }
  const GpuVendor vendor = gpus.front().vendor;
  AIM_CHECK(
      std::all_of(gpus.begin(), gpus.end(), [&](const Gpu& gpu) { return gpu.vendor == vendor; }));
  const bool declared = std::any_of(gpus.begin(), gpus.end(), [](const Gpu& gpu) {
    return gpu.health == core::GpuHealth::Unknown;
  });
  switch (vendor) {
    case GpuVendor::Nvidia:
      attributes.emplace("gpus",
                         declared ? Value(core::Unknown()) : nvidia_request(gpus, cdi_devices));
      break;
    case GpuVendor::Amd:
      if (declared) {
        attributes.emplace("devices", core::Unknown());
      } else {
        add_amd(gpus, attributes);
      }
      break;
  }
  attributes.emplace("shm_size", kSharedMemory);
  return attributes;
}

void add_gpu_attributes(Map& container, const Map& gpu_attributes) {
  const std::string ipc = core::string_at(container, "ipc").value_or("");
  for (const auto& [name, value] : gpu_attributes) {
    if (name == "shm_size" && (ipc == "host" || ipc.starts_with("container:"))) {
      continue;
    }
    const auto present = container.find(name);
    if (present == container.end() || present->second.is_null()) {
      container.insert_or_assign(name, value);
      continue;
    }
    List* own = present->second.get<List>();
    const List* more = value.get<List>();
    for (const Value& item : own&& more ? *more : List()) {
      if (std::find(own->begin(), own->end(), item) == own->end()) {
        own->push_back(item);
      }
    }
  }
}

}  // namespace aim::planner
