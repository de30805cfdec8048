#include "tests/support/podman_service.hpp"

#include <fcntl.h>
#include <spawn.h>
#include <sys/file.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <thread>
#include <utility>
#include <vector>

#include "providers/http/http_client.hpp"

namespace aim::support {

namespace {

namespace fs = std::filesystem;
using std::chrono::milliseconds;
using std::chrono::seconds;

bool answers(const std::string& socket) {
  providers::HttpClient client({providers::HttpEndpoint::Scheme::Unix, socket, {}, 0});
  const auto ping = client.send({"GET", "/_ping", {}, {}}, seconds(10), {});
  return ping && ping->status == 200;
}

/// One at a time among all test programs.
class Turn {
 public:
  explicit Turn(const fs::path& file)
      : held_(::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600)) {
    ::flock(held_, LOCK_EX);
  }

  ~Turn() { ::close(held_); }

  Turn(const Turn&) = delete;
  Turn& operator=(const Turn&) = delete;

 private:
  int held_;
};

std::vector<std::string> service(const fs::path& home) {
  const auto in = [&](const char* name) { return (home / name).string(); };
  std::vector<std::string> command;
  if (::geteuid() != 0) {
    command = {"sudo", "-n"};  // without root it would need ids and a network of its own
  }
  command.insert(command.end(),
                 {"podman",       "--root",           in("root"), "--runroot",
                  in("run"),      "--tmpdir",         in("tmp"),  "--network-config-dir",
                  in("networks"), "--storage-driver", "vfs",      "--cgroup-manager",
                  "cgroupfs",     "--events-backend", "file",     "system",
                  "service",      "--time",           "30",       "unix://" + in("p.sock")});
  return command;
}

/// Starts it in a session of its own, with its words in `home`/log. False if it cannot be started.
bool start(const fs::path& home) {
  const std::vector<std::string> command = service(home);
  std::vector<char*> words;
  for (const std::string& word : command) {
    words.push_back(const_cast<char*>(word.c_str()));
  }
  words.push_back(nullptr);
  ::posix_spawn_file_actions_t files{};
  ::posix_spawn_file_actions_init(&files);
  ::posix_spawn_file_actions_addopen(&files, 0, "/dev/null", O_RDONLY, 0);
  ::posix_spawn_file_actions_addopen(
      &files, 1, (home / "log").c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
  ::posix_spawn_file_actions_adddup2(&files, 1, 2);
  ::posix_spawnattr_t attributes{};
  ::posix_spawnattr_init(&attributes);
  ::posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSID);
  ::pid_t pid = -1;
  const int error = ::posix_spawnp(&pid, words.front(), &files, &attributes, words.data(), environ);
  ::posix_spawn_file_actions_destroy(&files);
  ::posix_spawnattr_destroy(&attributes);
  return error == 0;
}

}  // namespace

std::string podman_service(const fs::path& beside, std::string& why_not) {
  const fs::path home = beside / "podman";
  const std::string socket = home / "p.sock";
  fs::create_directories(home);
  const Turn turn(home / "turn");
  if (answers(socket)) {
    return socket;
  }
  if (!start(home)) {
    why_not = "podman cannot be started: install it with scripts/install-packages test";
    return {};
  }
  const auto until = std::chrono::steady_clock::now() + seconds(30);
  while (!answers(socket)) {
    if (std::chrono::steady_clock::now() > until) {
      why_not = "podman does not answer; its last words are in " + (home / "log").string();
      return {};
    }
    std::this_thread::sleep_for(milliseconds(50));
  }
  return socket;
}

}  // namespace aim::support
