#pragma once

#include <memory>
#include <mutex>
#include <vector>

#include "core/result.hpp"
#include "providers/http/child_program.hpp"
#include "providers/http/http_client.hpp"

namespace aim::providers {

class TlsContext;

/// What all connections to one endpoint share. Thread-safe; must outlive them.
class Gateway {
 public:
  explicit Gateway(HttpEndpoint endpoint);
  /// Waits for the programs that were dismissed.
  ~Gateway();
  Gateway(const Gateway&) = delete;
  Gateway& operator=(const Gateway&) = delete;

  [[nodiscard]] const HttpEndpoint& endpoint() const { return endpoint_; }

  /// For `endpoint().tls`; its files are read the first time. Errors: Invalid.
  [[nodiscard]] core::Result<std::shared_ptr<const TlsContext>> tls();

  /// Takes over a program whose connection is closed: it is given time to end by itself, since
  /// others may use its way to the host (a shared ssh connection).
  void dismiss(ChildProgram program);

 private:
  const HttpEndpoint endpoint_;
  std::mutex mutex_;
  std::shared_ptr<const TlsContext> tls_;  ///< shared with connections that outlive a renewal
  std::vector<ChildProgram> dismissed_;
};

}  // namespace aim::providers
