#pragma once

#include <string>
#include <vector>

namespace aim::providers {

struct TarFile {
  std::string path;  ///< relative to where the archive is unpacked
  std::string content;
};

/// An archive of plain files, owned by root, readable by all, dated 1970: equal files give equal
/// bytes. Directories are not in it, so those that exist keep their owner and mode.
/// Format: POSIX.1-2001 ustar, with a pax record for a path of more than 100 bytes.
[[nodiscard]] std::string tar_archive(const std::vector<TarFile>& files);

}  // namespace aim::providers
