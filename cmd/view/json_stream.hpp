#pragma once

#include <boost/json/fwd.hpp>
#include <mutex>
#include <ostream>
#include <string>
#include <string_view>

#include "cmd/view/running.hpp"

namespace aim::view {

/// Messages as one JSON object a line, with @level, @message, @module, @timestamp and type, as
/// Terraform's machine-readable interface 1.2 has them. The first line is of type "version".
/// Thread-safe.
class JsonStream {
 public:
  JsonStream(std::ostream& out, core::Clock& clock) : out_(out), clock_(clock) {}

  /// `level` is "info", "warn" or "error"; `members` an object that is put behind `type`.
  void emit(std::string_view level,
            std::string_view message,
            std::string_view type,
            const boost::json::object& members);

 private:
  void write(std::string_view level,
             std::string_view message,
             std::string_view type,
             const boost::json::object& members);

  std::mutex mutex_;
  std::ostream& out_;
  core::Clock& clock_;
  bool begun_ = false;
};

/// addr, module, resource, implied_provider, resource_type, resource_name, resource_key of an
/// address; an image reference is a resource of type "image".
[[nodiscard]] boost::json::object resource_json(const std::string& resource);

/// Progress as apply_start, apply_progress (every ten seconds), apply_complete and apply_errored,
/// and as phase, undo and log. Thread-safe; somebody has to call tick() at least every second.
class JsonProgress : public core::Progress {
 public:
  JsonProgress(JsonStream& stream, core::Clock& clock) : stream_(stream), clock_(clock) {}

  void on(const core::ProgressEvent& event) override;
  void tick();

 private:
  std::mutex mutex_;
  JsonStream& stream_;
  core::Clock& clock_;
  RunningActivities running_;
};

}  // namespace aim::view
