#include <fmt/format.h>

#include <algorithm>

#include "providers/docker/docker_actor.hpp"
#include "providers/docker/docker_limits.hpp"
#include "providers/docker/settling.hpp"

namespace aim::providers {

using core::CallOutcome;
using core::Error;
using core::ErrorCode;
using core::make_error;
using core::ObservedContainer;
using core::Result;

namespace {

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
  if (wanted.ipv4_address.empty() && wanted.ipv6_address.empty()) {
    return has_aliases;
  }
  const core::Value* networks = core::find(container.attributes, "networks");
  const core::Map* all = networks ? networks->get<core::Map>() : nullptr;
  const core::Value* one = all ? core::find(*all, found->first) : nullptr;
  const core::Map* settings = one ? one->get<core::Map>() : nullptr;
  const auto has = [&](std::string_view name, const std::string& address) {
    return address.empty() || (settings && core::string_at(*settings, name) == address);
  };
  return has_aliases && has("ipv4_address", wanted.ipv4_address) &&
         has("ipv6_address", wanted.ipv6_address);
}

}  // namespace

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
  Result<HttpRequest> request = encode(call, version_);
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

}  // namespace aim::providers
