#include "planner/gpu_holders.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <tuple>

#include "planner/identity.hpp"

namespace aim::planner {

using core::ContainerStatus;
using core::Gpu;
using core::GpuVendor;
using core::List;
using core::Map;
using core::ObservedContainer;
using core::Value;

namespace {

constexpr std::string_view kNone = "none";
constexpr std::string_view kDefaultWorkspace = "default";
constexpr std::string_view kNvidiaCdi = "nvidia.com/gpu=";
constexpr std::string_view kAmdCdi = "amd.com/gpu=";

std::vector<std::string> parts_of(std::string_view text) {
  std::vector<std::string> parts;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find(','), text.size());
    if (end > 0) {
      parts.emplace_back(text.substr(0, end));
    }
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return parts;
}

std::optional<int> number_from(std::string_view text) {
  int number = 0;
  const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), number);
  return failed == std::errc() && end == text.data() + text.size() ? std::optional(number)
                                                                   : std::nullopt;
}

bool is_up(ContainerStatus status) {
  return status == ContainerStatus::Running || status == ContainerStatus::Paused ||
         status == ContainerStatus::Restarting;
}

std::string label_of(const core::Labels& labels, const char* key) {
  const auto found = labels.find(key);
  return found == labels.end() ? std::string() : found->second;
}

/// What a container was given, as ids.
class Claims {
 public:
  explicit Claims(const std::vector<Gpu>& gpus) : gpus_(gpus) {}

  [[nodiscard]] std::vector<std::string> of(const Map& attributes) {
    if (const Value* gpus = core::find(attributes, "gpus"); gpus && gpus->is<Map>()) {
      add_request(*gpus->get<Map>());
    }
    for (const std::string& device : texts(attributes, "devices")) {
      add_device(device.substr(0, device.find(':')));
    }
    const std::string runtime = core::string_at(attributes, "runtime").value_or("");
    if (const Value* env = core::find(attributes, "env"); env && env->is<Map>()) {
      const Map& variables = *env->get<Map>();
      if (runtime == "nvidia") {
        add_list(GpuVendor::Nvidia, core::string_at(variables, "NVIDIA_VISIBLE_DEVICES"));
      } else if (runtime == "amd") {
        add_list(GpuVendor::Amd, core::string_at(variables, "AMD_VISIBLE_DEVICES"));
      }
    }
    std::vector<std::string> ids;
    for (const Gpu& gpu : gpus_) {
      if (std::find(ids_.begin(), ids_.end(), gpu.id) != ids_.end()) {
        ids.push_back(gpu.id);
      }
    }
    return ids;
  }

 private:
  static std::vector<std::string> texts(const Map& map, std::string_view key) {
    std::vector<std::string> found;
    const Value* value = core::find(map, key);
    for (const Value& item : value && value->is<List>() ? *value->get<List>() : List()) {
      if (const std::string* text = item.get<std::string>()) {
        found.push_back(*text);
      }
    }
    return found;
  }

  /// Docker gives device requests to NVIDIA's driver wherever there is one.
  [[nodiscard]] GpuVendor vendor_of_requests() const {
    const bool nvidia = std::any_of(
        gpus_.begin(), gpus_.end(), [](const Gpu& gpu) { return gpu.vendor == GpuVendor::Nvidia; });
    return nvidia ? GpuVendor::Nvidia : GpuVendor::Amd;
  }

  void add_request(const Map& request) {
    const std::string count = core::string_at(request, "count").value_or("");
    if (count == "all") {
      add_all(vendor_of_requests());
    } else if (const auto number = number_from(count)) {
      // Two means the first two, not any two that are free.
      for (int i = 0; i < *number; ++i) {
        add_number(vendor_of_requests(), i);
      }
    }
    for (const std::string& id : texts(request, "ids")) {
      if (id.starts_with(kNvidiaCdi)) {
        add_word(GpuVendor::Nvidia, id.substr(kNvidiaCdi.size()));
      } else if (id.starts_with(kAmdCdi)) {
        add_word(GpuVendor::Amd, id.substr(kAmdCdi.size()));
      } else {
        add_word(vendor_of_requests(), id);
      }
    }
  }

  void add_device(const std::string& path) {
    for (const Gpu& gpu : gpus_) {
      // A directory stands for all the devices in it.
      if (gpu.device_node == path ||
          (path == "/dev/dri" && gpu.device_node.starts_with("/dev/dri/"))) {
        ids_.push_back(gpu.id);
      }
    }
  }

  /// "0,1", "0-3", "all", ids; "none" and "void" name nothing.
  void add_list(GpuVendor vendor, const std::optional<std::string>& list) {
    for (const std::string& word : parts_of(list.value_or(""))) {
      const std::size_t dash = word.find('-');
      const auto first = number_from(word.substr(0, dash));
      const auto last = dash == std::string::npos ? first : number_from(word.substr(dash + 1));
      if (dash != std::string::npos && first && last) {
        for (int i = *first; i <= std::min(*last, *first + static_cast<int>(gpus_.size())); ++i) {
          add_number(vendor, i);
        }
      } else {
        add_word(vendor, word);
      }
    }
  }

  void add_word(GpuVendor vendor, const std::string& word) {
    if (word == "all") {
      add_all(vendor);
    } else if (const auto number = number_from(word)) {
      add_number(vendor, *number);
    } else {
      ids_.push_back(word);
    }
  }

  void add_all(GpuVendor vendor) {
    for (const Gpu& gpu : gpus_) {
      if (gpu.vendor == vendor) {
        ids_.push_back(gpu.id);
      }
    }
  }

  /// The vendors count their own.
  void add_number(GpuVendor vendor, int number) {
    for (const Gpu& gpu : gpus_) {
      if (gpu.vendor == vendor && number-- == 0) {
        ids_.push_back(gpu.id);
      }
    }
  }

  const std::vector<Gpu>& gpus_;
  std::vector<std::string> ids_;
};

/// A container with birth labels.
struct Labelled {
  GpuHolder holder;
  std::int64_t generation = 0;
  bool up = false;
};

Labelled labelled(const ObservedContainer& container,
                  const std::string& project,
                  const std::string& workspace) {
  Labelled one;
  const core::Labels& labels = container.labels;
  const GpuGrant grant = grant_from_label(label_of(labels, core::label::kGpus));
  const std::string address = label_of(labels, core::label::kAddress);
  const std::string other_workspace = label_of(labels, core::label::kWorkspace);
  one.holder.ids = grant.ids;
  one.holder.share_percent = grant.share_percent;
  const bool is_default = other_workspace.empty() || other_workspace == kDefaultWorkspace;
  one.holder.name = address.empty() ? "container " + container.name
                                    : fmt::format("{} of project {}{}",
                                                  address,
                                                  label_of(labels, core::label::kProject),
                                                  is_default ? "" : "/" + other_workspace);
  if (claims(labels, project, workspace)) {
    if (auto parsed = core::Address::parse(address)) {
      one.holder.address = std::move(*parsed);
    }
  }
  one.generation = number_from(label_of(labels, core::label::kGeneration)).value_or(0);
  one.up = is_up(container.state.status);
  return one;
}

}  // namespace

std::string gpus_label(const GpuGrant& grant) {
  std::string text;
  for (const std::string& id : grant.ids) {
    text += (text.empty() ? "" : ",") + id;
  }
  return grant.share_percent == kWholeGpu ? text : fmt::format("{}@{}", text, grant.share_percent);
}

GpuGrant grant_from_label(std::string_view label) {
  GpuGrant grant;
  if (label == kNone) {
    return grant;
  }
  if (const std::size_t at = label.rfind('@'); at != std::string_view::npos) {
    const std::optional<int> percent = number_from(label.substr(at + 1));
    if (percent && *percent > 0 && *percent < kWholeGpu) {
      grant.share_percent = *percent;
    }
    label = label.substr(0, at);
  }
  grant.ids = parts_of(label);
  return grant;
}

std::vector<GpuHolder> gpu_holders(const std::vector<ObservedContainer>& containers,
                                   const std::vector<Gpu>& gpus,
                                   const std::string& project,
                                   const std::string& workspace) {
  std::vector<GpuHolder> holders;
  std::map<std::string, std::vector<Labelled>> generations;  // by name of the holder
  for (const ObservedContainer& container : containers) {
    if (container.labels.contains(core::label::kGpus)) {
      Labelled one = labelled(container, project, workspace);
      if (!one.holder.ids.empty()) {
        std::string name = one.holder.name;
        generations[std::move(name)].push_back(std::move(one));
      }
    } else if (is_up(container.state.status)) {
      GpuHolder holder;
      holder.name = "container " + container.name;
      holder.ids = Claims(gpus).of(container.attributes);
      if (!holder.ids.empty()) {
        holders.push_back(std::move(holder));
      }
    }
  }
  for (auto& [name, all] : generations) {
    // A predecessor that is only kept stopped has given its GPUs up.
    std::stable_sort(all.begin(), all.end(), [](const Labelled& a, const Labelled& b) {
      return a.generation > b.generation;
    });
    for (std::size_t i = 0; i < all.size(); ++i) {
      if (i == 0 || all[i].up) {
        holders.push_back(std::move(all[i].holder));
      }
    }
  }
  std::stable_sort(holders.begin(), holders.end(), [](const GpuHolder& a, const GpuHolder& b) {
    return std::tie(a.name, a.ids) < std::tie(b.name, b.ids);
  });
  return holders;
}

bool may_hold_gpus(const core::ContainerSummary& container) {
  return is_up(container.status) || container.labels.contains(core::label::kGpus);
}

}  // namespace aim::planner
