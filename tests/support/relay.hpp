#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>

#include "tests/support/certificates.hpp"

namespace aim::support {

/// What a relay shows to those who connect. They must show a certificate of `client_authority`.
struct RelayTls {
  Identity identity;
  std::filesystem::path client_authority;
};

/// Stands in front of an Engine: takes connections on a TCP port of the loopback address, and hands
/// the bytes on to the Engine's unix socket and back. It can end TLS, and it can go wrong.
class Relay {
 public:
  /// Throws when it cannot listen.
  explicit Relay(std::string socket_path, std::optional<RelayTls> tls = {});
  ~Relay();
  Relay(const Relay&) = delete;
  Relay& operator=(const Relay&) = delete;

  [[nodiscard]] std::uint16_t port() const;
  /// "tcp://127.0.0.1:4711"
  [[nodiscard]] std::string uri() const;

  /// From the `request`-th request on (from 1, over all connections) nothing goes through any
  /// more, in either direction; connections stay, and new ones are taken.
  void hang_at(std::size_t request);
  /// At the `request`-th request, which does not go through, all connections end and no new one
  /// is taken.
  void die_at(std::size_t request);

  [[nodiscard]] std::size_t requests() const;
  [[nodiscard]] std::size_t connections() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace aim::support
