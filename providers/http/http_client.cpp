#include "providers/http/http_client.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <mutex>
#include <utility>
#include <vector>

#include "providers/http/http_connection.hpp"

namespace aim::providers {

using core::ErrorCode;
using core::make_error;
using core::Result;
using std::chrono::milliseconds;
using Answer = boost::system::result<HttpResponse, Breakdown>;

namespace {

bool has_line_break(std::string_view text) {
  return text.find_first_of(std::string_view("\r\n\0", 3)) != std::string_view::npos;
}

bool has_broken_head(const HttpRequest& request) {
  return has_line_break(request.method) || has_line_break(request.target) ||
         request.target.find(' ') != std::string::npos ||
         std::any_of(request.headers.begin(), request.headers.end(), [](const auto& header) {
           return has_line_break(header.first) || has_line_break(header.second);
         });
}

}  // namespace

std::string to_string(const HttpEndpoint& endpoint) {
  if (endpoint.scheme != HttpEndpoint::Scheme::Tcp) {
    return endpoint.path;
  }
  const bool is_v6 = endpoint.host.find(':') != std::string::npos;
  return is_v6 ? fmt::format("[{}]:{}", endpoint.host, endpoint.port)
               : fmt::format("{}:{}", endpoint.host, endpoint.port);
}

Result<void> try_connect(const HttpEndpoint& endpoint,
                         milliseconds hold,
                         milliseconds deadline,
                         std::stop_token stop) {
  if (stop.stop_requested()) {
    return stopped_error();
  }
  Gateway gateway(endpoint);
  HttpConnection connection(gateway, HttpClient::kLargestBody);
  const StopGuard guard(connection, stop);
  const Result<void> opened = connection.open(Patience::until_deadline(deadline), stop);
  return opened && hold.count() > 0 ? connection.stays_open(std::min(hold, deadline)) : opened;
}

struct HttpClient::Impl {
  Impl(HttpEndpoint where,
       std::size_t idle_limit,
       std::size_t body_limit,
       std::optional<LivenessProbe> probe)
      : gateway(std::move(where)),
        max_idle(idle_limit),
        max_body_bytes(body_limit),
        liveness(std::move(probe)) {}

  Gateway gateway;  ///< before the connections, which it outlives
  const std::size_t max_idle;
  const std::size_t max_body_bytes;
  const std::optional<LivenessProbe> liveness;
  std::mutex mutex;
  std::vector<std::unique_ptr<HttpConnection>> idle;

  /// A living idle connection, the last used first; null when there is none.
  std::unique_ptr<HttpConnection> take() {
    const std::lock_guard lock(mutex);
    while (!idle.empty()) {
      std::unique_ptr<HttpConnection> connection = std::move(idle.back());
      idle.pop_back();
      if (!connection->gone()) {
        return connection;
      }
    }
    return nullptr;
  }

  void give_back(std::unique_ptr<HttpConnection> connection) {
    const std::lock_guard lock(mutex);
    if (idle.size() < max_idle) {
      idle.push_back(std::move(connection));
    }
  }

  Result<HttpResponse> exchange(const HttpRequest& request,
                                const BodySink* sink,
                                const Patience& patience,
                                std::stop_token stop) {
    if (stop.stop_requested()) {
      return stopped_error();
    }
    if (has_broken_head(request)) {
      return make_error(ErrorCode::Invalid,
                        "a line break or a space stands in the head of a request");
    }
    if (std::unique_ptr<HttpConnection> kept = take()) {
      Answer answer = exchange_on(std::move(kept), request, sink, patience, stop);
      const bool may_repeat = request.method == "GET" || request.method == "HEAD";
      if (answer || !may_repeat || !answer.error().connection_lost || answer.error().answer_began) {
        return settled(std::move(answer));
      }
    }
    auto fresh = std::make_unique<HttpConnection>(gateway, max_body_bytes);
    {
      const StopGuard guard(*fresh, stop);
      if (Result<void> opened = fresh->open(patience, stop); !opened) {
        return opened.error();
      }
    }
    return settled(exchange_on(std::move(fresh), request, sink, patience, stop));
  }

  Answer exchange_on(std::unique_ptr<HttpConnection> connection,
                     const HttpRequest& request,
                     const BodySink* sink,
                     const Patience& patience,
                     const std::stop_token& stop) {
    std::optional<StopGuard> guard(std::in_place, *connection, stop);
    Answer answer = connection->exchange(request, sink, patience);
    guard.reset();
    // After a stop the connection may still hold the order to close.
    if (answer && connection->reusable() && !stop.stop_requested()) {
      give_back(std::move(connection));
    }
    return answer;
  }

  /// How long to wait for a stream; one that may be silent for ever is watched from outside.
  Patience patience_of(milliseconds inactivity, const std::stop_token& stop) {
    if (inactivity.count() > 0 || !liveness) {
      return Patience::while_it_comes(inactivity);
    }
    Patience patience = Patience::while_it_comes(liveness->after);
    patience.ask = [this, stop]() -> std::optional<core::Error> {
      const Result<HttpResponse> answer = exchange({"GET", liveness->target, {}, {}},
                                                   nullptr,
                                                   Patience::until_deadline(liveness->deadline),
                                                   stop);
      return answer ? std::nullopt : std::optional(answer.error());
    };
    return patience;
  }

  static Result<HttpResponse> settled(Answer answer) {
    if (!answer) {
      return answer.error().error;
    }
    return std::move(*answer);
  }
};

HttpClient::HttpClient(HttpEndpoint endpoint,
                       std::size_t max_idle,
                       std::size_t max_body_bytes,
                       std::optional<LivenessProbe> liveness)
    : impl_(std::make_unique<Impl>(
          std::move(endpoint), max_idle, max_body_bytes, std::move(liveness))) {}

HttpClient::~HttpClient() = default;

Result<HttpResponse> HttpClient::send(const HttpRequest& request,
                                      milliseconds deadline,
                                      std::stop_token stop) {
  return impl_->exchange(request, nullptr, Patience::until_deadline(deadline), std::move(stop));
}

Result<HttpResponse> HttpClient::stream(const HttpRequest& request,
                                        const BodySink& sink,
                                        milliseconds inactivity,
                                        std::stop_token stop) {
  const Patience patience = impl_->patience_of(inactivity, stop);
  return impl_->exchange(request, &sink, patience, std::move(stop));
}

}  // namespace aim::providers
