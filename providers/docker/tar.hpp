#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.hpp"

namespace aim::providers {

struct TarFile {
  std::string path;  ///< relative to where the archive is unpacked
  std::string content;
  std::uint32_t mode = 0644;
  std::uint32_t uid = 0;  ///< at most kLargestTarId, as is `gid`
  std::uint32_t gid = 0;
};

/// What seven octal digits hold.
inline constexpr std::uint32_t kLargestTarId = 07777777;

/// An archive of plain files dated 1970: equal files give equal bytes. Directories are not in it,
/// so those that exist keep their owner and mode. Format: POSIX.1-2001 ustar, with a pax record for
/// a path of more than 100 bytes.
[[nodiscard]] std::string tar_archive(const std::vector<TarFile>& files);

/// The one file of an archive as Docker writes it for a file of a container. ErrorCode::Failed when
/// it is no plain file, ErrorCode::Protocol when it is no archive.
[[nodiscard]] core::Result<TarFile> only_file_of(std::string_view archive);

}  // namespace aim::providers
