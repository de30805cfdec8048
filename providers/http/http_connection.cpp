#include "providers/http/http_connection.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/asio/buffer.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/buffer_body.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <cctype>
#include <stdexcept>
#include <utility>
#include <vector>

#include "providers/http/wire.hpp"

namespace aim::providers {

namespace asio = boost::asio;
namespace http = boost::beast::http;
using boost::system::error_code;
using core::ErrorCode;
using core::make_error;
using core::Result;
using std::chrono::milliseconds;
using Parser = http::response_parser<http::buffer_body>;

namespace {

// The parser keeps the size of a header field in 16 bits and throws beyond; with this limit on the
// whole head it never gets there.
constexpr std::uint32_t kHeaderLimit = 65'535;
constexpr std::size_t kPieceSize = 64U * 1024;

bool expects_no_body(const HttpRequest& request) { return request.method == "HEAD"; }

std::string host_header(const HttpEndpoint& endpoint) {
  switch (endpoint.scheme) {
    case HttpEndpoint::Scheme::Unix:
      return "docker";
    case HttpEndpoint::Scheme::Program:
      return "localhost";
    case HttpEndpoint::Scheme::Tcp:
      break;
  }
  return to_string(endpoint);
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

/// What Beast reads from: a wire, and how long to wait for it.
class Source {
 public:
  Source(Wire& wire, const Patience& patience) : wire_(wire), patience_(patience) {}

  template <class Buffers>
  std::size_t read_some(const Buffers& buffers, error_code& error) {
    const asio::mutable_buffer first = *asio::buffer_sequence_begin(buffers);
    return wire_.read_some(first.data(), first.size(), patience_, error);
  }

  template <class Buffers>
  std::size_t read_some(const Buffers& buffers) {
    error_code error;
    const std::size_t count = read_some(buffers, error);
    if (error) {
      throw boost::system::system_error(error);
    }
    return count;
  }

 private:
  Wire& wire_;
  const Patience& patience_;
};

}  // namespace

struct HttpConnection::Impl {
  Impl(Gateway& shared, std::size_t body_limit)
      : endpoint(shared.endpoint()), max_body_bytes(body_limit), wire(shared), piece(kPieceSize) {}

  boost::system::result<HttpResponse, Breakdown> exchange(const HttpRequest& request,
                                                          const BodySink* sink,
                                                          const Patience& patience);
  error_code write(const HttpRequest& request, const Patience& patience);
  error_code write_all(std::string_view bytes, const Patience& patience);
  boost::system::result<HttpResponse, Breakdown> read(const HttpRequest& request,
                                                      const BodySink* sink,
                                                      const Patience& patience,
                                                      error_code write_error);
  error_code read_head(std::optional<Parser>& parser,
                       const HttpRequest& request,
                       const Patience& patience);
  error_code read_piece(Parser& parser, const Patience& patience);
  Breakdown breakdown(error_code error, const Patience& patience, bool answer_began);

  /// Runs a read of Beast's.
  template <class Read>
  error_code guarded(const Read& read) {
    error_code error;
    try {
      read(error);
    } catch (const std::length_error&) {
      // How the parser takes a field of more than 64 KiB behind a chunked body, to which its limit
      // on the head does not apply.
      error = http::error::header_limit;
    }
    if (error && error != http::error::need_buffer) {
      reusable = false;
    }
    return error;
  }

  const HttpEndpoint& endpoint;
  std::size_t max_body_bytes;
  Wire wire;
  boost::beast::flat_buffer buffer;
  std::vector<char> piece;
  bool reusable = true;
  bool sent = false;  ///< the whole of the last request
};

error_code HttpConnection::Impl::write_all(std::string_view bytes, const Patience& patience) {
  // One piece at a time, so that an inactivity limit holds for long uploads too.
  while (!bytes.empty()) {
    error_code error;
    bytes.remove_prefix(wire.write_some(bytes.data(), bytes.size(), patience, error));
    if (error) {
      return error;
    }
  }
  return {};
}

error_code HttpConnection::Impl::write(const HttpRequest& request, const Patience& patience) {
  sent = false;
  std::string head = head_of(request, endpoint);
  std::string_view rest = request.body;
  if (rest.size() <= kPieceSize) {
    head += rest;  // one packet, and one record of TLS
    rest = {};
  }
  error_code error = write_all(head, patience);
  if (!error) {
    error = write_all(rest, patience);
  }
  sent = !error;
  return error;
}

boost::system::result<HttpResponse, Breakdown> HttpConnection::Impl::exchange(
    const HttpRequest& request, const BodySink* sink, const Patience& patience) {
  const error_code error = write(request, patience);
  if (error && (wire.stopped() || wire.expired())) {
    return breakdown(error, patience, false);
  }
  // A server that refuses a request may hang up before it read it all; its answer says why.
  return read(request, sink, patience, error);
}

error_code HttpConnection::Impl::read_head(std::optional<Parser>& parser,
                                           const HttpRequest& request,
                                           const Patience& patience) {
  Source source(wire, patience);
  while (true) {
    parser.emplace();
    parser->header_limit(kHeaderLimit);
    parser->body_limit(boost::none);
    parser->skip(expects_no_body(request));
    const error_code error =
        guarded([&](error_code& e) { http::read_header(source, buffer, *parser, e); });
    const int status = parser->get().result_int();
    if (error || status < 100 || status >= 200 || status == 101) {
      return error;
    }
    // 100 Continue and its like announce the answer.
  }
}

error_code HttpConnection::Impl::read_piece(Parser& parser, const Patience& patience) {
  Source source(wire, patience);
  return guarded([&](error_code& e) { http::read_some(source, buffer, parser, e); });
}

boost::system::result<HttpResponse, Breakdown> HttpConnection::Impl::read(
    const HttpRequest& request,
    const BodySink* sink,
    const Patience& patience,
    error_code write_error) {
  std::optional<Parser> parser;
  if (const error_code error = read_head(parser, request, patience)) {
    const bool began = parser->got_some() || buffer.size() > 0;
    return breakdown(error, patience, began);
  }
  HttpResponse response = response_head(*parser);
  const bool hand_on = sink != nullptr && response.status >= 200 && response.status < 300;
  while (!parser->is_done()) {
    http::buffer_body::value_type& body = parser->get().body();
    body.data = piece.data();
    body.size = piece.size();
    const error_code error = read_piece(*parser, patience);
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
                                          bool answer_began) {
  if (const std::optional<core::Error> known = wire.explain(error, patience)) {
    return {*known, false, answer_began};
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
  const std::string remark = wire.remark();
  return {make_error(ErrorCode::Unreachable,
                     fmt::format("the connection to {} broke {}{}{}",
                                 to_string(endpoint),
                                 when,
                                 remark.empty() ? "" : ": ",
                                 remark)),
          true,
          answer_began};
}

HttpConnection::HttpConnection(Gateway& gateway, std::size_t max_body_bytes)
    : impl_(std::make_unique<Impl>(gateway, max_body_bytes)) {}

HttpConnection::~HttpConnection() = default;

Result<void> HttpConnection::open(const Patience& patience, std::stop_token stop) {
  return impl_->wire.open(patience, std::move(stop));
}

boost::system::result<HttpResponse, Breakdown> HttpConnection::exchange(const HttpRequest& request,
                                                                        const BodySink* sink,
                                                                        const Patience& patience) {
  return impl_->exchange(request, sink, patience);
}

Result<void> HttpConnection::stays_open(milliseconds hold) { return impl_->wire.stays_open(hold); }

bool HttpConnection::reusable() const { return impl_->reusable && impl_->wire.is_open(); }

bool HttpConnection::gone() const { return impl_->wire.gone(); }

void HttpConnection::interrupt() { impl_->wire.interrupt(); }

}  // namespace aim::providers
