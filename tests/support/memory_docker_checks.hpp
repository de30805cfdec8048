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
/// At start, not before: GPUs and devices that the host does not have.
[[nodiscard]] std::optional<Answer> check_devices(const World& world, const Container& container);
[[nodiscard]] bool path_exists(const World& world, const std::string& path);

}  // namespace aim::support::memory
