#include "planner/schema_positions.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "planner/schema.hpp"

namespace aim::planner {

using core::List;
using core::Map;
using core::Positions;
using core::Value;

namespace {

const List* list_at(const Map& map, std::string_view name) {
  const Value* value = core::find(map, name);
  return value ? value->get<List>() : nullptr;
}

/// Where each written item stands in the canonical list; empty if that cannot be told.
std::vector<std::size_t> order_of(const Attribute& attribute,
                                  const List& written,
                                  const List& canonical) {
  std::vector<std::size_t> order;
  for (const Value& item : written) {
    core::Diagnostics unused;
    const auto alone = normalise(attribute, Value(List{item}), {}, {}, unused);
    const List* one = alone ? alone->get<List>() : nullptr;
    const auto found = one && one->size() == 1
                           ? std::find(canonical.begin(), canonical.end(), one->front())
                           : canonical.end();
    if (found == canonical.end()) {
      return {};
    }
    order.push_back(static_cast<std::size_t>(found - canonical.begin()));
  }
  return order;
}

void move_positions(std::string_view name,
                    const std::vector<std::size_t>& order,
                    Positions& positions) {
  Positions moved;
  for (std::size_t i = 0; i < order.size(); ++i) {
    const std::string from = fmt::format("{}[{}]", name, i);
    const std::string to = fmt::format("{}[{}]", name, order[i]);
    auto at = positions.lower_bound(from);
    while (at != positions.end() && at->first.starts_with(from)) {
      moved.emplace(to + at->first.substr(from.size()), at->second);
      at = positions.erase(at);
    }
  }
  positions.merge(moved);
}

}  // namespace

void follow_canonical_order(core::Kind kind,
                            const Map& written,
                            const Map& decoded,
                            Positions& positions) {
  for (const std::string_view name : {"ports", "mounts"}) {
    const Attribute* attribute = find_attribute(kind, name);
    const List* before = list_at(written, name);
    const List* after = list_at(decoded, name);
    if (attribute == nullptr || before == nullptr || after == nullptr || before->size() < 2 ||
        before->size() != after->size()) {
      continue;
    }
    const std::vector<std::size_t> order = order_of(*attribute, *before, *after);
    if (!std::is_sorted(order.begin(), order.end())) {
      move_positions(name, order, positions);
    }
  }
}

}  // namespace aim::planner
