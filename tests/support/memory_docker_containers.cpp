#include <fmt/format.h>

#include "tests/support/memory_docker_checks.hpp"
#include "tests/support/memory_docker_world.hpp"

namespace aim::support::memory {

namespace {

Answer rename_container(World& world, const Request& request, Container& container) {
  std::string name = request.parameter("name");
  if (name.starts_with('/')) {
    name.erase(0, 1);
  }
  if (name.empty()) {
    return refusal(400, "Neither old nor new names may be empty");
  }
  if (name == container.name) {
    return refusal(400, "Renaming a container with the same name as its current name");
  }
  if (const auto problem = name_problem(world, name, "/" + name)) {
    return refusal(problem->status, "Error when allocating new name: " + problem->message);
  }
  const std::string old = container.name;
  world.container_names.erase(old);
  world.container_names[name] = container.id;
  container.name = name;
  world.emit(container, "rename", {{"oldName", "/" + old}});
  return empty_answer(204);
}

Answer pause_container(World& world, Container& container) {
  if (container.status == core::ContainerStatus::Paused) {
    return refusal(409, fmt::format("Container {} is already paused", container.id));
  }
  if (container.status != core::ContainerStatus::Running) {
    return refusal(409, fmt::format("Container {} is not running", container.id));
  }
  container.status = core::ContainerStatus::Paused;
  world.emit(container, "pause");
  return empty_answer(204);
}

Answer unpause_container(World& world, Container& container) {
  if (container.status != core::ContainerStatus::Paused) {
    return refusal(500, fmt::format("Container {} is not paused", container.id));
  }
  container.status = core::ContainerStatus::Running;
  world.emit(container, "unpause");
  return empty_answer(204);
}

}  // namespace

Answer containers_call(World& world, const Request& request) {
  Container& container = *world.container(request.path[1]);
  const std::string verb = request.path.size() == 3 ? request.path[2] : std::string();
  if (verb == "rename") {
    return rename_container(world, request, container);
  }
  if (verb == "pause") {
    return pause_container(world, container);
  }
  if (verb == "unpause") {
    return unpause_container(world, container);
  }
  return refusal(404, "page not found");
}

Answer update_container(World& world, const Request& request, Container& container) {
  const json::object& body = request.body;
  for (auto wrong : {check_resources(world, body, Ask::Update), check_restart_policy(body)}) {
    if (wrong) {
      return *wrong;
    }
  }
  if (auto wrong = check_cpu_shares(number_at(body, "CpuShares"), container.id)) {
    return *wrong;
  }
  const std::int64_t memory = number_at(body, "Memory");
  const std::int64_t old_swap = host_value(container, "MemorySwap").to_number<std::int64_t>();
  if (memory != 0 && memory > old_swap && number_at(body, "MemorySwap") == 0) {
    return refusal(409,
                   fmt::format("Cannot update container {}: Memory limit should be smaller "
                               "than already set memoryswap limit, update the memoryswap at "
                               "the same time",
                               container.id));
  }
  if (container.removing) {
    return refusal(409,
                   fmt::format("Cannot update container {}: Container is marked for removal "
                               "and cannot be \"update\".",
                               container.id));
  }
  // Zero leaves a limit as it is; only PidsLimit can be taken back.
  for (const char* key : {"CpuShares",
                          "NanoCpus",
                          "CpuPeriod",
                          "CpuQuota",
                          "Memory",
                          "MemorySwap",
                          "MemoryReservation",
                          "BlkioWeight"}) {
    if (const std::int64_t value = number_at(body, key); value != 0) {
      container.host[key] = value;
    }
  }
  for (const char* key : {"CpusetCpus", "CpusetMems"}) {
    if (const std::string value = text_at(body, key); !value.empty()) {
      container.host[key] = value;
    }
  }
  if (const json::value* pids = body.if_contains("PidsLimit"); pids && pids->is_number()) {
    container.host["PidsLimit"] = *pids;
  }
  if (const json::object& policy = object_at(body, "RestartPolicy");
      !text_at(policy, "Name").empty()) {
    container.host["RestartPolicy"] = {
        {"Name", text_at(policy, "Name")},
        {"MaximumRetryCount", number_at(policy, "MaximumRetryCount")}};
  }
  world.emit(container, "update");
  return json_answer(200, {{"Warnings", nullptr}});
}

Answer remove_container(World& world, const Request& request, Container& container) {
  if (container.removing) {
    return refusal(409,
                   fmt::format("removal of container {} is already in progress", request.path[1]));
  }
  if (container.counts_as_running() && !request.flag("force")) {
    const bool paused = container.status == core::ContainerStatus::Paused;
    return refusal(
        409,
        paused ? fmt::format("You cannot remove a paused container {}. Unpause and then stop "
                             "the container before attempting removal or force remove",
                             container.id)
               : fmt::format("You cannot remove a {} container {}. Stop the container before "
                             "attempting removal or force remove",
                             core::to_string(container.status),
                             container.id));
  }
  const AnonymousVolumes volumes =
      request.flag("v") ? AnonymousVolumes::Remove : AnonymousVolumes::Keep;
  if (request.latency > std::chrono::milliseconds{0}) {
    Answer answer = empty_answer(204);
    answer.takes = request.latency;
    begin_removal(world, container, volumes, request.latency);
    return answer;
  }
  if (container.counts_as_running()) {
    container.removing = true;  // so that no restart policy acts
    end_container(world, container, 137, false);
  }
  erase_container(world, container.id, volumes);
  return empty_answer(204);
}

void begin_removal(World& world,
                   Container& container,
                   AnonymousVolumes volumes,
                   std::chrono::milliseconds takes) {
  container.removing = true;
  if (container.counts_as_running()) {
    end_container(world, container, 137, false);
  }
  ++container.life;
  container.status = core::ContainerStatus::Removing;
  world.at(world.now() + takes,
           [id = container.id, volumes](World& later) { erase_container(later, id, volumes); });
}

void erase_container(World& world, const std::string& id, AnonymousVolumes volumes) {
  const auto found = world.containers.find(id);
  if (found == world.containers.end()) {
    return;
  }
  const std::unique_ptr<Container> gone = std::move(found->second);
  world.containers.erase(found);
  world.container_names.erase(gone->name);
  world.last_words[id] = gone->last_exit_code;
  world.emit(*gone, "destroy");
  if (volumes == AnonymousVolumes::Keep) {
    return;
  }
  for (const json::value& mount : gone->mounts) {
    const std::string name = text_at(mount.as_object(), "Name");
    const bool anonymous =
        name.size() == 64 && name.find_first_not_of("0123456789abcdef") == std::string::npos;
    // One that was given by its name is none of the container's own (20.10.24).
    const bool by_name = text_at(mount.as_object(), "Mode") == "z";
    if (anonymous && !by_name && world.users_of_volume(name).empty()) {
      world.volumes.erase(name);
    }
  }
}

}  // namespace aim::support::memory
