#pragma once

#include <condition_variable>
#include <mutex>
#include <optional>

#include "core/engine.hpp"
#include "providers/docker/docker_api.hpp"
#include "providers/http/http_client.hpp"

namespace aim::providers {

/// A Docker Engine behind its HTTP API. Thread-safe when the transport is. The API version is
/// agreed upon once, at the first call: the newest that both sides know, from 1.41 (Docker 20.10)
/// on; an older Engine gives ErrorCode::Unsupported.
class DockerEngine : public core::EngineReader,
                     public core::ContainerWatcher,
                     public core::EngineActor {
 public:
  /// `transport` must outlive the engine.
  explicit DockerEngine(HttpTransport& transport);

  core::Result<core::EngineInfo> info(std::stop_token stop) override;
  core::Result<std::vector<core::ContainerSummary>> list_containers(std::stop_token stop) override;
  core::Result<core::ObservedContainer> inspect_container(const std::string& reference,
                                                          std::stop_token stop) override;
  /// The Engine's list does not say who uses a network: `container_ids` stays empty.
  core::Result<std::vector<core::ObservedNetwork>> list_networks(std::stop_token stop) override;
  core::Result<std::vector<core::ObservedVolume>> list_volumes(std::stop_token stop) override;
  core::Result<core::ObservedImage> inspect_image(const std::string& reference,
                                                  std::stop_token stop) override;

  core::Result<void> logs(const std::string& container,
                          const core::LogRequest& request,
                          const core::LogSink& sink,
                          std::stop_token stop) override;
  core::Result<core::ContainerExit> wait_exit(const std::string& container,
                                              std::stop_token stop) override;

  core::Result<core::CallOutcome> perform(const core::Call& call, std::stop_token stop) override;
  core::Result<core::ObservedImage> pull(
      const std::string& reference,
      const std::function<void(const core::PullProgress&)>& progress,
      std::stop_token stop) override;

 private:
  class Actor;

  [[nodiscard]] core::Result<ApiVersion> negotiated(std::stop_token stop);
  [[nodiscard]] core::Result<ApiVersion> ask_version(std::stop_token stop);
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

  HttpTransport& transport_;
  std::mutex mutex_;
  std::condition_variable_any settled_;
  bool negotiating_ = false;
  std::optional<ApiVersion> version_;
};

}  // namespace aim::providers
