#pragma once

#include "tests/support/memory_docker_world.hpp"

// What the Engine refuses before it makes or changes a container, in its own words.
namespace aim::support::memory {

enum class Ask { Create, Update };

[[nodiscard]] std::optional<Answer> check_settings(const World& world,
                                                   const json::object& config,
                                                   const json::object& host);
[[nodiscard]] std::optional<Answer> check_resources(const World& world,
                                                    const json::object& host,
                                                    Ask ask);
[[nodiscard]] std::optional<Answer> check_restart_policy(const json::object& host);
[[nodiscard]] std::optional<Answer> check_platform(const std::string& asked,
                                                   const std::string& ref,
                                                   const Image& image);
[[nodiscard]] std::optional<Answer> check_pid_mode(World& world, const json::object& host);
/// At start, not before: GPUs and devices that the host does not have.
[[nodiscard]] std::optional<Answer> check_devices(const World& world, const Container& container);
/// At start: what the runtime under Docker refuses.
[[nodiscard]] std::optional<Answer> check_runtime(const Container& container);
/// At an update of that container, or at a start when there is no id.
[[nodiscard]] std::optional<Answer> check_cpu_shares(std::int64_t shares,
                                                     const std::string& container_id);
[[nodiscard]] std::optional<Answer> check_mount(const World& world, const json::object& mount);
/// An Engine that speaks only 1.`minor` does not see what came later.
void drop_unknown_mount_options(int minor, json::object& host);
[[nodiscard]] bool path_exists(const World& world, const std::string& path);

}  // namespace aim::support::memory
