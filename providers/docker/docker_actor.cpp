#include "providers/docker/docker_actor.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <boost/json.hpp>

#include "providers/docker/docker_limits.hpp"
#include "providers/docker/json_read.hpp"
#include "providers/docker/settling.hpp"

namespace aim::providers {

using core::CallOutcome;
using core::ContainerStatus;
using core::Error;
using core::ErrorCode;
using core::make_error;
using core::ObservedContainer;
using core::Result;
using std::chrono::milliseconds;

namespace {

bool runs(const ObservedContainer& container) {
  return container.state.status == ContainerStatus::Running ||
         container.state.status == ContainerStatus::Restarting;
}

bool is_paused(const ObservedContainer& container) {
  return container.state.status == ContainerStatus::Paused;
}

bool stands_still(const ObservedContainer& container) {
  return container.state.status == ContainerStatus::Created ||
         container.state.status == ContainerStatus::Exited ||
         container.state.status == ContainerStatus::Dead;
}

std::vector<std::string> warnings_in(std::string_view body) {
  const Result<boost::json::value> parsed = json_read::parse_object(body);
  return parsed ? json_read::texts_at(parsed->get_object(), "Warnings")
                : std::vector<std::string>();
}

}  // namespace

Result<CallOutcome> DockerEngine::perform(const core::Call& call, std::stop_token stop) {
  const Result<Agreement> agreement = negotiated(stop);
  if (!agreement) {
    return agreement.error();
  }
  if (std::holds_alternative<core::UpdateContainer>(call) &&
      !agreement->greeting.updates_containers) {
    return make_error(ErrorCode::Unsupported,
                      fmt::format("{} cannot change a container that exists: it has no call to "
                                  "update one; recreate the container, or use Podman 5 or newer",
                                  agreement->greeting.product));
  }
  return std::visit(Actor(*this, agreement->version, std::move(stop)), call);
}

Result<HttpResponse> DockerEngine::Actor::ask(HttpRequest request, milliseconds deadline) {
  return engine_.ask(std::move(request), deadline, stop_);
}

Result<CallOutcome> DockerEngine::Actor::unless(const std::string& container,
                                                Error error,
                                                const Holds& holds) {
  const Result<ObservedContainer> now = engine_.inspect_container(container, stop_);
  if (now && holds(*now)) {
    return CallOutcome{};
  }
  return error;
}

Result<CallOutcome> DockerEngine::Actor::operator()(const core::CreateContainer& call) {
  Result<CallOutcome> made = create_or_adopt(call);
  if (!made) {
    return made;
  }
  const Result<void> completed = complete(call, made->id);
  if (completed) {
    return made;
  }
  // Half a container is none. After a stop nothing more is asked of Docker: whoever stopped finds
  // it by its labels.
  Error error = completed.error();
  if (error.code != ErrorCode::Cancelled) {
    const Result<CallOutcome> removed = (*this)(core::RemoveContainer{made->id, true, true});
    if (!removed) {
      error = core::while_doing(std::move(error),
                                fmt::format("and container {} could not be removed again: {}",
                                            short_id(made->id),
                                            removed.error().message));
    }
  }
  return error;
}

Result<CallOutcome> DockerEngine::Actor::create_or_adopt(const core::CreateContainer& call) {
  Result<HttpRequest> request = encode(call, version_);
  if (!request) {
    return request.error();
  }
  const Result<HttpResponse> answer = ask(std::move(*request), limits::kCreate);
  return answer ? decode_created(answer->body) : adopt(call, answer.error());
}

Result<CallOutcome> DockerEngine::Actor::adopt(const core::CreateContainer& call, Error error) {
  if (!is_lost(error) && error.code != ErrorCode::Conflict) {
    return error;
  }
  const Result<ObservedContainer> holder = engine_.inspect_container(call.name, stop_);
  // An inspect also finds a container whose id begins like the name.
  if (!holder || holder->name != call.name) {
    return error;
  }
  if (same_birth(holder->labels, call.labels)) {
    return CallOutcome{holder->id, {}};
  }
  return make_error(
      ErrorCode::Conflict,
      fmt::format("the name {} is taken by container {}", call.name, short_id(holder->id)));
}

Result<void> DockerEngine::Actor::complete(const core::CreateContainer& call,
                                           const std::string& id) {
  for (const core::ConnectNetwork& connect : networks_to_connect(call, version_, id)) {
    if (const Result<CallOutcome> done = (*this)(connect); !done) {
      return core::while_doing(done.error(),
                               "while connecting it to network " + connect.attachment.network);
    }
  }
  return {};
}

Result<CallOutcome> DockerEngine::Actor::operator()(const core::StartContainer& call) {
  const Result<HttpResponse> answer = ask(encode(call), limits::kStart);
  if (answer) {
    return CallOutcome{};
  }
  return is_lost(answer.error()) ? unless(call.container, answer.error(), runs) : answer.error();
}

Result<CallOutcome> DockerEngine::Actor::operator()(const core::StopContainer& call) {
  const Result<HttpResponse> answer = ask(encode(call), call.grace + limits::kStopMargin);
  if (answer) {
    return CallOutcome{};
  }
  return is_lost(answer.error()) ? unless(call.container, answer.error(), stands_still)
                                 : answer.error();
}

Result<CallOutcome> DockerEngine::Actor::operator()(const core::KillContainer& call) {
  const Result<HttpResponse> answer = ask(encode(call), limits::kChange);
  if (answer) {
    return CallOutcome{};
  }
  const Error error = answer.error();
  const bool look =
      is_lost(error) || error.code == ErrorCode::Conflict || says(error, "is not running");
  return look ? unless(call.container, error, stands_still) : error;
}

Result<CallOutcome> DockerEngine::Actor::operator()(const core::PauseContainer& call) {
  const Result<HttpResponse> answer = ask(encode(call), limits::kChange);
  if (answer) {
    return CallOutcome{};
  }
  const Error error = answer.error();
  return error.code == ErrorCode::NotFound ? error : unless(call.container, error, is_paused);
}

Result<CallOutcome> DockerEngine::Actor::operator()(const core::UnpauseContainer& call) {
  const Result<HttpResponse> answer = ask(encode(call), limits::kChange);
  if (answer) {
    return CallOutcome{};
  }
  // "is not paused" comes as 500 from old Engines and as 409 from new ones.
  const Error error = answer.error();
  return error.code == ErrorCode::NotFound ? error : unless(call.container, error, runs);
}

Result<CallOutcome> DockerEngine::Actor::operator()(const core::RenameContainer& call) {
  const Result<HttpResponse> answer = ask(encode(call), limits::kChange);
  if (answer) {
    return CallOutcome{};
  }
  // Giving a container the name it has is refused as invalid, or as a conflict with itself.
  const Error error = answer.error();
  if (error.code == ErrorCode::NotFound) {
    return error;
  }
  return unless(call.container, error, [&](const ObservedContainer& now) {
    return now.name == call.new_name;
  });
}

Result<CallOutcome> DockerEngine::Actor::operator()(const core::UpdateContainer& call) {
  const Result<ObservedContainer> before = engine_.inspect_container(call.container, stop_);
  if (!before) {
    return before.error();
  }
  Result<HttpRequest> request = encode(call, *before);
  if (!request) {
    return request.error();
  }
  const Result<HttpResponse> answer = ask(std::move(*request), limits::kChange);
  if (!answer && !is_lost(answer.error())) {
    return answer.error();
  }
  const Result<ObservedContainer> after = engine_.inspect_container(call.container, stop_);
  if (!after) {
    return answer ? after.error() : answer.error();
  }
  const std::vector<std::string> ignored = ignored_updates(call, *after);
  if (ignored.empty()) {
    return CallOutcome{{}, answer ? warnings_in(answer->body) : std::vector<std::string>()};
  }
  if (!answer) {
    return answer.error();
  }
  return make_error(
      ErrorCode::Failed,
      fmt::format("Docker reported success but did not change {}", fmt::join(ignored, ", ")));
}

Result<CallOutcome> DockerEngine::Actor::operator()(const core::RemoveContainer& call) {
  Result<CallOutcome> removed = remove(encode(call), inspect_container_request(call.container));
  // Podman 4.3 when the container ends by itself while it is being killed: then it has stopped.
  if (!removed && says(removed.error(), "container state improper")) {
    removed = remove(encode(call), inspect_container_request(call.container));
  }
  return !removed && says(removed.error(), "is already in progress") ? await_removal(call.container)
                                                                     : removed;
}

Result<CallOutcome> DockerEngine::Actor::await_removal(const std::string& container) {
  const Result<HttpResponse> gone = ask(wait_request(container, "removed"), limits::kRemove);
  if (!gone) {
    return gone.error().code == ErrorCode::NotFound ? Result<CallOutcome>(CallOutcome{})
                                                    : gone.error();
  }
  // The wait also ends when the removal fails.
  const Result<ObservedContainer> now = engine_.inspect_container(container, stop_);
  if (now) {
    return make_error(ErrorCode::Conflict,
                      fmt::format("container {} is being removed by somebody else and is still "
                                  "there",
                                  short_id(now->id)));
  }
  return now.error().code == ErrorCode::NotFound ? Result<CallOutcome>(CallOutcome{}) : now.error();
}

Result<CallOutcome> DockerEngine::Actor::remove(HttpRequest request, HttpRequest look) {
  const Result<HttpResponse> answer = ask(std::move(request), limits::kRemove);
  if (answer || answer.error().code == ErrorCode::NotFound) {
    return CallOutcome{};
  }
  if (is_lost(answer.error())) {
    const Result<HttpResponse> now = ask(std::move(look), limits::kRead);
    if (!now && now.error().code == ErrorCode::NotFound) {
      return CallOutcome{};
    }
  }
  return answer.error();
}

}  // namespace aim::providers
