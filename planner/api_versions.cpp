#include "planner/api_versions.hpp"

#include <fmt/format.h>

#include <charconv>

#include "planner/schema_network_pools.hpp"
#include "planner/schema_tables.hpp"

namespace aim::planner {

using core::List;
using core::Map;
using core::Value;

namespace {

/// The NN of "1.NN"; nothing if it is no such version.
std::optional<int> minor_of(std::string_view version) {
  constexpr std::string_view kMajor = "1.";
  if (!version.starts_with(kMajor)) {
    return std::nullopt;
  }
  version.remove_prefix(kMajor.size());
  int minor = 0;
  const auto [end, error] = std::from_chars(version.data(), version.data() + version.size(), minor);
  return error == std::errc() && end == version.data() + version.size() ? std::optional(minor)
                                                                        : std::nullopt;
}

/// The first Docker that speaks a version of the API. Source: the Engine's release notes.
std::string_view docker_of(std::string_view api) {
  struct Release {
    std::string_view api;
    std::string_view docker;
  };

  constexpr Release kReleases[] = {{"1.42", "23"},
                                   {"1.43", "24"},
                                   {"1.44", "25"},
                                   {"1.45", "26"},
                                   {"1.46", "27"},
                                   {"1.48", "28"}};
  for (const Release& release : kReleases) {
    if (release.api == api) {
      return release.docker;
    }
  }
  return "";
}

constexpr std::string_view kPassesOver =
    "would pass over it in silence. Upgrade Docker, or remove it.";

class Checker {
 public:
  Checker(const core::Positions& positions,
          const core::EngineInfo& engine,
          core::Diagnostics& diagnostics)
      : site_{positions, diagnostics, {}, Site::Stage::Known},
        engine_(engine),
        minor_(minor_of(engine.api_version)) {}

  void members(std::span<const Attribute> table, const Map& map, const Site& site) const {
    for (const auto& [name, value] : map) {
      const Attribute* attribute = find_member(table, name);
      if (attribute == nullptr || value.is_null()) {
        continue;
      }
      if (needs(attribute->least_api)) {
        too_old(site.at(name), attribute->least_api, kPassesOver);
      } else {
        below(*attribute, value, site.at(name));
      }
    }
  }

  /// What depends on more than the name of the attribute.
  void special(const Map& attributes) const {
    if (core::boolean_at(attributes, "ipv6") == true && !has_ipv6_subnet(attributes) &&
        needs("1.46")) {
      too_old(site_.at("ipv6"),
              "1.46",
              "has no IPv6 addresses of its own to give. Name an IPv6 subnet in `ipam`, as in "
              "fd12:3456:789a::/64, or upgrade Docker.",
              "`ipv6: true` without an IPv6 subnet");
    }
    const Value* gpus = core::find(attributes, "gpus");
    const Map* request = gpus ? gpus->get<Map>() : nullptr;
    if (request && core::string_at(*request, "driver") == "cdi" && needs("1.44")) {
      too_old(site_.at("gpus").at("driver"),
              "1.44",
              "has no such driver. Upgrade Docker, or remove it.",
              "`gpus.driver: cdi`");
    }
  }

  [[nodiscard]] const Site& site() const { return site_; }

 private:
  [[nodiscard]] bool needs(std::string_view api) const {
    const std::optional<int> wanted = minor_of(api);
    return minor_ && wanted && *minor_ < *wanted;
  }

  void too_old(const Site& site,
               std::string_view api,
               std::string_view consequence,
               std::string what = {}) const {
    site.error("Docker is too old",
               fmt::format("{} needs Docker {} (API {}), and the one at hand is {} (API {}), which "
                           "{}",
                           what.empty() ? "`" + site.name() + "`" : what,
                           docker_of(api),
                           api,
                           engine_.server_version,
                           engine_.api_version,
                           consequence));
  }

  void below(const Attribute& attribute, const Value& value, const Site& site) const {
    switch (attribute.type) {
      case Type::Files:
        return;
      case Type::Networks:
        for (const auto& [name, settings] : value.is<Map>() ? *value.get<Map>() : Map()) {
          if (const Map* map = settings.get<Map>()) {
            members(attachment_members(), *map, site.at(name));
          }
        }
        return;
      case Type::Mounts:
        for (const Value& mount : value.is<List>() ? *value.get<List>() : List()) {
          if (const Map* map = mount.get<Map>()) {
            mount_members_of(*map, site);
          }
        }
        return;
      case Type::Object:
      case Type::Gpus:
      case Type::GpuRequest:
        if (const Map* map = value.get<Map>()) {
          members(attribute.members, *map, site);
        }
        return;
      case Type::String:
      case Type::Integer:
      case Type::Number:
      case Type::Boolean:
      case Type::Duration:
      case Type::Size:
      case Type::Port:
      case Type::PortRequest:
      case Type::Strings:
      case Type::StringMap:
      case Type::Arguments:
      case Type::Image:
      case Type::RestartPolicy:
      case Type::Ports:
      case Type::Ulimits:
      case Type::Objects:
        return;
    }
  }

  /// They are in order of target, not as they were written, so no index tells which one it is.
  void mount_members_of(const Map& mount, const Site& site) const {
    for (const auto& [name, value] : mount) {
      const Attribute* member = find_member(mount_members(), name);
      if (member && !value.is_null() && needs(member->least_api)) {
        too_old(site,
                member->least_api,
                kPassesOver,
                fmt::format("`{}` of the mount at {}",
                            name,
                            core::string_at(mount, "target").value_or("a path not known yet")));
      }
    }
  }

  Site site_;
  const core::EngineInfo& engine_;
  std::optional<int> minor_;
};

}  // namespace

void check_api_version(const core::Address& address,
                       const Map& attributes,
                       const core::Positions& positions,
                       const core::EngineInfo& engine,
                       core::Diagnostics& diagnostics) {
  core::Diagnostics found;
  const Checker checker(positions, engine, found);
  checker.members(planner::attributes(address.kind), attributes, checker.site());
  checker.special(attributes);
  for (core::Diagnostic diagnostic : found.items()) {
    diagnostic.address = address.str();
    diagnostics.add(std::move(diagnostic));
  }
}

}  // namespace aim::planner
