#include "planner/configuration_links.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "planner/endpoint_extras.hpp"
#include "planner/schema.hpp"
#include "planner/schema_normalise.hpp"

namespace aim::planner {

using core::Address;
using core::Diagnostics;
using core::Kind;
using core::List;
using core::Map;
using core::SourceRange;
using core::Value;

namespace {

bool runs(Kind kind) { return kind == Kind::Endpoint || kind == Kind::Container; }

bool is_set(const Map& map, std::string_view name) {
  const Value* value = core::find(map, name);
  return value != nullptr && !value->is_null();
}

std::string_view object_class(Kind kind) {
  return runs(kind) ? "container" : core::to_string(kind);
}

void add_error(const Address& address,
               std::string summary,
               std::string detail,
               SourceRange range,
               Diagnostics& diagnostics) {
  diagnostics.add({core::Severity::Error,
                   std::move(summary),
                   std::move(detail),
                   std::move(range),
                   {},
                   address.str()});
}

SourceRange place_of(const LoadedResource& resource, const core::Path& path) {
  return core::position_of(resource.desired.positions, path).value_or(resource.desired.range);
}

class NameLinker {
 public:
  NameLinker(const ResourceTable& known, Diagnostics& diagnostics)
      : known_(known), diagnostics_(diagnostics) {}

  void link(LoadedResource& resource) {
    link_networks(resource);
    link_mounts(resource);
    link_cache(resource);
  }

 private:
  void link_networks(LoadedResource& resource) {
    const Value* value = core::find(resource.desired.attributes, "networks");
    if (value != nullptr && value->is<core::Template>() && !is_broken(*value)) {
      add_error(resource.desired.address,
                "Reference is not possible here",
                "`networks` holds keys of this configuration, and those must be known before "
                "anything else. Write the keys instead of a reference.",
                place_of(resource, {"networks"}),
                diagnostics_);
    }
    const Map* networks = value == nullptr ? nullptr : value->get<Map>();
    if (networks == nullptr) {
      return;
    }
    for (const auto& [name, settings] : *networks) {
      need(resource,
           Kind::Network,
           name,
           place_of(resource, path_of_network(resource, name)),
           "joins the network");
    }
  }

  /// Networks may be written as a list, whose canonical form is a map.
  static core::Path path_of_network(const LoadedResource& resource, const std::string& name) {
    const Value* written = core::find(resource.written, "networks");
    const List* list = written == nullptr ? nullptr : written->get<List>();
    for (std::size_t i = 0; list != nullptr && i < list->size(); ++i) {
      const std::string* text = (*list)[i].get<std::string>();
      if (text != nullptr && *text == name) {
        return {"networks", i};
      }
    }
    return {"networks", name};
  }

  void link_mounts(LoadedResource& resource) {
    const Value* value = core::find(resource.desired.attributes, "mounts");
    const List* mounts = value == nullptr ? nullptr : value->get<List>();
    for (const Value& item : mounts == nullptr ? List() : *mounts) {
      const Map* mount = item.get<Map>();
      if (mount == nullptr || core::string_at(*mount, "type") != "volume") {
        continue;
      }
      if (const std::optional<std::string> source = core::string_at(*mount, "source")) {
        need(resource,
             Kind::Volume,
             *source,
             place_of(resource, path_of_mount(resource, *mount, *source)),
             "mounts the volume");
      }
    }
  }

  void link_cache(LoadedResource& resource) {
    const auto cache = core::string_at(resource.desired.attributes, "cache");
    if (cache && *cache != "none" && *cache != kBuiltInCache && !cache->starts_with('/')) {
      need(resource, Kind::Volume, *cache, place_of(resource, {"cache"}), "has as its cache");
    }
  }

  /// Mounts are sorted in their canonical form, and the short one is a text.
  static core::Path path_of_mount(const LoadedResource& resource,
                                  const Map& mount,
                                  const std::string& source) {
    const Value* written = core::find(resource.written, "mounts");
    const List* list = written == nullptr ? nullptr : written->get<List>();
    const std::string target = core::string_at(mount, "target").value_or("");
    for (std::size_t i = 0; list != nullptr && i < list->size(); ++i) {
      const std::string* text = (*list)[i].get<std::string>();
      if (text != nullptr && text->starts_with(source + ":" + target)) {
        return {"mounts", i};
      }
      const Map* map = (*list)[i].get<Map>();
      if (map != nullptr && core::string_at(*map, "source") == source &&
          core::string_at(*map, "target") == target) {
        return {"mounts", i, "source"};
      }
    }
    return {"mounts"};
  }

  void need(LoadedResource& resource,
            Kind kind,
            const std::string& name,
            const SourceRange& range,
            std::string_view does) {
    const core::Result<Address> address = local_address(kind, name);
    const bool listed = address && is_listed(*address);
    if (!listed && known_.completeness == Completeness::Whole) {
      report_unknown(resource, kind, name, range, does);
      return;
    }
    if (!address) {
      return;
    }
    Diagnostics found;
    const Standing standing = check_address(*address, known_, range, name, found);
    if (standing == Standing::Set) {
      report_set(*address, known_, range, name, "", found);
    } else if (standing == Standing::Known) {
      resource.needs.push_back({*address, range});
    }
    for (core::Diagnostic diagnostic : found.items()) {
      diagnostic.address = resource.desired.address.str();
      diagnostics_.add(std::move(diagnostic));
    }
  }

  /// Whether the configuration speaks of it at all, be it as one of a set or as disabled.
  bool is_listed(const Address& address) const {
    const Address whole{address.kind, address.name, std::nullopt};
    return known_.addresses.contains(address) || known_.addresses.contains(whole) ||
           known_.sets.contains(whole) || known_.disabled.contains(whole);
  }

  void report_unknown(const LoadedResource& resource,
                      Kind kind,
                      const std::string& name,
                      const SourceRange& range,
                      std::string_view does) {
    std::vector<std::string> candidates;
    for (const Address& other : known_.addresses) {
      if (other.kind == kind) {
        candidates.push_back(other.str().substr(core::to_string(kind).size() + 1));
      }
    }
    const std::string near = core::did_you_mean(name, candidates);
    add_error(resource.desired.address,
              fmt::format("Unknown {}", core::to_string(kind)),
              fmt::format("{} {} {}, which is no key of `{}` here. {}{}Add it there, with "
                          "`external: true` if it exists already.",
                          resource.desired.address.str(),
                          does,
                          shown(name),
                          core::section_name(kind),
                          near,
                          near.empty() ? "" : " "),
              range,
              diagnostics_);
  }

  const ResourceTable& known_;
  Diagnostics& diagnostics_;
};

/// Finds cycles by taking away, again and again, what needs nothing any more. What is left needs
/// something that is left, so a walk from there ends in a cycle.
class CycleFinder {
 public:
  explicit CycleFinder(const LoadedResources& resources) : resources_(resources) {
    for (const auto& [address, resource] : resources) {
      for (const Address& needed : resource.desired.dependencies) {
        if (resources.contains(needed)) {
          needed_by_[needed].push_back(address);
          ++open_needs_[address];
        }
      }
    }
    for (const auto& [address, resource] : resources) {
      left_.insert(address);
      if (!open_needs_.contains(address)) {
        settled_.push_back(address);
      }
    }
  }

  /// The next cycle, beginning at its first address, or nothing.
  std::optional<std::vector<Address>> next() {
    take_away();
    if (left_.empty()) {
      return std::nullopt;
    }
    std::vector<Address> walk;
    std::set<Address> seen;
    Address at = *left_.begin();
    while (seen.insert(at).second) {
      walk.push_back(at);
      at = needed_and_left(at);
    }
    std::vector<Address> cycle(std::find(walk.begin(), walk.end(), at), walk.end());
    std::rotate(cycle.begin(), std::min_element(cycle.begin(), cycle.end()), cycle.end());
    settled_.insert(settled_.end(), cycle.begin(), cycle.end());
    return cycle;
  }

 private:
  void take_away() {
    while (!settled_.empty()) {
      const Address address = settled_.back();
      settled_.pop_back();
      if (left_.erase(address) == 0) {
        continue;
      }
      for (const Address& dependent : needed_by_[address]) {
        if (--open_needs_[dependent] == 0) {
          settled_.push_back(dependent);
        }
      }
    }
  }

  const Address& needed_and_left(const Address& address) const {
    const auto& dependencies = resources_.at(address).desired.dependencies;
    const auto found = std::find_if(dependencies.begin(),
                                    dependencies.end(),
                                    [&](const Address& needed) { return left_.contains(needed); });
    AIM_CHECK(found != dependencies.end());
    return *found;
  }

  const LoadedResources& resources_;
  std::map<Address, std::vector<Address>> needed_by_;
  std::map<Address, std::size_t> open_needs_;
  std::set<Address> left_;
  std::vector<Address> settled_;
};

SourceRange place_of_need(const LoadedResource& resource, const Address& needed) {
  for (const Need& need : resource.needs) {
    if (need.address == needed) {
      return need.range;
    }
  }
  return resource.desired.range;
}

void report_cycle(const std::vector<Address>& cycle,
                  const LoadedResources& resources,
                  Diagnostics& diagnostics) {
  std::string shown_cycle;
  core::Diagnostic diagnostic;
  for (std::size_t i = 0; i < cycle.size(); ++i) {
    const Address& next = cycle[(i + 1) % cycle.size()];
    const SourceRange range = place_of_need(resources.at(cycle[i]), next);
    shown_cycle += cycle[i].str() + " -> ";
    if (i == 0) {
      diagnostic.range = range;
    } else {
      diagnostic.related.push_back(
          {fmt::format("{} needs {} here", cycle[i].str(), next.str()), range});
    }
  }
  diagnostic.summary = "Dependency cycle";
  diagnostic.detail = fmt::format(
      "{}{}: each of them needs the next, so none could be the first to start. Remove one of the "
      "references or `depends_on` entries.",
      shown_cycle,
      cycle.front().str());
  diagnostic.address = cycle.front().str();
  diagnostics.add(std::move(diagnostic));
}

bool belongs_to_docker(const DesiredResource& resource) {
  constexpr std::array<std::string_view, 3> kNames = {"bridge", "host", "none"};
  return resource.address.kind == Kind::Network &&
         std::find(kNames.begin(), kNames.end(), resource.docker_name) != kNames.end();
}

}  // namespace

Address default_network() { return Address{Kind::Network, "default", std::nullopt}; }

void join_default_network(LoadedResources& resources) {
  for (auto& [address, resource] : resources) {
    Map& attributes = resource.desired.attributes;
    // What is written but was refused has its own error.
    const bool chosen = is_set(attributes, "networks") || is_set(attributes, "network_mode") ||
                        is_set(resource.written, "networks") ||
                        is_set(resource.written, "network_mode");
    if (runs(address.kind) && !chosen) {
      attributes.insert_or_assign("networks", Map{{default_network().name, Map()}});
    }
  }
}

bool needs_default_network(const LoadedResources& resources) {
  return std::any_of(resources.begin(), resources.end(), [](const auto& entry) {
    const std::vector<Need>& needs = entry.second.needs;
    return std::any_of(needs.begin(), needs.end(), [](const Need& need) {
      return need.address == default_network();
    });
  });
}

void link_networks_and_volumes(LoadedResources& resources,
                               const ResourceTable& known,
                               Diagnostics& diagnostics) {
  NameLinker linker(known, diagnostics);
  for (auto& [address, resource] : resources) {
    if (runs(address.kind)) {
      linker.link(resource);
    }
  }
}

void set_dependencies(LoadedResources& resources, Diagnostics& diagnostics) {
  for (auto& [address, resource] : resources) {
    std::set<Address> needed;
    for (const Need& need : resource.needs) {
      needed.insert(need.address);
    }
    resource.desired.dependencies.assign(needed.begin(), needed.end());
  }
  CycleFinder finder(resources);
  while (const std::optional<std::vector<Address>> cycle = finder.next()) {
    report_cycle(*cycle, resources, diagnostics);
  }
}

void check_docker_names(const LoadedResources& resources, Diagnostics& diagnostics) {
  std::map<std::pair<std::string_view, std::string>, const LoadedResource*> first_of;
  for (const auto& [address, resource] : resources) {
    const DesiredResource& desired = resource.desired;
    const SourceRange place = place_of(resource, {"name"});
    if (belongs_to_docker(desired)) {
      add_error(address,
                "Name is Docker's own",
                fmt::format("{} would be Docker's own network {}, which knows no names of "
                            "containers. Use `network_mode` for it, or choose another name.",
                            address.str(),
                            desired.docker_name),
                place,
                diagnostics);
    }
    if (address.kind == Kind::Volume && desired.docker_name.starts_with("aim-lock.")) {
      add_error(address,
                "Name is aim's own",
                "Volumes whose names begin with aim-lock. are the locks of aim. Choose another "
                "name.",
                place,
                diagnostics);
    }
    const auto [first, is_new] =
        first_of.emplace(std::pair(object_class(address.kind), desired.docker_name), &resource);
    if (!is_new) {
      diagnostics.add({core::Severity::Error,
                       "Name is used twice",
                       fmt::format("{} and {} would both be the {} {} on Docker. Set `name` on one "
                                   "of them, or rename it.",
                                   first->second->desired.address.str(),
                                   address.str(),
                                   object_class(address.kind),
                                   desired.docker_name),
                       place,
                       {{"the other is here", place_of(*first->second, {"name"})}},
                       address.str()});
    }
  }
}

}  // namespace aim::planner
