#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "providers/http/http_client.hpp"

namespace aim::providers::test {

/// The server's side of one connection. Reads give up when the other side hangs up or the server
/// is torn down.
class Peer {
 public:
  Peer(int descriptor, std::size_t number) : descriptor_(descriptor), number_(number) {}

  /// Head and body of the next request; nothing when the client hung up.
  [[nodiscard]] std::optional<std::string> read_request();
  void write(std::string_view bytes);
  /// Sends the bytes one system call each.
  void write_bytewise(std::string_view bytes);
  void hang_up();
  /// Blocks until the client hangs up.
  void await_hang_up();

  /// Connections are counted from 1.
  [[nodiscard]] std::size_t number() const { return number_; }

 private:
  int descriptor_;
  std::size_t number_;
  std::string buffer_;
};

/// A small server on a unix socket or a free TCP port, one thread a connection. What it does with
/// a connection is `serve`; the connection is closed when that returns.
class TestServer {
 public:
  using Serve = std::function<void(Peer&)>;
  enum class Kind { Unix, Tcp };

  explicit TestServer(Serve serve, Kind kind = Kind::Unix);
  ~TestServer();
  TestServer(const TestServer&) = delete;
  TestServer& operator=(const TestServer&) = delete;

  [[nodiscard]] HttpEndpoint endpoint() const { return endpoint_; }

  [[nodiscard]] std::size_t connections() const { return connections_; }

  /// All requests so far, in order of arrival.
  [[nodiscard]] std::vector<std::string> requests() const;
  void record(std::string request);

 private:
  void listen_unix();
  void listen_tcp();
  void accept_all();

  Serve serve_;
  HttpEndpoint endpoint_;
  std::string directory_;
  int listener_ = -1;
  std::atomic<std::size_t> connections_{0};
  mutable std::mutex mutex_;
  std::vector<int> open_;
  std::vector<std::string> requests_;
  std::vector<std::thread> threads_;
  std::thread acceptor_;
};

/// "HTTP/1.1 200 OK" with a Content-Length.
[[nodiscard]] std::string plain_answer(std::string_view body);

/// Answers each request on each connection with the next of `answers`, the last one again and
/// again.
[[nodiscard]] TestServer::Serve answering(std::vector<std::string> answers);

}  // namespace aim::providers::test
