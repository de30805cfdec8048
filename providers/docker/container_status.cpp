#include "providers/docker/container_status.hpp"

namespace aim::providers {

std::optional<core::ContainerStatus> container_status(std::string_view word) {
  // Podman 4.3: the process has ended but is not cleaned up after, is ending, or was never there.
  if (word == "stopped") {
    return core::ContainerStatus::Exited;
  }
  if (word == "stopping") {
    return core::ContainerStatus::Running;
  }
  if (word == "initialized" || word == "configured") {
    return core::ContainerStatus::Created;
  }
  return core::container_status_from(word);
}

}  // namespace aim::providers
