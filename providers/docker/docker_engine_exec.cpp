#include <boost/json.hpp>

#include "providers/docker/docker_engine.hpp"
#include "providers/docker/docker_limits.hpp"
#include "providers/docker/json_read.hpp"
#include "providers/http/log_frames.hpp"

namespace aim::providers {

using core::Result;

namespace {

constexpr std::size_t kLongestOutput = 64 * 1024;

/// One member of an answer that is an object.
Result<boost::json::value> answered(const Result<HttpResponse>& answer) {
  return answer ? json_read::parse_object(answer->body) : answer.error();
}

Result<std::string> output_of(const std::string& framed) {
  std::string output;
  LogFrames frames;
  const Result<void> decoded = frames.feed(framed, [&](bool, std::string_view text) {
    output += text.substr(0, kLongestOutput - std::min(kLongestOutput, output.size()));
  });
  const Result<void> finished = decoded ? frames.finish() : decoded;
  return finished ? Result<std::string>(std::move(output)) : finished.error();
}

}  // namespace

Result<core::ExecResult> DockerEngine::exec(const std::string& container,
                                            const std::vector<std::string>& command,
                                            std::chrono::milliseconds timeout,
                                            std::stop_token stop) {
  const auto prepared = answered(ask(exec_request(container, command), limits::kRead, stop));
  if (!prepared) {
    return prepared.error();
  }
  const std::string id = json_read::text_at(prepared->as_object(), "Id");
  const Result<HttpResponse> ran = ask(exec_start_request(id), timeout, stop);
  if (!ran) {
    return ran.error();
  }
  Result<std::string> output = output_of(ran->body);
  if (!output) {
    return output.error();
  }
  const auto ended = answered(ask(inspect_exec_request(id), limits::kRead, std::move(stop)));
  if (!ended) {
    return ended.error();
  }
  return core::ExecResult{json_read::integer_at(ended->as_object(), "ExitCode"),
                          std::move(*output)};
}

}  // namespace aim::providers
