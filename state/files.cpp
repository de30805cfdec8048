#include "state/files.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <string>
#include <system_error>

namespace aim::state {

namespace {

constexpr mode_t kDirectoryMode = 0700;
constexpr mode_t kFileMode = 0600;

core::Error failed(std::string_view what, const std::filesystem::path& path, int cause) {
  return core::make_error(
      core::ErrorCode::Failed,
      fmt::format("{} {}: {}", what, path.string(), std::system_category().message(cause)));
}

/// A new name in a directory survives a power loss only once the directory itself is on disk.
core::Result<void> sync_directory(const std::filesystem::path& directory) {
  const std::filesystem::path place = directory.empty() ? "." : directory;
  const int descriptor = ::open(place.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (descriptor < 0) {
    return failed("cannot open the directory", place, errno);
  }
  const int code = ::fsync(descriptor);
  const int cause = errno;
  ::close(descriptor);
  // Some file systems cannot sync a directory and say so with EINVAL.
  if (code != 0 && cause != EINVAL) {
    return failed("cannot write the directory", place, cause);
  }
  return {};
}

core::Result<void> narrow(const std::filesystem::path& file) {
  struct stat info {};

  if (::stat(file.c_str(), &info) != 0) {
    return failed("cannot look at", file, errno);
  }
  if (!S_ISREG(info.st_mode)) {
    return core::make_error(core::ErrorCode::Failed,
                            fmt::format("{} is not a file", file.string()));
  }
  const bool mine = info.st_uid == ::geteuid() || ::geteuid() == 0;
  if ((info.st_mode & 0077) != 0 && mine && ::chmod(file.c_str(), info.st_mode & 0700) != 0) {
    return failed("cannot take the rights of others from", file, errno);
  }
  return {};
}

}  // namespace

core::Result<void> make_private_directory(const std::filesystem::path& directory) {
  struct stat info {};

  if (directory.empty() || ::stat(directory.c_str(), &info) == 0) {
    return {};
  }
  const std::filesystem::path parent = directory.parent_path();
  if (parent != directory) {
    if (auto made = make_private_directory(parent); !made) {
      return made;
    }
  }
  if (::mkdir(directory.c_str(), kDirectoryMode) != 0) {
    // Another process was faster, or the path ended in a slash.
    if (errno == EEXIST) {
      return {};
    }
    return failed("cannot create the directory", directory, errno);
  }
  // The umask may have taken rights of ours away.
  if (::chmod(directory.c_str(), kDirectoryMode) != 0) {
    return failed("cannot set the rights of", directory, errno);
  }
  return sync_directory(parent);
}

core::Result<void> make_private_file(const std::filesystem::path& file) {
  if (auto made = make_private_directory(file.parent_path()); !made) {
    return made;
  }
  const int descriptor =
      ::open(file.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, kFileMode);
  if (descriptor < 0) {
    if (errno == EEXIST) {
      return narrow(file);
    }
    return failed("cannot create", file, errno);
  }
  const int code = ::fchmod(descriptor, kFileMode);
  const int cause = errno;
  ::close(descriptor);
  if (code != 0) {
    return failed("cannot set the rights of", file, cause);
  }
  return sync_directory(file.parent_path());
}

}  // namespace aim::state
