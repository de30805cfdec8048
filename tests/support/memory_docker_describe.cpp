#include <fmt/format.h>

#include <algorithm>

#include "tests/support/memory_docker_world.hpp"

namespace aim::support::memory {

namespace {

/// The members in the order of their keys.
std::string sorted_json(const json::object& object) {
  std::map<std::string, std::string> members;
  for (const json::key_value_pair& member : object) {
    members[member.key()] = json::serialize(member.value());
  }
  std::string text;
  for (const auto& [key, value] : members) {
    text += fmt::format("{}{}={}", text.empty() ? "" : " ", key, value);
  }
  return text;
}

std::string networks_text(const Container& container) {
  std::string text;
  for (const auto& [name, endpoint] : container.endpoints) {
    text += text.empty() ? name : "," + name;
    std::vector<std::string> aliases = endpoint.aliases.value_or(std::vector<std::string>{});
    std::sort(aliases.begin(), aliases.end());
    for (const std::string& alias : aliases) {
      text += "/" + alias;
    }
    text += endpoint.wanted_ipv4 && !endpoint.wanted_ipv4->empty() ? "@" + *endpoint.wanted_ipv4
                                                                   : std::string();
  }
  return text;
}

}  // namespace

std::vector<std::string> describe(const World& world) {
  std::vector<std::string> lines;
  for (const auto& [id, container] : world.containers) {
    std::string files;
    for (const auto& [path, content] : container->files) {
      files += fmt::format(" {}={} {}", path, content, container->file_owners.at(path));
    }
    lines.push_back(
        fmt::format("container {} {} {} image={} networks={} files={} config: {} host: {}",
                    container->name,
                    id.substr(0, 12),
                    core::to_string(container->status),
                    container->image_id,
                    networks_text(*container),
                    files,
                    sorted_json(container->config),
                    sorted_json(container->host)));
  }
  for (const auto& [id, network] : world.networks) {
    if (!network->predefined()) {
      lines.push_back(fmt::format(
          "network {} {} {}", network->name, id.substr(0, 12), sorted_json(network->body)));
    }
  }
  for (const auto& [name, volume] : world.volumes) {
    lines.push_back(fmt::format("volume {} labels={} options={}",
                                name,
                                json::serialize(volume.labels),
                                json::serialize(volume.options)));
  }
  for (const auto& [id, image] : world.images) {
    std::string tags;
    for (const std::string& tag : image.tags) {
      tags += " " + tag;
    }
    lines.push_back(fmt::format("image {}{}", id.substr(0, 19), tags));
  }
  std::sort(lines.begin(), lines.end());
  return lines;
}

}  // namespace aim::support::memory
