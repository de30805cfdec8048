#include "planner/identity.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "planner/birth_labels.hpp"
#include "planner/moves.hpp"
#include "planner/record_rebuilder.hpp"
#include "planner/schema.hpp"

namespace aim::planner {

using core::Address;
using core::Kind;
using core::Labels;
using core::Map;
using core::ObservedContainer;
using core::RecordedResource;
using core::Value;

namespace {

class Identifier {
 public:
  Identifier(const Configuration& configuration,
             const core::StateSnapshot& recorded,
             const core::ObservedWorld& observed,
             core::Diagnostics& diagnostics)
      : configuration_(configuration),
        recorded_(recorded),
        observed_(observed),
        moves_(configuration.moved),
        diagnostics_(diagnostics),
        rebuilder_(configuration, recorded, observed, moves_, diagnostics) {
    for (const auto& [id, container] : observed.containers) {
      container_by_name_.emplace(container.name, &container);
    }
    for (const core::ContainerSummary& summary : observed.listed) {
      listed_by_name_.emplace(summary.name, &summary);
    }
  }

  Identification run() {
    result_.lineage = recorded_.lineage.empty() ? agreed_lineage() : recorded_.lineage;
    for (const auto& [address, record] : recorded_.resources) {
      locate(address);
    }
    for (const auto& [address, desired] : configuration_.resources) {
      if (!result_.resources.contains(address)) {
        locate(address);
      }
    }
    find_unmanaged();
    return std::move(result_);
  }

 private:
  const DesiredResource* desired(const Address& address) const {
    const auto found = configuration_.resources.find(address);
    return found == configuration_.resources.end() ? nullptr : &found->second;
  }

  std::optional<core::SourceRange> range_of(const Address& address) const {
    const DesiredResource* resource = desired(address);
    return resource ? std::optional(resource->range) : std::nullopt;
  }

  /// The labels of our own objects tell the lineage when state is gone.
  std::string agreed_lineage() {
    std::set<std::string> lineages;
    const auto look = [&](const Labels& labels) {
      if (claims(labels, configuration_.project, configuration_.workspace)) {
        lineages.insert(label_of(labels, core::label::kLineage));
      }
    };
    for (const auto& [id, container] : observed_.containers) {
      if (!labels_come_from_image(container)) {
        look(container.labels);
      }
    }
    for (const core::ObservedNetwork& network : observed_.networks) {
      look(network.labels);
    }
    for (const core::ObservedVolume& volume : observed_.volumes) {
      if (!volume.labels.contains(core::label::kLock)) {
        look(volume.labels);
      }
    }
    if (lineages.size() > 1) {
      diagnostics_.error(
          "Several lineages on Docker",
          fmt::format("There is no state, and Docker has objects of project {} that belong to {} "
                      "different states ({}). aim cannot tell which of them is this one. Bring the "
                      "state file back, or remove the objects that are not wanted.",
                      configuration_.project,
                      lineages.size(),
                      fmt::join(lineages, ", ")));
    }
    return lineages.empty() ? std::string() : *lineages.begin();
  }

  bool labels_come_from_image(const ObservedContainer& container) const {
    const auto image = observed_.image_labels.find(container.image_id);
    return image != observed_.image_labels.end() && image->second.contains(core::label::kProject);
  }

  void locate(const Address& address) {
    Located located;
    if (const auto record = recorded_.resources.find(address);
        record != recorded_.resources.end()) {
      located.record = record->second;
    }
    const auto record = [&] { return located.record ? &*located.record : nullptr; };
    located.docker_name = wanted_name(address, located, record());
    switch (address.kind) {
      case Kind::Endpoint:
      case Kind::Container:
        locate_container(address, located);
        break;
      case Kind::Network:
        locate_network(address, located);
        break;
      case Kind::Volume:
        locate_volume(address, located);
        break;
    }
    // What is gone from Docker begins anew, with the name of its present address.
    located.docker_name = wanted_name(address, located, located.exists() ? record() : nullptr);
    result_.resources.emplace(address, std::move(located));
  }

  /// The name that a resource has by right. `record` is what it was recorded as, while that exists.
  std::string wanted_name(const Address& address,
                          const Located& located,
                          const RecordedResource* record) const {
    const DesiredResource* resource = desired(address);
    if (resource == nullptr) {
      return located.record->docker_name;
    }
    const std::string base = wanted_docker_name(*resource, record, configuration_);
    return address.kind == Kind::Volume && !resource->named && !resource->external
               ? current_incarnation(address, base, located)
               : base;
  }

  /// The recorded one, else the newest that Docker has with our labels, else the first.
  std::string current_incarnation(const Address& address,
                                  const std::string& base,
                                  const Located& located) const {
    if (located.record) {
      return incarnation_of(base, located.record->docker_name) ? located.record->docker_name : base;
    }
    std::string newest = base;
    std::int64_t highest = -1;
    for (const core::ObservedVolume& volume : observed_.volumes) {
      const std::optional<std::int64_t> number = incarnation_of(base, volume.name);
      if (number && *number > highest &&
          claims(volume.labels, configuration_.project, configuration_.workspace) &&
          label_of(volume.labels, core::label::kAddress) == address.str()) {
        highest = *number;
        newest = volume.name;
      }
    }
    return newest;
  }

  /// Where what a birth label names has moved to; nothing if that is no address.
  std::optional<Address> present_address(const Labels& labels) const {
    core::Result<Address> born = Address::parse(label_of(labels, core::label::kAddress));
    return born ? std::optional(moves_.final_address(std::move(*born))) : std::nullopt;
  }

  /// While state is lost: whether an object with other names is what `address` was before it moved.
  bool moved_here(const Labels& labels, const Address& address) const {
    return claims(labels, configuration_.project, configuration_.workspace) &&
           !labels.contains(core::label::kLock) &&
           label_of(labels, core::label::kLineage) == result_.lineage &&
           label_of(labels, core::label::kAddress) != address.str() &&
           present_address(labels) == address;
  }

  template <class Object>
  const Object* find_moved(const std::vector<Object>& objects, const Address& address) const {
    const auto found = std::find_if(objects.begin(), objects.end(), [&](const Object& object) {
      return moved_here(object.labels, address);
    });
    return moves_.empty() || found == objects.end() ? nullptr : &*found;
  }

  const ObservedContainer* find_moved_container(const Address& address) const {
    const ObservedContainer* newest = nullptr;
    if (moves_.empty()) {
      return nullptr;
    }
    for (const auto& [id, container] : observed_.containers) {
      if (moved_here(container.labels, address) && !labels_come_from_image(container) &&
          (newest == nullptr || generation_of(newest->labels) < generation_of(container.labels))) {
        newest = &container;
      }
    }
    return newest;
  }

  void locate_container(const Address& address, Located& located) {
    if (located.record) {
      const auto by_id = observed_.containers.find(located.record->docker_id);
      if (by_id != observed_.containers.end()) {
        located.container = &by_id->second;
      }
    }
    const std::string& name = located.docker_name;
    const auto by_name = container_by_name_.find(name);
    const auto listed = listed_by_name_.find(name);
    if (listed == listed_by_name_.end()) {
      if (const ObservedContainer* moved =
              located.record ? nullptr : find_moved_container(address)) {
        adopt(address, *moved, located);
      }
      return;
    }
    if (located.container && listed->second->id == located.container->id) {
      return;
    }
    // The name is held by something that state does not know as this resource.
    const bool inspected = by_name != container_by_name_.end();
    const bool image_labels = inspected && labels_come_from_image(*by_name->second);
    if (!accept("container", name, listed->second->labels, image_labels, address, located)) {
      return;
    }
    if (!located.container && inspected) {
      adopt(address, *by_name->second, located);
    }
  }

  void adopt(const Address& address, const ObservedContainer& container, Located& located) {
    located.container = &container;
    located.record = rebuilder_.container(address, container);
    located.rebuilt = true;
  }

  void locate_network(const Address& address, Located& located) {
    const std::string& name = located.docker_name;
    const DesiredResource* resource = desired(address);
    const bool external = resource ? resource->external : located.record->external;
    const core::ObservedNetwork* by_name = nullptr;
    for (const core::ObservedNetwork& network : observed_.networks) {
      if (located.record && !external && network.id == located.record->docker_id) {
        located.network = &network;
      }
      if (network.name == name) {
        by_name = &network;
      }
    }
    if (external) {
      located.network = by_name;
      return;
    }
    if (by_name == nullptr && !located.record) {
      by_name = find_moved(observed_.networks, address);
    }
    if (by_name == nullptr || by_name == located.network ||
        !accept("network", by_name->name, by_name->labels, false, address, located) ||
        located.network) {
      return;
    }
    located.network = by_name;
    located.record = rebuilder_.object(address, by_name->labels, by_name->id, by_name->name);
    located.record->baseline = by_name->attributes;
    located.rebuilt = true;
  }

  void locate_volume(const Address& address, Located& located) {
    const std::string& name = located.docker_name;
    const DesiredResource* resource = desired(address);
    const bool external = resource ? resource->external : located.record->external;
    const auto named = std::find_if(observed_.volumes.begin(),
                                    observed_.volumes.end(),
                                    [&](const auto& volume) { return volume.name == name; });
    const core::ObservedVolume* volume = named == observed_.volumes.end() ? nullptr : &*named;
    if (external) {
      located.volume = volume;
      return;
    }
    if (volume == nullptr && !located.record) {
      volume = find_moved(observed_.volumes, address);
    }
    if (volume == nullptr ||
        !accept("volume", volume->name, volume->labels, false, address, located)) {
      return;
    }
    located.volume = volume;
    if (!located.record) {
      located.record = rebuilder_.object(address, volume->labels, volume->name, volume->name);
      located.record->baseline = volume->attributes;
      located.rebuilt = true;
    }
  }

  /// Whether birth labels are those of `address`, of what moved there, or of what it was recorded
  /// as when it was made.
  bool is_born_as(const Labels& labels, const Address& address, const Located& located) const {
    if (claims(labels, configuration_.project, configuration_.workspace) &&
        (label_of(labels, core::label::kAddress) == address.str() ||
         present_address(labels) == address)) {
      return true;
    }
    if (!located.record) {
      return false;
    }
    const Birth birth = birth_of(*located.record, configuration_);
    return claims(labels, birth.project, birth.workspace) &&
           label_of(labels, core::label::kAddress) == birth.address.str();
  }

  /// True if an object that bears a name of ours is ours; else the error that says whose it is.
  bool accept(std::string_view what,
              const std::string& name,
              const Labels& labels,
              bool image_labels,
              const Address& address,
              const Located& located) {
    const std::string rename_hint =
        fmt::format("Rename or remove that {}, or give {} another `name`.", what, address.str());
    if (!labels.contains(core::label::kProject)) {
      diagnostics_.error(
          "Name is taken on Docker",
          fmt::format("The {} \"{}\" exists and was not made by aim; {} would need that name. aim "
                      "never touches what it did not make. {}",
                      what,
                      name,
                      address.str(),
                      rename_hint),
          range_of(address));
      return false;
    }
    if (image_labels) {
      diagnostics_.error(
          "Labels come from an image",
          fmt::format("The {} \"{}\" carries aim's labels only because its image carries them; aim "
                      "did not make it, and {} would need that name. {}",
                      what,
                      name,
                      address.str(),
                      rename_hint),
          range_of(address));
      return false;
    }
    if (!is_born_as(labels, address, located)) {
      diagnostics_.error(
          "Name is taken by another aim resource",
          fmt::format("The {} \"{}\" belongs to {} of project {}, workspace {}; {} would need that "
                      "name. {}",
                      what,
                      name,
                      label_of(labels, core::label::kAddress),
                      label_of(labels, core::label::kProject),
                      label_of(labels, core::label::kWorkspace),
                      address.str(),
                      rename_hint),
          range_of(address));
      return false;
    }
    const std::string lineage = label_of(labels, core::label::kLineage);
    if (lineage != result_.lineage) {
      diagnostics_.error(
          "Object belongs to another state",
          fmt::format("The {} \"{}\" was made as {} of project {} under another state (lineage {}; "
                      "this state is {}). Somebody else may manage it from another checkout. Use "
                      "that state, or remove the {} if it is not wanted.",
                      what,
                      name,
                      address.str(),
                      configuration_.project,
                      lineage,
                      result_.lineage,
                      what),
          range_of(address));
      return false;
    }
    return true;
  }

  void find_unmanaged() {
    std::set<std::string> known;
    for (const auto& [address, located] : result_.resources) {
      if (located.container) known.insert(located.container->id);
      if (located.network) known.insert(located.network->id);
      if (located.volume) known.insert("volume " + located.volume->name);
    }
    for (const auto& [id, container] : observed_.containers) {
      if (!known.contains(id) && !labels_come_from_image(container) && is_superseded(container)) {
        known.insert(id);
      }
    }
    for (auto& [address, located] : result_.resources) {
      std::sort(located.superseded.begin(),
                located.superseded.end(),
                [](const ObservedContainer* a, const ObservedContainer* b) {
                  return generation_of(a->labels) < generation_of(b->labels);
                });
    }
    const auto consider =
        [&](const std::string& key, const std::string& name, const Labels& labels) {
          if (known.contains(key) ||
              !claims(labels, configuration_.project, configuration_.workspace) ||
              label_of(labels, core::label::kLineage) != result_.lineage ||
              labels.contains(core::label::kLock)) {
            return;
          }
          if (const std::optional<Address> address = present_address(labels)) {
            const auto found = result_.resources.find(*address);
            const bool older = found != result_.resources.end() && found->second.volume &&
                               found->second.volume->name != name;
            if (found == result_.resources.end() || address->kind != Kind::Volume || older) {
              result_.unmanaged.push_back({*address, name});
            }
          }
        };
    for (const auto& [id, container] : observed_.containers) {
      if (!labels_come_from_image(container)) {
        consider(id, container.name, container.labels);
      }
    }
    for (const core::ObservedNetwork& network : observed_.networks) {
      consider(network.id, network.name, network.labels);
    }
    for (const core::ObservedVolume& volume : observed_.volumes) {
      consider("volume " + volume.name, volume.name, volume.labels);
    }
    std::sort(result_.unmanaged.begin(),
              result_.unmanaged.end(),
              [](const Unmanaged& a, const Unmanaged& b) { return a.docker_name < b.docker_name; });
  }

  /// Ours, of a known address, and older than what that address is now.
  bool is_superseded(const ObservedContainer& container) {
    const Labels& labels = container.labels;
    if (!claims(labels, configuration_.project, configuration_.workspace) ||
        label_of(labels, core::label::kLineage) != result_.lineage) {
      return false;
    }
    const std::optional<Address> address = present_address(labels);
    const auto found = address ? result_.resources.find(*address) : result_.resources.end();
    if (found == result_.resources.end() || !found->second.record || !found->second.container ||
        generation_of(labels) >= found->second.record->generation) {
      return false;
    }
    found->second.superseded.push_back(&container);
    return true;
  }

  const Configuration& configuration_;
  const core::StateSnapshot& recorded_;
  const core::ObservedWorld& observed_;
  const Moves moves_;
  core::Diagnostics& diagnostics_;
  RecordRebuilder rebuilder_;
  std::map<std::string, const ObservedContainer*> container_by_name_;
  std::map<std::string, const core::ContainerSummary*> listed_by_name_;
  Identification result_;
};

}  // namespace

std::optional<std::int64_t> incarnation_of(const std::string& base, const std::string& name) {
  if (name == base) {
    return 0;
  }
  constexpr std::string_view kMark = ".g";
  constexpr std::size_t kMostDigits = 9;
  if (!name.starts_with(base) || name.compare(base.size(), kMark.size(), kMark) != 0) {
    return std::nullopt;
  }
  const std::string digits = name.substr(base.size() + kMark.size());
  if (digits.empty() || digits.size() > kMostDigits ||
      digits.find_first_not_of("0123456789") != std::string::npos) {
    return std::nullopt;
  }
  return std::stoll(digits);
}

bool claims(const Labels& labels, const std::string& project, const std::string& workspace) {
  return label_of(labels, core::label::kProject) == project &&
         label_of(labels, core::label::kWorkspace) == workspace;
}

Identification identify(const Configuration& configuration,
                        const core::StateSnapshot& recorded,
                        const core::ObservedWorld& observed,
                        core::Diagnostics& diagnostics) {
  return Identifier(configuration, recorded, observed, diagnostics).run();
}

}  // namespace aim::planner
