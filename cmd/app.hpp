#pragma once

#include <filesystem>
#include <functional>
#include <iostream>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "cmd/arguments.hpp"
#include "cmd/log.hpp"
#include "cmd/view/view.hpp"
#include "core/clock.hpp"

namespace aim::cmd {

inline constexpr std::string_view kVersion = AIM_VERSION;

/// What the program was given by the system; the only reader of the environment.
struct Surroundings {
  std::function<std::optional<std::string>(const std::string&)> environment;
  std::vector<std::pair<std::string, std::string>> all_environment;  ///< for AIM_VAR_*
  std::filesystem::path directory;                                   ///< working directory
  std::string user;
  bool input_is_terminal = false;
};

/// What every command works with. Owns nothing that a command could need to share.
class App {
 public:
  App(Surroundings surroundings, core::Clock& clock)
      : surroundings_(std::move(surroundings)), clock_(clock), log_(std::cerr, clock) {}

  [[nodiscard]] const Surroundings& surroundings() const { return surroundings_; }

  [[nodiscard]] core::Clock& clock() { return clock_; }

  [[nodiscard]] View& view() { return *view_; }

  [[nodiscard]] Log& log() { return log_; }

  void set_view(std::unique_ptr<View> view) { view_ = std::move(view); }

  /// Requested by Ctrl-C or SIGTERM once a command listens to them.
  [[nodiscard]] std::stop_token stop() const { return stop_.get_token(); }

  [[nodiscard]] std::stop_source& stop_source() { return stop_; }

 private:
  Surroundings surroundings_;
  core::Clock& clock_;
  Log log_;
  std::unique_ptr<View> view_;
  std::stop_source stop_;
};

}  // namespace aim::cmd
