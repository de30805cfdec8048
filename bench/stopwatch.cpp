// Runs a command without a shell and prints how many milliseconds it took and how many KiB it had
// resident at most. Its own memory is small, since a child counts its parent's until it executes.

#include <fcntl.h>
#include <spawn.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <cstring>

int main(int argc, char** argv) {
  if (argc < 2) {
    std::fputs("usage: stopwatch COMMAND [ARGUMENT...]; its output is dropped\n", stderr);
    return 1;
  }
  posix_spawn_file_actions_t actions;
  ::posix_spawn_file_actions_init(&actions);
  ::posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
  const auto start = std::chrono::steady_clock::now();
  pid_t child = 0;
  if (const int error = ::posix_spawnp(&child, argv[1], &actions, nullptr, argv + 1, environ)) {
    std::fprintf(stderr, "stopwatch: %s: %s\n", argv[1], std::strerror(error));
    return 1;
  }
  int status = 0;
  rusage used{};
  if (::wait4(child, &status, 0, &used) != child) {
    std::perror("stopwatch: wait4");
    return 1;
  }
  const std::chrono::duration<double, std::milli> taken = std::chrono::steady_clock::now() - start;
  ::posix_spawn_file_actions_destroy(&actions);
  std::printf("%.3f %ld\n", taken.count(), used.ru_maxrss);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
