#include "providers/http/patience.hpp"

#include <fmt/format.h>

namespace aim::providers {

using core::Error;
using core::ErrorCode;
using core::make_error;
using std::chrono::milliseconds;

namespace {

// For streams that may be silent for ever: connecting to a host may not.
constexpr milliseconds kConnectLimit{30'000};

}  // namespace

Error stopped_error() { return make_error(ErrorCode::Cancelled, "stopped"); }

Patience Patience::until_deadline(milliseconds deadline) {
  return {std::chrono::steady_clock::now() + deadline, milliseconds{0}, deadline};
}

Patience Patience::while_it_comes(milliseconds inactivity) {
  return {std::nullopt, inactivity, inactivity};
}

std::optional<Patience::Time> Patience::next() const {
  if (until || silence.count() == 0) {
    return until;
  }
  return std::chrono::steady_clock::now() + silence;
}

Patience::Time Patience::to_connect() const {
  return next().value_or(std::chrono::steady_clock::now() + kConnectLimit);
}

Error timed_out(const HttpEndpoint& endpoint, const Patience& patience) {
  const double seconds = std::chrono::duration<double>(patience.whole).count();
  return make_error(
      ErrorCode::Timeout,
      patience.until ? fmt::format("no answer from {} within {:g} s", to_string(endpoint), seconds)
                     : fmt::format("{} was silent for {:g} s", to_string(endpoint), seconds));
}

Error cannot_connect(const HttpEndpoint& endpoint, std::string_view why) {
  return make_error(ErrorCode::Unreachable,
                    fmt::format("cannot connect to {}: {}", to_string(endpoint), why));
}

}  // namespace aim::providers
