#include "planner/host_gpus.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>

namespace aim::planner {

using core::Diagnostics;
using core::Gpu;

namespace {

/// "7 MI300X and 1 T4"
std::string models_of(const std::vector<Gpu>& gpus) {
  std::map<std::string, int> counts;
  for (const Gpu& gpu : gpus) {
    ++counts[gpu.model];
  }
  std::string text;
  std::size_t written = 0;
  for (const auto& [model, count] : counts) {
    text += written == 0 ? "" : written + 1 == counts.size() ? " and " : ", ";
    text += fmt::format("{} {}", count, model);
    ++written;
  }
  return text;
}

std::vector<Gpu> made_up(const DeclaredGpus& declared, const std::vector<std::string>& known_ids) {
  const core::GpuModel* model = core::gpu_model_named(declared.model);
  AIM_CHECK(model != nullptr);
  std::vector<Gpu> gpus;
  for (int index = 0; index < declared.count; ++index) {
    const auto position = static_cast<std::size_t>(index);
    Gpu gpu;
    gpu.index = index;
    gpu.id = position < known_ids.size() ? known_ids[position] : fmt::format("declared-{}", index);
    gpu.vendor = model->vendor;
    gpu.model = model->name;
    gpu.architecture = model->architecture;
    gpu.memory_bytes = model->memory_bytes;
    gpu.health = core::GpuHealth::Unknown;
    gpus.push_back(std::move(gpu));
  }
  return gpus;
}

void compare(const std::vector<Gpu>& gpus, const DeclaredGpus& declared, Diagnostics& diagnostics) {
  const auto of_model = std::count_if(
      gpus.begin(), gpus.end(), [&](const Gpu& gpu) { return gpu.model == declared.model; });
  if (of_model < declared.count) {
    diagnostics.error("GPUs missing",
                      fmt::format("`hosts.local.gpus` expects {} {}, and this host has {}. Look "
                                  "with `aim gpus` for what is wrong with the cards, or correct "
                                  "the declaration.",
                                  declared.count,
                                  declared.model,
                                  models_of(gpus)),
                      declared.range);
  } else if (static_cast<std::ptrdiff_t>(gpus.size()) > declared.count) {
    diagnostics.note("More GPUs than declared",
                     fmt::format("`hosts.local.gpus` expects {} {}, and this host has {}. All of "
                                 "them are used; `exclude` keeps some out.",
                                 declared.count,
                                 declared.model,
                                 models_of(gpus)),
                     declared.range);
  }
}

}  // namespace

HostGpus host_gpus(const core::Inventory& found,
                   const std::optional<DeclaredGpus>& declared,
                   const std::vector<std::string>& known_ids,
                   Diagnostics& diagnostics) {
  HostGpus host;
  host.gpus = found.gpus;
  host.source = found.gpus.empty() ? GpuSource::None : GpuSource::Found;
  if (!declared) {
    return host;
  }
  host.excluded = declared->exclude;
  if (host.source == GpuSource::None && declared->count > 0) {
    host.source = GpuSource::Declared;
    host.gpus = made_up(*declared, known_ids);
    diagnostics.warning("Planned without GPUs",
                        fmt::format("This host has no GPU, so the plan is made for the {} {} of "
                                    "`hosts.local.gpus`. It can be applied only where they are.",
                                    declared->count,
                                    declared->model),
                        declared->range);
  } else if (host.source == GpuSource::Found && declared->count > 0) {
    compare(host.gpus, *declared, diagnostics);
  }
  for (const std::string& written : host.excluded) {
    if (host.source != GpuSource::None && core::find_gpu(host.gpus, written) == nullptr) {
      diagnostics.warning("No such GPU",
                          fmt::format("`hosts.local.gpus` excludes GPU {}, and there is none of "
                                      "that index or id. `aim gpus` shows them.",
                                      written),
                          declared->range);
    }
  }
  return host;
}

}  // namespace aim::planner
