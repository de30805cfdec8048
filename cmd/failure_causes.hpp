#pragma once

#include <filesystem>

#include "cmd/app.hpp"
#include "planner/executor.hpp"

namespace aim::cmd {

/// Says of each failed endpoint what the end of its log tells: the known cause is put before what
/// was observed, and what to do about it is added. Reads the saved logs and, once something failed,
/// the known failures; without those nothing is added.
void recognise_failures(planner::ApplyResult& result,
                        const planner::Plan& plan,
                        const std::filesystem::path& directory,
                        App& app);

}  // namespace aim::cmd
