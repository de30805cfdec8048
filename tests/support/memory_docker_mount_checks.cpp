#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "tests/support/memory_docker_checks.hpp"

namespace aim::support::memory {

namespace {

constexpr int kCreatesSources = 42;  // 1.42: BindOptions.CreateMountpoint
constexpr int kSubpaths = 45;        // 1.45: VolumeOptions.Subpath

struct Options {
  const char* type;
  const char* member;
};

constexpr std::array<Options, 3> kOptions = {
    {{"bind", "BindOptions"}, {"volume", "VolumeOptions"}, {"tmpfs", "TmpfsOptions"}}};

bool is_propagation(const std::string& word) {
  constexpr std::array<std::string_view, 7> kWords = {
      "", "private", "rprivate", "shared", "rshared", "slave", "rslave"};
  return std::find(kWords.begin(), kWords.end(), word) != kWords.end();
}

}  // namespace

std::optional<Answer> check_mount(const World& world, const json::object& mount) {
  const std::string type = text_at(mount, "Type");
  const std::string target = text_at(mount, "Target");
  const std::string source = text_at(mount, "Source");
  const auto wrong = [&](const std::string& what) {
    return refusal(400, fmt::format("invalid mount config for type \"{}\": {}", type, what));
  };
  if (type != "bind" && type != "volume" && type != "tmpfs") {
    return wrong("mount type unknown");
  }
  if (target.empty()) {
    return wrong("field Target must not be empty");
  }
  if (!target.starts_with('/')) {
    return wrong(fmt::format("invalid mount path: '{}' mount path must be absolute", target));
  }
  if (type == "bind" && source.empty()) {
    return wrong("field Source must not be empty");
  }
  for (const Options& options : kOptions) {
    const json::value* given = mount.if_contains(options.member);
    if (given && given->is_object() && type != options.type) {
      return wrong(fmt::format("field {} must not be specified", options.member));
    }
  }
  const json::object& bind = object_at(mount, "BindOptions");
  if (const std::string word = text_at(bind, "Propagation"); !is_propagation(word)) {
    return wrong("invalid propagation mode: " + word);
  }
  if (type == "bind" && !path_exists(world, source) && !flag_at(bind, "CreateMountpoint")) {
    return wrong("bind source path does not exist: " + source);
  }
  return std::nullopt;
}

void drop_unknown_mount_options(int minor, json::object& host) {
  json::value* mounts = host.if_contains("Mounts");
  if (mounts == nullptr || !mounts->is_array()) {
    return;
  }
  const auto drop = [&](json::object& mount, const char* member, const char* option) {
    json::value* options = mount.if_contains(member);
    if (options && options->is_object()) {
      options->get_object().erase(option);
    }
  };
  for (json::value& mount : mounts->get_array()) {
    if (mount.is_object() && minor < kCreatesSources) {
      drop(mount.get_object(), "BindOptions", "CreateMountpoint");
    }
    if (mount.is_object() && minor < kSubpaths) {
      drop(mount.get_object(), "VolumeOptions", "Subpath");
    }
  }
}

}  // namespace aim::support::memory
