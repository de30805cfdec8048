#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "cmd/arguments.hpp"
#include "cmd/exit_code.hpp"

namespace aim::cmd {

class App;

/// One command: everything that help, completion, docs/commands.md and the dispatcher need.
struct Command {
  std::string_view name;  ///< "plan", "state list"
  std::string_view summary;
  std::string_view description;
  std::vector<Option> options;
  std::vector<Positional> positional;
  ExitCode (*run)(const Arguments& arguments, App& app) = nullptr;
};

/// What the program reads besides its options; for help and documents.
struct EnvironmentVariable {
  std::string_view name;
  std::string_view meaning;
};

[[nodiscard]] std::span<const EnvironmentVariable> environment_variables();

struct UsedFile {
  std::string_view name;
  std::string_view meaning;
};

[[nodiscard]] std::span<const UsedFile> used_files();

/// Every command, in the order of help.
[[nodiscard]] const std::vector<Command>& commands();

/// Options that every command takes.
[[nodiscard]] std::span<const Option> global_options();

/// Finds the command that `words` begin with and runs it. Usage faults go to standard error.
ExitCode run_command(const std::vector<std::string>& words, App& app);

/// "Usage: aim plan [OPTIONS]" and all the rest, at most 80 columns wide.
[[nodiscard]] std::string help_text(const Command& command);
[[nodiscard]] std::string overview_text();

/// docs/commands.md, from the table.
[[nodiscard]] std::string commands_markdown();

}  // namespace aim::cmd
