#pragma once

#include <memory>
#include <string>

#include "core/result.hpp"
#include "providers/http/http_client.hpp"

// OpenSSL's own names for SSL_CTX and SSL.
struct ssl_ctx_st;
struct ssl_st;

namespace aim::providers {

/// The files of TlsSettings, read and understood. Immutable, so any thread may use it.
class TlsContext {
 public:
  /// Errors: Invalid, with the name of the file that is of no use, why, and what to do.
  [[nodiscard]] static core::Result<std::shared_ptr<const TlsContext>> load(
      const TlsSettings& settings);

  ~TlsContext();
  TlsContext(const TlsContext&) = delete;
  TlsContext& operator=(const TlsContext&) = delete;

  /// One side of one connection to `host`, a name or an address. The caller's to free.
  [[nodiscard]] ssl_st* connection_to(const std::string& host) const;

 private:
  TlsContext(ssl_ctx_st* context, bool verify) : context_(context), verify_(verify) {}

  ssl_ctx_st* context_;
  bool verify_;
};

/// What OpenSSL made of a connection that failed. `reason` is the code of OpenSSL's error, 0 for
/// a connection that was closed in the middle of the handshake.
struct TlsFailure {
  const ssl_st* connection = nullptr;
  unsigned long reason = 0;
};

/// Says whose certificate was not accepted and why, or what else is wrong, and what to do. `where`
/// is the server. Codes: Denied for certificates, Protocol for the rest.
[[nodiscard]] core::Error tls_fault(const TlsFailure& failure,
                                    const TlsSettings& settings,
                                    const std::string& host,
                                    const std::string& where);

}  // namespace aim::providers
