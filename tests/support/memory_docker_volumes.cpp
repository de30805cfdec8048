#include <fmt/format.h>

#include <algorithm>
#include <regex>

#include "tests/support/memory_docker_world.hpp"

namespace aim::support::memory {

namespace {

json::object volume_json(const Volume& volume) {
  return {{"CreatedAt", rfc3339(volume.created / 1'000'000'000 * 1'000'000'000)},
          {"Driver", volume.driver},
          {"Labels", volume.labels},
          {"Mountpoint", "/var/lib/docker/volumes/" + volume.name + "/_data"},
          {"Name", volume.name},
          {"Options", volume.options},
          {"Scope", "local"}};
}

json::value object_or_null(const json::object& body, std::string_view key) {
  const json::object& object = object_at(body, key);
  return object.empty() ? json::value() : json::value(object);
}

std::optional<Answer> check_volume(const std::string& name, const json::object& options) {
  static const std::regex kValid("[a-zA-Z0-9][a-zA-Z0-9_.-]*");
  static const std::set<std::string> kOptions = {"type", "device", "o", "size"};
  if (name.size() < 2) {
    return refusal(400,
                   fmt::format("create {}: volume name is too short, names should be at least "
                               "two alphanumeric characters",
                               name));
  }
  if (!std::regex_match(name, kValid)) {
    return refusal(400,
                   fmt::format("create {0}: \"{0}\" includes invalid characters for a local "
                               "volume name, only \"[a-zA-Z0-9][a-zA-Z0-9_.-]\" are allowed. "
                               "If you intended to pass a host directory, use absolute path",
                               name));
  }
  for (const json::key_value_pair& option : options) {
    if (!kOptions.contains(std::string(option.key()))) {
      return refusal(
          400,
          fmt::format("create {}: invalid option: \"{}\"", name, std::string_view(option.key())));
    }
  }
  return std::nullopt;
}

Answer create_volume(World& world, const Request& request) {
  const std::string given = text_at(request.body, "Name");
  const std::string name = given.empty() ? world.make_id() : given;
  const std::string driver = text_at(request.body, "Driver");
  if (!driver.empty() && driver != "local") {
    return refusal(404,
                   fmt::format("create {0}: error looking up volume plugin {1}: plugin "
                               "\"{1}\" not found",
                               name,
                               driver));
  }
  const auto existing = world.volumes.find(name);
  if (existing != world.volumes.end()) {
    // The old one, whatever labels and options were asked for.
    return json_answer(201, volume_json(existing->second));
  }
  if (auto wrong = check_volume(name, object_at(request.body, "DriverOpts"))) {
    return *wrong;
  }
  Volume& volume = ensure_volume(world, name);
  volume.labels = object_or_null(request.body, "Labels");
  volume.options = object_or_null(request.body, "DriverOpts");
  return json_answer(201, volume_json(volume));
}

Answer list_volumes(World& world, const Request& request) {
  static const std::set<std::string> kKnown = {"dangling", "driver", "label", "name"};
  auto filters = filters_of(request, kKnown);
  if (const Answer* wrong = std::get_if<Answer>(&filters)) {
    return *wrong;
  }
  json::array list;
  for (const auto& [name, volume] : world.volumes) {
    bool shown = true;
    for (const auto& [key, wanted] : std::get<Filters>(filters)) {
      if (key == "label") {
        shown = shown && labels_match(labels_of(volume.labels), wanted);
      } else if (key == "name") {
        shown = shown && std::any_of(wanted.begin(), wanted.end(), [&](const std::string& part) {
                  return volume.name.find(part) != std::string::npos;
                });
      } else if (key == "driver") {
        shown = shown && std::find(wanted.begin(), wanted.end(), volume.driver) != wanted.end();
      } else {
        const bool want_unused = !wanted.empty() && (wanted[0] == "true" || wanted[0] == "1");
        shown = shown && world.users_of_volume(name).empty() == want_unused;
      }
    }
    if (shown) {
      list.emplace_back(volume_json(volume));
    }
  }
  return json_answer(200, {{"Volumes", list}, {"Warnings", nullptr}});
}

Answer remove_volume(World& world, const std::string& name) {
  const std::vector<const Container*> users = world.users_of_volume(name);
  if (!users.empty()) {
    std::string ids;
    for (const Container* user : users) {
      ids += (ids.empty() ? "" : ", ") + user->id;
    }
    return refusal(409, fmt::format("remove {}: volume is in use - [{}]", name, ids));
  }
  world.volumes.erase(name);
  world.emit("volume", "destroy", name, {{"driver", "local"}});
  return empty_answer(204);
}

}  // namespace

Volume& ensure_volume(World& world, const std::string& name) {
  const auto [entry, made] = world.volumes.try_emplace(name);
  if (made) {
    entry->second.name = name;
    entry->second.created = world.stamp();
    world.emit("volume", "create", name, {{"driver", "local"}});
  }
  return entry->second;
}

Answer volumes_call(World& world, const Request& request) {
  const std::size_t parts = request.path.size();
  if (parts == 1 && request.method == "GET") {
    return list_volumes(world, request);
  }
  if (parts != 2) {
    return refusal(404, "page not found");
  }
  const std::string& name = request.path[1];
  if (request.method == "POST" && name == "create") {
    return create_volume(world, request);
  }
  const auto found = world.volumes.find(name);
  if (found == world.volumes.end()) {
    return request.method == "DELETE" && request.flag("force")
               ? empty_answer(204)
               : refusal(404, fmt::format("get {}: no such volume", name));
  }
  if (request.method == "GET") {
    return json_answer(200, volume_json(found->second));
  }
  if (request.method == "DELETE") {
    return remove_volume(world, name);
  }
  return refusal(404, "page not found");
}

}  // namespace aim::support::memory
