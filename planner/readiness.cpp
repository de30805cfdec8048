#include "planner/readiness.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "planner/schema.hpp"

namespace aim::planner {

using std::chrono::milliseconds;

Readiness::Readiness(ReadinessPolicy policy, core::Steady start)
    : policy_(std::move(policy)), start_(start), last_progress_(start), next_probe_(start) {}

Readiness::Next Readiness::next(core::Steady now) const {
  if (done_) {
    return Ready{};
  }
  if (exit_cause_) {
    return GiveUp{*exit_cause_};
  }
  if (policy_.job) {
    return next_of_job(now);
  }
  if (current_ >= policy_.checks.size()) {
    return Ready{};
  }
  if (refused_since_ && refusals_ >= policy_.refusals_allowed &&
      last_refusal_ - *refused_since_ >= 3 * policy_.interval) {
    return GiveUp{fmt::format("is up but does not serve: {}", waiting_for())};
  }
  const auto gave_up = [&](milliseconds limit, std::string_view what) {
    return GiveUp{fmt::format("was not ready after {}{}; last check: {}",
                              format_duration(limit.count()),
                              what,
                              waiting_for())};
  };
  if (now - last_progress_ >= policy_.start_timeout) {
    return gave_up(policy_.start_timeout, " without any progress");
  }
  if (now - start_ >= policy_.total_timeout) {
    return gave_up(policy_.total_timeout, "");
  }
  if (now < next_probe_) {
    return Wait{std::chrono::ceil<milliseconds>(next_probe_ - now)};
  }
  return Probe{current_};
}

Readiness::Next Readiness::next_of_job(core::Steady now) const {
  const core::Steady end =
      std::min(start_ + policy_.total_timeout, last_progress_ + policy_.start_timeout);
  if (now < end) {
    return Wait{std::chrono::ceil<milliseconds>(end - now)};
  }
  const bool silent = end < start_ + policy_.total_timeout;
  return GiveUp{
      fmt::format("was not done after {}{}",
                  format_duration((silent ? policy_.start_timeout : policy_.total_timeout).count()),
                  silent ? " without any progress" : "")};
}

void Readiness::on_verdict(std::size_t check, const CheckVerdict& verdict, core::Steady now) {
  if (check != current_) {
    return;
  }
  if (verdict.passed) {
    ++current_;
    last_detail_.clear();
    last_progress_ = now;
    refused_since_.reset();
    refusals_ = 0;
    return;
  }
  last_detail_ = verdict.detail;
  if (verdict.definite) {
    refused_since_ = refused_since_.value_or(now);
    last_refusal_ = now;
    ++refusals_;
  } else {
    refused_since_.reset();
    refusals_ = 0;
  }
  // A server that comes up fast should not be kept waiting: the first probes come quickly.
  const milliseconds elapsed = std::chrono::duration_cast<milliseconds>(now - start_);
  const milliseconds soon = std::max(milliseconds(50), elapsed / 4);
  next_probe_ = now + std::min(policy_.interval, soon);
}

void Readiness::on_progress(core::Steady now) { last_progress_ = std::max(last_progress_, now); }

void Readiness::on_exit(const core::ContainerExit& exit) {
  done_ = policy_.job && exit.exit_code == 0 && !exit.oom_killed;
  exit_cause_ = describe_exit(exit);
}

std::string Readiness::waiting_for() const {
  if (policy_.job) {
    return "its end";
  }
  if (current_ >= policy_.checks.size()) {
    return "nothing";
  }
  const std::string& name = policy_.checks[current_].name;
  return last_detail_.empty() ? name : fmt::format("{}: {}", name, last_detail_);
}

std::string describe_exit(const core::ContainerExit& exit) {
  std::string text;
  if (exit.oom_killed) {
    text = "was killed because it ran out of memory (OOM)";
  } else if (exit.exit_code > 128 && exit.exit_code < 160) {
    text =
        fmt::format("was ended by signal {} (exit code {})", exit.exit_code - 128, exit.exit_code);
  } else {
    text = exit.restarted && exit.exit_code == 0
               ? std::string("ended, and Docker started it again")
               : fmt::format("exited with code {}", exit.exit_code);
  }
  return exit.error.empty() ? text : text + ": " + exit.error;
}

}  // namespace aim::planner
