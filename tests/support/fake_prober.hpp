#pragma once

#include <chrono>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/clock.hpp"
#include "core/prober.hpp"
#include "tests/support/memory_docker.hpp"

namespace aim::support {

/// How the model server in a container behaves, counted from the container's start.
struct ModelServer {
  std::optional<std::uint16_t> port{};         ///< where it listens; none: wherever it is asked
  std::chrono::milliseconds listens_after{0};  ///< before that connections are refused
  /// When /health, /v1/models and inference begin to work; before that they answer 503. None:
  /// never.
  std::optional<std::chrono::milliseconds> ready_after = std::chrono::milliseconds{0};
  /// What /v1/models lists; empty: what the container's command says after --served-model-name,
  /// --alias or -a, --model or -m, or "model".
  std::vector<std::string> models{};
  int inference_status = 200;
  std::int64_t completion_tokens = 8;
  bool inference_hangs = false;
  std::string api_key{};  ///< not empty: /v1 answers 401 without it
  std::chrono::milliseconds latency{0};
};

struct RecordedProbe {
  std::string container;  ///< its name at that time
  std::string method;
  std::string path;
  std::uint16_t port = 0;
};

/// Reaches into the containers of a MemoryDocker. A running one that nothing was scripted for
/// answers as a model server that is ready at once; other paths than /health, /v1/models,
/// /v1/chat/completions, /v1/completions, /v1/embeddings and /rerank are 200 "ok". Thread-safe.
class FakeProber : public core::Prober {
 public:
  FakeProber(const MemoryDocker& docker, core::Clock& clock);

  /// The last match wins.
  void serve(ContainerMatch match, ModelServer server);

  core::Result<core::ProbeAnswer> http(const core::ProbeTarget& target,
                                       const core::ProbeRequest& request,
                                       std::stop_token stop) override;
  core::Result<void> tcp(const core::ProbeTarget& target,
                         std::chrono::milliseconds timeout,
                         std::stop_token stop) override;

  [[nodiscard]] std::vector<RecordedProbe> probes() const;

 private:
  struct Found {
    ContainerView container;
    ModelServer server;
    std::chrono::milliseconds age{0};
  };

  [[nodiscard]] core::Result<Found> find(const core::ProbeTarget& target) const;
  [[nodiscard]] ModelServer server_of(const ContainerView& container) const;

  const MemoryDocker& docker_;
  core::Clock& clock_;
  mutable std::mutex mutex_;
  std::vector<std::pair<ContainerMatch, ModelServer>> servers_;
  std::vector<RecordedProbe> probes_;
};

}  // namespace aim::support
