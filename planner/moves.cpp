#include "planner/moves.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>

namespace aim::planner {

using core::Address;
using core::Kind;
using core::RecordedResource;

Moves::Moves(const std::vector<Move>& moves) {
  for (const Move& move : moves) {
    next_.emplace(move.from, move.to);
  }
}

std::optional<Address> Moves::next(const Address& address) const {
  if (const auto found = next_.find(address); found != next_.end()) {
    return found->second;
  }
  if (!address.key) {
    return std::nullopt;
  }
  const auto whole = next_.find(Address{address.kind, address.name, std::nullopt});
  if (whole == next_.end() || whole->second.key) {
    return std::nullopt;
  }
  return Address{whole->second.kind, whole->second.name, address.key};
}

Address Moves::final_address(Address address) const {
  while (std::optional<Address> further = next(address)) {
    address = std::move(*further);
  }
  return address;
}

namespace {

/// The key, as it stands in an attribute, of where `key` has moved to.
std::string moved_key(Kind kind, const std::string& key, const Moves& moves) {
  const core::Result<Address> address = local_address(kind, key);
  return address ? moves.final_address(*address).str().substr(core::to_string(kind).size() + 1)
                 : key;
}

void move_networks(core::Value& value, const Moves& moves) {
  if (core::Map* networks = value.get<core::Map>()) {
    core::Map moved;
    for (auto& [key, settings] : *networks) {
      moved.insert_or_assign(moved_key(Kind::Network, key, moves), std::move(settings));
    }
    *networks = std::move(moved);
  }
}

void move_mounts(core::Value& value, const Moves& moves) {
  core::List* mounts = value.get<core::List>();
  if (mounts == nullptr) {
    return;
  }
  for (core::Value& item : *mounts) {
    core::Map* mount = item.get<core::Map>();
    const std::optional<std::string> source = mount && core::string_at(*mount, "type") == "volume"
                                                  ? core::string_at(*mount, "source")
                                                  : std::nullopt;
    if (source) {
      mount->insert_or_assign("source", moved_key(Kind::Volume, *source, moves));
    }
  }
}

void report_taken(const Address& from, const Address& to, core::Diagnostics& diagnostics) {
  diagnostics.warning(
      "Move has no effect",
      fmt::format(
          "`moved` says that {0} became {1}, but {1} is recorded already, so {0} stays what "
          "it is and is removed if it is not configured.",
          from.str(),
          to.str()));
}

/// A single resource that moved to where a set is now: nobody said which of them it became.
void check_is_one(const Address& from,
                  const Address& to,
                  const Configuration& configuration,
                  core::Diagnostics& diagnostics) {
  if (to.key || configuration.resources.contains(to)) {
    return;
  }
  const auto one = configuration.resources.upper_bound(to);
  if (one == configuration.resources.end() || one->first.kind != to.kind ||
      one->first.name != to.name) {
    return;
  }
  diagnostics.error("Move to several resources",
                    fmt::format("`moved` says that {} became {}, of which `for_each` makes several "
                                "resources. Say which one it became, such as {}.",
                                from.str(),
                                to.str(),
                                one->first.str()));
}

}  // namespace

namespace {

/// What is recorded and moves, with the number of entries on its way. Of two that lead to one
/// address the nearer one gets there.
std::set<std::pair<std::size_t, Address>> by_distance(const Moves& moves,
                                                      const core::StateSnapshot& recorded) {
  std::set<std::pair<std::size_t, Address>> moving;
  for (const auto& [address, record] : recorded.resources) {
    std::size_t distance = 0;
    for (std::optional<Address> at = moves.next(address); at; at = moves.next(*at)) {
      ++distance;
    }
    if (distance > 0) {
      moving.emplace(distance, address);
    }
  }
  return moving;
}

}  // namespace

void move_keys(core::Map& attributes, const Moves& moves) {
  if (const auto networks = attributes.find("networks"); networks != attributes.end()) {
    move_networks(networks->second, moves);
  }
  if (const auto mounts = attributes.find("mounts"); mounts != attributes.end()) {
    move_mounts(mounts->second, moves);
  }
}

MovedState move_records(const Configuration& configuration,
                        const core::StateSnapshot& recorded,
                        core::Diagnostics& diagnostics) {
  MovedState result;
  const Moves moves(configuration.moved);
  if (moves.empty()) {
    return result;
  }
  std::map<Address, Address> to;  // old address to new one, of all that really move
  for (const auto& [distance, address] : by_distance(moves, recorded)) {
    const Address target = moves.final_address(address);
    check_is_one(address, target, configuration, diagnostics);
    const bool stays = recorded.resources.contains(target) && !moves.next(target);
    if (stays || !result.from.emplace(target, address).second) {
      report_taken(address, target, diagnostics);
    } else {
      to.emplace(address, target);
    }
  }
  if (to.empty()) {
    return result;
  }
  result.state = recorded;
  std::map<Address, RecordedResource> resources;
  for (auto& [address, record] : result.state->resources) {
    const auto target = to.find(address);
    RecordedResource moved = std::move(record);
    if (target != to.end()) {
      moved.address = target->second;
    }
    for (Address& dependency : moved.dependencies) {
      if (const auto found = to.find(dependency); found != to.end()) {
        dependency = found->second;
      }
    }
    std::sort(moved.dependencies.begin(), moved.dependencies.end());
    move_keys(moved.attributes, moves);
    const Address key = moved.address;
    resources.emplace(key, std::move(moved));
  }
  result.state->resources = std::move(resources);
  return result;
}

Birth birth_of(const RecordedResource& record, const Configuration& configuration) {
  const std::string& salt = record.salt;
  const std::size_t first = salt.find('/');
  const std::size_t second = first == std::string::npos ? first : salt.find('/', first + 1);
  if (second != std::string::npos) {
    if (core::Result<Address> address = Address::parse(salt.substr(second + 1))) {
      return {
          salt.substr(0, first), salt.substr(first + 1, second - first - 1), std::move(*address)};
    }
  }
  return {configuration.project, configuration.workspace, record.address};
}

std::string wanted_docker_name(const DesiredResource& desired,
                               const RecordedResource* record,
                               const Configuration& configuration) {
  const bool renamable =
      desired.address.kind == Kind::Endpoint || desired.address.kind == Kind::Container;
  if (renamable || desired.named || desired.external || record == nullptr) {
    return desired.docker_name;
  }
  const Birth birth = birth_of(*record, configuration);
  return default_docker_name(birth.project, birth.workspace, birth.address);
}

}  // namespace aim::planner
