#include "planner/readiness_watch.hpp"

#include <fmt/format.h>

#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>

namespace aim::planner {

using core::ContainerExit;
using core::ErrorCode;
using std::chrono::milliseconds;

namespace {

constexpr std::size_t kTailLines = 20;
constexpr std::size_t kLongestLine = 4096;
// How long the end of a dead container's log may take to arrive.
constexpr std::chrono::seconds kLogDrain{3};

/// The last lines of a stream that comes in pieces.
class LogTail {
 public:
  void add(std::string_view text) {
    for (const char c : text) {
      if (c == '\n') {
        end_line();
      } else if (partial_.size() < kLongestLine && c != '\r') {
        partial_ += c;
      }
    }
  }

  std::vector<std::string> lines() const {
    std::vector<std::string> result(lines_.begin(), lines_.end());
    if (!partial_.empty()) {
      result.push_back(partial_);
    }
    return result;
  }

 private:
  void end_line() {
    lines_.push_back(std::move(partial_));
    partial_.clear();
    if (lines_.size() > kTailLines) {
      lines_.pop_front();
    }
  }

  std::deque<std::string> lines_;
  std::string partial_;
};

/// What the two threads that look at the container tell the one that decides.
struct Shared {
  std::mutex mutex;
  std::condition_variable changed;
  LogTail tail;
  bool progressed = false;
  bool log_ended = false;
  std::optional<ContainerExit> exit;
  std::optional<core::Error> lost;  ///< the container is gone, or Docker is
  std::stop_source wake;
};

void follow_log(core::ContainerWatcher& watcher,
                const std::string& container,
                Shared& shared,
                std::stop_token stop) {
  core::LogRequest request;
  request.tail = kTailLines;
  request.follow = true;
  const auto ended = watcher.logs(
      container,
      request,
      [&](const core::LogPiece& piece) {
        const std::lock_guard lock(shared.mutex);
        shared.tail.add(piece.text);
        shared.progressed = true;
      },
      stop);
  // A log that cannot be read (driver none) only means that there is no progress to see.
  static_cast<void>(ended);
  const std::lock_guard lock(shared.mutex);
  shared.log_ended = true;
  shared.changed.notify_all();
}

void await_exit(core::ContainerWatcher& watcher,
                core::EngineReader& reader,
                const std::string& container,
                Shared& shared,
                std::stop_token stop) {
  core::Result<ContainerExit> exit = watcher.wait_exit(container, stop);
  if (exit && exit->exit_code == 0) {
    // Docker answers with the code that the container has by then: of one that was started again
    // at once that is 0 (seen with 20.10 on a busy host).
    const core::Result<core::ObservedContainer> seen = reader.inspect_container(container, stop);
    exit->restarted = seen && seen->state.restart_count > 0;
  }
  const std::lock_guard lock(shared.mutex);
  if (exit) {
    shared.exit = *exit;
  } else if (exit.error().code != ErrorCode::Cancelled) {
    shared.lost = exit.error();
  }
  shared.wake.request_stop();
}

class Watch {
 public:
  Watch(const ReadinessPorts& ports,
        const std::string& container,
        const ReadinessPolicy& policy,
        const std::function<void(const std::string&)>& note,
        std::stop_token stop)
      : ports_(ports),
        container_(container),
        note_(note),
        stop_(stop),
        start_(ports.clock.steady_now()),
        machine_(policy, start_) {}

  ReadinessReport run() {
    std::stop_callback on_stop(stop_, [&] { shared_.wake.request_stop(); });
    std::jthread follower(
        [&](std::stop_token own) { follow_log(ports_.watcher, container_, shared_, own); });
    std::jthread waiter([&](std::stop_token own) {
      await_exit(ports_.watcher, ports_.reader, container_, shared_, own);
    });
    ReadinessReport report = decide();
    if (!report.ready && !report.cancelled) {
      drain_log();
    }
    follower.request_stop();
    waiter.request_stop();
    follower.join();
    waiter.join();
    report.tail = shared_.tail.lines();
    if (!report.ready) {
      report.exit = shared_.exit;
    }
    report.elapsed = std::chrono::duration_cast<milliseconds>(ports_.clock.steady_now() - start_);
    return report;
  }

 private:
  ReadinessReport decide() {
    while (true) {
      if (const auto lost = feed()) {
        return {false, false, core::to_string(*lost), {}, {}};
      }
      const Readiness::Next next = machine_.next(ports_.clock.steady_now());
      if (std::holds_alternative<Readiness::Ready>(next)) {
        return {true, false, {}, {}, {}};
      }
      if (const auto* given_up = std::get_if<Readiness::GiveUp>(&next)) {
        return {false, false, given_up->cause, {}, {}};
      }
      if (stop_.stop_requested()) {
        return {false, true, "was interrupted", {}, {}};
      }
      if (const auto* wait = std::get_if<Readiness::Wait>(&next)) {
        ports_.clock.wait_for(wait->duration, shared_.wake.get_token());
      } else {
        probe(std::get<Readiness::Probe>(next).check);
      }
    }
  }

  /// Hands over what the threads saw. An error means that the container cannot be watched.
  std::optional<core::Error> feed() {
    const std::lock_guard lock(shared_.mutex);
    if (shared_.progressed) {
      shared_.progressed = false;
      machine_.on_progress(ports_.clock.steady_now());
    }
    if (shared_.exit) {
      machine_.on_exit(*shared_.exit);
    }
    return shared_.lost;
  }

  void probe(std::size_t index) {
    const Check& check = machine_.policy().checks.at(index);
    const std::stop_token wake = shared_.wake.get_token();
    CheckVerdict verdict{false, "the container cannot be inspected", false};
    const core::Result<core::ObservedContainer> seen =
        ports_.reader.inspect_container(container_, wake);
    if (seen) {
      verdict = run_check(ports_.watcher, ports_.prober, *seen, check, wake);
    }
    if (wake.stop_requested() && !verdict.passed) {
      return;  // cut short by an exit or an interrupt, which says more than this verdict
    }
    machine_.on_verdict(index, verdict, ports_.clock.steady_now());
    if (!verdict.passed) {
      note_(machine_.waiting_for());
    }
  }

  /// After an exit the log ends by itself; a container that still runs has nothing to drain.
  void drain_log() {
    std::unique_lock lock(shared_.mutex);
    if (shared_.exit) {
      shared_.changed.wait_for(lock, kLogDrain, [&] { return shared_.log_ended; });
    }
  }

  const ReadinessPorts& ports_;
  const std::string& container_;
  const std::function<void(const std::string&)>& note_;
  std::stop_token stop_;
  core::Steady start_;
  Readiness machine_;
  Shared shared_;
};

}  // namespace

core::ProbeTarget probe_target(const core::ObservedContainer& container, std::uint16_t port) {
  core::ProbeTarget target{container.id, port, std::nullopt, {}};
  for (const core::PublishedPort& live : container.live_ports) {
    if (live.container_port == port && live.protocol == "tcp" && !target.published) {
      target.published = live;
    }
  }
  for (const auto& [name, attachment] : container.networks) {
    if (target.container_address.empty()) {
      target.container_address = attachment.ip_address;
    }
  }
  return target;
}

namespace {

/// Whether a line of what the container wrote since its start contains the text.
CheckVerdict look_into_log(core::ContainerWatcher& watcher,
                           const core::ObservedContainer& container,
                           const Check& check,
                           std::stop_token stop) {
  core::LogRequest request;
  // Docker notes the start only after it: what is written first lies before `started_at`. The end
  // of the run before is the line between the two.
  request.since = container.state.finished_at;
  // The two streams have their lines each.
  std::string lines[2];
  bool found = false;
  const auto look = [&](std::string& line) {
    found = found || line.find(check.contains) != std::string::npos;
    line.clear();
  };
  const auto read = watcher.logs(
      container.id,
      request,
      [&](const core::LogPiece& piece) {
        std::string& line = lines[piece.is_stderr ? 1 : 0];
        for (const char c : piece.text) {
          if (c == '\n') {
            look(line);
          } else if (line.size() < kLongestLine) {
            line += c;
          }
        }
      },
      stop);
  look(lines[0]);
  look(lines[1]);
  if (found) {
    return {true, {}, false};
  }
  return {false,
          read ? fmt::format("its log does not contain \"{}\" yet", check.contains)
               : "its log cannot be read: " + read.error().message,
          false};
}

}  // namespace

CheckVerdict run_check(core::ContainerWatcher& watcher,
                       core::Prober& prober,
                       const core::ObservedContainer& container,
                       const Check& check,
                       std::stop_token stop) {
  const core::ProbeTarget target = probe_target(container, check.port);
  switch (check.expect) {
    case Check::Expect::Connects: {
      const core::Result<void> connected = prober.tcp(target, check.request.timeout, stop);
      return connected ? CheckVerdict{true, {}, false}
                       : CheckVerdict{false, connected.error().message, false};
    }
    case Check::Expect::Exits:
      return judge(check, watcher.exec(container.id, check.command, check.request.timeout, stop));
    case Check::Expect::Logs:
      return look_into_log(watcher, container, check, stop);
    case Check::Expect::Status:
    case Check::Expect::ListsModel:
    case Check::Expect::GeneratesToken:
    case Check::Expect::Embeds:
    case Check::Expect::Ranks:
      break;
  }
  return judge(check, prober.http(target, check.request, stop));
}

ReadinessReport watch_readiness(const ReadinessPorts& ports,
                                const std::string& container,
                                const ReadinessPolicy& policy,
                                const std::function<void(const std::string&)>& note,
                                std::stop_token stop) {
  return Watch(ports, container, policy, note, stop).run();
}

ReadinessReport check_running(core::EngineReader& reader,
                              core::ContainerWatcher& watcher,
                              const std::string& container,
                              std::stop_token stop) {
  const core::Result<core::ObservedContainer> seen = reader.inspect_container(container, stop);
  if (!seen) {
    return {
        false, seen.error().code == ErrorCode::Cancelled, core::to_string(seen.error()), {}, {}};
  }
  const core::ContainerState& state = seen->state;
  if (state.status == core::ContainerStatus::Running) {
    return {true, false, {}, {}, {}};
  }
  LogTail tail;
  core::LogRequest request;
  request.tail = kTailLines;
  const auto read = watcher.logs(
      container, request, [&](const core::LogPiece& piece) { tail.add(piece.text); }, stop);
  std::string cause = describe_exit({state.exit_code, state.oom_killed, state.error});
  if (!read) {
    cause += fmt::format(" (its log cannot be read: {})", read.error().message);
  }
  return {false,
          false,
          std::move(cause),
          tail.lines(),
          {},
          core::ContainerExit{state.exit_code, state.oom_killed, state.error}};
}

}  // namespace aim::planner
