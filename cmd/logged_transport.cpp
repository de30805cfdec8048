#include "cmd/logged_transport.hpp"

#include <fmt/format.h>

namespace aim::cmd {

using core::Result;
using providers::HttpRequest;
using providers::HttpResponse;

template <class Exchange>
Result<HttpResponse> LoggedTransport::logged(const HttpRequest& request, const Exchange& exchange) {
  if (!log_.wants(LogLevel::Debug)) {
    return exchange();
  }
  const auto begun = clock_.steady_now();
  Result<HttpResponse> answer = exchange();
  const auto took =
      std::chrono::duration_cast<std::chrono::milliseconds>(clock_.steady_now() - begun);
  log_.write(LogLevel::Debug,
             fmt::format("{} {}: {} in {} ms",
                         request.method,
                         request.target,
                         answer ? std::to_string(answer->status) : core::to_string(answer.error()),
                         took.count()));
  return answer;
}

Result<HttpResponse> LoggedTransport::send(const HttpRequest& request,
                                           std::chrono::milliseconds deadline,
                                           std::stop_token stop) {
  return logged(request, [&] { return inner_.send(request, deadline, stop); });
}

Result<HttpResponse> LoggedTransport::stream(const HttpRequest& request,
                                             const providers::BodySink& sink,
                                             std::chrono::milliseconds inactivity,
                                             std::stop_token stop) {
  return logged(request, [&] { return inner_.stream(request, sink, inactivity, stop); });
}

}  // namespace aim::cmd
