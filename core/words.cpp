#include "core/snapshot.hpp"

#include <array>

namespace aim::core {

namespace {

struct StatusWord {
  ContainerStatus status;
  std::string_view word;
};

// The words of the Engine API's State.Status.
constexpr std::array<StatusWord, 7> kStatusWords = {{{ContainerStatus::Created, "created"},
                                                     {ContainerStatus::Running, "running"},
                                                     {ContainerStatus::Paused, "paused"},
                                                     {ContainerStatus::Restarting, "restarting"},
                                                     {ContainerStatus::Removing, "removing"},
                                                     {ContainerStatus::Exited, "exited"},
                                                     {ContainerStatus::Dead, "dead"}}};

}  // namespace

std::string_view to_string(ContainerStatus status) {
  for (const StatusWord& entry : kStatusWords) {
    if (entry.status == status) {
      return entry.word;
    }
  }
  return "";
}

std::optional<ContainerStatus> container_status_from(std::string_view word) {
  for (const StatusWord& entry : kStatusWords) {
    if (entry.word == word) {
      return entry.status;
    }
  }
  return std::nullopt;
}

}  // namespace aim::core
