#include "planner/unset_secrets.hpp"

#include <fmt/format.h>

namespace aim::planner {

using core::List;
using core::Map;
using core::Path;
using core::Secret;
using core::Value;

bool is_unset_secret(const Value& value) {
  const Secret* secret = value.get<Secret>();
  return secret != nullptr && !secret->known() && secret->digest().empty();
}

Value assume_unchanged(const Value& wanted, const Value* recorded) {
  if (is_unset_secret(wanted)) {
    return recorded != nullptr && recorded->is<Secret>() ? *recorded : wanted;
  }
  if (const Map* map = wanted.get<Map>()) {
    const Map* other = recorded ? recorded->get<Map>() : nullptr;
    Map copy;
    for (const auto& [key, value] : *map) {
      copy.emplace(key, assume_unchanged(value, other ? core::find(*other, key) : nullptr));
    }
    return copy;
  }
  if (const List* list = wanted.get<List>()) {
    const List* other = recorded ? recorded->get<List>() : nullptr;
    List copy;
    for (std::size_t i = 0; i < list->size(); ++i) {
      copy.push_back(
          assume_unchanged((*list)[i], other && i < other->size() ? &(*other)[i] : nullptr));
    }
    return copy;
  }
  return wanted;
}

namespace {

void collect(const Value& value,
             const std::string& owner,
             Path& path,
             std::vector<std::string>& places) {
  if (is_unset_secret(value)) {
    places.push_back(path.empty() ? owner : fmt::format("{}.{}", owner, core::to_string(path)));
  } else if (const Map* map = value.get<Map>()) {
    for (const auto& [key, item] : *map) {
      path.emplace_back(key);
      collect(item, owner, path, places);
      path.pop_back();
    }
  } else if (const List* list = value.get<List>()) {
    for (std::size_t i = 0; i < list->size(); ++i) {
      path.emplace_back(i);
      collect((*list)[i], owner, path, places);
      path.pop_back();
    }
  }
}

}  // namespace

std::vector<std::string> unset_places(const Plan& plan) {
  std::vector<std::string> places;
  Path path;
  for (const ResourceChange& change : plan.changes) {
    collect(change.attributes, change.address.str(), path, places);
  }
  for (const OutputChange& output : plan.outputs) {
    collect(output.after, "output " + output.name, path, places);
  }
  return places;
}

}  // namespace aim::planner
