#include <fmt/format.h>

#include "tests/support/memory_docker_world.hpp"

namespace aim::support::memory {

namespace {

/// Calls on one container that need nothing but it.
Answer one_container_call(World& world, const Request& request, Container& container) {
  const std::string& method = request.method;
  const std::string verb = request.path.size() > 2 ? request.path[2] : std::string();
  if (method == "DELETE" && verb.empty()) {
    return remove_container(world, request, container);
  }
  if (method == "GET" && verb == "json") {
    return json_answer(200, container_json(world, container, request.minor));
  }
  if (method == "GET" && verb == "logs") {
    return container_logs(world, request, container);
  }
  if (verb == "archive") {
    return archive_call(world, request, container);
  }
  if (method != "POST") {
    return refusal(404, "page not found");
  }
  if (verb == "start") {
    return start_container(world, container).value_or(empty_answer(204));
  }
  if (verb == "stop") {
    return stop_container(world, request, container);
  }
  if (verb == "kill") {
    return kill_container(world, request, container);
  }
  if (verb == "wait") {
    return wait_container(world, request, container);
  }
  if (verb == "update" && world.options.podman.empty()) {
    return update_container(world, request, container);
  }
  if (verb == "exec") {
    return create_exec(world, request, container);
  }
  return containers_call(world, request);
}

bool needs_json_body(const Request& request) {
  if (request.method != "POST" || request.path.size() < 2) {
    return false;
  }
  const std::string& last = request.path.back();
  const std::string& area = request.path.front();
  return (last == "create" && area != "images") || last == "update" || last == "connect" ||
         last == "disconnect" || (area == "containers" && last == "exec");
}

}  // namespace

Answer dispatch(World& world, const Request& request) {
  if (request.path.empty()) {
    return refusal(404, "page not found");
  }
  if (needs_json_body(request)) {
    const auto type = request.headers.find("content-type");
    const std::string given = type == request.headers.end() ? "" : type->second;
    if (!given.starts_with("application/json")) {
      return refusal(400,
                     fmt::format("Content-Type specified ({}) must be 'application/json'", given));
    }
    if (request.raw_body.empty()) {
      return refusal(request.minor < 42 ? 500 : 400, "EOF");
    }
  }
  const std::string& area = request.path.front();
  if (area == "containers" && request.path.size() >= 2 && request.path[1] == "create" &&
      request.method == "POST") {
    return create_container(world, request);
  }
  if (area == "containers" && request.path.size() == 2 && request.path[1] == "json" &&
      request.method == "GET") {
    return list_containers(world, request);
  }
  if (area == "containers" && request.path.size() >= 2) {
    Container* container = world.container(request.path[1]);
    if (container == nullptr) {
      return no_such_container(request.path[1]);
    }
    return one_container_call(world, request, *container);
  }
  if (area == "networks") {
    return networks_call(world, request);
  }
  if (area == "volumes") {
    return volumes_call(world, request);
  }
  if (area == "images" || area == "distribution") {
    return images_call(world, request);
  }
  if (area == "exec" && request.path.size() == 3) {
    return exec_call(world, request);
  }
  if (area == "events" && request.method == "GET") {
    return events_call(world, request);
  }
  return system_call(world, request);
}

}  // namespace aim::support::memory
