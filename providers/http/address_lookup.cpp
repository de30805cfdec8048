#include "providers/http/address_lookup.hpp"

#include <fmt/format.h>
#include <netdb.h>
#include <sys/un.h>

#include <condition_variable>
#include <cstring>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>

#include "providers/http/patience.hpp"

namespace aim::providers {

namespace {

using core::ErrorCode;
using core::make_error;
using core::Result;

struct Found {
  int error = 0;  ///< of getaddrinfo
  std::vector<SocketAddress> addresses;
};

Found look_up(const std::string& host, std::uint16_t port, int flags) {
  ::addrinfo hints{};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_NUMERICSERV | flags;
  ::addrinfo* list = nullptr;
  Found found;
  found.error = ::getaddrinfo(host.c_str(), std::to_string(port).c_str(), &hints, &list);
  if (found.error != 0) {
    return found;
  }
  for (const ::addrinfo* item = list; item != nullptr; item = item->ai_next) {
    SocketAddress address;
    std::memcpy(&address.storage, item->ai_addr, item->ai_addrlen);
    address.size = item->ai_addrlen;
    found.addresses.push_back(address);
  }
  ::freeaddrinfo(list);
  return found;
}

/// What the asking thread and the waiting caller share.
struct Question {
  std::mutex mutex;
  std::condition_variable_any answered;
  std::optional<Found> found;
};

Result<std::vector<SocketAddress>> socket_path(const HttpEndpoint& endpoint) {
  ::sockaddr_un address{};
  if (endpoint.path.empty() || endpoint.path.size() >= sizeof(address.sun_path)) {
    return cannot_connect(endpoint, "the path is empty or too long for a socket");
  }
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, endpoint.path.data(), endpoint.path.size());
  SocketAddress result;
  std::memcpy(&result.storage, &address, sizeof(address));
  result.size = sizeof(address);
  return std::vector<SocketAddress>{result};
}

}  // namespace

Result<std::vector<SocketAddress>> addresses_of(const HttpEndpoint& endpoint,
                                                std::chrono::steady_clock::time_point until,
                                                std::stop_token stop) {
  if (endpoint.scheme == HttpEndpoint::Scheme::Unix) {
    return socket_path(endpoint);
  }
  if (Found literal = look_up(endpoint.host, endpoint.port, AI_NUMERICHOST); literal.error == 0) {
    return std::move(literal.addresses);
  }
  // Shared, since the thread may outlive this call.
  const auto question = std::make_shared<Question>();
  std::thread([question, host = endpoint.host, port = endpoint.port] {
    Found found = look_up(host, port, 0);
    const std::lock_guard lock(question->mutex);
    question->found = std::move(found);
    question->answered.notify_all();
  }).detach();
  std::unique_lock lock(question->mutex);
  question->answered.wait_until(lock, stop, until, [&] { return question->found.has_value(); });
  if (!question->found) {
    return stop.stop_requested()
               ? stopped_error()
               : make_error(ErrorCode::Timeout,
                            fmt::format("the address of {} was not found in time", endpoint.host));
  }
  if (question->found->error != 0) {
    return cannot_connect(endpoint, ::gai_strerror(question->found->error));
  }
  return std::move(question->found->addresses);
}

}  // namespace aim::providers
