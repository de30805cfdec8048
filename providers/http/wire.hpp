#pragma once

#include <boost/system/error_code.hpp>
#include <chrono>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>

#include "providers/http/gateway.hpp"
#include "providers/http/patience.hpp"

namespace aim::providers {

/// A two-way stream of bytes to an endpoint: a socket, TLS over one, or a program's standard input
/// and output, with the io_context that drives it. Every function blocks until it is done, its
/// patience has ended or it is interrupted. Used by one thread at a time, but for interrupt().
class Wire {
 public:
  using ErrorCode = boost::system::error_code;

  explicit Wire(Gateway& gateway);
  ~Wire();
  Wire(const Wire&) = delete;
  Wire& operator=(const Wire&) = delete;

  /// Errors: Unreachable, Timeout, Cancelled, and those of TLS.
  [[nodiscard]] core::Result<void> open(const Patience& patience, std::stop_token stop);

  /// At least one byte, unless there is an error: asio::error::eof at the end.
  std::size_t read_some(void* data, std::size_t size, const Patience& patience, ErrorCode& error);
  std::size_t write_some(const void* data,
                         std::size_t size,
                         const Patience& patience,
                         ErrorCode& error);

  /// Unreachable if the other side hangs up within `hold`.
  [[nodiscard]] core::Result<void> stays_open(std::chrono::milliseconds hold);

  void close();
  [[nodiscard]] bool is_open() const;
  [[nodiscard]] bool stopped() const;  ///< by interrupt()
  [[nodiscard]] bool expired() const;  ///< its patience has ended

  /// What a failed read or write means, where more is known than that the connection broke: that
  /// time is up, a refused certificate, a program that never was connected.
  [[nodiscard]] std::optional<core::Error> explain(ErrorCode error, const Patience& patience);
  /// What a program said at its end, as " (...)"; empty for other wires.
  [[nodiscard]] std::string remark();

  /// Whether the other side hung up, or spoke unasked, while nothing was going on.
  [[nodiscard]] bool gone() const;

  /// Ends what is being waited for. From any thread.
  void interrupt();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace aim::providers
