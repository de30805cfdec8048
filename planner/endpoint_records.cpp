#include "planner/endpoint_records.hpp"

#include "planner/moves.hpp"

namespace aim::planner {

using core::Address;
using core::Kind;
using core::Map;
using core::Value;

namespace {

/// What the newest container of an address says of itself, for when there is no state.
std::map<Address, const core::ObservedContainer*> labelled_containers(
    const Configuration& configuration, const core::ObservedWorld& observed) {
  const auto label = [](const core::ObservedContainer& container, const char* name) {
    const auto found = container.labels.find(name);
    return found == container.labels.end() ? std::string() : found->second;
  };
  std::map<Address, const core::ObservedContainer*> newest;
  for (const auto& [id, container] : observed.containers) {
    if (label(container, core::label::kProject) != configuration.project ||
        label(container, core::label::kWorkspace) != configuration.workspace) {
      continue;
    }
    const auto address = Address::parse(label(container, core::label::kAddress));
    if (!address) {
      continue;
    }
    const auto generation = [&](const core::ObservedContainer& one) {
      const std::string number = label(one, core::label::kGeneration);
      return std::pair(number.size(), number);  // decimal numbers in order
    };
    const core::ObservedContainer*& best = newest[*address];
    if (best == nullptr || generation(container) > generation(*best)) {
      best = &container;
    }
  }
  return newest;
}

}  // namespace

std::map<Address, Map> recorded_endpoints(const Configuration& configuration,
                                          const core::StateSnapshot& state,
                                          const core::ObservedWorld& observed) {
  std::map<Address, Map> records;
  core::Diagnostics told_by_the_plan;
  const MovedState moved = move_records(configuration, state, told_by_the_plan);
  for (const auto& [address, record] : (moved.state ? *moved.state : state).resources) {
    if (address.kind == Kind::Endpoint) {
      records.emplace(address, record.attributes);
    }
  }
  for (const auto& [address, container] : labelled_containers(configuration, observed)) {
    const auto spec = container->labels.find(core::label::kSpec);
    if (address.kind != Kind::Endpoint || records.contains(address) ||
        spec == container->labels.end()) {
      continue;
    }
    const core::Result<Value> value = core::parse_canonical_json(spec->second);
    if (const Map* map = value ? value->get<Map>() : nullptr) {
      records.emplace(address, *map);
    }
  }
  return records;
}

}  // namespace aim::planner
