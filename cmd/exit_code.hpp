#pragma once

#include <string_view>

namespace aim::cmd {

/// What the program tells its caller; listed in --help and docs/commands.md.
enum class ExitCode : int {
  Done = 0,
  Error = 1,
  Changes = 2,
  RolledBack = 3,
  NotPutBack = 4,
  Stale = 5,
  Locked = 6,
  Interrupted = 130
};

struct ExitCodeMeaning {
  ExitCode code;
  std::string_view meaning;
};

inline constexpr ExitCodeMeaning kExitCodes[] = {
    {ExitCode::Done, "done"},
    {ExitCode::Error, "error, nothing was changed (or declined, or --on-failure keep kept part)"},
    {ExitCode::Changes, "there are changes (plan --detailed-exitcode)"},
    {ExitCode::RolledBack, "apply failed and the previous deployment is back"},
    {ExitCode::NotPutBack, "apply failed and something could not be put back (listed)"},
    {ExitCode::Stale, "a saved plan is stale"},
    {ExitCode::Locked, "locked by somebody else"},
    {ExitCode::Interrupted, "interrupted"}};

}  // namespace aim::cmd
