#pragma once

#include <chrono>
#include <memory>
#include <stop_token>

#include "providers/http/gateway.hpp"
#include "providers/http/http_client.hpp"
#include "providers/http/patience.hpp"

namespace aim::providers {

/// Why an exchange did not come to an end.
struct Breakdown {
  core::Error error;
  bool connection_lost = false;  ///< and not a deadline, a stop or a malformed answer
  bool answer_began = false;
};

/// One connection, kept alive from exchange to exchange. Used by one thread at a time, but for
/// interrupt().
class HttpConnection {
 public:
  /// `gateway` must outlive it.
  HttpConnection(Gateway& gateway, std::size_t max_body_bytes);
  ~HttpConnection();
  HttpConnection(const HttpConnection&) = delete;
  HttpConnection& operator=(const HttpConnection&) = delete;

  /// Errors: Unreachable, Timeout, Cancelled, and those of TLS.
  [[nodiscard]] core::Result<void> open(const Patience& patience, std::stop_token stop);

  /// Sends a request and reads its answer; the body of a 2xx goes to `sink` unless that is null.
  [[nodiscard]] boost::system::result<HttpResponse, Breakdown> exchange(const HttpRequest& request,
                                                                        const BodySink* sink,
                                                                        const Patience& patience);

  /// Unreachable if the other side hangs up within `hold`.
  [[nodiscard]] core::Result<void> stays_open(std::chrono::milliseconds hold);

  /// Whether it can carry another request as far as can be told without trying.
  [[nodiscard]] bool reusable() const;

  /// Whether the other side hung up, or spoke unasked, while the connection was idle.
  [[nodiscard]] bool gone() const;

  /// Ends what is being waited for. From any thread.
  void interrupt();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

/// Ends a connection's waiting while it is in scope and a stop is requested.
class StopGuard {
 public:
  StopGuard(HttpConnection& connection, std::stop_token stop)
      : callback_(std::move(stop), Interrupt{&connection}) {}

 private:
  struct Interrupt {
    HttpConnection* connection;

    void operator()() const { connection->interrupt(); }
  };

  std::stop_callback<Interrupt> callback_;
};

}  // namespace aim::providers
