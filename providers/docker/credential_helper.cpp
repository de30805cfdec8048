#include "providers/docker/credential_helper.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/eventfd.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

namespace aim::providers {

namespace {

using core::ErrorCode;
using core::make_error;
using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr std::size_t kLargestAnswer = 1UL << 20U;
/// As docker-credential-helpers prints it, on standard output, with a failing exit code.
constexpr std::string_view kNotFound = "credentials not found in native keychain";

/// Owns a file descriptor.
class Descriptor {
 public:
  Descriptor() = default;

  explicit Descriptor(int number) : number_(number) {}

  ~Descriptor() { close(); }

  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;

  [[nodiscard]] int number() const { return number_; }

  void reset(int number) {
    close();
    number_ = number;
  }

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
  Descriptor read;
  Descriptor write;

  bool open() {
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0) {
      return false;
    }
    read.reset(ends[0]);
    write.reset(ends[1]);
    return true;
  }
};

/// Full path of a program, along the PATH of the environment it will have.
std::optional<std::string> find_program(const std::string& name,
                                        const std::vector<std::string>& environment) {
  std::string_view path;
  for (const std::string& variable : environment) {
    if (variable.starts_with("PATH=")) {
      path = std::string_view(variable).substr(5);
    }
  }
  while (!path.empty()) {
    const std::size_t colon = path.find(':');
    const std::string_view folder = path.substr(0, colon);
    const std::string program = fmt::format("{}/{}", folder.empty() ? "." : folder, name);
    if (::access(program.c_str(), X_OK) == 0) {
      return program;
    }
    path.remove_prefix(colon == std::string_view::npos ? path.size() : colon + 1);
  }
  return std::nullopt;
}

/// A running helper. Killed, if it still runs, and waited for at the end.
class Child {
 public:
  Child() = default;

  ~Child() {
    if (pid_ > 0) {
      ::kill(pid_, SIGKILL);
      static_cast<void>(wait());
    }
  }

  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;

  /// 0, or the reason why it could not be started.
  int start(const std::string& program,
            const std::vector<std::string>& environment,
            int standard_input,
            int standard_output) {
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, standard_input, STDIN_FILENO);
    posix_spawn_file_actions_adddup2(&actions, standard_output, STDOUT_FILENO);
    posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
    // Nothing of how aim itself treats signals.
    posix_spawnattr_t attributes;
    posix_spawnattr_init(&attributes);
    sigset_t signals;
    sigemptyset(&signals);
    posix_spawnattr_setsigmask(&attributes, &signals);
    sigaddset(&signals, SIGPIPE);
    posix_spawnattr_setsigdefault(&attributes, &signals);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
    std::string name = program;
    std::string verb = "get";
    std::array<char*, 3> arguments = {name.data(), verb.data(), nullptr};
    std::vector<std::string> variables = environment;
    std::vector<char*> pointers;
    for (std::string& variable : variables) {
      pointers.push_back(variable.data());
    }
    pointers.push_back(nullptr);
    const int failed = ::posix_spawn(
        &pid_, program.c_str(), &actions, &attributes, arguments.data(), pointers.data());
    posix_spawn_file_actions_destroy(&actions);
    posix_spawnattr_destroy(&attributes);
    if (failed != 0) {
      pid_ = -1;
    }
    return failed;
  }

  /// A descriptor that can be read once it has ended.
  [[nodiscard]] int watch() const { return static_cast<int>(::syscall(SYS_pidfd_open, pid_, 0)); }

  /// Blocks until it has ended; its exit code, or 128 and the number of the signal.
  int wait() {
    int status = 0;
    while (::waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
    }
    pid_ = -1;
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  }

 private:
  pid_t pid_ = -1;
};

/// Reads until the helper has ended. Errors: Timeout, Cancelled, Denied.
core::Result<std::string> read_answer(int output,
                                      const Child& child,
                                      milliseconds timeout,
                                      std::stop_token stop) {
  const Descriptor stopped(::eventfd(0, EFD_CLOEXEC));
  const Descriptor ended(child.watch());
  const std::stop_callback wake(stop, [&] { ::eventfd_write(stopped.number(), 1); });
  const auto until = steady_clock::now() + timeout;
  std::string text;
  bool reading = true;
  while (true) {
    std::array<pollfd, 3> watched = {{{stopped.number(), POLLIN, 0},
                                      {reading ? output : -1, POLLIN, 0},
                                      {reading ? -1 : ended.number(), POLLIN, 0}}};
    const auto left = std::chrono::ceil<milliseconds>(until - steady_clock::now());
    const int ready = left.count() <= 0
                          ? 0
                          : ::poll(watched.data(), watched.size(), static_cast<int>(left.count()));
    if (ready < 0 && errno == EINTR) {
      continue;
    }
    if (ready <= 0) {
      return make_error(ErrorCode::Timeout,
                        fmt::format("it did not answer within {} ms", timeout.count()));
    }
    if (watched[0].revents != 0) {
      return make_error(ErrorCode::Cancelled, "stopped");
    }
    if (watched[2].revents != 0) {
      return text;
    }
    std::array<char, 4096> buffer{};
    const ssize_t got = ::read(output, buffer.data(), buffer.size());
    if (got > 0) {
      text.append(buffer.data(), static_cast<std::size_t>(got));
    } else if (got == 0) {
      reading = false;
    }
    if (text.size() > kLargestAnswer) {
      return make_error(ErrorCode::Denied, "it printed more than a megabyte");
    }
  }
}

core::Result<std::optional<RegistryCredentials>> run(const std::string& program,
                                                     const std::string& key,
                                                     const HelperSettings& settings,
                                                     std::stop_token stop) {
  Pipe input;
  Pipe output;
  if (!input.open() || !output.open()) {
    return make_error(ErrorCode::Failed, std::strerror(errno));
  }
  // A pipe holds far more than a key, so that it can be written before anybody reads.
  const std::string line = key + "\n";
  if (::write(input.write.number(), line.data(), line.size()) !=
      static_cast<ssize_t>(line.size())) {
    return make_error(ErrorCode::Failed, "the key is too long");
  }
  input.write.close();
  Child child;
  if (const int failed =
          child.start(program, settings.environment, input.read.number(), output.write.number());
      failed != 0) {
    return make_error(ErrorCode::Denied,
                      fmt::format("it cannot be started: {}", std::strerror(failed)));
  }
  input.read.close();
  output.write.close();
  core::Result<std::string> text =
      read_answer(output.read.number(), child, settings.timeout, std::move(stop));
  if (!text) {
    return text.error();
  }
  const int code = child.wait();
  if (code != 0 && text->find(kNotFound) != std::string::npos) {
    return std::optional<RegistryCredentials>();
  }
  if (code != 0) {
    return make_error(ErrorCode::Denied,
                      fmt::format("it ended with exit code {}; what it says is not shown, since it "
                                  "may hold a secret: run it by hand, with `get` and {} on its "
                                  "standard input",
                                  code,
                                  key));
  }
  core::Result<RegistryCredentials> credentials = parse_helper_answer(*text);
  if (!credentials) {
    return make_error(ErrorCode::Denied, credentials.error().message);
  }
  return std::optional(std::move(*credentials));
}

}  // namespace

core::Result<std::optional<RegistryCredentials>> ask_credential_helper(
    const std::string& helper,
    const std::string& key,
    const HelperSettings& settings,
    std::stop_token stop) {
  const std::string name = "docker-credential-" + helper;
  const std::optional<std::string> program = helper.find('/') == std::string::npos
                                                 ? find_program(name, settings.environment)
                                                 : std::nullopt;
  if (!program) {
    return make_error(ErrorCode::Denied,
                      fmt::format("the credential helper {} is not on the PATH", name));
  }
  core::Result<std::optional<RegistryCredentials>> answer =
      run(*program, key, settings, std::move(stop));
  if (!answer) {
    return make_error(answer.error().code,
                      fmt::format("the credential helper {}: {}", name, answer.error().message));
  }
  return answer;
}

}  // namespace aim::providers
