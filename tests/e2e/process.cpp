#include "tests/e2e/process.hpp"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <stdexcept>

namespace aim::e2e {

namespace {

using Clock = std::chrono::steady_clock;

[[noreturn]] void run_child(const std::vector<std::string>& command,
                            const std::map<std::string, std::string>& set,
                            const std::string& directory,
                            int out,
                            int err) {
  if (!directory.empty() && chdir(directory.c_str()) != 0) {
    _exit(126);
  }
  for (const auto& [name, value] : set) {
    setenv(name.c_str(), value.c_str(), 1);
  }
  const int nothing = open("/dev/null", O_RDONLY);
  dup2(nothing, STDIN_FILENO);
  dup2(out, STDOUT_FILENO);
  dup2(err, STDERR_FILENO);
  std::vector<std::string> words = command;
  std::vector<char*> argv;
  for (std::string& word : words) {
    argv.push_back(word.data());
  }
  argv.push_back(nullptr);
  execvp(argv.front(), argv.data());
  _exit(127);
}

/// Appends what can be read now; false at the end of the stream.
bool drain(int descriptor, std::string& text) {
  std::array<char, 65536> buffer{};
  const ssize_t count = read(descriptor, buffer.data(), buffer.size());
  if (count <= 0) {
    return false;
  }
  text.append(buffer.data(), static_cast<std::size_t>(count));
  return true;
}

}  // namespace

Process::Process(const std::vector<std::string>& command,
                 const std::map<std::string, std::string>& set,
                 const std::string& directory) {
  std::array<int, 2> out{};
  std::array<int, 2> err{};
  if (pipe2(out.data(), O_CLOEXEC) != 0 || pipe2(err.data(), O_CLOEXEC) != 0) {
    throw std::runtime_error("no pipe");
  }
  pid_ = fork();
  if (pid_ == 0) {
    run_child(command, set, directory, out[1], err[1]);
  }
  close(out[1]);
  close(err[1]);
  out_ = out[0];
  err_ = err[0];
}

Process::~Process() {
  if (pid_ > 0) {
    kill(pid_, SIGKILL);
    finish(std::chrono::seconds(10));
  }
}

void Process::signal(int number) const { kill(pid_, number); }

bool Process::read_some(std::chrono::milliseconds limit) {
  std::array<pollfd, 2> watched{{{out_, POLLIN, 0}, {err_, POLLIN, 0}}};
  if (out_ < 0 && err_ < 0) {
    return false;
  }
  poll(watched.data(), watched.size(), static_cast<int>(limit.count()));
  if (out_ >= 0 && (watched[0].revents & (POLLIN | POLLHUP)) != 0 && !drain(out_, result_.out)) {
    close(out_);
    out_ = -1;
  }
  if (err_ >= 0 && (watched[1].revents & (POLLIN | POLLHUP)) != 0 && !drain(err_, result_.err)) {
    close(err_);
    err_ = -1;
  }
  return true;
}

bool Process::wait_for_text(const std::string& text, std::chrono::seconds limit) {
  const Clock::time_point end = Clock::now() + limit;
  while (result_.out.find(text) == std::string::npos &&
         result_.err.find(text) == std::string::npos) {
    if (Clock::now() >= end || !read_some(std::chrono::milliseconds(100))) {
      return false;
    }
  }
  return true;
}

Finished Process::finish(std::chrono::seconds limit) {
  const Clock::time_point end = Clock::now() + limit;
  bool killed = false;
  while (read_some(std::chrono::milliseconds(100))) {
    if (!killed && Clock::now() >= end) {
      kill(pid_, SIGKILL);
      killed = true;
    }
  }
  int status = 0;
  if (pid_ > 0) {
    waitpid(pid_, &status, 0);
    pid_ = -1;
    result_.code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  }
  return result_;
}

Finished run(const std::vector<std::string>& command,
             const std::map<std::string, std::string>& set,
             const std::string& directory,
             std::chrono::seconds limit) {
  return Process(command, set, directory).finish(limit);
}

}  // namespace aim::e2e
