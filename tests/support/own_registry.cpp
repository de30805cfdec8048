#include "tests/support/own_registry.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <fstream>
#include <stdexcept>
#include <thread>

extern char** environ;

namespace aim::support {

namespace fs = std::filesystem;

namespace {

/// The bcrypt of OwnRegistry::kPassword, as `htpasswd -B` writes it.
constexpr const char* kHtpasswd =
    "tester:$2y$05$abcdefghijklmnopqrstuukAGqk1114ICnhl6dLOh9a3Ti/e0h/ma\n";

sockaddr_in loopback(int port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  return address;
}

/// Below the ports that the kernel gives to outgoing connections.
int free_port() {
  constexpr int kFirst = 9000;
  constexpr int kCount = 900;
  for (int i = 0; i < kCount; ++i) {
    const int port = kFirst + (static_cast<int>(::getpid()) * 7 + i) % kCount;
    const int listener = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const sockaddr_in address = loopback(port);
    const bool free =
        ::bind(listener, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
    ::close(listener);
    if (free) {
      return port;
    }
  }
  throw std::runtime_error("no port is free for a registry");
}

bool answers(int port) {
  const int client = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const sockaddr_in address = loopback(port);
  const bool connected =
      ::connect(client, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
  ::close(client);
  return connected;
}

}  // namespace

OwnRegistry::OwnRegistry(Access access) : port_(free_port()) {
  std::string pattern = (fs::temp_directory_path() / "aim-registry-XXXXXX").string();
  if (::mkdtemp(pattern.data()) == nullptr) {
    throw std::runtime_error("no temporary directory");
  }
  directory_ = pattern;
  host_ = fmt::format("127.0.0.1:{}", port_);
  std::ofstream(directory_ / "htpasswd") << kHtpasswd;
  std::ofstream file(directory_ / "registry.yml");
  file << fmt::format(
      "version: 0.1\n"
      "log: {{level: info, accesslog: {{disabled: false}}}}\n"
      "storage:\n"
      "  filesystem: {{rootdirectory: {0}/data}}\n"
      "  delete: {{enabled: true}}\n"
      "http: {{addr: \"{1}\"}}\n",
      directory_.string(),
      host_);
  if (access == Access::Tester) {
    file << fmt::format("auth: {{htpasswd: {{realm: test, path: {}/htpasswd}}}}\n",
                        directory_.string());
  }
  file.close();
  start();
}

OwnRegistry::~OwnRegistry() {
  stop();
  std::error_code ignored;
  fs::remove_all(directory_, ignored);
}

void OwnRegistry::start() {
  const std::string log = (directory_ / "log").string();
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(
      &actions, STDOUT_FILENO, log.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600);
  posix_spawn_file_actions_adddup2(&actions, STDOUT_FILENO, STDERR_FILENO);
  std::string program = "docker-registry";
  std::string verb = "serve";
  std::string config = (directory_ / "registry.yml").string();
  std::array<char*, 4> arguments = {program.data(), verb.data(), config.data(), nullptr};
  const int failed =
      ::posix_spawnp(&pid_, program.c_str(), &actions, nullptr, arguments.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  if (failed != 0) {
    throw std::runtime_error("docker-registry cannot be started: install Debian's package");
  }
  await_answer();
}

void OwnRegistry::await_answer() const {
  const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(30);
  while (!answers(port_)) {
    if (std::chrono::steady_clock::now() > until || ::waitpid(pid_, nullptr, WNOHANG) != 0) {
      throw std::runtime_error("docker-registry does not answer at " + host_);
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
}

void OwnRegistry::stop() {
  if (pid_ > 0) {
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
    pid_ = -1;
  }
}

fs::path OwnRegistry::blob_file(const std::string& digest) const {
  const std::string hex = digest.substr(digest.find(':') + 1);
  return directory_ / "data/docker/registry/v2/blobs/sha256" / hex.substr(0, 2) / hex / "data";
}

int OwnRegistry::requests(const std::string& text) const {
  std::ifstream log(directory_ / "log");
  int count = 0;
  for (std::string line; std::getline(log, line);) {
    // The access log alone; the other lines tell the same once more.
    if (line.find("HTTP/1.1\" ") != std::string::npos && line.find(text) != std::string::npos) {
      ++count;
    }
  }
  return count;
}

}  // namespace aim::support
