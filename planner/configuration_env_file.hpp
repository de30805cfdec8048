#pragma once

#include <string>
#include <vector>

#include "planner/configuration.hpp"

namespace aim::planner {

/// One variable of an env file, and the line it stands in.
struct EnvFileVariable {
  std::string name;
  core::Value value;  ///< a secret: such files are where people keep them
  core::SourceRange range;
};

/// Reads a file of variables as `docker run --env-file` does: KEY=VALUE with the value as it is, no
/// quotes and no escapes; lines that begin with # and empty ones say nothing; KEY alone takes the
/// value from aim's environment, or says nothing if it is not set there. `named_at` is where the
/// configuration names the file, which a relative path begins at. Errors point into the file, whose
/// text is not shown.
[[nodiscard]] std::vector<EnvFileVariable> read_env_file(const std::string& path,
                                                         const core::SourceRange& named_at,
                                                         const ConfigurationInput& input,
                                                         core::Diagnostics& diagnostics);

}  // namespace aim::planner
