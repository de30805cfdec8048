#pragma once

#include <string>
#include <vector>

#include "core/engine.hpp"
#include "core/value.hpp"

namespace aim::cmd {

/// One container as it would be made by hand.
struct ContainerToRun {
  std::string name;
  core::Map attributes;  ///< vocabulary of kind `container`, as Docker gets them
  std::string restart;
  std::vector<core::Attachment> networks;
};

struct DockerCommand {
  /// For a POSIX shell, each line but the last of a command ending in a backslash. A secret stands
  /// there as a variable of the shell, never as its value.
  std::string script;
  std::vector<std::string> variables;  ///< that have to be set and exported before, sorted
  std::vector<std::string> left_out;   ///< attributes that the docker command cannot give
};

/// The `docker run` that makes the same container, without aim's labels. Several networks become
/// `docker create`, `docker network connect` and `docker start`.
[[nodiscard]] DockerCommand docker_command(const ContainerToRun& container);

/// One word for a POSIX shell, with quotes where they are needed.
[[nodiscard]] std::string shell_quoted(std::string_view word);

}  // namespace aim::cmd
