#include <fmt/format.h>

#include <algorithm>

#include "planner/schema_normalise.hpp"

namespace aim::planner {

using core::List;
using core::Map;
using core::Value;

namespace {

bool is_flag(const std::string& key) {
  const bool clean = std::all_of(key.begin(), key.end(), [](char c) {
    return static_cast<unsigned char>(c) > ' ' && c != '=' && c != '\x7f';
  });
  return key.starts_with('-') && key.find_first_not_of('-') != std::string::npos && clean;
}

bool check_key(const std::string& key, const Site& site) {
  if (is_flag(key)) {
    return true;
  }
  site.error("Invalid flag",
             fmt::format("{} is no flag. Write each as the serving engine takes it, such as "
                         "`--max-num-seqs: 256`; what has no flag goes into `command`.",
                         shown(key)));
  return false;
}

bool check_value(const Value& value, const Site& site) {
  if (value.is_null()) {
    site.error(
        "Missing value",
        fmt::format("`{}` has no value. Write true for a flag without one, or remove the line.",
                    site.name()));
    return false;
  }
  if (core::contains_secret(value)) {
    site.error(
        "Sensitive value in serve arguments",
        fmt::format("`{}` would put a sensitive value on the command line, which everyone on "
                    "Docker's host can read. Hand it over in `env`.",
                    site.name()));
    return false;
  }
  return true;
}

bool check_items(const List& items, const Site& site) {
  bool good = true;
  for (std::size_t i = 0; i < items.size(); ++i) {
    const Site place = site.at(i);
    if (items[i].is<List>()) {
      refuse(place, "a scalar or a map", items[i], " A list repeats the flag once for each item.");
      good = false;
    } else {
      good = check_value(items[i], place) && good;
    }
  }
  return good;
}

}  // namespace

std::optional<Value> normalise_arguments(const Value& value, const Site& site) {
  const Map* flags = value.get<Map>();
  if (flags == nullptr) {
    refuse(site,
           "a map of flags",
           value,
           value.is<List>() ? " Write `--flag: value` lines, with true for a flag without a value."
                            : "");
    return std::nullopt;
  }
  bool good = true;
  for (const auto& [key, item] : *flags) {
    const Site place = site.at(key);
    good = check_key(key, place) && good;
    if (const List* items = item.get<List>()) {
      good = check_items(*items, place) && good;
    } else {
      good = check_value(item, place) && good;
    }
  }
  return good ? std::optional(value) : std::nullopt;
}

}  // namespace aim::planner
