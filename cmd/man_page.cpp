#include "cmd/man_page.hpp"

#include <fmt/format.h>

#include "cmd/app.hpp"
#include "cmd/commands.hpp"

namespace aim::cmd {

namespace {

// Of the text, not of the build, so that two builds are the same.
constexpr std::string_view kDate = "2026-11-26";

/// Plain text for roff: hyphens that can be copied, words between backquotes in bold.
std::string roff(std::string_view text) {
  std::string result;
  bool bold = false;
  for (const char c : text) {
    if (c == '`') {
      result += bold ? "\\fR" : "\\fB";
      bold = !bold;
    } else if (c == '-') {
      result += "\\-";
    } else if (c == '\\') {
      result += "\\e";
    } else {
      result += c;
    }
  }
  // A dot or an apostrophe at the beginning of a line would be a request.
  return result.starts_with('.') || result.starts_with('\'') ? "\\&" + result : result;
}

std::string option_entry(const Option& option) {
  std::string head;
  if (option.short_name != '\0') {
    head += fmt::format("\\fB\\-{}\\fR, ", option.short_name);
  }
  head += fmt::format("\\fB\\-\\-{}\\fR", roff(option.name));
  if (!option.value.empty()) {
    head += fmt::format(" \\fI{}\\fR", roff(option.value));
  }
  return fmt::format(".TP\n{}\n{}\n", head, roff(option.help));
}

std::string command_section(const Command& command) {
  std::string usage = fmt::format("\\fBaim {}\\fR [\\fIOPTIONS\\fR]", roff(command.name));
  for (const Positional& one : command.positional) {
    usage += one.required ? fmt::format(" \\fI{}\\fR", roff(one.name))
                          : fmt::format(" [\\fI{}\\fR]", roff(one.name));
  }
  std::string text = fmt::format(".SS {}\n{}\n", usage, roff(command.description));
  for (const Option& option : command.options) {
    text += option_entry(option);
  }
  return text;
}

std::string entry(std::string_view name, std::string_view meaning) {
  return fmt::format(".TP\n\\fB{}\\fR\n{}\n", roff(name), roff(meaning));
}

}  // namespace

std::string man_page() {
  std::string text = fmt::format(".TH AIM 1 {} \"aim {}\" \"User Commands\"\n", kDate, kVersion);
  text +=
      ".SH NAME\n"
      "aim \\- plan and apply AI inference endpoints on Docker\n"
      ".SH SYNOPSIS\n"
      "\\fBaim\\fR \\fICOMMAND\\fR [\\fIOPTIONS\\fR]\n"
      ".SH DESCRIPTION\n"
      "A file, aim.yaml, says which models are served and what else runs beside them.\n"
      ".B aim plan\n"
      "shows what would change,\n"
      ".B aim apply\n"
      "changes it, waits until every endpoint answers, and puts the previous deployment back if "
      "one does not.\n"
      ".PP\n"
      "Long options are written with two dashes or with one. An address is written KIND.NAME, or "
      "NAME where that is unique.\n"
      ".SH COMMANDS\n";
  for (const Command& command : commands()) {
    text += command_section(command);
  }
  text += ".SH OPTIONS\nEvery command takes these.\n";
  for (const Option& option : global_options()) {
    text += option_entry(option);
  }
  text += ".SH ENVIRONMENT\n";
  for (const EnvironmentVariable& variable : environment_variables()) {
    text += entry(variable.name, variable.meaning);
  }
  text += ".SH FILES\n";
  for (const UsedFile& file : used_files()) {
    text += entry(file.name, file.meaning);
  }
  text += ".SH EXIT STATUS\n";
  for (const ExitCodeMeaning& one : kExitCodes) {
    text += entry(std::to_string(static_cast<int>(one.code)), one.meaning);
  }
  return text + ".SH SEE ALSO\n.BR docker (1)\n";
}

}  // namespace aim::cmd
