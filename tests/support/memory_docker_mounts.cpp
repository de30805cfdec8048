#include <algorithm>

#include "tests/support/memory_docker_world.hpp"

namespace aim::support::memory {

namespace {

json::object volume_mount(const Volume& volume,
                          const std::string& target,
                          std::string mode,
                          bool writable) {
  return {{"Type", "volume"},
          {"Name", volume.name},
          {"Source", "/var/lib/docker/volumes/" + volume.name + "/_data"},
          {"Destination", target},
          {"Driver", volume.driver},
          {"Mode", std::move(mode)},
          {"RW", writable},
          {"Propagation", ""}};
}

std::string add_mount(Container& container, json::object mount) {
  const std::string target = text_at(mount, "Destination");
  for (const json::value& other : container.mounts) {
    if (text_at(other.as_object(), "Destination") == target) {
      return target;
    }
  }
  container.mounts.emplace_back(std::move(mount));
  return {};
}

/// A mount point that is taken twice, or nothing.
std::string resolve_typed_mounts(World& world, Container& container) {
  const json::value* mounts = container.host.if_contains("Mounts");
  if (mounts == nullptr || !mounts->is_array()) {
    return {};
  }
  for (const json::value& item : mounts->get_array()) {
    const json::object& wanted = item.as_object();
    const std::string type = text_at(wanted, "Type");
    const std::string target = text_at(wanted, "Target");
    const bool writable = !flag_at(wanted, "ReadOnly");
    std::string source = text_at(wanted, "Source");
    json::object mount;
    if (type == "volume") {
      const bool anonymous = source.empty();
      const Volume& volume = ensure_volume(world, anonymous ? world.make_id() : source);
      mount = volume_mount(volume, target, anonymous ? "" : "z", writable);
    } else {
      mount = {{"Type", type},
               {"Source", source},
               {"Destination", target},
               {"Mode", ""},
               {"RW", writable},
               {"Propagation", type == "bind" ? "rprivate" : ""}};
    }
    if (std::string twice = add_mount(container, std::move(mount)); !twice.empty()) {
      return twice;
    }
  }
  return {};
}

std::string resolve_binds(World& world, Container& container) {
  for (const std::string& bind : texts_at(container.host, "Binds")) {
    const std::size_t first = bind.find(':');
    if (first == std::string::npos) {
      continue;
    }
    const std::size_t second = bind.find(':', first + 1);
    const std::string source = bind.substr(0, first);
    const std::string target = bind.substr(first + 1, second - first - 1);
    const std::string mode = second == std::string::npos ? "" : bind.substr(second + 1);
    json::object mount;
    if (source.starts_with('/')) {
      mount = {{"Type", "bind"},
               {"Source", source},
               {"Destination", target},
               {"Mode", mode},
               {"RW", mode != "ro"},
               {"Propagation", "rprivate"}};
    } else {
      mount = volume_mount(
          ensure_volume(world, source), target, mode.empty() ? "z" : mode, mode != "ro");
    }
    if (std::string twice = add_mount(container, std::move(mount)); !twice.empty()) {
      return twice;
    }
  }
  return {};
}

void resolve_anonymous_volumes(World& world, Container& container) {
  for (const json::key_value_pair& path : object_at(container.config, "Volumes")) {
    const std::string target(path.key());
    const bool taken = std::any_of(
        container.mounts.begin(), container.mounts.end(), [&](const json::value& other) {
          return text_at(other.as_object(), "Destination") == target;
        });
    if (!taken) {
      const Volume& volume = ensure_volume(world, world.make_id());
      add_mount(container, volume_mount(volume, target, "", true));
    }
  }
}

}  // namespace

std::optional<Answer> resolve_mounts(World& world, Container& container) {
  for (const auto& resolve : {resolve_typed_mounts, resolve_binds}) {
    if (const std::string twice = resolve(world, container); !twice.empty()) {
      return refusal(400, "Duplicate mount point: " + twice);
    }
  }
  resolve_anonymous_volumes(world, container);
  return std::nullopt;
}

}  // namespace aim::support::memory
