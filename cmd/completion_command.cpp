#include <fmt/format.h>

#include <algorithm>

#include "cmd/command_list.hpp"
#include "cmd/completion.hpp"
#include "cmd/planning.hpp"
#include "cmd/workspaces.hpp"

namespace aim::cmd {

using core::ErrorCode;
using core::make_error;

namespace {

/// The options before the cursor that say where the project is.
Arguments where_in(const std::vector<std::string>& before) {
  Arguments arguments;
  const auto take = [&](std::string_view name, std::string_view word, std::size_t next) {
    for (const std::string_view dashes : {"--", "-"}) {
      const std::string option = fmt::format("{}{}", dashes, name);
      if (word == option && next < before.size()) {
        arguments.given_[std::string(name)] = {before[next]};
      } else if (word.starts_with(option + "=")) {
        arguments.given_[std::string(name)] = {std::string(word.substr(option.size() + 1))};
      }
    }
  };
  for (std::size_t i = 0; i < before.size(); ++i) {
    for (const char* name : {"chdir", "workspace", "state"}) {
      take(name, before[i], i + 1);
    }
    if (before[i] == "-C" && i + 1 < before.size()) {
      arguments.given_["chdir"] = {before[i + 1]};
    }
  }
  return arguments;
}

/// What the project and its state know. A configuration with faults gives what its state knows.
struct Known {
  std::set<core::Address> addresses;
  std::vector<std::string> outputs;
  std::vector<std::string> variables;
};

Known known_in(const Arguments& arguments, App& app) {
  Known known;
  const std::optional<Project> project = load_project(arguments, app);
  const std::filesystem::path directory = project_directory(arguments, app);
  const auto state = read_state(
      project ? project->state_file : state_file(arguments, app, directory, std::nullopt), app);
  known.addresses = known_addresses(project ? project->configuration : planner::Configuration(),
                                    state ? *state : core::StateSnapshot());
  for (const auto& [name, output] : state ? state->outputs : core::StateSnapshot().outputs) {
    known.outputs.push_back(name);
  }
  if (project) {
    for (const auto& [name, variable] : project->configuration.variables) {
      known.variables.push_back(name);
    }
  }
  return known;
}

/// Whole addresses; the part behind the kind where that is what was begun and it is unique.
void add_addresses(const std::set<core::Address>& addresses,
                   const std::string& prefix,
                   const std::string& current,
                   std::vector<Candidate>& into) {
  const std::string begun = current.substr(std::min(prefix.size(), current.size()));
  bool any = false;
  for (const core::Address& address : addresses) {
    const std::string text = address.str();
    any = any || text.starts_with(begun);
    into.push_back({prefix + text, {}});
  }
  if (any) {
    return;
  }
  const auto shortened = [](const core::Address& address) {
    const std::string text = address.str();
    return text.substr(text.find('.') + 1);
  };
  for (const core::Address& address : addresses) {
    const std::string name = shortened(address);
    const auto same = std::count_if(addresses.begin(), addresses.end(), [&](const auto& other) {
      return shortened(other) == name;
    });
    if (same == 1) {
      into.push_back({prefix + name, address.str()});
    }
  }
}

void add_known(Offer& offer,
               const std::vector<std::string>& before,
               const std::string& current,
               App& app) {
  using Also = Offer::Also;
  // "--target=" stands before what is completed.
  const bool assigned = current.starts_with('-') && current.find('=') != std::string::npos;
  const std::string prefix = assigned ? current.substr(0, current.find('=') + 1) : std::string();
  const Arguments arguments = where_in(before);
  switch (offer.also) {
    case Also::Nothing:
    case Also::Files:
    case Also::Folders:
      return;
    case Also::Workspaces: {
      for (const std::string& name : workspaces_of(project_directory(arguments, app))) {
        offer.candidates.push_back({prefix + name, {}});
      }
      return;
    }
    case Also::Addresses:
    case Also::Containers: {
      std::set<core::Address> addresses = known_in(arguments, app).addresses;
      if (offer.also == Also::Containers) {
        std::erase_if(addresses, [](const core::Address& address) {
          return address.kind != core::Kind::Endpoint && address.kind != core::Kind::Container;
        });
      }
      add_addresses(addresses, prefix, current, offer.candidates);
      return;
    }
    case Also::Outputs:
      for (const std::string& name : known_in(arguments, app).outputs) {
        offer.candidates.push_back({prefix + name, {}});
      }
      return;
    case Also::Variables:
      for (const std::string& name : known_in(arguments, app).variables) {
        offer.candidates.push_back({prefix + name + "=", {}});
      }
      return;
  }
}

std::string with_escaped_colons(const std::string& text) {
  std::string result;
  for (const char c : text) {
    result += c == ':' || c == '\\' ? std::string("\\") + c : std::string(1, c);
  }
  return result;
}

std::string shown(const Candidate& candidate, std::string_view shell) {
  if (shell == "zsh") {
    const std::string text = with_escaped_colons(candidate.text);
    return candidate.description.empty() ? text : text + ":" + candidate.description;
  }
  return candidate.description.empty() ? candidate.text
                                       : candidate.text + "\t" + candidate.description;
}

std::string_view shells_part(Offer::Also also) {
  return also == Offer::Also::Files ? "files" : also == Offer::Also::Folders ? "folders" : "words";
}

ExitCode run_completion(const Arguments& arguments, App& app) {
  const std::string& shell = arguments.positional().front();
  const char* script = completion_script(shell);
  if (script == nullptr) {
    app.view().error(make_error(
        ErrorCode::Invalid,
        fmt::format("there is no completion for \"{}\", only for bash, zsh and fish", shell)));
    return ExitCode::Error;
  }
  app.view().text(script);
  return ExitCode::Done;
}

}  // namespace

ExitCode complete_words(const std::vector<std::string>& given, App& app) {
  if (given.size() < 2) {
    return ExitCode::Error;
  }
  const std::string& shell = given.front();
  BashLine line;
  if (shell == "bash") {
    line = parse_bash_line(given[1]);
  } else {
    line.words.assign(given.begin(), given.end() - 1);  // the shell's name for the program's
    line.current = given.back();
  }
  if (line.words.empty()) {
    return ExitCode::Error;
  }
  const std::vector<std::string> before(line.words.begin() + 1, line.words.end());
  Offer offer = offer_for(commands(), global_options(), before, line.current);
  add_known(offer, before, line.current, app);
  std::string text = fmt::format("{}\n", shells_part(offer.also));
  if (shell == "bash") {
    for (const std::string& insertion : bash_insertions(line, offer.candidates)) {
      text += insertion + "\n";
    }
  } else {
    for (const Candidate& candidate : offer.candidates) {
      text += shown(candidate, shell) + "\n";
    }
  }
  app.view().text(text);
  return ExitCode::Done;
}

Command completion_command() {
  return {"completion",
          "print a completion script for a shell",
          "Prints the script that lets bash, zsh or fish complete commands, options, and the "
          "addresses, outputs and variables of the project. For bash: source <(aim completion "
          "bash). Where aim is installed from a package, the scripts are already in place.",
          {},
          {{"bash|zsh|fish", true, false}},
          run_completion};
}

}  // namespace aim::cmd
