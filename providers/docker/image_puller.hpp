#pragma once

#include <atomic>
#include <functional>

#include "core/clock.hpp"
#include "core/engine.hpp"
#include "providers/docker/docker_api.hpp"
#include "providers/docker/registry_logins.hpp"

namespace aim::providers {

/// What pulls need beyond the Engine. Both must outlive the engine that is made with it.
struct RegistryAccess {
  RegistryLogins& logins;
  core::Clock& clock;
};

/// Sends a request whose answer is handed over while it comes; DockerEngine's own way.
using Listen = std::function<core::Result<HttpResponse>(
    HttpRequest, const BodySink&, std::chrono::milliseconds inactivity, std::stop_token)>;

/// Brings images: a failure that may pass by itself is tried again, a bounded number of times. What
/// a failed pull has fetched is the Engine's to keep: 20.10 does not. Thread-safe.
class ImagePuller {
 public:
  using Progress = std::function<void(const core::PullProgress&)>;

  /// One pull to its end, with second attempts; what the Engine's stream says is not proof that
  /// the image is there. Errors: those of registry_error, and the transport's.
  [[nodiscard]] core::Result<void> pull(const PullReference& reference,
                                        const std::string& platform,
                                        const RegistryLogin& login,
                                        core::Clock* clock,
                                        const Listen& listen,
                                        const Progress& progress,
                                        std::stop_token stop);

 private:
  [[nodiscard]] core::Result<void> attempt(const HttpRequest& request,
                                           const Listen& listen,
                                           const Progress& progress,
                                           std::stop_token stop);

  /// Counts what any pull heard: while others get on, a silent one waits for its turn, since an
  /// Engine fetches only a few layers at a time.
  std::atomic<std::uint64_t> heard_{0};
};

}  // namespace aim::providers
