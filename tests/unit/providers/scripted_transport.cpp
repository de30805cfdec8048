#include "tests/unit/providers/scripted_transport.hpp"

#include <gtest/gtest.h>

#include <algorithm>

namespace aim::providers::test {

namespace {

constexpr const char* kPing = "GET /_ping";

}  // namespace

ScriptedTransport& ScriptedTransport::on(const std::string& line, int status, std::string body) {
  return on(line, HttpResponse{status, {}, std::move(body)});
}

ScriptedTransport& ScriptedTransport::on(const std::string& line, core::Error error) {
  const std::lock_guard lock(mutex_);
  answers_[line].emplace_back(std::move(error));
  return *this;
}

ScriptedTransport& ScriptedTransport::on(const std::string& line, HttpResponse response) {
  const std::lock_guard lock(mutex_);
  answers_[line].emplace_back(std::move(response));
  return *this;
}

ScriptedTransport& ScriptedTransport::before(const std::string& line, std::function<void()> what) {
  const std::lock_guard lock(mutex_);
  before_[line] = std::move(what);
  return *this;
}

ScriptedTransport& ScriptedTransport::speaking(const std::string& version) {
  return on(kPing, HttpResponse{200, {{"api-version", version}}, "OK"});
}

core::Result<HttpResponse> ScriptedTransport::next(const HttpRequest& request,
                                                   std::chrono::milliseconds limit,
                                                   const std::stop_token& stop) {
  const std::string line = request.method + " " + request.target;
  std::function<void()> first;
  {
    const std::lock_guard lock(mutex_);
    first.swap(before_[line]);
  }
  if (first) {
    first();
  }
  const std::lock_guard lock(mutex_);
  asked_.push_back({line, request.body, limit, request.headers});
  if (stop.stop_requested()) {
    return core::make_error(core::ErrorCode::Cancelled, "stopped");
  }
  std::deque<Answer>& answers = answers_[line];
  if (answers.empty()) {
    ADD_FAILURE() << "nothing was laid out for " << line;
    return core::make_error(core::ErrorCode::Protocol, "nothing was laid out for " + line);
  }
  const Answer answer = answers.front();
  answers.pop_front();
  if (const core::Error* error = std::get_if<core::Error>(&answer)) {
    return *error;
  }
  return std::get<HttpResponse>(answer);
}

core::Result<HttpResponse> ScriptedTransport::send(const HttpRequest& request,
                                                   std::chrono::milliseconds deadline,
                                                   std::stop_token stop) {
  return next(request, deadline, stop);
}

core::Result<HttpResponse> ScriptedTransport::stream(const HttpRequest& request,
                                                     const BodySink& sink,
                                                     std::chrono::milliseconds inactivity,
                                                     std::stop_token stop) {
  core::Result<HttpResponse> response = next(request, inactivity, stop);
  if (!response || response->status >= 300) {
    return response;
  }
  std::string_view rest = response->body;
  while (!rest.empty() && sink(rest.substr(0, piece_size))) {
    rest.remove_prefix(std::min(piece_size, rest.size()));
  }
  response->body.clear();
  return response;
}

std::vector<std::string> ScriptedTransport::lines() const {
  const std::lock_guard lock(mutex_);
  std::vector<std::string> lines;
  for (const Asked& asked : asked_) {
    if (asked.line != kPing) {
      lines.push_back(asked.line);
    }
  }
  return lines;
}

std::size_t ScriptedTransport::pings() const {
  const std::lock_guard lock(mutex_);
  return static_cast<std::size_t>(std::count_if(
      asked_.begin(), asked_.end(), [](const Asked& asked) { return asked.line == kPing; }));
}

std::string ScriptedTransport::body_of(const std::string& line) const {
  const std::lock_guard lock(mutex_);
  const auto found = std::find_if(
      asked_.rbegin(), asked_.rend(), [&](const Asked& asked) { return asked.line == line; });
  return found == asked_.rend() ? "never asked" : found->body;
}

std::string ScriptedTransport::header_of(const std::string& line, const std::string& name) const {
  const std::lock_guard lock(mutex_);
  std::string value;
  for (const Asked& asked : asked_) {
    if (asked.line == line) {
      const auto header = asked.headers.find(name);
      value = header == asked.headers.end() ? std::string() : header->second;
    }
  }
  return value;
}

std::chrono::milliseconds ScriptedTransport::limit_of(const std::string& line) const {
  const std::lock_guard lock(mutex_);
  const auto found = std::find_if(
      asked_.rbegin(), asked_.rend(), [&](const Asked& asked) { return asked.line == line; });
  return found == asked_.rend() ? std::chrono::milliseconds(-1) : found->limit;
}

bool ScriptedTransport::used_up() const {
  const std::lock_guard lock(mutex_);
  return std::all_of(
      answers_.begin(), answers_.end(), [](const auto& entry) { return entry.second.empty(); });
}

}  // namespace aim::providers::test
