#include "state/lock.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <system_error>
#include <utility>

#include "state/files.hpp"

namespace aim::state {

namespace {

constexpr std::chrono::milliseconds kPollInterval{100};

/// Closes on the way out unless released.
class Descriptor {
 public:
  explicit Descriptor(int number) : number_(number) {}

  ~Descriptor() {
    if (number_ >= 0) {
      ::close(number_);
    }
  }

  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;

  [[nodiscard]] int number() const { return number_; }

  [[nodiscard]] int release() { return std::exchange(number_, -1); }

 private:
  int number_;
};

core::Error failed(std::string_view what, const std::filesystem::path& file, int cause) {
  return core::make_error(core::ErrorCode::Failed,
                          fmt::format("cannot {} the lock file {}: {}",
                                      what,
                                      file.string(),
                                      std::system_category().message(cause)));
}

/// Who holds the lock, as far as its file tells. The file is read without the lock, so it may be
/// half written, or still name the holder before this one.
std::string holder_text(int descriptor, core::Utc now) {
  std::array<char, 4096> buffer{};
  const ssize_t size = ::pread(descriptor, buffer.data(), buffer.size(), 0);
  if (size > 0) {
    const auto holder =
        holder_from_json(std::string_view(buffer.data(), static_cast<std::size_t>(size)));
    if (holder && liveness(*holder) != Liveness::Dead) {
      return describe(*holder, now);
    }
  }
  return "somebody (the lock file does not say who)";
}

/// Whether `file` is still the file that was opened: one that was deleted in between locks nobody
/// out.
bool same_file(int descriptor, const std::filesystem::path& file) {
  struct stat opened {};

  struct stat named {};

  return ::fstat(descriptor, &opened) == 0 && ::stat(file.c_str(), &named) == 0 &&
         opened.st_dev == named.st_dev && opened.st_ino == named.st_ino;
}

/// True if the lock was taken, false if somebody else has it.
core::Result<bool> try_lock(int descriptor, const std::filesystem::path& file) {
  while (::flock(descriptor, LOCK_EX | LOCK_NB) != 0) {
    if (errno == EWOULDBLOCK) {
      return false;
    }
    if (errno != EINTR) {
      return failed("lock", file, errno);
    }
  }
  return true;
}

/// Overwrites first and cuts off then, so that a reader never finds the file empty.
core::Result<void> write_holder(int descriptor,
                                const LockHolder& holder,
                                const std::filesystem::path& file) {
  const std::string text = to_json(holder) + "\n";
  std::size_t done = 0;
  while (done < text.size()) {
    const ssize_t written =
        ::pwrite(descriptor, text.data() + done, text.size() - done, static_cast<off_t>(done));
    if (written < 0 && errno != EINTR) {
      return failed("write", file, errno);
    }
    done += static_cast<std::size_t>(std::max<ssize_t>(written, 0));
  }
  if (::ftruncate(descriptor, static_cast<off_t>(text.size())) != 0) {
    return failed("write", file, errno);
  }
  return {};
}

}  // namespace

core::Result<FileLock> FileLock::acquire(const std::filesystem::path& file,
                                         const LockHolder& holder,
                                         core::Clock& clock,
                                         std::chrono::milliseconds timeout,
                                         const std::function<void(const std::string&)>& on_wait,
                                         std::stop_token stop) {
  const core::Steady begin = clock.steady_now();
  bool waiting = false;
  while (true) {
    if (auto made = make_private_file(file); !made) {
      return core::while_doing(made.error(), "while locking the state");
    }
    Descriptor descriptor(::open(file.c_str(), O_RDWR | O_CLOEXEC));
    if (descriptor.number() < 0) {
      if (errno == ENOENT) {
        continue;  // deleted since it was made
      }
      return failed("open", file, errno);
    }
    const auto locked = try_lock(descriptor.number(), file);
    if (!locked) {
      return locked.error();
    }
    if (*locked) {
      if (!same_file(descriptor.number(), file)) {
        continue;
      }
      if (auto written = write_holder(descriptor.number(), holder, file); !written) {
        return written.error();
      }
      return FileLock(descriptor.release());
    }
    const std::string who = holder_text(descriptor.number(), clock.utc_now());
    const auto left =
        timeout - std::chrono::floor<std::chrono::milliseconds>(clock.steady_now() - begin);
    if (left <= left.zero()) {
      return core::make_error(core::ErrorCode::Locked,
                              fmt::format("the state is locked by {}", who));
    }
    if (!waiting && on_wait) {
      on_wait(who);
    }
    waiting = true;
    if (!clock.wait_for(std::min(left, kPollInterval), stop)) {
      return core::make_error(core::ErrorCode::Cancelled,
                              fmt::format("stopped while waiting for the lock of {}", who));
    }
  }
}

FileLock::FileLock(FileLock&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}

FileLock& FileLock::operator=(FileLock&& other) noexcept {
  FileLock taken(std::move(other));
  std::swap(descriptor_, taken.descriptor_);
  return *this;
}

FileLock::~FileLock() {
  if (descriptor_ < 0) {
    return;
  }
  // Whoever comes next would otherwise read our name until he has written his. A failure costs
  // no more than that.
  [[maybe_unused]] const int cut = ::ftruncate(descriptor_, 0);
  ::close(descriptor_);
}

}  // namespace aim::state
