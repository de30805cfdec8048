#include "cmd/workspaces.hpp"

#include <algorithm>

#include "core/ids.hpp"

namespace aim::cmd {

namespace fs = std::filesystem;

std::vector<std::string> workspaces_of(const fs::path& directory) {
  std::vector<std::string> names = {"default"};
  std::error_code failed;
  for (const fs::directory_entry& entry :
       fs::directory_iterator(directory / ".aim" / "workspaces", failed)) {
    const std::string name = entry.path().filename().string();
    std::error_code unreadable;
    if (core::ProjectName::parse(name) && entry.is_directory(unreadable)) {
      names.push_back(name);
    }
  }
  std::sort(names.begin(), names.end());
  names.erase(std::unique(names.begin(), names.end()), names.end());
  return names;
}

}  // namespace aim::cmd
