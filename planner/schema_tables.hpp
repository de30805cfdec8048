#pragma once

#include <span>

#include "planner/schema.hpp"

namespace aim::planner {

/// The table of kind `container`.
[[nodiscard]] std::span<const Attribute> container_attributes();
/// What one entry of `mounts` takes in its long form.
[[nodiscard]] std::span<const Attribute> mount_members();
/// What one entry of `networks` takes when it is a map.
[[nodiscard]] std::span<const Attribute> attachment_members();

/// What one entry of `files` takes when it is a map.
[[nodiscard]] std::span<const Attribute> file_members();

/// The attribute of that name, or null.
[[nodiscard]] const Attribute* find_member(std::span<const Attribute> members,
                                           std::string_view name);

}  // namespace aim::planner
