#include "planner/configuration_sections.hpp"

#include <fmt/format.h>

#include <array>

namespace aim::planner {

using core::Diagnostics;
using core::MapEntry;
using core::Node;

namespace {

struct UnsupportedKey {
  std::string_view key;
  std::string_view use;
};

constexpr std::array<UnsupportedKey, 2> kUnsupported = {
    {{"import", "aim manages only what it has created."},
     {"moved_from_project", "Under a new project name everything is created anew."}}};

const std::vector<std::string>& known_keys() {
  static const std::vector<std::string> kKeys = {"version",
                                                 "project",
                                                 "hosts",
                                                 "variables",
                                                 "backends",
                                                 "defaults",
                                                 "endpoints",
                                                 "containers",
                                                 "volumes",
                                                 "networks",
                                                 "outputs",
                                                 "on_failure",
                                                 "moved",
                                                 "removed",
                                                 "state"};
  return kKeys;
}

class Collector {
 public:
  explicit Collector(Diagnostics& diagnostics) : diagnostics_(diagnostics) {}

  ConfigurationSections run(const std::vector<Node>& roots) {
    for (const Node& root : roots) {
      if (const Node::Entries* entries = map_entries(root, "A configuration file", diagnostics_)) {
        for (const MapEntry& entry : *entries) {
          collect(entry);
        }
      }
    }
    return std::move(result_);
  }

 private:
  void collect(const MapEntry& entry) {
    if (entry.key == "version") {
      check_version(entry);
    } else if (entry.key == "project") {
      set_once(entry, result_.project);
    } else if (entry.key == "state") {
      set_once(entry, result_.state);
    } else if (entry.key == "on_failure") {
      set_once(entry, result_.on_failure);
    } else if (entry.key == "moved") {
      add_items(entry, result_.moved);
    } else if (entry.key == "removed") {
      add_items(entry, result_.removed);
    } else if (std::vector<SectionEntry>* section = section_of(entry.key)) {
      add_entries(entry, *section);
    } else if (!is_free_key(entry.key)) {
      report(entry);
    }
  }

  std::vector<SectionEntry>* section_of(std::string_view key) {
    for (const core::Kind kind : core::kAllKinds) {
      if (key == core::section_name(kind)) {
        return &result_.resources[kind];
      }
    }
    if (key == "hosts") {
      return &result_.hosts;
    }
    if (key == "variables") {
      return &result_.variables;
    }
    if (key == "backends") {
      return &result_.backends;
    }
    if (key == "defaults") {
      return &result_.defaults;
    }
    return key == "outputs" ? &result_.outputs : nullptr;
  }

  void check_version(const MapEntry& entry) {
    const std::int64_t* version = std::get_if<std::int64_t>(&entry.value.data);
    if (version == nullptr || *version != 1) {
      diagnostics_.error("Unknown version",
                         fmt::format("`version` is {}, and this version of aim reads version 1 of "
                                     "the configuration only. Write `version: 1`, or use a newer "
                                     "aim.",
                                     described(entry.value)),
                         entry.value.range);
    }
  }

  void set_once(const MapEntry& entry, std::optional<SectionEntry>& place) {
    const SectionEntry found{entry.key, entry.key_range, &entry.value};
    if (!place) {
      place = found;
    } else if (!entry.value.is_scalar() || entry.value.raw != place->node->raw) {
      report_twice(fmt::format("`{}`", entry.key), found, *place);
    }
  }

  void add_entries(const MapEntry& section, std::vector<SectionEntry>& place) {
    const Node::Entries* entries =
        map_entries(section.value, fmt::format("`{}`", section.key), diagnostics_);
    if (entries == nullptr) {
      return;
    }
    for (const MapEntry& entry : *entries) {
      const SectionEntry found{entry.key, entry.key_range, &entry.value};
      const std::string name = fmt::format("{}.{}", section.key, entry.key);
      const auto [first, is_new] = first_places_.emplace(name, found);
      if (is_new) {
        place.push_back(found);
      } else {
        report_twice(fmt::format("`{}`", name), found, first->second);
      }
    }
  }

  void add_items(const MapEntry& entry, std::vector<const Node*>& place) {
    if (const Node::Items* items = entry.value.items()) {
      for (const Node& item : *items) {
        place.push_back(&item);
      }
    } else if (!std::holds_alternative<core::Null>(entry.value.data)) {
      report_type(entry.value, fmt::format("`{}`", entry.key), "a list", diagnostics_);
    }
  }

  void report_twice(const std::string& name,
                    const SectionEntry& second,
                    const SectionEntry& first) {
    diagnostics_.add({core::Severity::Error,
                      "Defined twice",
                      fmt::format("{} is defined in two files, and only one of them could count. "
                                  "Remove or rename one.",
                                  name),
                      second.key_range,
                      {{"first defined here", first.key_range}},
                      {}});
  }

  void report(const MapEntry& entry) {
    for (const UnsupportedKey& unsupported : kUnsupported) {
      if (entry.key == unsupported.key) {
        report_unsupported(entry.key_range, entry.key, unsupported.use, diagnostics_);
        return;
      }
    }
    report_unknown_key(entry, "A configuration", known_keys(), diagnostics_);
  }

  Diagnostics& diagnostics_;
  ConfigurationSections result_;
  std::map<std::string, SectionEntry> first_places_;
};

}  // namespace

ConfigurationSections collect_sections(const std::vector<Node>& roots, Diagnostics& diagnostics) {
  return Collector(diagnostics).run(roots);
}

}  // namespace aim::planner
