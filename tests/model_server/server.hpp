#pragma once

#include <condition_variable>
#include <cstdint>
#include <list>
#include <memory>
#include <mutex>
#include <semaphore>
#include <string>
#include <thread>

#include "tests/model_server/api.hpp"
#include "tests/model_server/log.hpp"

namespace aim::model_server {

/// A listening socket and a thread for each of at most 256 connections.
class Server {
 public:
  Server(Api& api, Log& log, bool log_access);
  ~Server();  ///< as stop()
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  /// Binds and starts to answer; port 0 takes a free one. Returns the complaint, or "".
  [[nodiscard]] std::string start(const std::string& address, std::uint16_t port);

  [[nodiscard]] std::uint16_t port() const { return port_; }

  /// Takes no more connections, completes the answers under way at once, closes all.
  void stop();

 private:
  static constexpr int kMaxConnections = 256;
  struct Client;

  void accept_clients(const std::stop_token& stop);
  void serve(Client& client, const std::stop_token& stop);
  void reap();

  Api& api_;
  Log& log_;
  const bool log_access_;
  int listener_ = -1;
  std::uint16_t port_ = 0;
  std::counting_semaphore<kMaxConnections + 1> free_{kMaxConnections};  // one more: see stop()
  std::mutex mutex_;
  std::condition_variable client_done_;
  std::list<std::unique_ptr<Client>> clients_;
  std::jthread acceptor_;
};

}  // namespace aim::model_server
