#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <variant>

#include "core/engine.hpp"
#include "core/journal.hpp"
#include "core/result.hpp"

namespace aim::core {

/// What a person would say is being done to a resource.
enum class Activity {
  Pulling,
  Creating,
  Updating,
  Replacing,
  Destroying,
  Stopping,
  Disconnecting,  ///< from a network that makes way for a new one
  Starting,
  Waiting,
  Undoing,
  Renaming,
  Removing
};
[[nodiscard]] std::string_view to_string(Activity activity);  ///< "creating"

struct PhaseEntered {
  Phase phase;
};

/// `resource` is an address, or an image reference for Pulling.
struct ActivityStarted {
  std::string resource;
  Activity activity;
};

struct ActivityProgress {
  std::string resource;
  Activity activity;
  std::string detail;  ///< "load 45%", "health: connection refused"; may be foreign text
  std::optional<PullProgress> pull;
};

struct ActivityFinished {
  std::string resource;
  Activity activity;
  std::chrono::milliseconds elapsed{0};
  std::string id;  ///< of what was created, may be empty
};

struct ActivityFailed {
  std::string resource;
  Activity activity;
  std::chrono::milliseconds elapsed{0};
  Error error;
};

struct UndoStarted {
  std::string reason;
};

struct Warned {
  std::string resource;
  std::string message;  ///< foreign text
};

using ProgressEvent = std::variant<PhaseEntered,
                                   ActivityStarted,
                                   ActivityProgress,
                                   ActivityFinished,
                                   ActivityFailed,
                                   UndoStarted,
                                   Warned>;

/// Is told what happens, from one thread at a time.
class Progress {
 public:
  virtual ~Progress() = default;
  virtual void on(const ProgressEvent& event) = 0;
};

}  // namespace aim::core
