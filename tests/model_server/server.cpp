#include "tests/model_server/server.hpp"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <utility>

namespace aim::model_server {
namespace {

// For clients that do not read their answers.
constexpr std::chrono::seconds kStopPatience{2};

// The sockets interface is written in terms of one base structure.
const sockaddr* base(const sockaddr_storage& address) {
  return reinterpret_cast<const sockaddr*>(&address);
}

sockaddr* base(sockaddr_storage& address) { return reinterpret_cast<sockaddr*>(&address); }

std::optional<sockaddr_storage> to_address(const std::string& text, std::uint16_t port) {
  sockaddr_storage storage{};
  sockaddr_in four{};
  sockaddr_in6 six{};
  if (inet_pton(AF_INET, text.c_str(), &four.sin_addr) == 1) {
    four.sin_family = AF_INET;
    four.sin_port = htons(port);
    std::memcpy(&storage, &four, sizeof four);
    return storage;
  }
  if (inet_pton(AF_INET6, text.c_str(), &six.sin6_addr) == 1) {
    six.sin6_family = AF_INET6;
    six.sin6_port = htons(port);
    std::memcpy(&storage, &six, sizeof six);
    return storage;
  }
  return std::nullopt;
}

std::uint16_t port_of(const sockaddr_storage& storage) {
  if (storage.ss_family == AF_INET6) {
    sockaddr_in6 six{};
    std::memcpy(&six, &storage, sizeof six);
    return ntohs(six.sin6_port);
  }
  sockaddr_in four{};
  std::memcpy(&four, &storage, sizeof four);
  return ntohs(four.sin_port);
}

std::string peer_name(int descriptor) {
  sockaddr_storage storage{};
  socklen_t size = sizeof storage;
  if (getpeername(descriptor, base(storage), &size) != 0 || storage.ss_family != AF_INET) {
    return "-";
  }
  sockaddr_in four{};
  std::memcpy(&four, &storage, sizeof four);
  char text[INET_ADDRSTRLEN] = {};
  inet_ntop(AF_INET, &four.sin_addr, text, sizeof text);
  return fmt::format("{}:{}", text, ntohs(four.sin_port));
}

}  // namespace

struct Server::Client {
  int descriptor = -1;
  bool done = false;
  std::jthread thread;
};

Server::Server(Api& api, Log& log, bool log_access)
    : api_(api), log_(log), log_access_(log_access) {}

Server::~Server() { stop(); }

std::string Server::start(const std::string& address, std::uint16_t port) {
  auto bound = to_address(address, port);
  if (!bound) {
    return fmt::format("socket.gaierror: [Errno -2] Name or service not known: '{}'", address);
  }
  listener_ = ::socket(bound->ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const int on = 1;
  setsockopt(listener_, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  const socklen_t size = bound->ss_family == AF_INET6 ? sizeof(sockaddr_in6) : sizeof(sockaddr_in);
  if (listener_ < 0 || ::bind(listener_, base(std::as_const(*bound)), size) != 0 ||
      ::listen(listener_, SOMAXCONN) != 0) {
    const int error = errno;
    return fmt::format("OSError: [Errno {}] {}", error, std::strerror(error));
  }
  socklen_t actual = sizeof *bound;
  getsockname(listener_, base(*bound), &actual);
  port_ = port_of(*bound);
  acceptor_ = std::jthread([this](const std::stop_token& stop) { accept_clients(stop); });
  return "";
}

void Server::accept_clients(const std::stop_token& stop) {
  while (!stop.stop_requested()) {
    free_.acquire();
    const int descriptor = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    const int error = errno;
    reap();
    if (descriptor < 0) {
      free_.release();
      if (error == EINVAL || error == EBADF) {
        return;  // stop() has shut the listener
      }
      continue;
    }
    auto client = std::make_unique<Client>();
    client->descriptor = descriptor;
    Client& served = *client;
    const std::scoped_lock lock(mutex_);
    clients_.push_back(std::move(client));
    served.thread =
        std::jthread([this, &served](const std::stop_token& token) { serve(served, token); });
  }
}

void Server::serve(Client& client, const std::stop_token& stop) {
  {
    const std::string peer = log_access_ ? peer_name(client.descriptor) : "";
    Connection connection(client.descriptor);
    bool open = true;
    while (open && !stop.stop_requested()) {
      const auto request = connection.read_request();
      if (!request) {
        break;
      }
      open = api_.answer(connection, *request, stop);
      if (log_access_) {
        log_.access(fmt::format("{} - \"{} {} HTTP/1.1\" {} {}",
                                peer,
                                request->method,
                                request->path,
                                connection.last_status(),
                                reason_phrase(connection.last_status())));
      }
    }
    const std::scoped_lock lock(mutex_);
    client.descriptor = -1;  // from here on the number may belong to another connection
  }
  free_.release();
  const std::scoped_lock lock(mutex_);
  client.done = true;
  client_done_.notify_all();
}

void Server::reap() {
  std::list<std::unique_ptr<Client>> gone;
  const std::scoped_lock lock(mutex_);
  for (auto client = clients_.begin(); client != clients_.end();) {
    const auto next = std::next(client);
    if ((*client)->done) {
      gone.splice(gone.end(), clients_, client);
    }
    client = next;
  }
}

void Server::stop() {
  if (listener_ < 0) {
    return;
  }
  acceptor_.request_stop();
  ::shutdown(listener_, SHUT_RDWR);
  free_.release();  // in case all places are taken and accept_clients waits for one
  if (acceptor_.joinable()) {
    acceptor_.join();
  }
  ::close(listener_);
  listener_ = -1;
  std::list<std::unique_ptr<Client>> last;
  {
    std::unique_lock lock(mutex_);
    const auto shut = [this](int how) {
      for (const auto& client : clients_) {
        client->thread.request_stop();
        if (client->descriptor >= 0) {
          ::shutdown(client->descriptor, how);
        }
      }
    };
    shut(SHUT_RD);  // idle readers wake, answers still go out
    client_done_.wait_for(lock, kStopPatience, [this] {
      return std::all_of(
          clients_.begin(), clients_.end(), [](const auto& client) { return client->done; });
    });
    shut(SHUT_RDWR);
    last.swap(clients_);
  }
}

}  // namespace aim::model_server
