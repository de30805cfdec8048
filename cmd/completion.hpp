#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "cmd/commands.hpp"

namespace aim::cmd {

/// What can stand at a place of the command line.
struct Candidate {
  std::string text;
  std::string description;
  bool operator==(const Candidate&) const = default;
};

/// What the shell should offer: the candidates, and what only it, or only the project, can tell.
struct Offer {
  enum class Also {
    Nothing,
    Files,
    Folders,
    Addresses,   ///< of resources
    Containers,  ///< addresses of endpoints and containers
    Outputs,
    Variables,
    Workspaces
  };

  std::vector<Candidate> candidates;
  Also also = Also::Nothing;
  bool operator==(const Offer&) const = default;
};

/// What can follow `before`, the words between the program's name and the one that is being
/// written. `current` matters only for whether it begins an option.
[[nodiscard]] Offer offer_for(std::span<const Command> commands,
                              std::span<const Option> global,
                              const std::vector<std::string>& before,
                              const std::string& current);

/// A command line cut at the cursor, as bash has it, taken apart by its rules of quoting.
struct BashLine {
  std::vector<std::string> words;  ///< whole ones, the program's name first, quotes removed
  std::string current;             ///< the one that is being written, quotes removed
  char quote = '\0';               ///< the quote that is open in it
  std::size_t replaced = 0;        ///< what of `current` stands before the part that bash replaces
};

[[nodiscard]] BashLine parse_bash_line(std::string_view line);

/// The candidates that begin as `line.current` does, each as bash has to insert it.
[[nodiscard]] std::vector<std::string> bash_insertions(const BashLine& line,
                                                       const std::vector<Candidate>& candidates);

/// "bash", "zsh" or "fish" -> the script, null for another shell.
[[nodiscard]] const char* completion_script(std::string_view shell);

/// What those scripts call: `aim __complete SHELL ...`. The first line says what the shell itself
/// has to complete: words, files or folders; then come the candidates. Never fails loudly.
ExitCode complete_words(const std::vector<std::string>& given, App& app);

}  // namespace aim::cmd
