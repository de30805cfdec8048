#include "providers/docker/docker_actor.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <boost/json.hpp>

#include "providers/docker/docker_limits.hpp"
#include "providers/docker/json_read.hpp"

namespace aim::providers {

using core::CallOutcome;
using core::ContainerStatus;
using core::Error;
using core::ErrorCode;
using core::Labels;
using core::make_error;
using core::ObservedContainer;
using core::Result;
using std::chrono::milliseconds;

namespace {

/// The request may have been carried out although no answer came.
bool is_lost(const Error& error) {
  return error.code == ErrorCode::Unreachable || error.code == ErrorCode::Timeout;
}

bool says(const Error& error, std::string_view part) {
  return error.message.find(part) != std::string::npos;
}

constexpr std::array<const char*, 3> kBirth = {
    core::label::kRun, core::label::kAddress, core::label::kGeneration};

/// Made by the very call: what the birth labels say of run, resource and generation agrees.
bool same_birth(const Labels& one, const Labels& other) {
  return std::all_of(kBirth.begin(), kBirth.end(), [&](const char* name) {
    const auto a = one.find(name);
    const auto b = other.find(name);
    return a != one.end() && b != other.end() && a->second == b->second;
  });
}

Labels birth_labels(const Labels& labels) {
  Labels result;
  for (const auto& [name, text] : labels) {
    if (name.starts_with(core::label::kPrefix)) {
      result.emplace(name, text);
    }
  }
  return result;
}

std::string short_id(std::string_view id) { return std::string(id.substr(0, 12)); }

bool runs(const ObservedContainer& container) {
  return container.state.status == ContainerStatus::Running ||
         container.state.status == ContainerStatus::Restarting;
}

bool stands_still(const ObservedContainer& container) {
  return container.state.status == ContainerStatus::Created ||
         container.state.status == ContainerStatus::Exited ||
         container.state.status == ContainerStatus::Dead;
}

/// The attachment to a network that is named by name or id, as name and what is observed of it.
const std::pair<const std::string, core::NetworkAttachment>* attachment_to(
    const ObservedContainer& container, const std::string& network) {
  for (const auto& entry : container.networks) {
    if (entry.first == network || entry.second.network_id == network) {
      return &entry;
    }
  }
  return nullptr;
}

bool is_attached_as(const ObservedContainer& container, const core::Attachment& wanted) {
  const auto* found = attachment_to(container, wanted.network);
  if (found == nullptr) {
    return false;
  }
  const std::vector<std::string>& aliases = found->second.aliases;
  const bool has_aliases =
      std::all_of(wanted.aliases.begin(), wanted.aliases.end(), [&](const std::string& alias) {
        return std::find(aliases.begin(), aliases.end(), alias) != aliases.end();
      });
  if (wanted.ipv4_address.empty()) {
    return has_aliases;
  }
  const core::Value* networks = core::find(container.attributes, "networks");
  const core::Map* all = networks ? networks->get<core::Map>() : nullptr;
  const core::Value* one = all ? core::find(*all, found->first) : nullptr;
  const core::Map* settings = one ? one->get<core::Map>() : nullptr;
  return has_aliases && settings &&
         core::string_at(*settings, "ipv4_address") == wanted.ipv4_address;
}

std::vector<std::string> warnings_in(std::string_view body) {
  const Result<boost::json::value> parsed = json_read::parse_object(body);
  return parsed ? json_read::texts_at(parsed->get_object(), "Warnings")
                : std::vector<std::string>();
}

}  // namespace

Result<CallOutcome> DockerEngine::perform(const core::Call& call, std::stop_token stop) {
  const Result<ApiVersion> version = negotiated(stop);
  if (!version) {
    return version.error();
  }
  return std::visit(Actor(*this, *version, std::move(stop)), call);
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
  Result<std::optional<HttpRequest>> files = files_request(call, id);
  if (!files) {
    return files.error();
  }
  if (*files) {
    if (const Result<HttpResponse> put = ask(std::move(**files), limits::kChange); !put) {
      return core::while_doing(put.error(), "while putting its files into it");
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
  const Result<CallOutcome> removed =
      remove(encode(call), inspect_container_request(call.container));
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

Result<CallOutcome> DockerEngine::Actor::operator()(const core::ConnectNetwork& call) {
  const Result<HttpResponse> answer = ask(encode(call), limits::kChange);
  if (answer) {
    return CallOutcome{};
  }
  const Error error = answer.error();
  if (error.code == ErrorCode::NotFound) {
    return error;
  }
  return unless(call.container, error, [&](const ObservedContainer& now) {
    return is_attached_as(now, call.attachment);
  });
}

Result<CallOutcome> DockerEngine::Actor::operator()(const core::DisconnectNetwork& call) {
  const Result<HttpResponse> answer = ask(encode(call), limits::kChange);
  if (answer) {
    return CallOutcome{};
  }
  // "is not connected" comes as 500 from old Engines and as 403 from new ones, and a network that
  // is gone as 404.
  return unless(call.container, answer.error(), [&](const ObservedContainer& now) {
    return attachment_to(now, call.network) == nullptr;
  });
}

Result<CallOutcome> DockerEngine::Actor::operator()(const core::CreateNetwork& call) {
  Result<HttpRequest> request = encode(call);
  if (!request) {
    return request.error();
  }
  const Result<HttpResponse> answer = ask(std::move(*request), limits::kChange);
  if (answer) {
    return decode_created(answer->body);
  }
  const Error error = answer.error();
  if (!is_lost(error) && error.code != ErrorCode::Conflict) {
    return error;
  }
  const Result<HttpResponse> seen = ask(inspect_network_request(call.name), limits::kRead);
  const Result<core::ObservedNetwork> holder =
      seen ? decode_network(seen->body) : Result<core::ObservedNetwork>(seen.error());
  // A conflict may also be over addresses, with no network of that name.
  if (!holder || holder->name != call.name) {
    return error;
  }
  if (same_birth(holder->labels, call.labels)) {
    return CallOutcome{holder->id, {}};
  }
  return make_error(
      ErrorCode::Conflict,
      fmt::format("the name {} is taken by network {}", call.name, short_id(holder->id)));
}

Result<CallOutcome> DockerEngine::Actor::operator()(const core::RemoveNetwork& call) {
  return remove(encode(call), inspect_network_request(call.network));
}

Result<CallOutcome> DockerEngine::Actor::operator()(const core::CreateVolume& call) {
  Result<HttpRequest> request = encode(call);
  if (!request) {
    return request.error();
  }
  Result<HttpResponse> answer = ask(std::move(*request), limits::kChange);
  if (!answer) {
    const Error error = answer.error();
    if (!is_lost(error)) {
      return error;
    }
    answer = ask(inspect_volume_request(call.name), limits::kRead);
    if (!answer) {
      return error;
    }
  }
  // For a name that exists Docker answers with the old volume, whatever was asked for.
  const Result<core::ObservedVolume> volume = decode_volume(answer->body);
  if (!volume) {
    return volume.error();
  }
  if (birth_labels(volume->labels) != birth_labels(call.labels)) {
    return make_error(
        ErrorCode::Conflict,
        fmt::format("a volume named {} exists already and was made by somebody else", call.name));
  }
  return CallOutcome{volume->name, {}};
}

Result<CallOutcome> DockerEngine::Actor::operator()(const core::RemoveVolume& call) {
  return remove(encode(call), inspect_volume_request(call.name));
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
