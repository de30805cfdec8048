#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "planner/schema_format.hpp"
#include "planner/schema_normalise.hpp"
#include "planner/schema_tables.hpp"

namespace aim::planner {

using core::Kind;
using core::List;
using core::Map;
using core::Value;

namespace {

struct ForeignWord {
  std::string_view theirs;
  std::string_view ours;
};

// What people who come from Compose or `docker run` write first.
constexpr std::array<ForeignWord, 20> kForeignWords = {{{"cmd", "command"},
                                                        {"container_name", "name"},
                                                        {"cpuset_cpus", "cpuset"},
                                                        {"device_requests", "gpus"},
                                                        {"dns_opt", "dns_options"},
                                                        {"dns_opts", "dns_options"},
                                                        {"enable_ipv6", "ipv6"},
                                                        {"environment", "env"},
                                                        {"healthcheck", "readiness"},
                                                        {"host", "bind"},
                                                        {"log_driver", "logging"},
                                                        {"mem_limit", "memory"},
                                                        {"mem_reservation", "memory_reservation"},
                                                        {"memswap_limit", "memory_swap"},
                                                        {"published_port", "port"},
                                                        {"pull_policy", "pull"},
                                                        {"restart_policy", "restart"},
                                                        {"tmpfs", "mounts"},
                                                        {"volumes", "mounts"},
                                                        {"workdir", "working_dir"}}};

std::string suggestion(const std::string& key, const std::vector<std::string>& candidates) {
  for (const ForeignWord& word : kForeignWords) {
    if (key == word.theirs &&
        std::find(candidates.begin(), candidates.end(), word.ours) != candidates.end()) {
      return fmt::format(" Did you mean `{}`?", word.ours);
    }
  }
  const std::string near = core::did_you_mean(key, candidates);
  return near.empty() ? "" : " " + near;
}

bool report_unknown(std::span<const Attribute> members,
                    const Map& written,
                    const Site& site,
                    const Owner& owner) {
  std::vector<std::string> candidates = owner.other_keys;
  for (const Attribute& member : members) {
    candidates.emplace_back(member.name);
  }
  bool good = true;
  for (const auto& [key, value] : written) {
    // Keys for anchors are free everywhere.
    if (!key.starts_with("x-") && find_member(members, key) == nullptr) {
      site.at(key).error("Unknown attribute",
                         fmt::format("{} has no attribute `{}`.{}{}",
                                     owner.name,
                                     key,
                                     suggestion(key, candidates),
                                     owner.members));
      good = false;
    }
  }
  return good;
}

/// An empty collection is what the attribute is without it; only an entrypoint can be taken away.
bool says_nothing(const Attribute& attribute, const Value& value) {
  if (value.is_null()) {
    return true;
  }
  if (attribute.name == "entrypoint" || attribute.type == Type::Object) {
    return false;
  }
  const List* list = value.get<List>();
  const Map* map = value.get<Map>();
  return (list && list->empty()) || (map && map->empty());
}

std::string article(Kind kind) {
  return fmt::format("{} {}", kind == Kind::Endpoint ? "an" : "a", core::to_string(kind));
}

Owner owner_of(Kind kind) {
  Owner owner;
  const std::string name = article(kind);
  owner.name = "A" + name.substr(1);
  owner.members =
      fmt::format(" docs/reference/{}.md lists all attributes of {}.", core::to_string(kind), name);
  for (const Attribute& common : common_attributes(kind)) {
    if (!common.refused) {
      owner.other_keys.emplace_back(common.name);
    }
  }
  owner.required_for = "for " + name;
  return owner;
}

Owner owner_at(std::span<const Attribute> members, const Site& site) {
  std::vector<std::string_view> names;
  for (const Attribute& member : members) {
    names.push_back(member.name);
  }
  Owner owner;
  owner.name = fmt::format("`{}`", site.name());
  owner.members = fmt::format(" It takes {}.", fmt::join(names, ", "));
  owner.required_for = "in " + owner.name;
  return owner;
}

}  // namespace

bool normalise_members(std::span<const Attribute> members,
                       const Map& written,
                       const Site& site,
                       const Owner& owner,
                       Map& result) {
  bool good = report_unknown(members, written, site, owner);
  for (const Attribute& member : members) {
    const std::string name(member.name);
    const Value* value = core::find(written, name);
    const bool is_set = value && !value->is_null();
    if (!is_set && member.required) {
      site.error(
          "Missing attribute",
          fmt::format("`{}` is required {}: {}", name, owner.required_for, member.description));
      good = false;
      continue;
    }
    if (!is_set && member.default_text.empty()) {
      continue;
    }
    std::optional<Value> canonical =
        normalise_at(member, is_set ? *value : default_value(member), site.at(name));
    good = good && canonical;
    if (canonical && !says_nothing(member, *canonical)) {
      result.emplace(name, std::move(*canonical));
      if (!is_set && owner.defaulted) {
        owner.defaulted->push_back(name);
      }
    }
  }
  return good;
}

std::optional<Value> normalise_object(std::span<const Attribute> members,
                                      const Value& value,
                                      const Site& site) {
  const Map* written = value.get<Map>();
  if (written == nullptr) {
    refuse(site, "a map", value);
    return std::nullopt;
  }
  Map result;
  const bool good = normalise_members(members, *written, site, owner_at(members, site), result);
  return good ? std::optional(Value(std::move(result))) : std::nullopt;
}

std::optional<Value> normalise_at(const Attribute& attribute,
                                  const Value& value,
                                  const Site& site) {
  if (value.is_null() || passes_unchecked(value)) {
    return value;
  }
  if (value.is<core::Secret>() && attribute.type != Type::Arguments &&
      !(attribute.type == Type::String && attribute.choices.empty() &&
        takes_secret(attribute.format))) {
    refuse_secret(site);
    return std::nullopt;
  }
  switch (attribute.type) {
    case Type::Integer:
    case Type::Number:
    case Type::Boolean:
    case Type::Duration:
    case Type::Size:
    case Type::Port:
    case Type::PortRequest:
      return normalise_number(attribute, value, site);
    case Type::String:
    case Type::Strings:
    case Type::StringMap:
    case Type::Image:
    case Type::RestartPolicy:
      return normalise_text(attribute, value, site);
    case Type::Arguments:
      return normalise_arguments(value, site);
    case Type::Ports:
      return normalise_ports(value, site);
    case Type::Mounts:
      return normalise_mounts(value, site);
    case Type::Networks:
      return normalise_networks(value, site);
    case Type::Files:
      return normalise_files(value, site);
    case Type::Ulimits:
      return normalise_ulimits(attribute, value, site);
    case Type::Gpus:
      return normalise_gpus(attribute, value, site);
    case Type::GpuRequest:
      return normalise_gpu_request(attribute, value, site);
    case Type::Objects:
      return normalise_objects(attribute, value, site);
    case Type::Object:
      return normalise_shaped_object(attribute, value, site);
  }
  return std::nullopt;
}

std::optional<Value> normalise(const Attribute& attribute,
                               const Value& value,
                               const core::Positions& positions,
                               const core::Path& path,
                               core::Diagnostics& diagnostics) {
  return normalise_at(attribute, value, Site{positions, diagnostics, path, Site::Stage::Known});
}

Map decode_attributes(Kind kind,
                      const Map& written,
                      const core::Positions& positions,
                      const core::Address& address,
                      std::vector<std::string>& defaulted,
                      core::Diagnostics& diagnostics) {
  core::Diagnostics found;
  const Site site{positions, found, {}, Site::Stage::Written};
  Owner owner = owner_of(kind);
  owner.defaulted = &defaulted;
  Map result;
  // What could be read is worth checking further: one run shall report everything.
  static_cast<void>(normalise_members(attributes(kind), written, site, owner, result));
  check_together(kind, result, site);
  if (core::boolean_at(result, "job").value_or(false)) {
    // Docker would run it again and again.
    result.insert_or_assign("restart", "no");
  }
  for (core::Diagnostic diagnostic : found.items()) {
    diagnostic.address = address.str();
    diagnostics.add(std::move(diagnostic));
  }
  return result;
}

namespace {

bool takes_text_in_file(const core::PathStep& step) {
  const std::string* name = std::get_if<std::string>(&step);
  const Attribute* member = name ? find_member(file_members(), *name) : nullptr;
  return member && member->type == Type::String;
}

}  // namespace

bool takes_text(Kind kind, const core::Path& path) {
  std::span<const Attribute> members = attributes(kind);
  for (std::size_t depth = 0; depth < path.size(); ++depth) {
    const std::string* name = std::get_if<std::string>(&path[depth]);
    const Attribute* found = name ? find_member(members, *name) : nullptr;
    if (found == nullptr) {
      return false;
    }
    const std::size_t below = path.size() - depth - 1;
    switch (found->type) {
      case Type::String:
      case Type::Image:
      case Type::RestartPolicy:
        return below == 0;
      case Type::Strings:
        return (below == 0 && found->format == Format::HealthTest) ||
               (below == 1 && std::holds_alternative<std::size_t>(path.back()));
      case Type::StringMap:
        return below == 1;
      case Type::Ports:
        return below == 1 && std::holds_alternative<std::size_t>(path.back());
      case Type::Files:
        return below == 1 || (below == 2 && takes_text_in_file(path.back()));
      case Type::Mounts:
      case Type::Networks:
      case Type::Objects:
        if (below == 1) {
          return found->type != Type::Objects && std::holds_alternative<std::size_t>(path.back());
        }
        members = found->type == Type::Mounts     ? mount_members()
                  : found->type == Type::Networks ? attachment_members()
                                                  : found->members;
        ++depth;
        break;
      case Type::Object:
      case Type::Gpus:
      case Type::GpuRequest:
        members = found->members;
        break;
      case Type::Integer:
      case Type::Number:
      case Type::Boolean:
      case Type::Duration:
      case Type::Size:
      case Type::Port:
      case Type::PortRequest:
      case Type::Ulimits:
      case Type::Arguments:
        return false;
    }
  }
  return false;
}

}  // namespace aim::planner
