#pragma once

#include <condition_variable>
#include <mutex>
#include <optional>

#include "core/engine.hpp"
#include "providers/docker/docker_api.hpp"
#include "providers/docker/image_puller.hpp"
#include "providers/docker/negotiation.hpp"
#include "providers/http/http_client.hpp"

namespace aim::providers {

/// A Docker Engine behind its HTTP API. Thread-safe when the transport is. The API version is
/// agreed upon once, at the first call: the newest that both sides know, from 1.41 (Docker 20.10)
/// on; ErrorCode::Unsupported where there is none.
class DockerEngine : public core::EngineReader,
                     public core::ContainerWatcher,
                     public core::EngineActor {
 public:
  /// `transport` must outlive the engine. `pinned_version` is DOCKER_API_VERSION: "1.44", the one
  /// to speak, whatever else both sides know; empty if it is not set. With `registry` it logs in at
  /// registries, and asks those again that ask for patience.
  explicit DockerEngine(HttpTransport& transport,
                        std::string pinned_version = {},
                        const std::optional<RegistryAccess>& registry = std::nullopt);

  core::Result<core::EngineInfo> info(std::stop_token stop) override;
  core::Result<std::vector<core::ContainerSummary>> list_containers(std::stop_token stop) override;
  core::Result<core::ObservedContainer> inspect_container(const std::string& reference,
                                                          std::stop_token stop) override;
  /// The Engine's list does not say who uses a network: `container_ids` stays empty.
  core::Result<std::vector<core::ObservedNetwork>> list_networks(std::stop_token stop) override;
  core::Result<std::vector<core::ObservedVolume>> list_volumes(std::stop_token stop) override;
  core::Result<core::ObservedImage> inspect_image(const std::string& reference,
                                                  std::stop_token stop) override;
  core::Result<core::RegistryImage> ask_registry(const std::string& reference,
                                                 std::stop_token stop) override;

  core::Result<void> logs(const std::string& container,
                          const core::LogRequest& request,
                          const core::LogSink& sink,
                          std::stop_token stop) override;
  core::Result<core::ContainerExit> wait_exit(const std::string& container,
                                              std::stop_token stop) override;
  core::Result<core::ExecResult> exec(const std::string& container,
                                      const std::vector<std::string>& command,
                                      std::chrono::milliseconds timeout,
                                      std::stop_token stop) override;

  core::Result<core::CallOutcome> perform(const core::Call& call, std::stop_token stop) override;
  core::Result<core::ObservedImage> pull(
      const core::PullRequest& request,
      const std::function<void(const core::PullProgress&)>& progress,
      std::stop_token stop) override;

 private:
  class Actor;

  struct Agreement {
    ApiVersion version;
    Greeting greeting;
  };

  [[nodiscard]] core::Result<Agreement> negotiated(std::stop_token stop);
  [[nodiscard]] core::Result<Agreement> agree(std::stop_token stop);
  /// Sends `request` under the agreed version; an answer of 400 or above becomes an error.
  [[nodiscard]] core::Result<HttpResponse> ask(HttpRequest request,
                                               std::chrono::milliseconds deadline,
                                               std::stop_token stop);
  /// As `ask`, for an answer that is handed over while it comes.
  [[nodiscard]] core::Result<HttpResponse> listen(HttpRequest request,
                                                  const BodySink& sink,
                                                  std::chrono::milliseconds inactivity,
                                                  std::stop_token stop);
  template <class Send>
  core::Result<HttpResponse> under_agreed_version(HttpRequest request,
                                                  std::stop_token stop,
                                                  const Send& send);

  [[nodiscard]] core::Result<RegistryLogin> login_for(const std::string& reference,
                                                      std::stop_token stop);

  HttpTransport& transport_;
  const std::string pinned_version_;
  std::optional<RegistryAccess> registry_;  ///< none: registries are met as anybody
  ImagePuller puller_;
  std::mutex mutex_;
  std::condition_variable_any settled_;
  bool negotiating_ = false;
  std::size_t attempts_ = 0;            ///< to agree, those that have ended
  std::optional<core::Error> refusal_;  ///< of the last attempt
  std::optional<Agreement> agreement_;
};

}  // namespace aim::providers
