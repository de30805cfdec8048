#pragma once

#include <functional>
#include <utility>

#include "providers/docker/docker_engine.hpp"

namespace aim::providers {

/// Makes one call that changes something. Where an answer says "already so", or no answer came at
/// all, it looks at what is there and goes by that.
class DockerEngine::Actor {
 public:
  Actor(DockerEngine& engine, ApiVersion version, std::stop_token stop)
      : engine_(engine), version_(version), stop_(std::move(stop)) {}

  core::Result<core::CallOutcome> operator()(const core::CreateContainer& call);
  core::Result<core::CallOutcome> operator()(const core::StartContainer& call);
  core::Result<core::CallOutcome> operator()(const core::StopContainer& call);
  core::Result<core::CallOutcome> operator()(const core::KillContainer& call);
  core::Result<core::CallOutcome> operator()(const core::PauseContainer& call);
  core::Result<core::CallOutcome> operator()(const core::UnpauseContainer& call);
  core::Result<core::CallOutcome> operator()(const core::RenameContainer& call);
  core::Result<core::CallOutcome> operator()(const core::UpdateContainer& call);
  core::Result<core::CallOutcome> operator()(const core::RemoveContainer& call);
  core::Result<core::CallOutcome> operator()(const core::ConnectNetwork& call);
  core::Result<core::CallOutcome> operator()(const core::DisconnectNetwork& call);
  core::Result<core::CallOutcome> operator()(const core::PutFiles& call);
  core::Result<core::CallOutcome> operator()(const core::CopyFiles& call);
  core::Result<core::CallOutcome> operator()(const core::CreateNetwork& call);
  core::Result<core::CallOutcome> operator()(const core::RemoveNetwork& call);
  core::Result<core::CallOutcome> operator()(const core::CreateVolume& call);
  core::Result<core::CallOutcome> operator()(const core::RemoveVolume& call);

 private:
  using Holds = std::function<bool(const core::ObservedContainer&)>;

  core::Result<core::CallOutcome> create_or_adopt(const core::CreateContainer& call);
  core::Result<core::CallOutcome> adopt(const core::CreateContainer& call, core::Error error);
  core::Result<void> complete(const core::CreateContainer& call, const std::string& id);
  /// Removes an object; when no answer came, `look` settles whether it is gone.
  core::Result<core::CallOutcome> remove(HttpRequest request, HttpRequest look);
  core::Result<core::CallOutcome> await_removal(const std::string& container);
  /// Success if the container, looked at now, is as the call wanted it; else `error`.
  core::Result<core::CallOutcome> unless(const std::string& container,
                                         core::Error error,
                                         const Holds& holds);
  core::Result<HttpResponse> ask(HttpRequest request, std::chrono::milliseconds deadline);

  DockerEngine& engine_;
  ApiVersion version_;
  std::stop_token stop_;
};

}  // namespace aim::providers
