#include "tests/support/memory_docker.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "tests/support/memory_docker_impl.hpp"

namespace aim::support {

using core::ErrorCode;
using providers::HttpRequest;
using providers::HttpResponse;
using std::chrono::milliseconds;

namespace {

constexpr const char* kRefused = "connection refused";
constexpr const char* kLost = "the connection broke before the answer; the request had been sent";
constexpr milliseconds kNoDeadline = std::chrono::hours(24 * 365);

core::Error cancelled() { return core::make_error(ErrorCode::Cancelled, "cancelled"); }

core::Error timed_out() {
  return core::make_error(ErrorCode::Timeout, "no answer before the deadline");
}

}  // namespace

/// What is due by the clock happens, and those who wait hear of it.
void MemoryDocker::Impl::catch_up() {
  if (world.catch_up()) {
    ++generation;
    changed.notify_all();
  }
}

/// Time was moved by hand: whoever waits for what is due has seen it before the clock can be
/// moved again.
void MemoryDocker::Impl::on_time() {
  std::unique_lock lock(mutex);
  catch_up();
  settled.wait(lock, [&] {
    return std::all_of(waiting.begin(), waiting.end(), [&](const auto& waiter) {
      return waiter.second >= generation;
    });
  });
}

/// Waits until the world may have changed. False when a stop was requested or `until` has come.
bool MemoryDocker::Impl::block(std::unique_lock<std::mutex>& lock,
                               std::optional<core::Steady> until,
                               std::stop_token stop) {
  std::optional<core::Steady> wake = world.next_timer();
  if (until && (!wake || *until < *wake)) {
    wake = until;
  }
  if (by_hand && until) {
    // A caller with a deadline does nothing else meanwhile: time passes as in any other wait.
    const auto left = std::chrono::ceil<milliseconds>(*wake - clock.steady_now());
    lock.unlock();
    clock.wait_for(std::max(left, milliseconds{0}), stop);
    lock.lock();
    return !stop.stop_requested() && clock.steady_now() < *until;
  }
  const std::uint64_t number = next_waiter++;
  waiting[number] = generation;
  const std::uint64_t before = changes + generation;
  const auto moved = [&] { return changes + generation != before; };
  if (by_hand || !wake) {
    changed.wait(lock, stop, moved);
  } else {
    changed.wait_until(lock, stop, *wake, moved);
  }
  waiting.erase(number);
  settled.notify_all();
  return !stop.stop_requested() && (!until || clock.steady_now() < *until);
}

FakePiece MemoryDocker::Impl::next_piece(const Next& next,
                                         std::optional<core::Steady> until,
                                         std::stop_token stop) {
  std::unique_lock lock(mutex);
  for (bool in_time = true;;) {
    if (faults.crashed()) {
      return {FakePiece::Kind::Broken, kLost};
    }
    catch_up();
    const memory::Step step = next(world);
    if (step.kind == memory::Step::Kind::End) {
      return {FakePiece::Kind::End, {}};
    }
    if (step.kind == memory::Step::Kind::Piece) {
      touched();
      lock.unlock();
      const bool done = step.takes == milliseconds{0} || clock.wait_for(step.takes, stop);
      return {done ? FakePiece::Kind::Text : FakePiece::Kind::Stopped, step.text};
    }
    if (stop.stop_requested()) {
      return {FakePiece::Kind::Stopped, {}};
    }
    if (!in_time) {
      return {FakePiece::Kind::TimedOut, {}};
    }
    in_time = block(lock, until, stop);
  }
}

FakeExchange MemoryDocker::Impl::wrap(memory::Answer answer) {
  FakeExchange exchange;
  exchange.status = answer.status;
  exchange.raw = answer.raw;
  exchange.headers = std::move(answer.headers);
  exchange.headers["api-version"] = world.options.api_version;
  exchange.headers["ostype"] = "linux";
  exchange.headers["docker-experimental"] = "false";
  exchange.headers["server"] = "Docker/" + memory::server_version(world) + " (linux)";
  if (!answer.content_type.empty()) {
    exchange.headers["content-type"] = answer.content_type;
  }
  exchange.body = std::move(answer.body);
  if (!answer.next) {
    return exchange;
  }
  const std::size_t most = world.options.piece_bytes;
  exchange.more = [this, most, next = std::move(answer.next), rest = std::string()](
                      std::optional<core::Steady> until, std::stop_token stop) mutable {
    if (rest.empty()) {
      FakePiece piece = next_piece(next, until, stop);
      if (piece.kind != FakePiece::Kind::Text || most == 0 || piece.text.size() <= most) {
        return piece;
      }
      rest = std::move(piece.text);
    }
    FakePiece part{FakePiece::Kind::Text, rest.substr(0, most)};
    rest.erase(0, most);
    return part;
  };
  return exchange;
}

/// Lets time pass for one call. False when that took all of its budget, or it was stopped.
bool MemoryDocker::Impl::spend(milliseconds duration, milliseconds& budget, std::stop_token stop) {
  if (duration == milliseconds{0}) {
    return true;
  }
  const milliseconds waits = std::min(duration, budget);
  budget -= waits;
  return clock.wait_for(waits, stop) && waits == duration;
}

FakeExchange MemoryDocker::Impl::exchange(const HttpRequest& request,
                                          milliseconds budget,
                                          std::stop_token stop) {
  using Fate = FakeExchange::Fate;
  FakeExchange nothing;
  const memory::Target target = memory::split_target(request.target);
  memory::Verdict verdict;
  {
    const std::scoped_lock lock(mutex);
    verdict = faults.on_call(request.method, target.rest, target.version, request.body);
    if (faults.crashed()) {
      touched();
    }
  }
  const std::optional<Fault>& fault = verdict.fault;
  if (fault && fault->kind == Fault::Kind::Refuse) {
    nothing.fate = Fate::Broken;
    nothing.body = kRefused;
    return nothing;
  }
  const bool inside = memory::spends_its_latency(request.method, target.rest);
  bool in_time = inside || spend(verdict.latency, budget, stop);
  nothing.fate = Fate::Silent;
  if (stop.stop_requested() || (fault && fault->kind == Fault::Kind::Hang)) {
    return nothing;
  }
  FakeExchange answered;
  milliseconds takes{0};
  {
    const std::scoped_lock lock(mutex);
    catch_up();
    memory::Answer answer =
        fault && fault->kind == Fault::Kind::Answer
            ? memory::refusal(fault->status, fault->message)
            : memory::answer_request(world, request, inside ? verdict.latency : milliseconds{0});
    takes = answer.takes;
    answered = wrap(std::move(answer));
    if (memory::is_changing(request.method, target.rest)) {
      touched();
    }
  }
  in_time = spend(takes, budget, stop) && in_time;
  const std::scoped_lock lock(mutex);
  catch_up();
  if (verdict.crash_after) {
    faults.crash_now();
    touched();
  }
  if (verdict.crash_after || (fault && fault->kind == Fault::Kind::LoseReply)) {
    answered.fate = Fate::Broken;
    answered.body = kLost;
    return answered;
  }
  if (!in_time || (fault && fault->kind == Fault::Kind::HangAfterEffect)) {
    answered.fate = Fate::Silent;
    return answered;
  }
  faults.answered(verdict.record, answered.status);
  return answered;
}

MemoryDocker::MemoryDocker(core::Clock& clock, MemoryDockerOptions options)
    : impl_(std::make_unique<Impl>(clock, std::move(options))) {}

MemoryDocker::~MemoryDocker() = default;

FakeExchange MemoryDocker::open(const HttpRequest& request, std::stop_token stop) {
  return impl_->exchange(request, kNoDeadline, stop);
}

core::Result<HttpResponse> MemoryDocker::send(const HttpRequest& request,
                                              milliseconds deadline,
                                              std::stop_token stop) {
  const core::Steady until = impl_->clock.steady_now() + deadline;
  FakeExchange exchange = impl_->exchange(request, deadline, stop);
  if (exchange.fate == FakeExchange::Fate::Broken) {
    return core::make_error(ErrorCode::Unreachable, exchange.body);
  }
  if (exchange.fate == FakeExchange::Fate::Silent) {
    const core::Steady now = impl_->clock.steady_now();
    const auto left = std::chrono::duration_cast<milliseconds>(until - now);
    const bool waited = left <= milliseconds{0} || impl_->clock.wait_for(left, stop);
    return waited && !stop.stop_requested() ? timed_out() : cancelled();
  }
  HttpResponse response{exchange.status, std::move(exchange.headers), std::move(exchange.body)};
  while (exchange.more) {
    FakePiece piece = exchange.more(until, stop);
    switch (piece.kind) {
      case FakePiece::Kind::Text:
        response.body += piece.text;
        break;
      case FakePiece::Kind::End:
        return response;
      case FakePiece::Kind::TimedOut:
        return timed_out();
      case FakePiece::Kind::Stopped:
        return cancelled();
      case FakePiece::Kind::Broken:
        return core::make_error(ErrorCode::Unreachable, piece.text);
    }
  }
  return response;
}

core::Result<HttpResponse> MemoryDocker::stream(const HttpRequest& request,
                                                const providers::BodySink& sink,
                                                milliseconds inactivity,
                                                std::stop_token stop) {
  const bool patient = inactivity == milliseconds{0};
  FakeExchange exchange = impl_->exchange(request, patient ? kNoDeadline : inactivity, stop);
  if (exchange.fate == FakeExchange::Fate::Broken) {
    return core::make_error(ErrorCode::Unreachable, exchange.body);
  }
  if (exchange.fate == FakeExchange::Fate::Silent) {
    const milliseconds silence = patient ? kNoDeadline : inactivity;
    return impl_->clock.wait_for(silence, stop) ? timed_out() : cancelled();
  }
  HttpResponse response{exchange.status, std::move(exchange.headers), {}};
  if (response.status >= 400) {
    response.body = std::move(exchange.body);
    return response;
  }
  if (!exchange.body.empty() && !sink(exchange.body)) {
    return response;
  }
  while (exchange.more) {
    std::optional<core::Steady> until;
    if (!patient) {
      until = impl_->clock.steady_now() + inactivity;
    }
    const FakePiece piece = exchange.more(until, stop);
    switch (piece.kind) {
      case FakePiece::Kind::Text:
        if (!sink(piece.text)) {
          return response;
        }
        break;
      case FakePiece::Kind::End:
        return response;
      case FakePiece::Kind::TimedOut:
        return timed_out();
      case FakePiece::Kind::Stopped:
        return cancelled();
      case FakePiece::Kind::Broken:
        return core::make_error(ErrorCode::Unreachable, piece.text);
    }
  }
  return response;
}

HttpResponse MemoryDocker::outside(std::string method, std::string target, std::string body) {
  HttpRequest request;
  request.method = std::move(method);
  request.target = std::move(target);
  request.body = std::move(body);
  HttpResponse response;
  milliseconds takes{0};
  {
    const std::scoped_lock lock(impl_->mutex);
    impl_->catch_up();
    memory::Answer answer = memory::answer_request(impl_->world, request, milliseconds{0});
    response = {answer.status, std::move(answer.headers), std::move(answer.body)};
    takes = answer.takes;
    while (answer.next) {
      const memory::Step step = answer.next(impl_->world);
      if (step.kind != memory::Step::Kind::Piece) {
        break;
      }
      response.body += step.text;
    }
    impl_->touched();
  }
  if (takes > milliseconds{0}) {
    impl_->clock.wait_for(takes, {});
    const std::scoped_lock lock(impl_->mutex);
    impl_->catch_up();
  }
  return response;
}

}  // namespace aim::support
