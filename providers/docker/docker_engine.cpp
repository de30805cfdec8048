#include "providers/docker/docker_engine.hpp"

#include <fmt/format.h>

#include <boost/json.hpp>
#include <utility>

#include "providers/docker/docker_limits.hpp"
#include "providers/docker/pull_progress.hpp"
#include "providers/http/json_lines.hpp"
#include "providers/http/log_frames.hpp"

namespace aim::providers {

using core::Error;
using core::ErrorCode;
using core::make_error;
using core::Result;
using std::chrono::milliseconds;

namespace {

/// The Engine's own way to say that the version in the path is not to its liking.
bool refuses_version(const Error& error) {
  return error.code == ErrorCode::Unsupported &&
         error.message.find("client version") != std::string::npos;
}

}  // namespace

DockerEngine::DockerEngine(HttpTransport& transport) : transport_(transport) {}

Result<ApiVersion> DockerEngine::negotiated(std::stop_token stop) {
  std::unique_lock lock(mutex_);
  // One thread asks; the others wait for what it learns.
  if (!settled_.wait(lock, stop, [&] { return !negotiating_; })) {
    return make_error(ErrorCode::Cancelled, "stopped");
  }
  if (version_) {
    return *version_;
  }
  negotiating_ = true;
  lock.unlock();
  const Result<ApiVersion> version = ask_version(std::move(stop));
  lock.lock();
  negotiating_ = false;
  if (version) {
    version_ = *version;
  }
  settled_.notify_all();
  return version;
}

Result<ApiVersion> DockerEngine::ask_version(std::stop_token stop) {
  const Result<HttpResponse> answer =
      transport_.send({"GET", "/_ping", {}, {}}, limits::kPing, std::move(stop));
  if (!answer) {
    return answer.error();
  }
  if (answer->status >= 400) {
    return error_from_answer(*answer);
  }
  const auto header = answer->headers.find("api-version");
  const std::optional<ApiVersion> newest =
      header == answer->headers.end() ? std::nullopt : parse_api_version(header->second);
  if (!newest) {
    return make_error(ErrorCode::Protocol, "what answered is not a Docker Engine");
  }
  if (*newest < kOldestApi) {
    return make_error(ErrorCode::Unsupported,
                      fmt::format("this Docker Engine speaks API {} at most; aim needs {}, which "
                                  "came with Docker 20.10",
                                  to_string(*newest),
                                  to_string(kOldestApi)));
  }
  return std::min(*newest, kNewestApi);
}

template <class Send>
Result<HttpResponse> DockerEngine::under_agreed_version(HttpRequest request,
                                                        std::stop_token stop,
                                                        const Send& send) {
  const std::string target = request.target;
  for (bool first = true;; first = false) {
    const Result<ApiVersion> version = negotiated(stop);
    if (!version) {
      return version.error();
    }
    request.target = fmt::format("/v{}{}", to_string(*version), target);
    Result<HttpResponse> answer = send(request);
    if (!answer || answer->status < 300 || answer->status == 304) {
      return answer;
    }
    if (answer->status < 400) {
      return make_error(ErrorCode::Protocol,
                        fmt::format("Docker answered with HTTP status {}", answer->status));
    }
    Error error = error_from_answer(*answer);
    if (!first || !refuses_version(error)) {
      return error;
    }
    // The daemon was exchanged while aim was running: agree anew, once.
    const std::lock_guard lock(mutex_);
    version_.reset();
  }
}

Result<HttpResponse> DockerEngine::ask(HttpRequest request,
                                       milliseconds deadline,
                                       std::stop_token stop) {
  return under_agreed_version(std::move(request), stop, [&](const HttpRequest& versioned) {
    return transport_.send(versioned, deadline, stop);
  });
}

Result<HttpResponse> DockerEngine::listen(HttpRequest request,
                                          const BodySink& sink,
                                          milliseconds inactivity,
                                          std::stop_token stop) {
  return under_agreed_version(std::move(request), stop, [&](const HttpRequest& versioned) {
    return transport_.stream(versioned, sink, inactivity, stop);
  });
}

Result<core::EngineInfo> DockerEngine::info(std::stop_token stop) {
  const Result<HttpResponse> answer = ask({"GET", "/info", {}, {}}, limits::kRead, stop);
  if (!answer) {
    return answer.error();
  }
  const Result<ApiVersion> version = negotiated(stop);
  return version ? decode_info(answer->body, *version) : version.error();
}

Result<std::vector<core::ContainerSummary>> DockerEngine::list_containers(std::stop_token stop) {
  const Result<HttpResponse> answer =
      ask({"GET", "/containers/json?all=1", {}, {}}, limits::kRead, std::move(stop));
  return answer ? decode_container_list(answer->body) : answer.error();
}

Result<core::ObservedContainer> DockerEngine::inspect_container(const std::string& reference,
                                                                std::stop_token stop) {
  const Result<HttpResponse> answer =
      ask(inspect_container_request(reference), limits::kRead, std::move(stop));
  return answer ? decode_container(answer->body) : answer.error();
}

Result<std::vector<core::ObservedNetwork>> DockerEngine::list_networks(std::stop_token stop) {
  const Result<HttpResponse> answer =
      ask({"GET", "/networks", {}, {}}, limits::kRead, std::move(stop));
  return answer ? decode_network_list(answer->body) : answer.error();
}

Result<std::vector<core::ObservedVolume>> DockerEngine::list_volumes(std::stop_token stop) {
  const Result<HttpResponse> answer =
      ask({"GET", "/volumes", {}, {}}, limits::kRead, std::move(stop));
  return answer ? decode_volume_list(answer->body) : answer.error();
}

Result<core::ObservedImage> DockerEngine::inspect_image(const std::string& reference,
                                                        std::stop_token stop) {
  const Result<HttpResponse> answer =
      ask(inspect_image_request(reference), limits::kRead, std::move(stop));
  return answer ? decode_image(answer->body) : answer.error();
}

Result<void> DockerEngine::logs(const std::string& container,
                                const core::LogRequest& request,
                                const core::LogSink& sink,
                                std::stop_token stop) {
  // Engines before 23 do not say in the answer whether it is framed; the terminal decides.
  const Result<core::ObservedContainer> about = inspect_container(container, stop);
  if (!about) {
    return about.error();
  }
  LogFrames frames;
  Result<void> decoded;
  const BodySink hand_on = [&](std::string_view bytes) {
    if (about->tty) {
      sink({false, bytes});
      return true;
    }
    decoded = frames.feed(bytes, [&](bool is_stderr, std::string_view text) {
      sink({is_stderr, text});
    });
    return decoded.has_value();
  };
  const Result<HttpResponse> answer = listen(logs_request(about->id, request),
                                             hand_on,
                                             request.follow ? milliseconds(0) : limits::kRead,
                                             std::move(stop));
  if (!decoded) {
    return decoded;
  }
  if (!answer) {
    return answer.error();
  }
  return about->tty ? Result<void>() : frames.finish();
}

Result<core::ContainerExit> DockerEngine::wait_exit(const std::string& container,
                                                    std::stop_token stop) {
  std::string body;
  const BodySink collect = [&](std::string_view bytes) {
    body += bytes;
    return true;
  };
  const Result<HttpResponse> answer =
      listen(wait_request(container, "not-running"), collect, milliseconds(0), stop);
  if (!answer) {
    return answer.error();
  }
  Result<core::ContainerExit> exit = decode_exit(body);
  if (!exit) {
    return exit;
  }
  // Only an inspect tells an out-of-memory kill from any other. A container that was removed at
  // its end cannot be asked any more, and its exit code stands all the same.
  const Result<core::ObservedContainer> after = inspect_container(container, std::move(stop));
  if (after) {
    exit->oom_killed = after->state.oom_killed;
    if (exit->error.empty()) {
      exit->error = after->state.error;
    }
  } else if (after.error().code != ErrorCode::NotFound) {
    return after.error();
  }
  return exit;
}

Result<core::ObservedImage> DockerEngine::pull(
    const std::string& reference,
    const std::function<void(const core::PullProgress&)>& progress,
    std::stop_token stop) {
  const Result<PullReference> parsed = parse_pull_reference(reference);
  if (!parsed) {
    return parsed.error();
  }
  PullState state;
  JsonLines lines;
  Result<void> taken;
  const BodySink take = [&](std::string_view bytes) {
    const Result<void> fed = lines.feed(bytes, [&](const boost::json::object& line) {
      taken = state.take(line);
      if (taken) {
        progress(state.progress());
      }
      return taken.has_value();
    });
    if (taken && !fed) {
      taken = fed;
    }
    return taken.has_value();
  };
  const Result<HttpResponse> answer =
      listen(pull_request(*parsed), take, limits::kPullSilence, stop);
  if (!taken) {
    return taken.error();
  }
  if (!answer) {
    return answer.error();
  }
  if (const Result<void> whole = lines.finish(); !whole) {
    return whole.error();
  }
  Result<core::ObservedImage> image = inspect_image(to_string(*parsed), std::move(stop));
  if (!image && image.error().code == ErrorCode::NotFound) {
    return make_error(ErrorCode::Failed,
                      fmt::format("Docker reported no error while pulling {}, but does not have it",
                                  to_string(*parsed)));
  }
  return image;
}

}  // namespace aim::providers
