#pragma once

#include <deque>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <variant>
#include <vector>

#include "providers/http/http_client.hpp"

namespace aim::providers::test {

/// Answers each request line with the answers that were laid out for it, in their order, and
/// writes down what was asked. A request that nothing was laid out for fails the test.
class ScriptedTransport : public HttpTransport {
 public:
  using Answer = std::variant<HttpResponse, core::Error>;

  /// `line` is "GET /v1.41/info".
  ScriptedTransport& on(const std::string& line, int status, std::string body = {});
  ScriptedTransport& on(const std::string& line, core::Error error);
  ScriptedTransport& on(const std::string& line, HttpResponse response);
  /// Happens once, when the next request with that line comes, before it is answered.
  ScriptedTransport& before(const std::string& line, std::function<void()> what);
  /// An Engine that speaks `version` at most.
  ScriptedTransport& speaking(const std::string& version);
  /// Streams are handed over in pieces of so many bytes.
  std::size_t piece_size = 7;

  core::Result<HttpResponse> send(const HttpRequest& request,
                                  std::chrono::milliseconds deadline,
                                  std::stop_token stop) override;
  core::Result<HttpResponse> stream(const HttpRequest& request,
                                    const BodySink& sink,
                                    std::chrono::milliseconds inactivity,
                                    std::stop_token stop) override;

  /// All but the negotiation, in order.
  [[nodiscard]] std::vector<std::string> lines() const;
  [[nodiscard]] std::size_t pings() const;
  /// Of the last request with that line.
  [[nodiscard]] std::string body_of(const std::string& line) const;
  [[nodiscard]] std::string header_of(const std::string& line, const std::string& name) const;
  [[nodiscard]] std::chrono::milliseconds limit_of(const std::string& line) const;
  /// Whether everything that was laid out was asked for.
  [[nodiscard]] bool used_up() const;

 private:
  struct Asked {
    std::string line;
    std::string body;
    std::chrono::milliseconds limit;
    std::map<std::string, std::string> headers;
  };

  core::Result<HttpResponse> next(const HttpRequest& request,
                                  std::chrono::milliseconds limit,
                                  const std::stop_token& stop);

  mutable std::mutex mutex_;
  std::map<std::string, std::deque<Answer>> answers_;
  std::map<std::string, std::function<void()>> before_;
  std::vector<Asked> asked_;
};

}  // namespace aim::providers::test
