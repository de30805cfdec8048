#include "planner/configuration_gpus.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "core/gpu_models.hpp"
#include "planner/schema_normalise.hpp"

namespace aim::planner {

using core::Diagnostics;
using core::MapEntry;
using core::Node;
using core::Value;

namespace {

constexpr std::string_view kName = "`hosts.local.gpus`";
// More than any machine has; a larger number is a slip of the finger.
constexpr std::int64_t kMostGpus = 1024;

std::optional<std::int64_t> index_of(const std::string& written) {
  std::int64_t index = 0;
  const char* end = written.data() + written.size();
  const auto [stopped, failed] = std::from_chars(written.data(), end, index);
  return failed == std::errc() && stopped == end ? std::optional(index) : std::nullopt;
}

class DeclarationReader {
 public:
  DeclarationReader(const ConfigurationInput& input,
                    InterpolationScope scope,
                    Diagnostics& diagnostics)
      : interpolator_(input, with_place(std::move(scope)), diagnostics),
        diagnostics_(diagnostics) {}

  std::optional<DeclaredGpus> read(const MapEntry& gpus) {
    const Node::Entries* entries = map_entries(gpus.value, kName, diagnostics_);
    if (entries == nullptr) {
      return std::nullopt;
    }
    declared_.range = gpus.key_range;
    for (const MapEntry& entry : *entries) {
      if (entry.key == "model") {
        read_model(entry);
      } else if (entry.key == "count") {
        read_count(entry);
      } else if (entry.key == "exclude") {
        read_exclude(entry);
      } else if (!is_free_key(entry.key)) {
        report_unknown_key(entry, kName, {"model", "count", "exclude"}, diagnostics_);
        valid_ = false;
      }
    }
    check_together(gpus);
    return valid_ ? std::optional(std::move(declared_)) : std::nullopt;
  }

 private:
  static InterpolationScope with_place(InterpolationScope scope) {
    scope.where = fmt::format("in {}", kName);
    return scope;
  }

  void wrong(std::string summary, std::string detail, const core::SourceRange& range) {
    diagnostics_.error(std::move(summary), std::move(detail), range);
    valid_ = false;
  }

  void wrong_type(std::string_view key,
                  std::string_view expected,
                  const Value& value,
                  const Node& node) {
    wrong("Wrong type",
          fmt::format(
              "`hosts.local.gpus{}` must be {}, but it is {}.", key, expected, describe(value)),
          node.range);
  }

  void read_model(const MapEntry& entry) {
    has_model_ = true;
    const Value value = interpolator_.value_of(entry.value);
    if (is_broken(value)) {
      valid_ = false;
      return;
    }
    const std::string* text = value.get<std::string>();
    if (text == nullptr) {
      wrong_type(".model", "the name of a GPU", value, entry.value);
      return;
    }
    if (const core::GpuModel* model = core::gpu_model_named(*text)) {
      declared_.model = model->name;
      return;
    }
    const std::vector<std::string> known = core::gpu_model_names();
    const std::string near = core::did_you_mean(*text, known);
    wrong("Unknown GPU model",
          fmt::format("aim knows no GPU {}, so its memory cannot be told. {}{}It knows {}.",
                      shown(*text),
                      near,
                      near.empty() ? "" : " ",
                      listed(known)),
          entry.value.range);
  }

  void read_count(const MapEntry& entry) {
    has_count_ = true;
    const Value value = interpolator_.value_of(entry.value);
    if (is_broken(value)) {
      valid_ = false;
      return;
    }
    const std::int64_t* count = value.get<std::int64_t>();
    if (count == nullptr) {
      wrong_type(".count", "a whole number", value, entry.value);
    } else if (*count < 1 || *count > kMostGpus) {
      wrong("Number out of range",
            fmt::format("`hosts.local.gpus.count` is {}: it is how many GPUs the host has, from 1 "
                        "to {}. Leave `gpus` out where there are none.",
                        *count,
                        kMostGpus),
            entry.value.range);
    } else {
      declared_.count = static_cast<int>(*count);
    }
  }

  void read_exclude(const MapEntry& entry) {
    const Value value = interpolator_.value_of(entry.value);
    if (is_broken(value)) {
      valid_ = false;
      return;
    }
    const core::List* list = value.get<core::List>();
    if (list == nullptr) {
      wrong_type(".exclude", "a list of GPUs, such as [7]", value, entry.value);
      return;
    }
    const Node::Items* items = entry.value.items();
    for (std::size_t i = 0; i < list->size(); ++i) {
      read_excluded((*list)[i], items != nullptr ? (*items)[i] : entry.value);
    }
    std::sort(declared_.exclude.begin(), declared_.exclude.end());
    declared_.exclude.erase(std::unique(declared_.exclude.begin(), declared_.exclude.end()),
                            declared_.exclude.end());
  }

  void read_excluded(const Value& value, const Node& node) {
    if (is_broken(value)) {
      valid_ = false;
      return;
    }
    const std::int64_t* index = value.get<std::int64_t>();
    const std::string* id = value.get<std::string>();
    if (index != nullptr && *index >= 0) {
      excluded_.emplace_back(*index, node.range);
      declared_.exclude.push_back(std::to_string(*index));
    } else if (id != nullptr && !id->empty()) {
      if (const std::optional<std::int64_t> written = index_of(*id)) {
        excluded_.emplace_back(*written, node.range);
      }
      declared_.exclude.push_back(*id);
    } else {
      wrong("Wrong type",
            fmt::format("A GPU in `hosts.local.gpus.exclude` is its index, such as 7, or the id "
                        "that `aim gpus` shows, but this is {}.",
                        describe(value)),
            node.range);
    }
  }

  void check_together(const MapEntry& gpus) {
    if (has_model_ != has_count_) {
      wrong("Missing key",
            fmt::format("`hosts.local.gpus` has `{}` without `{}`. To declare what the host has, "
                        "write both; to keep GPUs from being used, `exclude` is enough.",
                        has_model_ ? "model" : "count",
                        has_model_ ? "count" : "model"),
            gpus.key_range);
      return;
    }
    for (const auto& [index, range] : excluded_) {
      if (declared_.count > 0 && index >= declared_.count) {
        wrong("No such GPU",
              fmt::format("GPU {} is excluded, but a host with {} GPU{} has only 0{}.",
                          index,
                          declared_.count,
                          declared_.count == 1 ? "" : "s",
                          declared_.count == 1 ? "" : fmt::format(" to {}", declared_.count - 1)),
              range);
      }
    }
  }

  Interpolator interpolator_;
  Diagnostics& diagnostics_;
  DeclaredGpus declared_;
  std::vector<std::pair<std::int64_t, core::SourceRange>> excluded_;
  bool has_model_ = false;
  bool has_count_ = false;
  bool valid_ = true;
};

}  // namespace

std::optional<DeclaredGpus> read_declared_gpus(const ConfigurationSections& sections,
                                               const ConfigurationInput& input,
                                               const InterpolationScope& scope,
                                               Diagnostics& diagnostics) {
  for (const SectionEntry& host : sections.hosts) {
    // What is wrong with the hosts themselves is told where their Docker is read.
    const Node::Entries* entries = host.name == "local" ? host.node->entries() : nullptr;
    for (const MapEntry& entry : entries == nullptr ? Node::Entries() : *entries) {
      if (entry.key == "gpus") {
        return DeclarationReader(input, scope, diagnostics).read(entry);
      }
    }
  }
  return std::nullopt;
}

}  // namespace aim::planner
