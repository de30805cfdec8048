#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "tests/support/memory_docker_checks.hpp"
#include "tests/support/memory_docker_world.hpp"

namespace aim::support::memory {

namespace {

using std::chrono::milliseconds;

constexpr std::int64_t kKilled = 137;
constexpr std::int64_t kCannotStart = 128;
constexpr std::int64_t kNotFound = 127;
constexpr milliseconds kFirstBackOff{100};
constexpr milliseconds kLongestBackOff{60'000};
constexpr milliseconds kStableAfter{10'000};
constexpr std::int64_t kDefaultStopSeconds = 10;
constexpr std::size_t kKeptProbes = 5;

/// Runs `what` at `when` unless the container has ended, started or gone by then.
void during_this_life(World& world,
                      const Container& container,
                      core::Steady when,
                      std::function<void(World&, Container&)> what) {
  world.at(when, [id = container.id, life = container.life, what = std::move(what)](World& later) {
    const auto found = later.containers.find(id);
    if (found != later.containers.end() && found->second->life == life) {
      what(later, *found->second);
    }
  });
}

Program program_of(const World& world, const Container& container) {
  for (auto script = world.programs.rbegin(); script != world.programs.rend(); ++script) {
    if (script->first(container)) {
      return script->second;
    }
  }
  return {};
}

milliseconds check_time(const json::object& check, std::string_view key, milliseconds fallback) {
  const std::int64_t nanoseconds = number_at(check, key);
  return nanoseconds == 0
             ? fallback
             : std::chrono::duration_cast<milliseconds>(std::chrono::nanoseconds(nanoseconds));
}

void probe_health(World& world, Container& container) {
  const json::object& check = object_at(container.config, "Healthcheck");
  const milliseconds interval = check_time(check, "Interval", milliseconds{30'000});
  const milliseconds start_period = check_time(check, "StartPeriod", milliseconds{0});
  const std::int64_t retries = std::max<std::int64_t>(number_at(check, "Retries"), 0);
  const auto age = std::chrono::duration_cast<milliseconds>(world.now() - container.started_steady);
  const std::optional<milliseconds>& healthy = container.program.healthy_after;
  const bool passed = healthy && age >= *healthy;
  Health& health = *container.health;
  const std::string before = health.status;
  const std::string time = rfc3339(world.stamp());
  health.log.push_back(
      json::object{{"Start", time}, {"End", time}, {"ExitCode", passed ? 0 : 1}, {"Output", ""}});
  if (health.log.size() > kKeptProbes) {
    health.log.erase(health.log.begin());
  }
  if (passed) {
    health.status = "healthy";
    health.failing_streak = 0;
  } else if (health.status != "starting" || age >= start_period) {
    ++health.failing_streak;
    if (health.failing_streak >= (retries == 0 ? 3 : retries)) {
      health.status = "unhealthy";
    }
  }
  if (health.status != before) {
    world.emit(container, "health_status: " + health.status);
  }
  during_this_life(world, container, world.now() + interval, probe_health);
}

void begin_health(World& world, Container& container) {
  const std::vector<std::string> test =
      texts_at(object_at(container.config, "Healthcheck"), "Test");
  if (test.empty() || (test.front() != "CMD" && test.front() != "CMD-SHELL")) {
    return;
  }
  const json::array old_log = container.health ? container.health->log : json::array();
  container.health = Health{};
  container.health->log = old_log;
  const milliseconds interval =
      check_time(object_at(container.config, "Healthcheck"), "Interval", milliseconds{30'000});
  during_this_life(world, container, world.now() + interval, probe_health);
}

void begin_program(World& world, Container& container) {
  for (const OutputLine& line : container.program.output) {
    const auto write = [line](World& later, Container& alive) {
      alive.log.push_back({later.stamp(), line.text + "\n", line.is_stderr});
    };
    if (line.at == milliseconds{0}) {
      write(world, container);
    } else {
      during_this_life(world, container, world.now() + line.at, write);
    }
  }
  if (container.program.exits_after) {
    during_this_life(world,
                     container,
                     world.now() + *container.program.exits_after,
                     [](World& later, Container& alive) {
                       end_container(
                           later, alive, alive.program.exit_code, alive.program.oom_killed);
                     });
  }
}

/// Networks, ports and devices; what was taken is given back when something is refused.
std::optional<Answer> take_resources(World& world, Container& container) {
  std::optional<Answer> wrong = join_namespaces(world, container);
  if (wrong) {
    return wrong;
  }
  for (auto& [name, endpoint] : container.endpoints) {
    wrong = attach(world, container, name, endpoint);
    if (wrong) {
      break;
    }
  }
  if (!wrong) {
    wrong = bind_ports(world, container);
  }
  if (!wrong) {
    wrong = check_devices(world, container);
  }
  if (!wrong) {
    wrong = check_runtime(container);
  }
  if (!wrong && container.program.start_status != 0) {
    wrong = refusal(container.program.start_status, container.program.start_error);
  }
  return wrong;
}

void release_resources(World& world, Container& container) {
  for (auto& [name, endpoint] : container.endpoints) {
    detach(world, container, name, endpoint);
  }
  container.bound.clear();
}

std::optional<Answer> launch(World& world, Container& container) {
  container.program = program_of(world, container);
  if (auto wrong = take_resources(world, container)) {
    release_resources(world, container);
    const json::value told = json::parse(wrong->body);
    container.error = text_at(told.as_object(), "message");
    if (container.exit_code == 0) {
      const bool no_program =
          container.error.find("executable file not found") != std::string::npos;
      container.exit_code = no_program ? kNotFound : kCannotStart;
    }
    return wrong;
  }
  ++container.life;
  container.status = core::ContainerStatus::Running;
  container.exit_code = 0;
  container.oom_killed = false;
  container.error.clear();
  container.started = world.stamp();
  container.started_steady = world.now();
  container.host.emplace("Runtime", "runc");
  world.emit(container, "start");
  begin_health(world, container);
  begin_program(world, container);
  return std::nullopt;
}

bool policy_restarts(const Container& container, std::int64_t exit_code) {
  if (container.manually_stopped || container.removing) {
    return false;
  }
  const std::string policy = restart_policy(container);
  if (policy == "always" || policy == "unless-stopped") {
    return true;
  }
  const std::int64_t most =
      number_at(object_at(container.host, "RestartPolicy"), "MaximumRetryCount");
  return policy == "on-failure" && exit_code != 0 && (most == 0 || container.restart_count < most);
}

void schedule_restart(World& world, Container& container) {
  const bool was_stable = world.now() - container.started_steady >= kStableAfter;
  container.back_off = was_stable || container.back_off == milliseconds{0}
                           ? kFirstBackOff
                           : std::min(container.back_off * 2, kLongestBackOff);
  ++container.restart_count;
  container.status = core::ContainerStatus::Restarting;
  during_this_life(
      world, container, world.now() + container.back_off, [](World& later, Container& waiting) {
        if (launch(later, waiting)) {
          waiting.status = core::ContainerStatus::Exited;
        }
      });
}

struct Signal {
  int number = 0;
  bool known = false;
};

Signal parse_signal(std::string text) {
  static const std::map<std::string, int> kNames = {{"HUP", 1},
                                                    {"INT", 2},
                                                    {"QUIT", 3},
                                                    {"ABRT", 6},
                                                    {"KILL", 9},
                                                    {"USR1", 10},
                                                    {"SEGV", 11},
                                                    {"USR2", 12},
                                                    {"PIPE", 13},
                                                    {"ALRM", 14},
                                                    {"TERM", 15},
                                                    {"CONT", 18},
                                                    {"STOP", 19},
                                                    {"WINCH", 28}};
  if (text.starts_with("SIG")) {
    text.erase(0, 3);
  }
  if (const auto named = kNames.find(text); named != kNames.end()) {
    return {named->second, true};
  }
  int number = 0;
  const auto [end, wrong] = std::from_chars(text.data(), text.data() + text.size(), number);
  const bool whole = wrong == std::errc() && end == text.data() + text.size();
  return {number, whole && number > 0 && number < 65};
}

}  // namespace

std::optional<Answer> start_container(World& world, Container& container) {
  if (container.removing || container.status == core::ContainerStatus::Dead) {
    return refusal(409, "container is marked for removal and cannot be started");
  }
  if (container.status == core::ContainerStatus::Paused) {
    return refusal(409, "cannot start a paused container, try unpause instead");
  }
  if (container.counts_as_running()) {
    return empty_answer(304);
  }
  container.manually_stopped = false;
  container.restart_count = 0;
  container.back_off = milliseconds{0};
  return launch(world, container);
}

void end_container(World& world, Container& container, std::int64_t exit_code, bool oom_killed) {
  ++container.life;
  ++container.times_ended;
  release_resources(world, container);
  container.status = core::ContainerStatus::Exited;
  container.exit_code = exit_code;
  container.last_exit_code = exit_code;
  container.oom_killed = oom_killed;
  container.finished = world.stamp();
  if (container.health) {
    container.health->status = "unhealthy";
  }
  if (oom_killed) {
    world.emit(container, "oom");
  }
  world.emit(container, "die", {{"exitCode", std::to_string(exit_code)}});
  for (const std::string& id : members_of_pid_namespace(world, container.id)) {
    end_container(world, *world.containers.at(id), kKilled, false);
  }
  if (policy_restarts(container, exit_code)) {
    schedule_restart(world, container);
  } else if (flag_at(container.host, "AutoRemove")) {
    // Not at once: the caller still holds the container.
    world.at(world.now(), [id = container.id](World& later) {
      erase_container(later, id, AnonymousVolumes::Remove);
    });
  }
}

Answer stop_container(World& world, const Request& request, Container& container) {
  if (!container.counts_as_running()) {
    return empty_answer(304);
  }
  container.manually_stopped = true;
  if (container.status == core::ContainerStatus::Restarting) {
    ++container.life;
    ++container.times_ended;
    container.status = core::ContainerStatus::Exited;
    container.finished = world.stamp();
    return empty_answer(204);
  }
  const bool stopping = container.ends_at > world.now();
  if (!stopping) {
    const std::string asked = request.parameter("t");
    const std::int64_t configured = number_at(container.config, "StopTimeout");
    const std::int64_t seconds = !asked.empty()    ? std::stoll(asked)
                                 : configured != 0 ? configured
                                                   : kDefaultStopSeconds;
    const milliseconds grace = std::chrono::seconds(seconds);
    const std::optional<milliseconds> own = container.program.stops_after;
    const bool obeys = own && *own <= grace;
    const std::int64_t code = obeys ? container.program.stop_code : kKilled;
    const milliseconds takes = obeys ? *own : grace;
    world.emit(container, "kill", {{"signal", "15"}});
    if (takes == milliseconds{0}) {
      end_container(world, container, code, false);
      world.emit(container, "stop");
      return empty_answer(204);
    }
    container.ends_at = world.now() + takes;
    during_this_life(world, container, container.ends_at, [code](World& later, Container& alive) {
      end_container(later, alive, code, false);
      later.emit(alive, "stop");
    });
  }
  Answer answer = empty_answer(204);
  answer.takes = std::chrono::duration_cast<milliseconds>(container.ends_at - world.now());
  return answer;
}

Answer kill_container(World& world, const Request& request, Container& container) {
  const std::string asked = request.parameter("signal");
  const Signal signal = parse_signal(asked.empty() ? "KILL" : asked);
  if (!signal.known) {
    return refusal(400, "Invalid signal: " + asked);
  }
  if (!container.counts_as_running()) {
    return refusal(409,
                   fmt::format("Cannot kill container: {}: Container {} is not running",
                               request.path[1],
                               container.id));
  }
  constexpr int kKill = 9;
  const Signal stop_signal = parse_signal(text_at(container.config, "StopSignal").empty()
                                              ? "TERM"
                                              : text_at(container.config, "StopSignal"));
  world.emit(container, "kill", {{"signal", std::to_string(signal.number)}});
  container.manually_stopped = true;
  const std::optional<milliseconds> own = container.program.stops_after;
  if (signal.number == kKill || container.status == core::ContainerStatus::Restarting) {
    end_container(world, container, kKilled, false);
  } else if (signal.number == stop_signal.number && own) {
    during_this_life(world, container, world.now() + *own, [](World& later, Container& alive) {
      end_container(later, alive, alive.program.stop_code, false);
    });
  }
  return empty_answer(204);
}

void restart_daemon(World& world) {
  std::vector<Container*> back;
  for (const auto& [id, container] : world.containers) {
    const std::string policy = restart_policy(*container);
    const bool ran = container->counts_as_running();
    const bool by_hand = container->manually_stopped;
    const bool ever = container->started != 0;
    if (ran) {
      container->manually_stopped = true;  // no policy acts while the daemon is down
      end_container(world, *container, kKilled, false);
      container->manually_stopped = by_hand;
    }
    if (ever && (policy == "always" || (policy == "unless-stopped" && !by_hand) ||
                 (policy == "on-failure" && !by_hand && container->exit_code != 0))) {
      back.push_back(container.get());
    }
  }
  for (Container* container : back) {
    container->manually_stopped = false;
    // What cannot start is left as it is, with its error, as the Engine leaves it.
    static_cast<void>(launch(world, *container));
  }
}

}  // namespace aim::support::memory
