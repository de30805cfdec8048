#include "providers/host/program.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

namespace aim::providers {

namespace fs = std::filesystem;
using core::ErrorCode;
using core::make_error;
using std::chrono::milliseconds;
using std::chrono::steady_clock;

namespace {

constexpr milliseconds kLookForStop{100};
// A killed process that waits for a device may not die; it is not waited for longer.
constexpr milliseconds kDying{2000};

class Descriptor {
 public:
  Descriptor() = default;

  explicit Descriptor(int number) : number_(number) {}

  Descriptor(Descriptor&& other) noexcept : number_(std::exchange(other.number_, -1)) {}

  Descriptor& operator=(Descriptor&& other) noexcept {
    close();
    number_ = std::exchange(other.number_, -1);
    return *this;
  }

  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;

  ~Descriptor() { close(); }

  [[nodiscard]] int get() const { return number_; }

  void close() {
    if (number_ >= 0) {
      ::close(number_);
    }
    number_ = -1;
  }

 private:
  int number_ = -1;
};

struct Pipe {
  Descriptor ours;
  Descriptor theirs;
};

core::Error from_errno(const fs::path& program, int number) {
  return make_error(number == ENOENT ? ErrorCode::NotFound : ErrorCode::Failed,
                    fmt::format("{}: {}", program.string(), std::strerror(number)));
}

/// A pipe whose reading end does not block.
std::optional<Pipe> make_pipe() {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) {
    return std::nullopt;
  }
  Pipe pipe{Descriptor(ends[0]), Descriptor(ends[1])};
  if (::fcntl(ends[0], F_SETFL, O_NONBLOCK) != 0) {
    return std::nullopt;
  }
  return pipe;
}

/// A file without a name that holds `text`, to be read from its beginning.
std::optional<Descriptor> file_with(const std::string& text) {
  Descriptor file(::memfd_create("input", MFD_CLOEXEC));
  if (file.get() < 0) {
    return std::nullopt;
  }
  for (std::size_t done = 0; done < text.size();) {
    const ssize_t count = ::write(file.get(), text.data() + done, text.size() - done);
    if (count < 0 && errno != EINTR) {
      return std::nullopt;
    }
    done += static_cast<std::size_t>(std::max<ssize_t>(count, 0));
  }
  return ::lseek(file.get(), 0, SEEK_SET) == 0 ? std::optional(std::move(file)) : std::nullopt;
}

/// What posix_spawn is told, and what must be destroyed afterwards.
class SpawnPlan {
 public:
  SpawnPlan(int in, int out, int err, const fs::path& directory) {
    posix_spawn_file_actions_init(&actions_);
    posix_spawn_file_actions_adddup2(&actions_, in, STDIN_FILENO);
    if (!directory.empty()) {
      posix_spawn_file_actions_addchdir_np(&actions_, directory.c_str());
    }
    posix_spawn_file_actions_adddup2(&actions_, out, STDOUT_FILENO);
    posix_spawn_file_actions_adddup2(&actions_, err, STDERR_FILENO);
    posix_spawnattr_init(&attributes_);
    sigset_t none;
    sigset_t all;
    sigemptyset(&none);
    sigfillset(&all);
    posix_spawnattr_setsigmask(&attributes_, &none);
    posix_spawnattr_setsigdefault(&attributes_, &all);
    posix_spawnattr_setpgroup(&attributes_, 0);
    posix_spawnattr_setflags(
        &attributes_, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
  }

  SpawnPlan(const SpawnPlan&) = delete;
  SpawnPlan& operator=(const SpawnPlan&) = delete;

  ~SpawnPlan() {
    posix_spawnattr_destroy(&attributes_);
    posix_spawn_file_actions_destroy(&actions_);
  }

  [[nodiscard]] int spawn(pid_t& pid, const fs::path& program, std::vector<std::string> words) {
    std::vector<std::string> environment = {
        "PATH=/usr/sbin:/usr/bin:/sbin:/bin:/opt/rocm/bin", "LC_ALL=C", "HOME=/"};
    return posix_spawn(&pid,
                       program.c_str(),
                       &actions_,
                       &attributes_,
                       pointers(words).data(),
                       pointers(environment).data());
  }

 private:
  static std::vector<char*> pointers(std::vector<std::string>& words) {
    std::vector<char*> result;
    for (std::string& word : words) {
      result.push_back(word.data());
    }
    result.push_back(nullptr);
    return result;
  }

  posix_spawn_file_actions_t actions_{};
  posix_spawnattr_t attributes_{};
};

enum class Piece { More, End, TooMuch };

/// Takes what is there now.
Piece drain(Descriptor& from, std::string& to, std::size_t limit) {
  std::array<char, 65536> buffer;  // NOLINT(cppcoreguidelines-pro-type-member-init): filled below
  while (from.get() >= 0) {
    const ssize_t count = ::read(from.get(), buffer.data(), buffer.size());
    if (count > 0) {
      to.append(buffer.data(), static_cast<std::size_t>(count));
      if (to.size() > limit) {
        return Piece::TooMuch;
      }
    } else if (count < 0 && errno == EINTR) {
      continue;
    } else if (count < 0 && errno == EAGAIN) {
      return Piece::More;
    } else {
      from.close();
    }
  }
  return Piece::End;
}

class RunningProgram {
 public:
  RunningProgram(const fs::path& program, const ProgramLimits& limits)
      : program_(program), limits_(limits) {}

  RunningProgram(const RunningProgram&) = delete;
  RunningProgram& operator=(const RunningProgram&) = delete;

  ~RunningProgram() {
    if (pid_ > 0) {
      ::kill(-pid_, SIGKILL);
      reap(kDying);
    }
  }

  std::optional<core::Error> start(const std::vector<std::string>& arguments,
                                   const ProgramInput& input) {
    std::optional<Descriptor> in = file_with(input.text);
    std::optional<Pipe> out = make_pipe();
    std::optional<Pipe> err = make_pipe();
    if (!in || !out || !err) {
      return from_errno(program_, errno);
    }
    std::vector<std::string> words = {program_.string()};
    words.insert(words.end(), arguments.begin(), arguments.end());
    SpawnPlan plan(in->get(), out->theirs.get(), err->theirs.get(), input.directory);
    pid_t pid = 0;
    if (const int failed = plan.spawn(pid, program_, std::move(words)); failed != 0) {
      return from_errno(program_, failed);
    }
    pid_ = pid;
    out_ = std::move(out->ours);
    err_ = std::move(err->ours);
    // The header that declares pidfd_open gives it no C linkage in glibc 2.36.
    end_ = Descriptor(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
    return end_.get() < 0 ? std::optional(from_errno(program_, errno)) : std::nullopt;
  }

  core::Result<ProgramOutput> finish(const std::stop_token& stop) {
    const steady_clock::time_point until = steady_clock::now() + limits_.timeout;
    for (bool ended = false; !ended;) {
      if (stop.stop_requested()) {
        return make_error(ErrorCode::Cancelled, fmt::format("{} was stopped", program_.string()));
      }
      const auto left = std::chrono::ceil<milliseconds>(until - steady_clock::now());
      if (left <= milliseconds(0)) {
        return make_error(ErrorCode::Timeout,
                          fmt::format("{} did not end within {} s",
                                      program_.string(),
                                      std::chrono::duration<double>(limits_.timeout).count()));
      }
      ended = wait(std::min(left, kLookForStop));
      if (drain(out_, output_.out, limits_.output_bytes) == Piece::TooMuch ||
          drain(err_, output_.err, limits_.output_bytes) == Piece::TooMuch) {
        return make_error(
            ErrorCode::Failed,
            fmt::format("{} said more than {} bytes", program_.string(), limits_.output_bytes));
      }
    }
    return outcome();
  }

 private:
  /// True once the program itself has ended; what it started may still hold the pipes.
  bool wait(milliseconds time) {
    std::array<pollfd, 3> all{pollfd{end_.get(), POLLIN, 0},
                              pollfd{out_.get(), POLLIN, 0},
                              pollfd{err_.get(), POLLIN, 0}};
    ::poll(all.data(), all.size(), static_cast<int>(time.count()));
    return (all[0].revents & POLLIN) != 0;
  }

  /// True when the process is gone and its status known.
  bool reap(milliseconds time) {
    pollfd end{end_.get(), POLLIN, 0};
    if (end_.get() >= 0 && ::poll(&end, 1, static_cast<int>(time.count())) != 1) {
      return false;
    }
    if (::waitpid(pid_, &status_, 0) != pid_) {
      return false;
    }
    pid_ = 0;
    return true;
  }

  core::Result<ProgramOutput> outcome() {
    ::kill(-pid_, SIGKILL);
    if (!reap(milliseconds(0)) || !WIFEXITED(status_)) {
      return make_error(
          ErrorCode::Failed,
          WIFSIGNALED(status_)
              ? fmt::format("{} was ended by signal {}", program_.string(), WTERMSIG(status_))
              : fmt::format("{} ended in an unknown way", program_.string()));
    }
    output_.exit_code = WEXITSTATUS(status_);
    return std::move(output_);
  }

  const fs::path& program_;
  const ProgramLimits& limits_;
  pid_t pid_ = 0;
  int status_ = 0;
  Descriptor end_;
  Descriptor out_;
  Descriptor err_;
  ProgramOutput output_;
};

}  // namespace

std::optional<fs::path> find_program(const std::vector<fs::path>& candidates) {
  for (const fs::path& file : candidates) {
    std::error_code failed;
    if (fs::is_regular_file(file, failed) && ::access(file.c_str(), X_OK) == 0) {
      return file;
    }
  }
  return std::nullopt;
}

core::Result<ProgramOutput> run_program(const fs::path& program,
                                        const std::vector<std::string>& arguments,
                                        const ProgramLimits& limits,
                                        std::stop_token stop,
                                        const ProgramInput& input) {
  RunningProgram running(program, limits);
  if (std::optional<core::Error> failed = running.start(arguments, input)) {
    return std::move(*failed);
  }
  return running.finish(stop);
}

}  // namespace aim::providers
