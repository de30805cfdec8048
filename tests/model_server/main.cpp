// A stand-in for `vllm serve`: its command line, routes, metrics and log, without a model, and
// by environment its ways to fail. Runs as the only process of a container.

#include <fmt/format.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <exception>

#include "tests/model_server/arguments.hpp"
#include "tests/model_server/behaviour.hpp"
#include "tests/model_server/loading.hpp"
#include "tests/model_server/log.hpp"
#include "tests/model_server/server.hpp"

namespace aim::model_server {
namespace {

using Clock = std::chrono::steady_clock;
using Strings = std::vector<std::string>;

constexpr std::uint64_t kDefaultMaxModelLen = 40960;  // Qwen3-0.6B's own

std::optional<std::string> read_environment(const std::string& name) {
  const char* value = std::getenv(name.c_str());
  return value == nullptr ? std::nullopt : std::optional<std::string>(value);
}

int refuse(const Refusal& refusal) {
  std::fputs(refusal.text.c_str(), stderr);
  return refusal.exit_status;
}

/// What vLLM only finds out when it builds its configuration: exit status 1.
std::string start_error(const Arguments& arguments) {
  const auto share = arguments.value("--gpu-memory-utilization");
  if (share && (std::stod(*share) <= 0 || std::stod(*share) > 1)) {
    return fmt::format(
        "pydantic_core._pydantic_core.ValidationError: 1 validation error for CacheConfig\n"
        "gpu_memory_utilization\n  Input should be greater than 0 and less than or equal to 1 "
        "[input_value={}]",
        *share);
  }
  const auto port = human_integer(arguments.value("--port").value_or("8000"));
  if (!port || *port > 65535) {
    return "OverflowError: bind(): port must be 0-65535.";
  }
  if (arguments.has("--enable-auto-tool-choice") && !arguments.has("--tool-call-parser")) {
    return "TypeError: Error: --enable-auto-tool-choice requires --tool-call-parser";
  }
  for (const char* flag : {"--config", "--uds", "--ssl-certfile", "--ssl-keyfile"}) {
    if (arguments.has(flag)) {
      return fmt::format("model-server: error: {} is not part of this stand-in", flag);
    }
  }
  return "";
}

Served what_is_served(const Arguments& arguments, const Behaviour& behaviour, Strings words) {
  Served served;
  served.names = arguments.list("--served-model-name");
  if (served.names.empty()) {
    served.names = {arguments.model};
  }
  if (!behaviour.served_name.empty()) {
    served.names = {behaviour.served_name};
  }
  served.root = arguments.model;
  for (const std::string& module : arguments.list("--lora-modules")) {
    const auto equals = std::min(module.find('='), module.size());
    served.adapters.push_back(
        {module.substr(0, equals), module.substr(std::min(equals + 1, module.size()))});
  }
  served.api_keys = arguments.list("--api-key");
  if (const auto key = read_environment("VLLM_API_KEY"); served.api_keys.empty() && key) {
    served.api_keys = {*key};
  }
  std::erase(served.api_keys, "");
  const auto length = human_integer(arguments.value("--max-model-len").value_or(""));
  served.max_model_len = length ? static_cast<std::uint64_t>(*length) : kDefaultMaxModelLen;
  served.created = static_cast<std::int64_t>(std::time(nullptr));
  served.arguments = std::move(words);
  return served;
}

/// The signals that ask for an end.
class Signals {
 public:
  Signals() {
    // The first process of a container has no default handlers: what is not waited for is lost.
    sigemptyset(&set_);
    sigaddset(&set_, SIGTERM);
    sigaddset(&set_, SIGINT);
    pthread_sigmask(SIG_BLOCK, &set_, nullptr);
  }

  /// Waits for one of them (true), or until the time has come; without a time, for ever.
  [[nodiscard]] bool wait_until(std::optional<Clock::time_point> until) const {
    while (true) {
      if (!until) {
        if (sigwaitinfo(&set_, nullptr) > 0) {
          return true;
        }
        continue;
      }
      const auto left = std::max(*until - Clock::now(), Clock::duration::zero());
      const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(left);
      const timespec time{static_cast<time_t>(seconds.count()),
                          static_cast<long>(std::chrono::nanoseconds(left - seconds).count())};
      if (sigtimedwait(&set_, nullptr, &time) > 0) {
        return true;
      }
      if (Clock::now() >= *until) {
        return false;
      }
    }
  }

 private:
  sigset_t set_{};
};

/// The server's life after its command line was understood; returns the exit status.
class Life {
 public:
  Life(const Arguments& arguments, Behaviour behaviour, Strings words)
      : arguments_(arguments),
        behaviour_(std::move(behaviour)),
        words_(std::move(words)),
        served_(what_is_served(arguments, behaviour_, words_)),
        begin_(Clock::now()),
        memory_(behaviour_.allocate_mib) {}

  int run() {
    log_.engine("api_server.py:1913", "vLLM API server version 0.27.1");
    log_.engine("utils.py:325", fmt::format("non-default args: {}", shown_arguments(arguments_)));
    if (const auto status = load()) {
      return *status;
    }
    return serve();
  }

 private:
  /// The exit status if the life ends here.
  std::optional<int> load() {
    const auto milestones = load_milestones(served_.root, served_.max_model_len);
    for (std::size_t i = 0; i < milestones.size(); ++i) {
      if (!behaviour_.silent) {
        say(milestones[i]);
      }
      const auto part =
          behaviour_.load_time * static_cast<int>(i + 1) / static_cast<int>(milestones.size());
      if (const auto status = pass_time(begin_ + part)) {
        return status;
      }
      memory_.grow(i + 1, milestones.size());
    }
    for (int shard = 0; behaviour_.never_ready; ++shard) {
      if (const auto status = pass_time(Clock::now() + std::chrono::seconds(1))) {
        return status;
      }
      if (!behaviour_.silent) {
        log_.raw(fmt::format("Loading safetensors checkpoint shards: {} shards seen", shard));
      }
    }
    return std::nullopt;
  }

  int serve() {
    Api api(served_, behaviour_, read_environment);
    Server server(api, log_, !arguments_.has("--disable-uvicorn-access-log"));
    std::string host = arguments_.value("--host").value_or("0.0.0.0");
    if (host == "localhost") {
      host = "127.0.0.1";
    }
    const auto port =
        static_cast<std::uint16_t>(std::stol(arguments_.value("--port").value_or("8000")));
    if (const std::string error = server.start(host, port); !error.empty()) {
      log_.raw(error);
      return 1;
    }
    log_.engine("api_server.py:1958",
                fmt::format("Starting vLLM server on http://{}:{}", host, server.port()));
    log_.web(fmt::format("Started server process [{}]", getpid()));
    log_.web("Waiting for application startup.");
    log_.web("Application startup complete.");
    while (true) {
      if (const auto status = pass_time(std::nullopt)) {
        return *status;
      }
    }
  }

  /// Waits; the exit status if a signal or the time to die comes first.
  std::optional<int> pass_time(std::optional<Clock::time_point> until) {
    std::optional<Clock::time_point> death;
    if (behaviour_.exit_after) {
      death = begin_ + *behaviour_.exit_after;
    }
    const bool dies = death && (!until || *death <= *until);
    if (signals_.wait_until(dies ? death : until)) {
      log_.web("Shutting down");
      if (behaviour_.stop_time.count() > 0) {
        sleep_through_signals(behaviour_.stop_time);
      }
      log_.web("Application shutdown complete.");
      return 0;
    }
    if (!dies) {
      return std::nullopt;
    }
    for (const std::string& line : behaviour_.last_words) {
      log_.raw(line);
    }
    return behaviour_.exit_code;
  }

  void sleep_through_signals(std::chrono::milliseconds time) {
    const auto until = Clock::now() + time;
    while (Clock::now() < until) {
      static_cast<void>(signals_.wait_until(until));
    }
  }

  void say(const Milestone& milestone) {
    if (milestone.where.empty()) {
      log_.raw(milestone.message);
    } else {
      log_.engine(milestone.where, milestone.message);
    }
  }

  const Arguments& arguments_;
  const Behaviour behaviour_;
  const Strings words_;
  const Served served_;
  const Clock::time_point begin_;
  const Signals signals_;
  Memory memory_;
  Log log_;
};

int run(const Strings& words) {
  if (!words.empty() && (words.front() == "--help" || words.front() == "-h")) {
    fmt::print(
        "usage: model-server [serve] [MODEL] [--flag VALUE ...]\n\n"
        "Has the command line, the routes, the metrics and the log of vllm serve 0.27.1, and no\n"
        "model. These environment variables make it fail:\n{}",
        behaviour_help());
    return 0;
  }
  const auto parsed = parse_arguments(words);
  if (const auto* refusal = std::get_if<Refusal>(&parsed)) {
    return refuse(*refusal);
  }
  const auto& arguments = std::get<Arguments>(parsed);
  auto behaviour = read_behaviour(read_environment);
  if (const auto* error = std::get_if<std::string>(&behaviour)) {
    return refuse({*error, 2});
  }
  if (const std::string error = start_error(arguments); !error.empty()) {
    return refuse({error + "\n", 1});
  }
  return Life(arguments, std::move(std::get<Behaviour>(behaviour)), words).run();
}

}  // namespace
}  // namespace aim::model_server

int main(int argc, char** argv) {
  try {
    return aim::model_server::run(std::vector<std::string>(argv + 1, argv + argc));
  } catch (const std::exception& error) {
    std::fprintf(stderr, "model-server: error: %s\n", error.what());
    return 1;
  }
}
