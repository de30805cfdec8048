#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.hpp"

namespace aim::providers {

struct HttpRequest {
  std::string method = "GET";
  std::string target = "/";  ///< path and query, percent-encoded
  std::map<std::string, std::string> headers;
  std::string body;
  std::string content_type = "application/json";  ///< sent only with a body
};

struct HttpResponse {
  int status = 0;
  std::map<std::string, std::string> headers;  ///< names in lower case
  std::string body;                            ///< empty after stream() unless status >= 400
};

/// Receives the body piece by piece; false ends the exchange.
using BodySink = std::function<bool(std::string_view)>;

/// One HTTP exchange at a time, seen from the caller. Thread-safe.
/// Errors: Unreachable (nobody there, refused, or the connection broke; the message says whether
/// the request had been sent), Timeout, Cancelled, Protocol. Any status is a response.
class HttpTransport {
 public:
  virtual ~HttpTransport() = default;
  /// `deadline` covers everything from connecting to the last byte of the body.
  [[nodiscard]] virtual core::Result<HttpResponse> send(const HttpRequest& request,
                                                        std::chrono::milliseconds deadline,
                                                        std::stop_token stop) = 0;
  /// For long answers: hands the body of a 2xx to `sink` as it arrives. `inactivity` is the
  /// longest silence; zero means none, for answers that may be silent for ever.
  [[nodiscard]] virtual core::Result<HttpResponse> stream(const HttpRequest& request,
                                                          const BodySink& sink,
                                                          std::chrono::milliseconds inactivity,
                                                          std::stop_token stop) = 0;
};

/// How to speak TLS to a server. All files are PEM.
struct TlsSettings {
  std::string ca_file;           ///< whom to believe; empty: the authorities of this system
  std::string certificate_file;  ///< the client's own; empty: none
  std::string key_file;          ///< of `certificate_file`
  bool verify = true;            ///< the server's certificate and that it is for `host`
};

/// Where to connect.
struct HttpEndpoint {
  enum class Scheme { Unix, Tcp, Program };
  Scheme scheme = Scheme::Tcp;
  std::string path;  ///< of the socket, for Unix; what to call it in messages, for Program
  std::string host;  ///< name or address without brackets, for Tcp
  std::uint16_t port = 80;
  std::optional<TlsSettings> tls{};  ///< for Tcp
  /// For Program: what to run, found on the PATH. Its standard input and output are the
  /// connection, and it runs as long as that does.
  std::vector<std::string> command{};
};

/// "/var/run/docker.sock", "10.0.0.1:2375", "[::1]:2375", "ssh://root@far".
[[nodiscard]] std::string to_string(const HttpEndpoint& endpoint);

/// Whether anybody listens: connects and hangs up. The other side must not hang up within `hold`:
/// Docker's proxy for a published port accepts before it knows whether the container does.
/// Errors: Unreachable, Timeout, Cancelled.
[[nodiscard]] core::Result<void> try_connect(const HttpEndpoint& endpoint,
                                             std::chrono::milliseconds hold,
                                             std::chrono::milliseconds deadline,
                                             std::stop_token stop);

/// How to find out, by another connection, whether a server lives that says nothing.
struct LivenessProbe {
  std::string target;                    ///< of a GET that it answers at once
  std::chrono::milliseconds after{};     ///< silence; and again each time this has passed
  std::chrono::milliseconds deadline{};  ///< for the answer
};

/// A pool of kept-alive HTTP/1.1 connections to one endpoint, blocking outside and asynchronous
/// inside: each connection owns its io_context. A connection found dead before a byte of the
/// answer came is replaced once for GET and HEAD; other methods report it. Files for TLS are read
/// at the first connection: Invalid if they are of no use, Denied if one side refuses the other's
/// certificate, Protocol if the server does not speak TLS.
class HttpClient : public HttpTransport {
 public:
  /// A list of 20,000 containers with their labels has some 100 MB.
  static constexpr std::size_t kLargestBody = 256UL * 1024 * 1024;

  /// A body of more than `max_body_bytes` that is not handed to a sink is ErrorCode::Protocol.
  /// With `liveness`, streams without a limit on their silence end when the server is gone.
  explicit HttpClient(HttpEndpoint endpoint,
                      std::size_t max_idle = 16,
                      std::size_t max_body_bytes = kLargestBody,
                      std::optional<LivenessProbe> liveness = {});
  ~HttpClient() override;
  HttpClient(const HttpClient&) = delete;
  HttpClient& operator=(const HttpClient&) = delete;

  core::Result<HttpResponse> send(const HttpRequest& request,
                                  std::chrono::milliseconds deadline,
                                  std::stop_token stop) override;
  core::Result<HttpResponse> stream(const HttpRequest& request,
                                    const BodySink& sink,
                                    std::chrono::milliseconds inactivity,
                                    std::stop_token stop) override;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace aim::providers
