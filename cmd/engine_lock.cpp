#include "cmd/engine_lock.hpp"

#include <fmt/format.h>

#include <optional>

namespace aim::cmd {

using core::ErrorCode;
using core::make_error;
using core::Result;

namespace {

constexpr std::chrono::milliseconds kPollEvery{250};

/// The label of the lock volume; nothing if there is no such volume.
Result<std::optional<std::string>> current_label(core::EngineReader& reader,
                                                 const std::string& volume,
                                                 std::stop_token stop) {
  const auto volumes = reader.list_volumes(stop);
  if (!volumes) {
    return core::while_doing(volumes.error(), "while looking at the lock");
  }
  for (const core::ObservedVolume& one : *volumes) {
    if (one.name == volume) {
      const auto label = one.labels.find(core::label::kLock);
      return std::optional(label == one.labels.end() ? std::string() : label->second);
    }
  }
  return std::optional<std::string>();
}

core::Error locked_by(const std::string& volume,
                      const Result<state::LockHolder>& holder,
                      state::Liveness liveness,
                      core::Utc now) {
  const std::string who = holder ? state::describe(*holder, now)
                                 : fmt::format("somebody (the volume {} does not say who)", volume);
  const std::string hint =
      liveness == state::Liveness::Alive
          ? "Wait for it, or give --lock-timeout."
          : "It cannot be seen from here whether that process is alive. If you know that it is "
            "not, give --take-lock.";
  return make_error(ErrorCode::Locked, fmt::format("locked by {}. {}", who, hint));
}

}  // namespace

std::string lock_volume_name(const std::string& project, const std::string& workspace) {
  return fmt::format("aim-lock.{}.{}", project, workspace);
}

Result<EngineLock> EngineLock::acquire(const Request& request,
                                       core::EngineReader& reader,
                                       core::EngineActor& actor,
                                       core::Clock& clock,
                                       const std::function<void(const std::string&)>& on_wait,
                                       std::stop_token stop) {
  const std::string volume = lock_volume_name(request.project, request.workspace);
  const std::string label = state::to_json(request.holder);
  const core::CreateVolume create{volume, {}, {{core::label::kLock, label}}};
  const core::Steady deadline = clock.steady_now() + request.timeout;
  bool told = false;
  while (true) {
    const Result<core::CallOutcome> made = actor.perform(create, stop);
    if (made) {
      return EngineLock(std::make_unique<Held>(Held{reader, actor, volume, label}));
    }
    if (made.error().code != ErrorCode::Conflict) {
      return core::while_doing(made.error(), "while taking the lock on Docker");
    }
    const auto now_held = current_label(reader, volume, stop);
    if (!now_held) {
      return now_held.error();
    }
    if (!*now_held) {
      continue;  // given up in between
    }
    const Result<state::LockHolder> holder = state::holder_from_json(**now_held);
    const state::Liveness liveness = holder ? state::liveness(*holder) : state::Liveness::Elsewhere;
    if (liveness == state::Liveness::Dead ||
        (liveness == state::Liveness::Elsewhere && request.take == TakeLock::Yes)) {
      const auto removed = actor.perform(core::RemoveVolume{volume}, stop);
      if (!removed) {
        return core::while_doing(removed.error(), "while taking over the lock of a dead process");
      }
      continue;
    }
    const core::Error locked = locked_by(volume, holder, liveness, clock.utc_now());
    if (clock.steady_now() >= deadline) {
      return locked;
    }
    if (!told) {
      on_wait(holder ? state::describe(*holder, clock.utc_now()) : locked.message);
      told = true;
    }
    if (!clock.wait_for(kPollEvery, stop)) {
      return make_error(ErrorCode::Cancelled, "interrupted while waiting for the lock");
    }
  }
}

Result<void> EngineLock::check_still_ours(std::stop_token stop) const {
  const auto label = current_label(held_->reader, held_->volume, stop);
  if (!label) {
    return label.error();
  }
  if (*label != held_->label) {
    return make_error(ErrorCode::Locked, "the lock on Docker was taken away by somebody else");
  }
  return {};
}

EngineLock::~EngineLock() {
  if (!held_ || !check_still_ours({})) {
    return;
  }
  // A lock that cannot be removed now is taken over by the next run, since this process is gone.
  const auto removed = held_->actor.perform(core::RemoveVolume{held_->volume}, {});
  static_cast<void>(removed);
}

}  // namespace aim::cmd
