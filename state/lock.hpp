#pragma once

#include <chrono>
#include <filesystem>
#include <functional>
#include <stop_token>
#include <string>
#include <string_view>

#include "core/clock.hpp"
#include "core/result.hpp"

namespace aim::state {

/// Who holds a lock; also the value of the label on the lock volume, as JSON.
struct LockHolder {
  std::string user;
  std::string host;
  std::string boot_id;
  std::int64_t pid = 0;
  std::int64_t process_start = 0;  ///< clock ticks after boot (/proc/PID/stat field 22)
  std::int64_t since_unix_ms = 0;
  std::string command;  ///< "apply", "destroy"
  std::string nonce;    ///< random, tells two holders of one process apart
  /// Inode of the pid namespace: in another one, a container say, `pid` means somebody else.
  std::int64_t pid_namespace = 0;

  bool operator==(const LockHolder&) const = default;
};

[[nodiscard]] std::string to_json(const LockHolder& holder);
/// The inverse of to_json. ErrorCode::Protocol on anything else.
[[nodiscard]] core::Result<LockHolder> holder_from_json(std::string_view text);
/// "root@gpu1, pid 4711, aim apply, for 2m10s". Foreign text.
[[nodiscard]] std::string describe(const LockHolder& holder, core::Utc now);
/// This process, now. Reads /proc; `command` is what it is about to do.
[[nodiscard]] LockHolder this_process(std::string command, core::Utc now);

/// Whether the process that holder names still exists on this very boot of this host. Elsewhere
/// whenever that cannot be told from here: another host, boot or pid namespace.
enum class Liveness { Alive, Dead, Elsewhere };
[[nodiscard]] Liveness liveness(const LockHolder& holder);

/// The lock between processes of one host: flock on a file beside the state, which also tells who
/// holds it. The file is opened O_CLOEXEC and its inode compared after locking. Released when the
/// object or the process dies.
class FileLock {
 public:
  /// Waits up to `timeout` (zero: not at all), calling `on_wait` once, with who holds the lock,
  /// when it begins to wait. Creates the file, 0600, and its directory if they are missing.
  /// Errors: Locked (the message names the holder), Cancelled, Failed.
  [[nodiscard]] static core::Result<FileLock> acquire(
      const std::filesystem::path& file,
      const LockHolder& holder,
      core::Clock& clock,
      std::chrono::milliseconds timeout,
      const std::function<void(const std::string&)>& on_wait,
      std::stop_token stop);

  FileLock(FileLock&&) noexcept;
  FileLock& operator=(FileLock&&) noexcept;
  ~FileLock();

 private:
  explicit FileLock(int descriptor) : descriptor_(descriptor) {}

  int descriptor_ = -1;
};

}  // namespace aim::state
