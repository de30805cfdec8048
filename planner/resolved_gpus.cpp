#include "planner/resolved_gpus.hpp"

#include <algorithm>
#include <set>

#include "planner/allocation_text.hpp"
#include "planner/gpu_devices.hpp"

namespace aim::planner {

using core::Gpu;
using core::List;
using core::Map;
using core::Value;

namespace {

std::vector<std::string> texts_of(const Value* value) {
  std::vector<std::string> texts;
  const List* list = value ? value->get<List>() : nullptr;
  for (const Value& item : list ? *list : List()) {
    if (const std::string* text = item.get<std::string>()) {
      texts.push_back(*text);
    }
  }
  return texts;
}

bool contains(const std::vector<std::string>& all, const std::string& one) {
  return std::find(all.begin(), all.end(), one) != all.end();
}

/// Ids of GPUs that nobody may have, as written: indices or ids.
std::set<std::string> excluded_ids(const HostGpus& host) {
  std::set<std::string> ids;
  for (const std::string& written : host.excluded) {
    if (const Gpu* gpu = core::find_gpu(host.gpus, written)) {
      ids.insert(gpu->id);
    }
  }
  return ids;
}

}  // namespace

GpuRequest gpu_request(const Map& endpoint) {
  GpuRequest request;
  const Value* value = core::find(endpoint, "gpus");
  const Map* members = value ? value->get<Map>() : nullptr;
  if (members == nullptr) {
    return request;
  }
  if (const auto count = core::integer_at(*members, "count")) {
    request.count = static_cast<int>(*count);
  }
  request.ids = texts_of(core::find(*members, "ids"));
  if (const auto share = core::string_at(*members, "share")) {
    request.share_percent = std::stoi(*share);  // "25%", which decoding has checked
  }
  return request;
}

std::optional<int> requested_count(const GpuRequest& request) {
  return request.ids.empty() ? request.count : static_cast<int>(request.ids.size());
}

GpuGrant grant_of(const Map& endpoint) {
  return {texts_of(core::find(endpoint, "gpu_ids")), gpu_request(endpoint).share_percent};
}

std::vector<recipes::GpuGroup> gpu_groups(const HostGpus& host,
                                          const core::Address& address,
                                          const GpuRequest& request,
                                          const std::vector<GpuHolder>& holders,
                                          const std::map<core::Address, GpuGrant>& ours) {
  std::set<std::string> taken = excluded_ids(host);
  if (!requested_count(request)) {
    for (const GpuHolder& holder : holders) {
      if (holder.address != address) {
        taken.insert(holder.ids.begin(), holder.ids.end());
      }
    }
    for (const auto& [other, grant] : ours) {
      if (other != address) {
        taken.insert(grant.ids.begin(), grant.ids.end());
      }
    }
  }
  std::vector<const Gpu*> wanted;
  for (const std::string& written : request.ids) {
    if (const Gpu* gpu = core::find_gpu(host.gpus, written)) {
      wanted.push_back(gpu);
    }
  }
  std::map<std::string, recipes::GpuGroup> groups;
  for (const Gpu& gpu : host.gpus) {
    const bool named =
        request.ids.empty() || std::find(wanted.begin(), wanted.end(), &gpu) != wanted.end();
    if (!named || taken.contains(gpu.id) || !unusable_reason(gpu).empty()) {
      continue;
    }
    recipes::GpuGroup& group = groups[gpu.model];
    const auto memory = static_cast<std::int64_t>(gpu.memory_bytes);
    group.model = gpu.model;
    group.vendor = gpu.vendor == core::GpuVendor::Amd ? "amd" : "nvidia";
    // What fits has to fit into the smallest of them.
    group.memory_bytes = group.count == 0 ? memory : std::min(group.memory_bytes, memory);
    ++group.count;
  }
  std::vector<recipes::GpuGroup> result;
  for (auto& [model, group] : groups) {
    result.push_back(std::move(group));
  }
  return result;
}

std::vector<std::string> models_for(const std::string& hardware,
                                    const HostGpus& host,
                                    const recipes::BackendLibrary* backends) {
  std::vector<std::string> models;
  for (const Gpu& gpu : host.gpus) {
    const recipes::Accelerator* here = backends ? backends->accelerator(gpu.model) : nullptr;
    const bool same = gpu.model == hardware || (here != nullptr && here->name == hardware);
    if (hardware != "any" && same && !contains(models, gpu.model)) {
      models.push_back(gpu.model);
    }
  }
  return models;
}

void add_gpus(Map& endpoint,
              const GpuGrant& grant,
              const HostGpus& host,
              const std::vector<std::string>& cdi_devices) {
  std::vector<Gpu> gpus;
  for (const Gpu& gpu : host.gpus) {
    if (contains(grant.ids, gpu.id)) {
      gpus.push_back(gpu);
    }
  }
  endpoint.insert_or_assign("gpu_ids", Value(List(grant.ids.begin(), grant.ids.end())));
  endpoint.insert_or_assign("gpu_devices", gpu_attributes(gpus, cdi_devices));
}

}  // namespace aim::planner
