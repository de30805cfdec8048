#include "planner/known_secrets.hpp"

#include "core/secret.hpp"

namespace aim::planner {

using core::Map;
using core::Value;

Value with_known_secrets(const Value& before, const Value* after) {
  if (const core::Secret* secret = before.get<core::Secret>()) {
    const core::Secret* known = after ? after->get<core::Secret>() : nullptr;
    return known && known->known() && *known == *secret ? Value(*known) : before;
  }
  const Map* map = before.get<Map>();
  if (map == nullptr) {
    return before;
  }
  const Map* other = after ? after->get<Map>() : nullptr;
  Map copy;
  for (const auto& [key, value] : *map) {
    copy.emplace(key, with_known_secrets(value, other ? core::find(*other, key) : nullptr));
  }
  return copy;
}

}  // namespace aim::planner
