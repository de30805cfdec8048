#include "providers/docker/docker_engine.hpp"

#include <fmt/format.h>

#include <utility>

#include "providers/docker/docker_limits.hpp"
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

DockerEngine::DockerEngine(HttpTransport& transport,
                           std::string pinned_version,
                           const std::optional<RegistryAccess>& registry)
    : transport_(transport), pinned_version_(std::move(pinned_version)), registry_(registry) {}

Result<DockerEngine::Agreement> DockerEngine::negotiated(std::stop_token stop) {
  std::unique_lock lock(mutex_);
  // One thread asks; the others wait for what it learns, be it that nobody answers.
  const std::size_t before = attempts_;
  if (!settled_.wait(lock, stop, [&] { return !negotiating_; })) {
    return make_error(ErrorCode::Cancelled, "stopped");
  }
  if (agreement_) {
    return *agreement_;
  }
  if (attempts_ > before && refusal_) {
    return *refusal_;
  }
  negotiating_ = true;
  lock.unlock();
  Result<Agreement> agreement = agree(std::move(stop));
  lock.lock();
  negotiating_ = false;
  ++attempts_;
  refusal_.reset();
  if (agreement) {
    agreement_ = *agreement;
  } else if (agreement.error().code != ErrorCode::Cancelled) {
    refusal_ = agreement.error();  // a stop concerns only who was stopped
  }
  settled_.notify_all();
  return agreement;
}

Result<DockerEngine::Agreement> DockerEngine::agree(std::stop_token stop) {
  const Result<HttpResponse> answer =
      transport_.send({"GET", "/_ping", {}, {}}, limits::kPing, std::move(stop));
  if (!answer) {
    return answer.error();
  }
  Result<Greeting> greeting = read_greeting(*answer);
  if (!greeting) {
    return greeting.error();
  }
  const Result<ApiVersion> version = choose_version(*greeting, pinned_version_);
  if (!version) {
    return version.error();
  }
  return Agreement{*version, std::move(*greeting)};
}

template <class Send>
Result<HttpResponse> DockerEngine::under_agreed_version(HttpRequest request,
                                                        std::stop_token stop,
                                                        const Send& send) {
  const std::string target = request.target;
  for (bool first = true;; first = false) {
    const Result<Agreement> agreement = negotiated(stop);
    if (!agreement) {
      return agreement.error();
    }
    request.target = fmt::format("/v{}{}", to_string(agreement->version), target);
    Result<HttpResponse> answer = send(request);
    if (!answer || answer->status < 300 || answer->status == 304) {
      return answer;
    }
    if (answer->status < 400) {
      return make_error(ErrorCode::Protocol,
                        fmt::format("Docker answered with HTTP status {}", answer->status));
    }
    Error error = error_from_answer(*answer);
    if (!refuses_version(error)) {
      return error;
    }
    if (!first) {
      return refused_version(error,
                             transport_.send({"GET", "/version", {}, {}}, limits::kPing, stop),
                             agreement->version,
                             pinned_version_);
    }
    // Perhaps the daemon was exchanged while aim was running: agree anew, once.
    const std::lock_guard lock(mutex_);
    agreement_.reset();
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
  const Result<Agreement> agreement = negotiated(stop);
  if (!agreement) {
    return agreement.error();
  }
  Result<core::EngineInfo> info = decode_info(answer->body, agreement->version);
  if (info) {
    info->product = agreement->greeting.product;
    info->updates_containers = agreement->greeting.updates_containers;
    if (!info->product.starts_with("Docker")) {
      // Podman lists its own drivers and takes Docker's names for them all the same.
      info->log_drivers.clear();
      info->network_drivers.clear();
      info->volume_drivers.clear();
    }
  }
  return info;
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

}  // namespace aim::providers
