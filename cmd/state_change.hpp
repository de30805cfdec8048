#pragma once

#include <functional>
#include <optional>
#include <string>

#include "cmd/app.hpp"
#include "cmd/project.hpp"
#include "core/journal.hpp"
#include "core/snapshot.hpp"

namespace aim::cmd {

/// Where the state is that a command without a plan works on: --state or AIM_STATE, else the one of
/// the configuration, which is read then. Faults are shown; nothing is returned then.
[[nodiscard]] std::optional<std::filesystem::path> find_state_file(const Arguments& arguments,
                                                                   App& app);

/// What the state is to become, or an error that leaves it as it is. `header` says whose the state
/// becomes if it is empty.
using StateChange = std::function<core::Result<core::CommitRecord>(const core::StateSnapshot& state,
                                                                   core::RunHeader& header)>;

/// Changes the state alone, as one revision, under the lock of its file; Docker is not asked. An
/// interrupted run has to be settled first. Faults are shown.
[[nodiscard]] ExitCode change_state(const std::filesystem::path& file,
                                    const std::string& operation,
                                    const StateChange& change,
                                    App& app);

}  // namespace aim::cmd
