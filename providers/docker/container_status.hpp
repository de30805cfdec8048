#pragma once

#include <optional>
#include <string_view>

#include "core/snapshot.hpp"

namespace aim::providers {

/// The Engine's word for a container's state. Podman has some of its own.
[[nodiscard]] std::optional<core::ContainerStatus> container_status(std::string_view word);

}  // namespace aim::providers
