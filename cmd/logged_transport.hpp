#pragma once

#include "cmd/log.hpp"
#include "providers/http/http_client.hpp"

namespace aim::cmd {

/// Hands every exchange on and logs it: method, target, status, time. Bodies are never logged, for
/// they hold what containers are made of.
class LoggedTransport : public providers::HttpTransport {
 public:
  /// All must outlive it.
  LoggedTransport(providers::HttpTransport& inner, Log& log, core::Clock& clock)
      : inner_(inner), log_(log), clock_(clock) {}

  [[nodiscard]] core::Result<providers::HttpResponse> send(const providers::HttpRequest& request,
                                                           std::chrono::milliseconds deadline,
                                                           std::stop_token stop) override;
  [[nodiscard]] core::Result<providers::HttpResponse> stream(const providers::HttpRequest& request,
                                                             const providers::BodySink& sink,
                                                             std::chrono::milliseconds inactivity,
                                                             std::stop_token stop) override;

 private:
  template <class Exchange>
  core::Result<providers::HttpResponse> logged(const providers::HttpRequest& request,
                                               const Exchange& exchange);

  providers::HttpTransport& inner_;
  Log& log_;
  core::Clock& clock_;
};

}  // namespace aim::cmd
