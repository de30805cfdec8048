#include <fmt/format.h>

#include "tests/support/memory_docker_world.hpp"

namespace aim::support::memory {

namespace {

constexpr const char* kPrefix = "container:";

/// What stands behind "container:", or nothing.
std::string joined(const Container& container, std::string_view key) {
  const std::string mode = text_at(container.host, key);
  return mode.starts_with(kPrefix) ? mode.substr(std::string_view(kPrefix).size()) : std::string();
}

std::optional<Answer> check_network(World& world, const Container& container) {
  const std::string reference = joined(container, "NetworkMode");
  const Container* other = reference.empty() ? nullptr : world.container(reference);
  if (reference.empty() || (other != nullptr && other->alive())) {
    return std::nullopt;
  }
  return other == nullptr
             ? refusal(404, "No such container: " + reference)
             : refusal(409, "cannot join network of a non running container: " + other->id);
}

std::optional<Answer> check_ipc(World& world, const Container& container) {
  const std::string reference = joined(container, "IpcMode");
  if (reference.empty()) {
    return std::nullopt;
  }
  const std::string failed = fmt::format("can't join IPC of container {}: ", reference);
  const Container* other = world.container(reference);
  if (other == nullptr) {
    return refusal(500, failed + "No such container: " + reference);
  }
  if (!other->alive()) {
    return refusal(500, fmt::format("{}container {} is not running", failed, other->id));
  }
  const std::string mode = text_at(other->host, "IpcMode");
  if (mode.empty() || mode == "private" || mode == "none") {
    return refusal(500,
                   failed +
                       "non-shareable IPC (hint: use IpcMode:shareable for the donor "
                       "container)");
  }
  return std::nullopt;
}

std::optional<Answer> check_pid(World& world, const Container& container) {
  const std::string reference = joined(container, "PidMode");
  const Container* other = reference.empty() ? nullptr : world.container(reference);
  if (reference.empty() || (other != nullptr && other->alive())) {
    return std::nullopt;
  }
  return other == nullptr
             ? refusal(500,
                       fmt::format("cannot join PID of a non running container: {0}: No such "
                                   "container: {0}",
                                   reference))
             : refusal(500, fmt::format("container {} is not running", other->id));
}

}  // namespace

std::optional<Answer> resolve_namespaces(World& world, Container& container) {
  for (const char* key : {"NetworkMode", "IpcMode", "PidMode"}) {
    const std::string reference = joined(container, key);
    if (reference.empty()) {
      continue;
    }
    if (const Container* other = world.container(reference)) {
      container.host[key] = kPrefix + other->id;
    } else if (std::string_view(key) != "NetworkMode") {
      return refusal(400, "No such container: " + reference);
    }
  }
  return std::nullopt;
}

std::optional<Answer> join_namespaces(World& world, const Container& container) {
  for (const auto& check : {check_network, check_ipc, check_pid}) {
    if (auto wrong = check(world, container)) {
      return wrong;
    }
  }
  return std::nullopt;
}

std::vector<std::string> members_of_pid_namespace(const World& world, const std::string& id) {
  std::vector<std::string> members;
  for (const auto& [other, container] : world.containers) {
    if (container->alive() && joined(*container, "PidMode") == id) {
      members.push_back(other);
    }
  }
  return members;
}

}  // namespace aim::support::memory
