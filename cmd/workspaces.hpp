#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace aim::cmd {

/// The workspaces that have a state below `directory`/.aim, and "default"; sorted by name.
[[nodiscard]] std::vector<std::string> workspaces_of(const std::filesystem::path& directory);

}  // namespace aim::cmd
