#include "tests/unit/providers/test_server.hpp"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <stdexcept>

namespace aim::providers::test {

namespace {

std::size_t content_length(std::string_view head) {
  constexpr std::string_view kName = "Content-Length: ";
  const std::size_t at = head.find(kName);
  return at == std::string_view::npos
             ? 0
             : std::strtoul(std::string(head.substr(at + kName.size())).c_str(), nullptr, 10);
}

}  // namespace

std::optional<std::string> Peer::read_request() {
  while (true) {
    const std::size_t end = buffer_.find("\r\n\r\n");
    if (end != std::string::npos) {
      const std::size_t size = end + 4 + content_length(std::string_view(buffer_).substr(0, end));
      if (buffer_.size() >= size) {
        std::string request = buffer_.substr(0, size);
        buffer_.erase(0, size);
        return request;
      }
    }
    std::array<char, 4096> piece{};
    const auto got = ::recv(descriptor_, piece.data(), piece.size(), 0);
    if (got <= 0) {
      return std::nullopt;
    }
    buffer_.append(piece.data(), static_cast<std::size_t>(got));
  }
}

void Peer::write(std::string_view bytes) {
  while (!bytes.empty()) {
    const auto sent = ::send(descriptor_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent <= 0) {
      return;
    }
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
}

void Peer::write_bytewise(std::string_view bytes) {
  for (const char& byte : bytes) {
    write(std::string_view(&byte, 1));
  }
}

void Peer::hang_up() { ::shutdown(descriptor_, SHUT_RDWR); }

void Peer::await_hang_up() {
  while (read_request()) {
  }
}

TestServer::TestServer(Serve serve, Kind kind) : serve_(std::move(serve)) {
  kind == Kind::Unix ? listen_unix() : listen_tcp();
  if (listener_ < 0 || ::listen(listener_, 16) != 0) {
    throw std::runtime_error("the test server cannot listen");
  }
  acceptor_ = std::thread([this] { accept_all(); });
}

TestServer::~TestServer() {
  ::shutdown(listener_, SHUT_RDWR);
  acceptor_.join();
  {
    const std::lock_guard lock(mutex_);
    for (const int descriptor : open_) {
      ::shutdown(descriptor, SHUT_RDWR);
    }
  }
  for (std::thread& thread : threads_) {
    thread.join();
  }
  for (const int descriptor : open_) {
    ::close(descriptor);
  }
  ::close(listener_);
  if (!directory_.empty()) {
    std::filesystem::remove_all(directory_);
  }
}

void TestServer::listen_unix() {
  std::string pattern = (std::filesystem::temp_directory_path() / "aim-test-XXXXXX").string();
  if (::mkdtemp(pattern.data()) == nullptr) {
    return;
  }
  directory_ = pattern;
  endpoint_.scheme = HttpEndpoint::Scheme::Unix;
  endpoint_.path = directory_ + "/s";
  ::sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::copy(endpoint_.path.begin(), endpoint_.path.end(), std::begin(address.sun_path));
  listener_ = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const void* generic = &address;
  if (::bind(listener_, static_cast<const ::sockaddr*>(generic), sizeof(address)) != 0) {
    throw std::runtime_error("the test server cannot bind its socket");
  }
}

void TestServer::listen_tcp() {
  ::sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const void* generic = &address;
  void* writable = &address;
  ::socklen_t size = sizeof(address);
  if (::bind(listener_, static_cast<const ::sockaddr*>(generic), size) != 0 ||
      ::getsockname(listener_, static_cast<::sockaddr*>(writable), &size) != 0) {
    throw std::runtime_error("the test server cannot bind a port");
  }
  endpoint_.scheme = HttpEndpoint::Scheme::Tcp;
  endpoint_.host = "127.0.0.1";
  endpoint_.port = ntohs(address.sin_port);
}

void TestServer::accept_all() {
  while (true) {
    const int descriptor = ::accept(listener_, nullptr, nullptr);
    if (descriptor < 0) {
      return;
    }
    const std::size_t number = ++connections_;
    const std::lock_guard lock(mutex_);
    open_.push_back(descriptor);
    threads_.emplace_back([this, descriptor, number] {
      Peer peer(descriptor, number);
      serve_(peer);
      peer.hang_up();
    });
  }
}

std::vector<std::string> TestServer::requests() const {
  const std::lock_guard lock(mutex_);
  return requests_;
}

void TestServer::record(std::string request) {
  const std::lock_guard lock(mutex_);
  requests_.push_back(std::move(request));
}

std::string plain_answer(std::string_view body) {
  return fmt::format("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{}", body.size(), body);
}

TestServer::Serve answering(std::vector<std::string> answers) {
  // Shared by the threads of all connections.
  const auto next = std::make_shared<std::atomic<std::size_t>>(0);
  return [answers = std::move(answers), next](Peer& peer) {
    while (peer.read_request()) {
      peer.write(answers[std::min((*next)++, answers.size() - 1)]);
    }
  };
}

}  // namespace aim::providers::test
