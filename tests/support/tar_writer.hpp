#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace aim::support {

/// One member of a tar archive (POSIX.1-1988 ustar).
struct TarEntry {
  enum class Kind { File, Directory, Symlink };
  std::string path{};  ///< relative, at most 100 bytes
  std::string content{};
  Kind kind = Kind::File;
  std::string link_target{};  ///< of a Symlink, at most 100 bytes
  std::uint32_t mode = 0644;
  std::uint32_t uid = 0;
  std::uint32_t gid = 0;
};

/// The whole archive, its two closing blocks included.
[[nodiscard]] std::string write_tar(const std::vector<TarEntry>& entries);

/// Files, directories and links of an archive; nothing when it is not one.
[[nodiscard]] std::optional<std::vector<TarEntry>> read_tar(std::string_view archive);

}  // namespace aim::support
