#include <fmt/format.h>

#include <algorithm>

#include "planner/schema_normalise.hpp"
#include "planner/schema_tables.hpp"

namespace aim::planner {

using core::List;
using core::Map;
using core::Value;

namespace {

void refuse_reference(const Value& value, const Site& site) {
  const core::Template* text = value.get<core::Template>();
  const core::Reference* reference = text && text->parts.size() == 1
                                         ? std::get_if<core::Reference>(&text->parts.front())
                                         : nullptr;
  const bool is_network = reference && reference->address.kind == core::Kind::Network;
  site.error(
      "Reference is not possible here",
      fmt::format("A network is joined by its key in this configuration: write {} instead of "
                  "a reference.",
                  is_network ? "`" + reference->address.name + "`" : "the key"));
}

std::optional<Map> from_list(const List& items, const Site& site) {
  Map result;
  bool good = true;
  for (std::size_t i = 0; i < items.size(); ++i) {
    const Site place = site.at(i);
    if (passes_unchecked(items[i])) {
      refuse_reference(items[i], place);
      good = false;
      continue;
    }
    const std::optional<std::string> name = text_from(items[i]);
    if (!name || name->empty()) {
      refuse(place,
             "a key of `networks`",
             items[i],
             items[i].is<Map>() ? " With aliases or an address, write `networks` as a map." : "");
      good = false;
    } else if (!result.emplace(*name, Map()).second) {
      place.error("Network named twice",
                  fmt::format("`{}` names {} again.", place.name(), shown(*name)));
      good = false;
    }
  }
  return good ? std::optional(std::move(result)) : std::nullopt;
}

void make_alias_set(Map& attachment) {
  const auto found = attachment.find("aliases");
  List* aliases = found == attachment.end() ? nullptr : found->second.get<List>();
  if (aliases == nullptr) {
    return;
  }
  std::stable_sort(aliases->begin(), aliases->end(), [](const Value& a, const Value& b) {
    const std::string* left = a.get<std::string>();
    const std::string* right = b.get<std::string>();
    return left && (!right || *left < *right);
  });
  aliases->erase(std::unique(aliases->begin(), aliases->end()), aliases->end());
}

std::optional<Map> from_map(const Map& networks, const Site& site) {
  Map result;
  bool good = true;
  for (const auto& [name, settings] : networks) {
    const Site place = site.at(name);
    if (settings.is_null()) {
      result.emplace(name, Map());
      continue;
    }
    if (passes_unchecked(settings)) {
      refuse_reference(settings, place);
      good = false;
      continue;
    }
    std::optional<Value> attachment = normalise_object(attachment_members(), settings, place);
    if (!attachment) {
      good = false;
      continue;
    }
    make_alias_set(*attachment->get<Map>());
    result.emplace(name, std::move(*attachment));
  }
  return good ? std::optional(std::move(result)) : std::nullopt;
}

}  // namespace

std::optional<Value> normalise_networks(const Value& value, const Site& site) {
  std::optional<Map> result;
  bool empty = false;
  if (const List* items = value.get<List>()) {
    empty = items->empty();
    result = from_list(*items, site);
  } else if (const Map* networks = value.get<Map>()) {
    empty = networks->empty();
    result = from_map(*networks, site);
  } else {
    refuse(site, "a list or a map of networks", value);
    return std::nullopt;
  }
  if (empty) {
    site.error("Empty list",
               fmt::format("`{}` is empty, but a container always is on some network. Remove it to "
                           "join the project's network `default`.",
                           site.name()));
    return std::nullopt;
  }
  return result ? std::optional(Value(std::move(*result))) : std::nullopt;
}

}  // namespace aim::planner
