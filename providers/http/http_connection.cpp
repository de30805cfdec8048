#include "providers/http/http_connection.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <boost/asio/buffer.hpp>
#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/buffer_body.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <cctype>
#include <cerrno>
#include <stdexcept>
#include <utility>
#include <vector>

#include "providers/http/address_lookup.hpp"

namespace aim::providers {

namespace asio = boost::asio;
namespace http = boost::beast::http;
using boost::system::error_code;
using core::ErrorCode;
using core::make_error;
using core::Result;
using std::chrono::milliseconds;
using Endpoint = asio::generic::stream_protocol::endpoint;
using Parser = http::response_parser<http::buffer_body>;

namespace {

// The parser keeps the size of a header field in 16 bits and throws beyond; with this limit on the
// whole head it never gets there.
constexpr std::uint32_t kHeaderLimit = 65'535;
constexpr std::size_t kPieceSize = 64U * 1024;

bool expects_no_body(const HttpRequest& request) { return request.method == "HEAD"; }

std::string host_header(const HttpEndpoint& endpoint) {
  return endpoint.scheme == HttpEndpoint::Scheme::Unix ? "docker" : to_string(endpoint);
}

std::string head_of(const HttpRequest& request, const HttpEndpoint& endpoint) {
  std::string head = fmt::format("{} {} HTTP/1.1\r\nHost: {}\r\nUser-Agent: aim\r\n",
                                 request.method,
                                 request.target,
                                 host_header(endpoint));
  for (const auto& [name, value] : request.headers) {
    head += fmt::format("{}: {}\r\n", name, value);
  }
  if (!request.body.empty()) {
    head += fmt::format("Content-Type: {}\r\n", request.content_type);
  }
  if (!request.body.empty() || (request.method != "GET" && request.method != "HEAD")) {
    head += fmt::format("Content-Length: {}\r\n", request.body.size());
  }
  return head + "\r\n";
}

HttpResponse response_head(const Parser& parser) {
  HttpResponse response;
  response.status = parser.get().result_int();
  for (const auto& field : parser.get()) {
    std::string name(field.name_string());
    std::transform(name.begin(), name.end(), name.begin(), [](unsigned char c) {
      return static_cast<char>(std::tolower(c));
    });
    const auto [place, is_new] = response.headers.emplace(std::move(name), field.value());
    if (!is_new) {
      place->second += ", ";
      place->second += std::string_view(field.value().data(), field.value().size());
    }
  }
  return response;
}

}  // namespace

struct HttpConnection::Impl {
  Impl(HttpEndpoint where, std::size_t body_limit)
      : endpoint(std::move(where)),
        max_body_bytes(body_limit),
        socket(context),
        pause(context),
        piece(kPieceSize) {}

  Result<void> open(const Patience& patience, std::stop_token stop);
  boost::system::result<HttpResponse, Breakdown> exchange(const HttpRequest& request,
                                                          const BodySink* sink,
                                                          const Patience& patience);
  Result<void> stays_open(milliseconds hold);
  error_code open_one(const Endpoint& address, const Patience& patience);
  error_code connect_local(const Endpoint& address, Patience::Time until);
  error_code write(const HttpRequest& request, const Patience& patience);
  boost::system::result<HttpResponse, Breakdown> read(const HttpRequest& request,
                                                      const BodySink* sink,
                                                      const Patience& patience,
                                                      error_code write_error);
  error_code read_head(std::optional<Parser>& parser,
                       const HttpRequest& request,
                       const Patience& patience);
  Breakdown breakdown(error_code error, const Patience& patience, bool answer_began) const;

  /// Runs one asynchronous operation to its end, which is soon when time is up or a stop comes.
  template <class Start>
  error_code run(const std::optional<Patience::Time>& until, const Start& start) {
    if (stopped) {
      return asio::error::operation_aborted;
    }
    std::optional<error_code> result;
    context.restart();
    start([&result](error_code error, std::size_t = 0) { result = error; });
    try {
      while (!result) {
        if (!until || expired) {
          context.run_one();
        } else if (context.run_one_until(*until) == 0) {
          expired = true;
          abandon();
        }
      }
    } catch (const std::length_error&) {
      // How the parser takes a field of more than 64 KiB behind a chunked body, to which its limit
      // on the head does not apply.
      abandon();
      return http::error::header_limit;
    }
    return *result;
  }

  void abandon() {
    reusable = false;
    error_code ignored;  // closing is all that can be done, and the descriptor is gone either way
    socket.close(ignored);
    pause.cancel();
  }

  HttpEndpoint endpoint;
  std::size_t max_body_bytes;
  asio::io_context context{1};
  asio::generic::stream_protocol::socket socket;
  asio::steady_timer pause;
  boost::beast::flat_buffer buffer;
  std::vector<char> piece;
  bool stopped = false;
  bool expired = false;
  bool reusable = true;
  bool sent = false;  ///< the whole of the last request
};

Result<void> HttpConnection::Impl::open(const Patience& patience, std::stop_token stop) {
  const Result<std::vector<SocketAddress>> addresses =
      addresses_of(endpoint, patience.to_connect(), std::move(stop));
  if (!addresses) {
    return addresses.error();
  }
  error_code error = asio::error::host_not_found;
  for (const SocketAddress& address : *addresses) {
    error = open_one(Endpoint(&address.storage, address.size), patience);
    if (!error) {
      return {};
    }
    if (stopped) {
      return stopped_error();
    }
    if (expired) {
      return timed_out(endpoint, patience);
    }
  }
  return cannot_connect(endpoint, error.message());
}

error_code HttpConnection::Impl::open_one(const Endpoint& address, const Patience& patience) {
  const int family = address.protocol().family();
  // Programs that aim starts must not inherit the connection, so it is closed on exec from birth.
  const int descriptor = ::socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (descriptor < 0) {
    return {errno, boost::system::system_category()};
  }
  error_code error;
  socket.close(error);
  socket.assign(address.protocol(), descriptor, error);
  if (error) {
    ::close(descriptor);
    return error;
  }
  socket.native_non_blocking(true, error);
  if (error) {
    return error;
  }
  const Patience::Time until = patience.to_connect();
  if (family == AF_UNIX) {
    return connect_local(address, until);
  }
  const int on = 1;
  const int idle_seconds = 30;
  // A wait for a container's exit may be silent for days; only keep-alive notices a dead peer.
  ::setsockopt(descriptor, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof(on));
  ::setsockopt(descriptor, IPPROTO_TCP, TCP_KEEPIDLE, &idle_seconds, sizeof(idle_seconds));
  ::setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
  return run(until, [&](auto done) { socket.async_connect(address, done); });
}

error_code HttpConnection::Impl::connect_local(const Endpoint& address, Patience::Time until) {
  while (!stopped) {
    if (::connect(socket.native_handle(),
                  address.data(),
                  static_cast<::socklen_t>(address.size())) == 0) {
      return {};
    }
    if (errno != EAGAIN) {
      return {errno, boost::system::system_category()};
    }
    // The listener's queue is full. Unlike with TCP nothing tells when it has room again.
    pause.expires_after(milliseconds(10));
    if (error_code error = run(until, [&](auto done) { pause.async_wait(done); })) {
      return error;
    }
  }
  return asio::error::operation_aborted;
}

error_code HttpConnection::Impl::write(const HttpRequest& request, const Patience& patience) {
  const std::string head = head_of(request, endpoint);
  const std::array<asio::const_buffer, 2> parts = {asio::buffer(head), asio::buffer(request.body)};
  std::size_t written = 0;
  sent = false;
  const std::size_t total = head.size() + request.body.size();
  // One piece at a time, so that an inactivity limit holds for long uploads too.
  while (written < total) {
    std::array<asio::const_buffer, 2> rest = parts;
    rest[0] += written;
    rest[1] += written - std::min(written, head.size());
    std::size_t count = 0;
    const error_code error = run(patience.next(), [&](auto done) {
      socket.async_write_some(rest, [&count, done](error_code e, std::size_t n) mutable {
        count = n;
        done(e);
      });
    });
    if (error) {
      return error;
    }
    written += count;
  }
  sent = true;
  return {};
}

boost::system::result<HttpResponse, Breakdown> HttpConnection::Impl::exchange(
    const HttpRequest& request, const BodySink* sink, const Patience& patience) {
  const error_code error = write(request, patience);
  if (error && (stopped || expired)) {
    return breakdown(error, patience, false);
  }
  // A server that refuses a request may hang up before it read it all; its answer says why.
  return read(request, sink, patience, error);
}

error_code HttpConnection::Impl::read_head(std::optional<Parser>& parser,
                                           const HttpRequest& request,
                                           const Patience& patience) {
  while (true) {
    parser.emplace();
    parser->header_limit(kHeaderLimit);
    parser->body_limit(boost::none);
    parser->skip(expects_no_body(request));
    const error_code error = run(patience.next(), [&](auto done) {
      http::async_read_header(socket, buffer, *parser, done);
    });
    const int status = parser->get().result_int();
    if (error || status < 100 || status >= 200 || status == 101) {
      return error;
    }
    // 100 Continue and its like announce the answer.
  }
}

boost::system::result<HttpResponse, Breakdown> HttpConnection::Impl::read(
    const HttpRequest& request,
    const BodySink* sink,
    const Patience& patience,
    error_code write_error) {
  std::optional<Parser> parser;
  if (const error_code error = read_head(parser, request, patience)) {
    const bool began = parser->got_some() || buffer.size() > 0;
    return breakdown(write_error && !began ? write_error : error, patience, began);
  }
  HttpResponse response = response_head(*parser);
  const bool hand_on = sink != nullptr && response.status >= 200 && response.status < 300;
  while (!parser->is_done()) {
    http::buffer_body::value_type& body = parser->get().body();
    body.data = piece.data();
    body.size = piece.size();
    const error_code error = run(
        patience.next(), [&](auto done) { http::async_read_some(socket, buffer, *parser, done); });
    const std::string_view got(piece.data(), piece.size() - body.size);
    if (error && error != http::error::need_buffer) {
      return breakdown(error, patience, true);
    }
    if (!hand_on) {
      response.body.append(got);
    } else if (!got.empty() && !(*sink)(got)) {
      reusable = false;
      return response;
    }
    if (response.body.size() > max_body_bytes) {
      reusable = false;
      return Breakdown{make_error(ErrorCode::Protocol,
                                  fmt::format("the answer of {} has more than {} bytes",
                                              to_string(endpoint),
                                              max_body_bytes)),
                       false,
                       true};
    }
  }
  reusable = reusable && parser->keep_alive() && !write_error && buffer.size() == 0;
  return response;
}

Breakdown HttpConnection::Impl::breakdown(error_code error,
                                          const Patience& patience,
                                          bool answer_began) const {
  if (stopped) {
    return {stopped_error(), false, answer_began};
  }
  if (expired) {
    return {timed_out(endpoint, patience), false, answer_began};
  }
  const bool ended_early =
      error == http::error::end_of_stream || error == http::error::partial_message;
  if (!ended_early && error.category() == make_error_code(http::error::bad_version).category()) {
    return {make_error(ErrorCode::Protocol,
                       fmt::format("the answer of {} is not proper HTTP: {}",
                                   to_string(endpoint),
                                   error.message())),
            false,
            answer_began};
  }
  const char* when = answer_began ? "in the middle of the answer"
                     : sent       ? "after the request was sent, before an answer came"
                                  : "before the request was sent";
  return {make_error(ErrorCode::Unreachable,
                     fmt::format("the connection to {} broke {}", to_string(endpoint), when)),
          true,
          answer_began};
}

Result<void> HttpConnection::Impl::stays_open(milliseconds hold) {
  const error_code error = run(std::chrono::steady_clock::now() + hold, [&](auto done) {
    socket.async_wait(asio::socket_base::wait_read, done);
  });
  if (stopped) {
    return stopped_error();
  }
  if (expired) {
    return {};
  }
  char byte = 0;
  if (error || ::recv(socket.native_handle(), &byte, 1, MSG_PEEK | MSG_DONTWAIT) <= 0) {
    return cannot_connect(endpoint, "the connection was closed at once");
  }
  return {};
}

HttpConnection::HttpConnection(const HttpEndpoint& endpoint, std::size_t max_body_bytes)
    : impl_(std::make_unique<Impl>(endpoint, max_body_bytes)) {}

HttpConnection::~HttpConnection() = default;

Result<void> HttpConnection::open(const Patience& patience, std::stop_token stop) {
  return impl_->open(patience, std::move(stop));
}

boost::system::result<HttpResponse, Breakdown> HttpConnection::exchange(const HttpRequest& request,
                                                                        const BodySink* sink,
                                                                        const Patience& patience) {
  return impl_->exchange(request, sink, patience);
}

Result<void> HttpConnection::stays_open(milliseconds hold) { return impl_->stays_open(hold); }

bool HttpConnection::reusable() const { return impl_->reusable; }

bool HttpConnection::gone() const {
  char byte = 0;
  const auto got = ::recv(impl_->socket.native_handle(), &byte, 1, MSG_PEEK | MSG_DONTWAIT);
  return got >= 0 || (errno != EAGAIN && errno != EWOULDBLOCK);
}

void HttpConnection::interrupt() {
  asio::post(impl_->context, [impl = impl_.get()] {
    impl->stopped = true;
    impl->abandon();
  });
}

}  // namespace aim::providers
