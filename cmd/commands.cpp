#include "cmd/commands.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

#include "cmd/app.hpp"
#include "cmd/command_list.hpp"
#include "cmd/completion.hpp"
#include "cmd/man_page.hpp"
#include "core/diagnostic.hpp"

namespace aim::cmd {

namespace {

constexpr Option kGlobalOptions[] = {
    {"chdir", "DIR", "the directory of the configuration", 'C', false},
    {"workspace", "NAME", "the workspace (AIM_WORKSPACE; default \"default\")", '\0', false},
    {"state", "FILE", "the state file (AIM_STATE; default .aim/state.db)", '\0', false},
    {"json", {}, "machine-readable output", '\0', false},
    {"log-level", "LEVEL", "error, warn, info or debug, on standard error (AIM_LOG)", '\0', false},
    {"no-color", {}, "no colour (also NO_COLOR)", '\0', false},
    {"help", {}, "help for the command", 'h', false}};

constexpr EnvironmentVariable kEnvironment[] = {
    {"AIM_WORKSPACE", "the workspace, unless --workspace names one"},
    {"AIM_STATE", "the state file, unless --state names one"},
    {"AIM_VAR_name", "the value of the variable `name`"},
    {"AIM_LOG", "what is logged on standard error: error, warn, info or debug"},
    {"AIM_DATA", "the directory with the recipes that come with aim"},
    {"AIM_GPU_ROOT", "a recorded host whose GPUs are looked at instead of this one's"},
    {"HF_TOKEN", "the Hugging Face token that launch hands to the server"},
    {"XDG_CONFIG_HOME", "where recipes of your own lie, in aim/recipes"},
    {"XDG_CACHE_HOME", "where the indexes of recipes lie, in aim"},
    {"XDG_STATE_HOME", "where what was launched is recorded, in aim/launch"},
    {"NO_COLOR", "no colour, whatever its value"},
    {"DOCKER_HOST", "where Docker is, as for docker"},
    {"DOCKER_CONTEXT", "the context that says where Docker is, as for docker"},
    {"DOCKER_CONFIG", "the folder of Docker's config.json and contexts"}};

constexpr UsedFile kFiles[] = {
    {"aim.yaml, *.aim.yaml", "the configuration, merged"},
    {"aim.vars.yaml, *.auto.vars.yaml", "values of variables"},
    {".aim/state.db", "the state of the workspace default; secrets are in it as digests only"},
    {".aim/workspaces/NAME/state.db", "the state of another workspace"},
    {".aim/logs", "logs of containers that a failed apply has removed"}};

constexpr std::size_t kColumns = 80;

/// Breaks text into lines of at most 80 columns, each behind `indent` spaces.
std::string wrapped(std::string_view text, std::size_t indent) {
  std::string result;
  std::string line(indent, ' ');
  while (!text.empty()) {
    const std::size_t space = std::min(text.find(' '), text.size());
    const std::string_view word = text.substr(0, space);
    text.remove_prefix(std::min(space + 1, text.size()));
    if (line.size() > indent && line.size() + 1 + word.size() > kColumns) {
      result += line + "\n";
      line.assign(indent, ' ');
    }
    line += line.size() > indent ? " " : "";
    line += word;
  }
  return result + line + "\n";
}

/// "--target ADDRESS", "--upgrade[=ADDRESS]", "--yes".
std::string long_form(const Option& option) {
  if (option.value.empty()) {
    return fmt::format("--{}", option.name);
  }
  return option.needs == OptionValue::Optional ? fmt::format("--{}[={}]", option.name, option.value)
                                               : fmt::format("--{} {}", option.name, option.value);
}

std::string option_line(const Option& option) {
  std::string left =
      option.short_name == '\0' ? "      " : fmt::format("  -{}, ", option.short_name);
  left += long_form(option);
  constexpr std::size_t kHelpColumn = 32;
  const std::string help = wrapped(option.help, kHelpColumn);
  if (left.size() + 1 < kHelpColumn) {
    return left + std::string(kHelpColumn - left.size(), ' ') + help.substr(kHelpColumn);
  }
  return left + "\n" + help;
}

std::string usage_line(const Command& command) {
  std::string line = fmt::format("aim {} [OPTIONS]", command.name);
  for (const Positional& one : command.positional) {
    const std::string word = fmt::format("{}{}", one.name, one.many ? "..." : "");
    line += one.required ? " " + word : fmt::format(" [{}]", word);
  }
  return line;
}

std::vector<Option> all_options(const Command& command) {
  std::vector<Option> options = command.options;
  options.insert(options.end(), std::begin(kGlobalOptions), std::end(kGlobalOptions));
  return options;
}

/// The command whose words `words` begin with; the longest match wins ("state list").
const Command* find_command(const std::vector<std::string>& words, std::size_t& used) {
  const Command* best = nullptr;
  used = 0;
  for (const Command& command : commands()) {
    const std::string_view name = command.name;
    const std::size_t space = name.find(' ');
    const std::size_t count = space == std::string_view::npos ? 1 : 2;
    if (words.size() < count || words[0] != name.substr(0, space) ||
        (count == 2 && words[1] != name.substr(space + 1))) {
      continue;
    }
    if (count > used) {
      best = &command;
      used = count;
    }
  }
  return best;
}

ExitCode unknown_command(const std::vector<std::string>& words, App& app) {
  std::vector<std::string> names;
  const bool group = std::any_of(commands().begin(), commands().end(), [&](const Command& command) {
    return command.name.starts_with(words.front() + " ");
  });
  for (const Command& command : commands()) {
    names.emplace_back(command.name);
  }
  const std::string given = group && words.size() > 1 ? words[0] + " " + words[1] : words.front();
  const std::string hint = core::did_you_mean(given, names);
  app.view().error(core::make_error(
      core::ErrorCode::Invalid,
      group && words.size() == 1 ? fmt::format("{} needs a second word; see aim --help", given)
                                 : fmt::format("there is no command \"{}\"{}{}; see aim --help",
                                               given,
                                               hint.empty() ? "" : ". ",
                                               hint)));
  return ExitCode::Error;
}

/// Puts options that stand before the command behind it: `aim -C dir plan`.
std::vector<std::string> command_first(const std::vector<std::string>& words) {
  std::size_t first = 0;
  while (first < words.size() && words[first].starts_with("-") && words[first] != "--") {
    const std::string& word = words[first];
    const bool takes_value =
        word.find('=') == std::string::npos &&
        std::any_of(std::begin(kGlobalOptions), std::end(kGlobalOptions), [&](const Option& o) {
          return !o.value.empty() &&
                 (word == fmt::format("--{}", o.name) || word == fmt::format("-{}", o.name) ||
                  (o.short_name && word == fmt::format("-{}", o.short_name)));
        });
    first += takes_value ? 2 : 1;
  }
  first = std::min(first, words.size());
  std::vector<std::string> result(words.begin() + static_cast<std::ptrdiff_t>(first), words.end());
  // "state list" is two words, so options go behind the second one that is no option.
  std::size_t used = 0;
  find_command(result, used);
  result.insert(result.begin() + static_cast<std::ptrdiff_t>(std::max<std::size_t>(used, 0)),
                words.begin(),
                words.begin() + static_cast<std::ptrdiff_t>(first));
  return result;
}

bool set_log_level(const Arguments& arguments, App& app) {
  const auto option = arguments.value("log-level");
  const std::string word =
      option ? *option : app.surroundings().environment("AIM_LOG").value_or("off");
  const std::optional<LogLevel> level = log_level_from(word.empty() ? "off" : word);
  if (!level) {
    app.view().error(
        core::make_error(core::ErrorCode::Invalid,
                         fmt::format("{} takes off, error, warn, info or debug, not \"{}\"",
                                     option ? "--log-level" : "AIM_LOG",
                                     word)));
    return false;
  }
  app.log().set_level(*level);
  return true;
}

bool asks_for_help(const std::vector<std::string>& words) {
  return words.empty() || words.front() == "help" || words.front() == "--help" ||
         words.front() == "-help" || words.front() == "-h";
}

}  // namespace

const std::vector<Command>& commands() {
  static const std::vector<Command> kCommands = {init_command(),
                                                 validate_command(),
                                                 plan_command(),
                                                 apply_command(),
                                                 destroy_command(),
                                                 launch_command(),
                                                 rm_command(),
                                                 status_command(),
                                                 logs_command(),
                                                 test_command(),
                                                 stop_command(),
                                                 start_command(),
                                                 restart_command(),
                                                 show_command(),
                                                 output_command(),
                                                 state_list_command(),
                                                 state_show_command(),
                                                 state_mv_command(),
                                                 state_rm_command(),
                                                 state_export_command(),
                                                 state_import_command(),
                                                 workspace_list_command(),
                                                 workspace_new_command(),
                                                 workspace_delete_command(),
                                                 explain_command(),
                                                 graph_command(),
                                                 gpus_command(),
                                                 recipes_list_command(),
                                                 recipes_show_command(),
                                                 recipes_validate_command(),
                                                 schema_command(),
                                                 completion_command(),
                                                 version_command()};
  return kCommands;
}

std::span<const Option> global_options() { return kGlobalOptions; }

std::span<const EnvironmentVariable> environment_variables() { return kEnvironment; }

std::span<const UsedFile> used_files() { return kFiles; }

ExitCode run_command(const std::vector<std::string>& given, App& app) {
  const auto& environment = app.surroundings().environment;
  const bool json = std::find(given.begin(), given.end(), "--json") != given.end() ||
                    std::find(given.begin(), given.end(), "-json") != given.end();
  const bool plain = std::find(given.begin(), given.end(), "--no-color") != given.end() ||
                     std::find(given.begin(), given.end(), "-no-color") != given.end();
  const view::ColourWish colour = plain ? view::ColourWish::Never : view::ColourWish::Automatic;
  app.set_view(make_view(json ? ViewKind::Json : ViewKind::Human,
                         view::terminal_from(environment, colour),
                         app.clock()));
  // What the scripts of the shells, and the installation, call; no user does.
  if (!given.empty() && given.front() == "__complete") {
    app.set_view(make_view(
        ViewKind::Human, view::terminal_from(environment, view::ColourWish::Never), app.clock()));
    return complete_words({given.begin() + 1, given.end()}, app);
  }
  if (!given.empty() && given.front() == "__man") {
    app.view().text(man_page());
    return ExitCode::Done;
  }
  const std::vector<std::string> words = command_first(given);
  if (asks_for_help(words)) {
    std::size_t used = 0;
    const Command* about =
        words.size() > 1 ? find_command({words.begin() + 1, words.end()}, used) : nullptr;
    app.view().text(about ? help_text(*about) : overview_text());
    return ExitCode::Done;
  }
  if (words.front() == "--version" || words.front() == "-version") {
    app.view().version(kVersion);
    return ExitCode::Done;
  }
  std::size_t used = 0;
  const Command* command = find_command(words, used);
  if (command == nullptr) {
    return unknown_command(words, app);
  }
  const bool help = std::any_of(
      words.begin() + static_cast<std::ptrdiff_t>(used), words.end(), [](const std::string& word) {
        return word == "--help" || word == "-help" || word == "-h";
      });
  if (help) {
    app.view().text(help_text(*command));
    return ExitCode::Done;
  }
  const core::Result<Arguments> arguments =
      parse_arguments({words.begin() + static_cast<std::ptrdiff_t>(used), words.end()},
                      all_options(*command),
                      command->positional);
  if (!arguments) {
    app.view().error(core::make_error(
        core::ErrorCode::Invalid,
        fmt::format("{}; see aim {} --help", arguments.error().message, command->name)));
    return ExitCode::Error;
  }
  if (!set_log_level(*arguments, app)) {
    return ExitCode::Error;
  }
  app.log().write(LogLevel::Info, fmt::format("aim {}, command {}", kVersion, command->name));
  return command->run(*arguments, app);
}

std::string help_text(const Command& command) {
  std::string text = fmt::format("Usage: {}\n\n", usage_line(command));
  text += wrapped(command.description, 0);
  if (!command.options.empty()) {
    text += "\nOptions:\n";
    for (const Option& option : command.options) {
      text += option_line(option);
    }
  }
  text += "\nOptions of every command:\n";
  for (const Option& option : kGlobalOptions) {
    text += option_line(option);
  }
  return text;
}

std::string overview_text() {
  std::string text =
      "Usage: aim COMMAND [OPTIONS]\n\n"
      "Plan and apply for AI inference endpoints on Docker. aim.yaml says what is\n"
      "served; aim shows what would change, changes it, waits until it answers, and\n"
      "puts the previous deployment back if it does not.\n\nCommands:\n";
  for (const Command& command : commands()) {
    text += fmt::format("  {:<16} {}\n", command.name, command.summary);
  }
  text += "\nOptions of every command:\n";
  for (const Option& option : kGlobalOptions) {
    text += option_line(option);
  }
  text += "\nExit codes:\n";
  for (const ExitCodeMeaning& one : kExitCodes) {
    text += fmt::format("  {:>3}  {}\n", static_cast<int>(one.code), one.meaning);
  }
  return text;
}

std::string commands_markdown() {
  std::string text = "# Commands\n\nWritten by `scripts/docs` from the program's own tables.\n";
  for (const Command& command : commands()) {
    text += fmt::format("\n## aim {}\n\n{}\n\n```\n{}\n```\n",
                        command.name,
                        command.description,
                        usage_line(command));
    if (!command.options.empty()) {
      text += "\n| option | meaning |\n|---|---|\n";
      for (const Option& option : command.options) {
        text +=
            fmt::format("| `{}{}` | {} |\n",
                        option.short_name == '\0' ? "" : fmt::format("-{}, ", option.short_name),
                        long_form(option),
                        option.help);
      }
    }
  }
  text += "\n## Options of every command\n\n| option | meaning |\n|---|---|\n";
  for (const Option& option : kGlobalOptions) {
    text += fmt::format("| `{}{}` | {} |\n",
                        option.short_name == '\0' ? "" : fmt::format("-{}, ", option.short_name),
                        long_form(option),
                        option.help);
  }
  text += "\n## Exit codes\n\n| code | meaning |\n|---|---|\n";
  for (const ExitCodeMeaning& one : kExitCodes) {
    text += fmt::format("| {} | {} |\n", static_cast<int>(one.code), one.meaning);
  }
  return text;
}

}  // namespace aim::cmd
