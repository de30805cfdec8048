#include "state/read_only.hpp"

#include <fmt/format.h>
#include <sys/stat.h>

#include <cerrno>
#include <compare>
#include <system_error>
#include <utility>

#include "state/rows.hpp"
#include "state/sqlite.hpp"

namespace aim::state {

namespace {

constexpr int kAttempts = 20;

/// Tells whether a file was written to. The kernel stamps files in ticks of a few milliseconds, so
/// only a writer that opened, wrote and closed within the tick of the write before goes unseen.
struct FileMark {
  dev_t device = 0;
  ino_t inode = 0;
  off_t size_bytes = 0;
  std::int64_t modified_s = 0;
  std::int64_t modified_ns = 0;
  bool operator==(const FileMark&) const = default;
};

struct Look {
  FileMark main;
  bool has_wal = false;
  bool operator==(const Look&) const = default;
};

core::Error unreadable(const std::filesystem::path& file, int cause) {
  return core::make_error(core::ErrorCode::Failed,
                          fmt::format("the state file {} cannot be read: {}",
                                      file.string(),
                                      std::system_category().message(cause)));
}

bool has_content(const std::filesystem::path& file) {
  struct stat info {};

  return ::stat(file.c_str(), &info) == 0 && info.st_size > 0;
}

/// NotFound if there is no state yet.
core::Result<Look> look_at(const std::filesystem::path& file) {
  struct stat info {};

  if (::stat(file.c_str(), &info) != 0) {
    if (errno == ENOENT || errno == ENOTDIR) {
      return core::make_error(core::ErrorCode::NotFound, "there is no state yet");
    }
    return unreadable(file, errno);
  }
  if (S_ISDIR(info.st_mode)) {
    return unreadable(file, EISDIR);
  }
  Look look;
  look.main =
      FileMark{info.st_dev, info.st_ino, info.st_size, info.st_mtim.tv_sec, info.st_mtim.tv_nsec};
  // A journal of the other kind is there only while a new file becomes a state.
  look.has_wal = has_content(file.string() + "-wal") || has_content(file.string() + "-journal");
  return look;
}

core::Result<core::StateSnapshot> load(Connection& connection, std::span<const Migration> schema) {
  auto version = schema_version(connection, schema.size());
  if (!version) {
    return version.error();
  }
  if (*version == 0) {
    return core::StateSnapshot{};
  }
  if (*version == schema.size()) {
    return read_snapshot(connection);
  }
  Connection copy = connection.copy_in_memory();
  if (auto migrated = migrate(copy, schema); !migrated) {
    return migrated.error();
  }
  return read_snapshot(copy);
}

core::Result<core::StateSnapshot> load_as(const std::filesystem::path& file,
                                          Connection::Mode mode,
                                          std::span<const Migration> schema) {
  auto connection = Connection::open(file, mode);
  if (!connection) {
    return connection.error();
  }
  return load(*connection, schema);
}

/// Takes part in the protocol of the WAL, so that a living writer is no danger.
core::Result<core::StateSnapshot> load_with_wal(const std::filesystem::path& file,
                                                std::span<const Migration> schema) {
  try {
    return load_as(file, Connection::Mode::ReadOnly, schema);
  } catch (const DatabaseError& error) {
    if (!error.cannot_read_wal()) {
      throw;
    }
  }
  // A copy of state and WAL came without the WAL's index, or nobody may write the index that is
  // there. Ignoring the WAL would show a state of the past.
  try {
    return load_as(file, Connection::Mode::ReadOnlyIndexed, schema);
  } catch (const DatabaseError& error) {
    if (!error.cannot_read_wal()) {
      throw;
    }
    return core::make_error(
        core::ErrorCode::Failed,
        fmt::format("the latest changes of the state file {0} stand in {0}-wal, which cannot be "
                    "read here: its directory would have to be writable",
                    file.string()));
  }
}

}  // namespace

core::Result<core::StateSnapshot> read_without_writing(const std::filesystem::path& file,
                                                       std::span<const Migration> schema) {
  // Without a WAL there is no writer, and the main file is read as it stands, without locks. A
  // writer that came in between is found by looking again.
  for (int attempt = 0; attempt < kAttempts; ++attempt) {
    const auto before = look_at(file);
    if (!before) {
      if (before.error().code == core::ErrorCode::NotFound) {
        return core::StateSnapshot{};
      }
      return before.error();
    }
    try {
      auto loaded = before->has_wal ? load_with_wal(file, schema)
                                    : load_as(file, Connection::Mode::Immutable, schema);
      const auto after = look_at(file);
      if (after && *after == *before) {
        return loaded;
      }
    } catch (const core::BrokenWorld&) {
      const auto after = look_at(file);
      if (after && *after == *before) {
        throw;
      }
    }
  }
  return core::make_error(
      core::ErrorCode::Failed,
      fmt::format("the state file {} kept changing while it was read", file.string()));
}

}  // namespace aim::state
