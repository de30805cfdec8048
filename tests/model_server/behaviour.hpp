#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace aim::model_server {

/// How the server departs from a healthy one; read from the environment, so that an image needs
/// no changes and a test only an `env:`.
struct Behaviour {
  std::chrono::milliseconds load_time{0};
  bool never_ready = false;
  bool silent = false;                                  ///< no log lines while loading
  std::optional<std::chrono::milliseconds> exit_after;  ///< counted from the start
  int exit_code = 1;
  std::vector<std::string> last_words;  ///< log lines before that exit
  int inference_status = 200;
  int health_status = 200;
  std::string served_name;                 ///< instead of the asked one
  double tokens_per_second = 0;            ///< 0: at once
  double kv_usage = 0;                     ///< 0 to 1, shown in the metrics
  std::chrono::milliseconds stop_time{0};  ///< between SIGTERM and the exit
  std::size_t allocate_mib = 0;            ///< memory to touch while loading
  std::vector<std::string> echo_env;       ///< names that GET /environment shows
};

using ReadVariable = std::function<std::optional<std::string>(const std::string& name)>;

/// The behaviour, or what is wrong with the environment.
[[nodiscard]] std::variant<Behaviour, std::string> read_behaviour(const ReadVariable& read);

/// The table of variables, for --help.
[[nodiscard]] std::string behaviour_help();

}  // namespace aim::model_server
