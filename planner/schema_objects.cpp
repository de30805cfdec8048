#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "planner/schema_normalise.hpp"
#include "planner/schema_tables.hpp"

namespace aim::planner {

using core::List;
using core::Map;
using core::Value;

namespace {

constexpr std::int64_t kMostGpus = 16;

// The limits of setrlimit(2) that Docker's runtime knows.
constexpr std::array<std::string_view, 16> kUlimits = {"as",
                                                       "core",
                                                       "cpu",
                                                       "data",
                                                       "fsize",
                                                       "locks",
                                                       "memlock",
                                                       "msgqueue",
                                                       "nice",
                                                       "nofile",
                                                       "nproc",
                                                       "rss",
                                                       "rtprio",
                                                       "rttime",
                                                       "sigpending",
                                                       "stack"};

bool is_known_ulimit(const std::string& name, const Site& site) {
  if (std::find(kUlimits.begin(), kUlimits.end(), name) != kUlimits.end()) {
    return true;
  }
  const std::string near = core::did_you_mean(name, {kUlimits.begin(), kUlimits.end()});
  site.error("Unknown limit",
             fmt::format("Linux has no limit {}.{} There are {}.",
                         shown(name),
                         near.empty() ? "" : " " + near,
                         fmt::join(kUlimits, ", ")));
  return false;
}

/// "unlimited" is how `ulimit` writes it.
Value limit_number(const Value& value) {
  const std::string* text = value.get<std::string>();
  return text && *text == "unlimited" ? Value(-1) : value;
}

Map both_limits(const Value& value) {
  const Map* members = value.get<Map>();
  if (members == nullptr) {
    return {{"soft", limit_number(value)}, {"hard", limit_number(value)}};
  }
  Map limits = *members;
  for (auto& [name, limit] : limits) {
    limit = limit_number(limit);
  }
  return limits;
}

std::optional<Value> one_ulimit(const Attribute& attribute, const Value& value, const Site& site) {
  if (value.is<std::string>() && !core::contains_secret(value)) {
    const std::string& text = *value.get<std::string>();
    if (text != "unlimited" && text.find_first_not_of("-0123456789") != std::string::npos) {
      refuse(site, "a number, unlimited, or a map of soft and hard", value);
      return std::nullopt;
    }
  } else if (value.is<List>() || value.is<bool>() || value.is<double>()) {
    refuse(site, "a number, unlimited, or a map of soft and hard", value);
    return std::nullopt;
  }
  std::optional<Value> limits = normalise_object(attribute.members, both_limits(value), site);
  const Map* members = limits ? limits->get<Map>() : nullptr;
  const auto soft = members ? core::integer_at(*members, "soft") : std::nullopt;
  const auto hard = members ? core::integer_at(*members, "hard") : std::nullopt;
  if (soft && hard && *hard >= 0 && (*soft < 0 || *soft > *hard)) {
    site.error("Conflicting attributes",
               fmt::format("The soft limit of `{}` is above the hard one, which the kernel "
                           "refuses: {} and {}.",
                           site.name(),
                           *soft < 0 ? "unlimited" : std::to_string(*soft),
                           *hard));
    return std::nullopt;
  }
  return limits;
}

/// A count alone stands for the member of that name.
std::optional<Map> gpu_members(const Value& value, const Site& site) {
  if (const Map* members = value.get<Map>()) {
    return *members;
  }
  const std::optional<std::string> count =
      value.is<bool>() || value.is<double>() ? std::nullopt : text_from(value);
  if (!count) {
    refuse(site, "a number of GPUs, all, or a map", value);
    return std::nullopt;
  }
  return Map{{"count", *count}};
}

/// What Docker refuses at the start, or gives no GPU for without a word.
bool check_gpus(Map& gpus, const Site& site) {
  const bool counted = core::find(gpus, "count") != nullptr;
  const bool named = core::find(gpus, "ids") != nullptr;
  if (counted == named) {
    site.error(
        counted ? "Conflicting attributes" : "Missing attribute",
        counted ? fmt::format("`{}` has `count` and `ids`; Docker takes one of them.", site.name())
                : fmt::format("`{}` says neither how many GPUs (`count`) nor which ones (`ids`).",
                              site.name()));
    return false;
  }
  // A CDI device is named in full, so nothing has to be asked of a driver.
  if (core::find(gpus, "capabilities") == nullptr && core::string_at(gpus, "driver") != "cdi") {
    gpus.emplace("capabilities", List{"gpu"});
  }
  return true;
}

/// An endpoint names GPUs, or says how many.
bool check_gpu_request(const Map& request, const Site& site) {
  const bool counted = core::find(request, "count") != nullptr;
  const Value* ids = core::find(request, "ids");
  if (counted && ids != nullptr) {
    site.error("Conflicting attributes",
               fmt::format("`{}` has `count` and `ids`. Remove one of the two.", site.name()));
    return false;
  }
  if (!counted && ids == nullptr) {
    site.error("Missing attribute",
               fmt::format("`{}` says neither how many GPUs (`count`) nor which ones (`ids`).",
                           site.name()));
    return false;
  }
  return true;
}

Value without(Map members, std::string_view name) {
  members.erase(std::string(name));
  return Value(std::move(members));
}

/// A check that is taken away has nothing else to say.
std::optional<Value> disabled_check(const Map& written, const Site& site) {
  for (const auto& [name, value] : written) {
    if (name != "disable" && name != "test" && !value.is_null() && !name.starts_with("x-")) {
      site.at(name).error("Conflicting attributes",
                          fmt::format("`{}` takes the check away, so `{}` has no meaning. Remove "
                                      "one of the two.",
                                      site.name(),
                                      name));
      return std::nullopt;
    }
  }
  return Value(Map{{"test", List{"NONE"}}});
}

bool asks_for_none(const Value* test) {
  const List* words = test ? test->get<List>() : nullptr;
  return (test && *test == Value("NONE")) || (words && *words == List{"NONE"});
}

std::optional<Value> healthcheck(const Attribute& attribute, const Value& value, const Site& site) {
  const Map* written = value.get<Map>();
  if (written == nullptr) {
    return normalise_object(attribute.members, value, site);
  }
  const Value* test = core::find(*written, "test");
  const Value* disable = core::find(*written, "disable");
  if (asks_for_none(test)) {
    return disabled_check(*written, site);
  }
  if (disable && (*disable == Value(true) || *disable == Value("true"))) {
    if (test && !test->is_null()) {
      site.at("test").error("Conflicting attributes",
                            fmt::format("`{}` has a `test` and `disable: true`. Remove one of "
                                        "the two.",
                                        site.name()));
      return std::nullopt;
    }
    return disabled_check(*written, site);
  }
  std::optional<Value> check = normalise_object(attribute.members, value, site);
  return check ? std::optional(without(std::move(*check->get<Map>()), "disable")) : std::nullopt;
}

constexpr std::array<std::string_view, 4> kPoolKeys = {
    "subnet", "gateway", "ip_range", "aux_addresses"};

/// One pool stands beside the other members, so that both ways to write it are the same.
std::optional<Value> address_pools(const Attribute& attribute,
                                   const Value& value,
                                   const Site& site) {
  std::optional<Value> ipam = normalise_object(attribute.members, value, site);
  Map* members = ipam ? ipam->get<Map>() : nullptr;
  if (members == nullptr) {
    return ipam;
  }
  const auto pools = members->find("pools");
  const bool flat = std::any_of(kPoolKeys.begin(), kPoolKeys.end(), [&](std::string_view key) {
    return core::find(*members, key) != nullptr;
  });
  if (pools == members->end()) {
    if (flat && core::find(*members, "subnet") == nullptr) {
      site.error("Missing attribute",
                 fmt::format("`subnet` is required in `{}`: Addresses of the network, such as "
                             "172.30.0.0/16.",
                             site.name()));
      return std::nullopt;
    }
    return ipam;
  }
  if (flat) {
    site.at("pools").error("Conflicting attributes",
                           fmt::format("`{}` has `pools` and parts of a pool beside it. Move them "
                                       "into `pools`.",
                                       site.name()));
    return std::nullopt;
  }
  const List* list = pools->second.get<List>();
  const Map* only = list && list->size() == 1 ? list->front().get<Map>() : nullptr;
  if (only != nullptr) {
    const Map pool = *only;
    members->erase(pools);
    members->insert(pool.begin(), pool.end());
  }
  return ipam;
}

}  // namespace

std::optional<Value> normalise_ulimits(const Attribute& attribute,
                                       const Value& value,
                                       const Site& site) {
  const Map* limits = value.get<Map>();
  if (limits == nullptr) {
    refuse(site, "a map of limits", value);
    return std::nullopt;
  }
  Map result;
  bool good = true;
  for (const auto& [name, limit] : *limits) {
    const Site place = site.at(name);
    if (!is_known_ulimit(name, place)) {
      good = false;
      continue;
    }
    if (limit.is_null() || passes_unchecked(limit)) {
      result.emplace(name, limit);
      continue;
    }
    std::optional<Value> both = one_ulimit(attribute, limit, place);
    good = good && both;
    if (both) {
      result.emplace(name, std::move(*both));
    }
  }
  std::erase_if(result, [](const auto& entry) { return entry.second.is_null(); });
  return good ? std::optional(Value(std::move(result))) : std::nullopt;
}

std::optional<Value> normalise_gpu_request(const Attribute& attribute,
                                           const Value& value,
                                           const Site& site) {
  constexpr std::string_view kExpected = "a number of GPUs from 0 to 16, auto, or a map";
  if (value == Value("auto")) {
    return value;
  }
  Map written;
  if (const Map* members = value.get<Map>()) {
    written = *members;
  } else {
    const std::string* text = value.get<std::string>();
    const bool number =
        value.is<std::int64_t>() ||
        (text && !text->empty() && text->find_first_not_of("0123456789") == std::string::npos);
    const std::optional<std::int64_t> count =
        number ? (text ? std::stoll(text->substr(0, 6)) : *value.get<std::int64_t>())
               : std::optional<std::int64_t>();
    if (!count || *count < 0 || *count > kMostGpus) {
      refuse(site, kExpected, value);
      return std::nullopt;
    }
    written = {{"count", *count}};
  }
  std::optional<Value> request = normalise_object(attribute.members, written, site);
  const Map* members = request ? request->get<Map>() : nullptr;
  return members && check_gpu_request(*members, site) ? request : std::nullopt;
}

std::optional<Value> normalise_gpus(const Attribute& attribute,
                                    const Value& value,
                                    const Site& site) {
  std::optional<Map> members = gpu_members(value, site);
  if (!members) {
    return std::nullopt;
  }
  if (const auto count = members->find("count"); count != members->end()) {
    if (const std::optional<std::string> text = text_from(count->second)) {
      count->second = Value(*text);
    }
  }
  std::optional<Value> gpus = normalise_object(attribute.members, Value(std::move(*members)), site);
  if (!gpus || !check_gpus(*gpus->get<Map>(), site)) {
    return std::nullopt;
  }
  return gpus;
}

std::optional<Value> normalise_objects(const Attribute& attribute,
                                       const Value& value,
                                       const Site& site) {
  const List* items = value.get<List>();
  if (items == nullptr) {
    refuse(site, "a list of maps", value);
    return std::nullopt;
  }
  List result;
  bool good = true;
  for (std::size_t i = 0; i < items->size(); ++i) {
    if (passes_unchecked((*items)[i])) {
      result.push_back((*items)[i]);
      continue;
    }
    std::optional<Value> item = normalise_object(attribute.members, (*items)[i], site.at(i));
    good = good && item;
    if (item) {
      result.push_back(std::move(*item));
    }
  }
  return good ? std::optional(Value(std::move(result))) : std::nullopt;
}

std::optional<Value> normalise_shaped_object(const Attribute& attribute,
                                             const Value& value,
                                             const Site& site) {
  if (attribute.format == Format::Healthcheck) {
    return healthcheck(attribute, value, site);
  }
  if (attribute.format == Format::AddressPools) {
    return address_pools(attribute, value, site);
  }
  return normalise_object(attribute.members, value, site);
}

}  // namespace aim::planner
