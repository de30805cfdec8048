#pragma once

#include <functional>
#include <string>

#include "core/engine.hpp"

namespace aim::core {

/// Keeps the logs of containers that are about to be removed.
class LogArchive {
 public:
  virtual ~LogArchive() = default;
  /// Writes what `produce` hands to the sink under a name made of run and container; returns the
  /// path as a person would open it. Errors: Failed (disk), and those of `produce`.
  [[nodiscard]] virtual Result<std::string> save(
      RunId run,
      const std::string& container,
      const std::function<Result<void>(const LogSink&)>& produce) = 0;
};

}  // namespace aim::core
