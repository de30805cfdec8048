#include "providers/http/child_program.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <system_error>
#include <utility>

namespace aim::providers {

using core::ErrorCode;
using core::make_error;
using core::Result;

namespace {

constexpr std::size_t kMostSaid = 2000;

void close_if_open(int& descriptor) {
  if (descriptor >= 0) {
    ::close(descriptor);
    descriptor = -1;
  }
}

std::string text_of(int error) { return std::generic_category().message(error); }

/// What a child gets instead of what it would inherit: its three streams, no signal that aim
/// blocks or ignores, and a session of its own.
class SpawnPlan {
 public:
  SpawnPlan(int stream, int complaints) {
    ::posix_spawn_file_actions_init(&actions_);
    ::posix_spawn_file_actions_adddup2(&actions_, stream, STDIN_FILENO);
    ::posix_spawn_file_actions_adddup2(&actions_, stream, STDOUT_FILENO);
    ::posix_spawn_file_actions_adddup2(&actions_, complaints, STDERR_FILENO);
    ::posix_spawnattr_init(&attributes_);
    ::sigset_t none;
    ::sigset_t all;
    ::sigemptyset(&none);
    ::sigfillset(&all);
    ::posix_spawnattr_setsigmask(&attributes_, &none);
    ::posix_spawnattr_setsigdefault(&attributes_, &all);
    ::posix_spawnattr_setflags(
        &attributes_,
        static_cast<short>(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSID));
  }

  ~SpawnPlan() {
    ::posix_spawn_file_actions_destroy(&actions_);
    ::posix_spawnattr_destroy(&attributes_);
  }

  SpawnPlan(const SpawnPlan&) = delete;
  SpawnPlan& operator=(const SpawnPlan&) = delete;

  /// 0, or the error of the system.
  int start(const std::vector<std::string>& command, ::pid_t& pid) const {
    std::vector<char*> words;
    words.reserve(command.size() + 1);
    for (const std::string& word : command) {
      words.push_back(const_cast<char*>(word.c_str()));  // the C interface promises not to write
    }
    words.push_back(nullptr);
    return ::posix_spawnp(&pid, words.front(), &actions_, &attributes_, words.data(), environ);
  }

 private:
  ::posix_spawn_file_actions_t actions_{};
  ::posix_spawnattr_t attributes_{};
};

/// A descriptor above the standard ones, so that giving a child its streams never overwrites it.
int above_standard(int descriptor) {
  if (descriptor < 0 || descriptor > STDERR_FILENO) {
    return descriptor;
  }
  const int moved = ::fcntl(descriptor, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
  ::close(descriptor);
  return moved;
}

}  // namespace

Result<ChildProgram> ChildProgram::start(const std::vector<std::string>& command) {
  const auto failed = [&](int error) {
    return make_error(
        ErrorCode::Unreachable,
        error == ENOENT ? fmt::format("there is no program \"{}\" on the PATH", command.front())
                        : fmt::format("{} cannot be started: {}", command.front(), text_of(error)));
  };
  ChildProgram child;
  std::array<int, 2> ends{};
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) != 0) {
    return failed(errno);
  }
  child.socket_ = above_standard(ends[0]);
  int theirs = above_standard(ends[1]);
  child.complaints_ = above_standard(::memfd_create("aim-complaints", MFD_CLOEXEC));
  if (child.socket_ < 0 || theirs < 0 || child.complaints_ < 0) {
    const int error = errno;
    close_if_open(theirs);
    return failed(error);
  }
  const int error = SpawnPlan(theirs, child.complaints_).start(command, child.pid_);
  close_if_open(theirs);
  if (error != 0) {
    child.pid_ = -1;
    return failed(error);
  }
  // Not by pidfd_open, whose declaration in glibc 2.36 is not for C++.
  child.process_ = static_cast<int>(::syscall(SYS_pidfd_open, child.pid_, 0));
  return child.process_ < 0 ? Result<ChildProgram>(failed(errno)) : std::move(child);
}

ChildProgram::ChildProgram(ChildProgram&& other) noexcept
    : pid_(std::exchange(other.pid_, -1)),
      process_(std::exchange(other.process_, -1)),
      socket_(std::exchange(other.socket_, -1)),
      complaints_(std::exchange(other.complaints_, -1)),
      status_(std::exchange(other.status_, std::nullopt)) {}

ChildProgram& ChildProgram::operator=(ChildProgram&& other) noexcept {
  std::swap(pid_, other.pid_);
  std::swap(process_, other.process_);
  std::swap(socket_, other.socket_);
  std::swap(complaints_, other.complaints_);
  std::swap(status_, other.status_);
  return *this;
}

ChildProgram::~ChildProgram() {
  close_if_open(socket_);
  if (pid_ > 0) {
    ::kill(pid_, SIGKILL);
    int status = 0;
    while (::waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
    }
  }
  close_if_open(process_);
  close_if_open(complaints_);
}

int ChildProgram::take_socket() { return std::exchange(socket_, -1); }

bool ChildProgram::has_ended(std::chrono::milliseconds limit) {
  if (pid_ < 0) {
    return true;
  }
  ::pollfd watched{process_, POLLIN, 0};
  const auto until = std::chrono::steady_clock::now() + limit;
  while (true) {
    const auto left =
        std::chrono::ceil<std::chrono::milliseconds>(until - std::chrono::steady_clock::now());
    const int ready =
        ::poll(&watched, 1, static_cast<int>(std::max<std::int64_t>(left.count(), 0)));
    if (ready > 0) {
      break;
    }
    if (ready == 0 || errno != EINTR) {
      return false;
    }
  }
  int status = 0;
  if (::waitpid(pid_, &status, WNOHANG) != pid_) {
    return false;
  }
  reap(status);
  return true;
}

void ChildProgram::reap(int status) {
  pid_ = -1;
  status_ = status;
}

void ChildProgram::terminate() {
  if (pid_ > 0) {
    ::kill(pid_, SIGTERM);
  }
}

std::string ChildProgram::said() const {
  struct ::stat about {};

  if (complaints_ < 0 || ::fstat(complaints_, &about) != 0) {
    return {};
  }
  const auto size = static_cast<std::size_t>(about.st_size);
  std::string text(std::min(size, kMostSaid), '\0');
  // Shared with the child, whose writes begin where the file's position is: read without moving it.
  const ::ssize_t got = ::pread(
      complaints_, text.data(), text.size(), about.st_size - static_cast<::off_t>(text.size()));
  text.resize(got < 0 ? 0 : static_cast<std::size_t>(got));
  constexpr const char* kBlank = " \t\r\n";
  const std::size_t first = text.find_first_not_of(kBlank);
  return first == std::string::npos ? std::string()
                                    : text.substr(first, text.find_last_not_of(kBlank) - first + 1);
}

std::string ChildProgram::ending() const {
  if (!status_) {
    return {};
  }
  return WIFSIGNALED(*status_) ? fmt::format("was ended by signal {}", WTERMSIG(*status_))
                               : fmt::format("exited with {}", WEXITSTATUS(*status_));
}

}  // namespace aim::providers
