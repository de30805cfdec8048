#include "tests/model_server/server_process.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <charconv>
#include <chrono>
#include <stdexcept>

namespace aim::model_server {
namespace {

using Clock = std::chrono::steady_clock;
constexpr std::chrono::seconds kPatience{20};

sockaddr_in loopback(std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

sockaddr* base(sockaddr_in& address) { return reinterpret_cast<sockaddr*>(&address); }

std::vector<char*> pointers(std::vector<std::string>& words) {
  std::vector<char*> result;
  for (std::string& word : words) {
    result.push_back(word.data());
  }
  result.push_back(nullptr);
  return result;
}

std::string join_chunks(std::string_view body) {
  std::string joined;
  while (!body.empty()) {
    std::size_t size = 0;
    std::from_chars(body.data(), body.data() + body.size(), size, 16);
    const auto line_end = body.find("\r\n");
    if (size == 0 || line_end == std::string_view::npos) {
      break;
    }
    joined += body.substr(line_end + 2, size);
    body.remove_prefix(std::min(line_end + 2 + size + 2, body.size()));
  }
  return joined;
}

}  // namespace

ServerProcess::ServerProcess(const std::vector<std::string>& arguments,
                             const std::map<std::string, std::string>& environment) {
  std::array<int, 2> out{};
  std::array<int, 2> error{};
  if (pipe2(out.data(), O_CLOEXEC) != 0 || pipe2(error.data(), O_CLOEXEC) != 0) {
    throw std::runtime_error("no pipe");
  }
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, out[1], STDOUT_FILENO);
  posix_spawn_file_actions_adddup2(&actions, error[1], STDERR_FILENO);
  std::vector<std::string> words = {AIM_MODEL_SERVER};
  words.insert(words.end(), arguments.begin(), arguments.end());
  std::vector<std::string> variables;
  for (const auto& [name, value] : environment) {
    variables.push_back(fmt::format("{}={}", name, value));
  }
  const int failed = posix_spawn(&pid_,
                                 AIM_MODEL_SERVER,
                                 &actions,
                                 nullptr,
                                 pointers(words).data(),
                                 pointers(variables).data());
  posix_spawn_file_actions_destroy(&actions);
  ::close(out[1]);
  ::close(error[1]);
  out_pipe_ = out[0];
  error_pipe_ = error[0];
  if (failed != 0) {
    throw std::runtime_error("cannot start " AIM_MODEL_SERVER);
  }
}

ServerProcess::~ServerProcess() {
  if (pid_ > 0) {
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
  }
  for (const int descriptor : {out_pipe_, error_pipe_}) {
    if (descriptor >= 0) {
      ::close(descriptor);
    }
  }
}

bool ServerProcess::read_some(int timeout_milliseconds) {
  std::array<pollfd, 2> polled = {pollfd{out_pipe_, POLLIN, 0}, pollfd{error_pipe_, POLLIN, 0}};
  if (::poll(polled.data(), polled.size(), timeout_milliseconds) <= 0) {
    return false;
  }
  const auto drain = [](const pollfd& one, int& descriptor, std::string& text) {
    if ((one.revents & (POLLIN | POLLHUP)) == 0) {
      return;
    }
    std::array<char, 4096> piece;
    const ssize_t count = ::read(descriptor, piece.data(), piece.size());
    if (count > 0) {
      text.append(piece.data(), static_cast<std::size_t>(count));
    } else {
      ::close(descriptor);
      descriptor = -1;
    }
  };
  drain(polled[0], out_pipe_, out_);
  drain(polled[1], error_pipe_, error_);
  return out_pipe_ >= 0 || error_pipe_ >= 0;
}

bool ServerProcess::wait_for_log(const std::string& text) {
  const auto deadline = Clock::now() + kPatience;
  const auto seen = [&] {
    return out_.find(text) != std::string::npos || error_.find(text) != std::string::npos;
  };
  while (!seen()) {
    const auto left =
        std::chrono::duration_cast<std::chrono::milliseconds>(deadline - Clock::now()).count();
    if (left <= 0 || !read_some(static_cast<int>(left))) {
      return seen();
    }
  }
  return true;
}

std::uint16_t ServerProcess::wait_for_port() {
  const std::string before = "Starting vLLM server on http://";
  if (!wait_for_log("Application startup complete.") || !wait_for_log(before)) {
    return 0;
  }
  const std::string_view line = std::string_view(out_).substr(out_.find(before) + before.size());
  const std::string_view digits = line.substr(line.find(':') + 1);
  std::uint16_t port = 0;
  std::from_chars(digits.data(), digits.data() + digits.size(), port);
  return port;
}

void ServerProcess::send_signal(int number) const { ::kill(pid_, number); }

Ended ServerProcess::wait() {
  const auto deadline = Clock::now() + kPatience;
  while (Clock::now() < deadline && read_some(static_cast<int>(kPatience.count()) * 1000)) {
  }
  if (out_pipe_ >= 0 || error_pipe_ >= 0) {
    ::kill(pid_, SIGKILL);  // still there: the caller sees 137
  }
  int status = 0;
  ::waitpid(pid_, &status, 0);
  pid_ = -1;
  return {WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status), out_, error_};
}

int connect_to(std::uint16_t port) {
  const int descriptor = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address = loopback(port);
  if (::connect(descriptor, base(address), sizeof address) != 0) {
    ::close(descriptor);
    return -1;
  }
  return descriptor;
}

std::uint16_t free_port() {
  const int descriptor = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address = loopback(0);
  socklen_t size = sizeof address;
  ::bind(descriptor, base(address), size);
  ::getsockname(descriptor, base(address), &size);
  ::close(descriptor);
  return ntohs(address.sin_port);
}

Answer call(std::uint16_t port, const Call& request) {
  const int descriptor = connect_to(port);
  if (descriptor < 0) {
    return {};
  }
  const std::string text = fmt::format(
      "{} {} HTTP/1.1\r\nhost: 127.0.0.1\r\nconnection: close\r\n{}{}content-length: {}\r\n\r\n{}",
      request.method,
      request.path,
      request.body.empty() ? "" : "content-type: application/json\r\n",
      request.headers,
      request.body.size(),
      request.body);
  static_cast<void>(::send(descriptor, text.data(), text.size(), MSG_NOSIGNAL));
  std::string received;
  std::array<char, 4096> piece;
  ssize_t count = 0;
  while ((count = ::recv(descriptor, piece.data(), piece.size(), 0)) > 0) {
    received.append(piece.data(), static_cast<std::size_t>(count));
  }
  ::close(descriptor);
  Answer answer;
  const auto end = received.find("\r\n\r\n");
  if (end == std::string::npos || received.size() < 12) {
    return answer;
  }
  answer.headers = received.substr(0, end + 2);
  answer.body = received.substr(end + 4);
  std::from_chars(received.data() + 9, received.data() + 12, answer.status);
  if (answer.headers.find("transfer-encoding: chunked") != std::string::npos) {
    answer.body = join_chunks(answer.body);
  }
  return answer;
}

}  // namespace aim::model_server
