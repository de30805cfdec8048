#include "cmd/project.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <sstream>

#include "cmd/asking.hpp"

namespace aim::cmd {

namespace fs = std::filesystem;
using core::Diagnostics;
using core::ErrorCode;
using core::make_error;
using planner::ConfigurationFile;

namespace {

constexpr std::string_view kVariablePrefix = "AIM_VAR_";
// A configuration is written by people; anything larger is a mistake and would eat the memory.
constexpr std::uintmax_t kLargestFile = 64U << 20U;

/// A file as the user would name it from where they are.
std::string shown_name(const fs::path& directory, const fs::path& file) {
  return directory == "." ? file.filename().string() : (directory / file.filename()).string();
}

std::vector<fs::path> files_ending(const fs::path& directory, std::string_view ending) {
  std::vector<fs::path> found;
  std::error_code failed;
  for (const fs::directory_entry& entry : fs::directory_iterator(directory, failed)) {
    const std::string name = entry.path().filename().string();
    if (name.size() > ending.size() && name.ends_with(ending) && !name.starts_with('.') &&
        entry.is_regular_file(failed)) {
      found.push_back(entry.path());
    }
  }
  std::sort(found.begin(), found.end());
  return found;
}

void add_file(const fs::path& directory,
              const fs::path& file,
              std::vector<ConfigurationFile>& files,
              Diagnostics& diagnostics) {
  core::Result<std::string> text = read_file(file);
  if (!text) {
    diagnostics.error("File cannot be read", text.error().message);
    return;
  }
  files.push_back({shown_name(directory, file), std::move(*text)});
}

void find_configuration(const fs::path& directory,
                        planner::ConfigurationInput& input,
                        Diagnostics& diagnostics) {
  std::error_code failed;
  const fs::path main = directory / "aim.yaml";
  if (fs::exists(main, failed)) {
    add_file(directory, main, input.files, diagnostics);
  }
  for (const fs::path& file : files_ending(directory, ".aim.yaml")) {
    add_file(directory, file, input.files, diagnostics);
  }
  if (input.files.empty() && !diagnostics.has_errors()) {
    diagnostics.error("No configuration",
                      fmt::format("There is no aim.yaml in {}. Write one, let `aim init` write a "
                                  "commented one, or name the directory with -C DIR.",
                                  fs::absolute(directory).lexically_normal().string()));
  }
}

void find_variables(const fs::path& directory,
                    const Arguments& arguments,
                    const App& app,
                    planner::ConfigurationInput& input,
                    Diagnostics& diagnostics) {
  for (const auto& [name, value] : app.surroundings().all_environment) {
    if (name.starts_with(kVariablePrefix)) {
      input.environment_variables.emplace(name.substr(kVariablePrefix.size()), value);
    }
  }
  std::error_code failed;
  if (const fs::path own = directory / "aim.vars.yaml"; fs::exists(own, failed)) {
    add_file(directory, own, input.variable_files, diagnostics);
  }
  for (const fs::path& file : files_ending(directory, ".auto.vars.yaml")) {
    add_file(directory, file, input.variable_files, diagnostics);
  }
  for (const std::string& file : arguments.values("var-file")) {
    core::Result<std::string> text = read_file(file);
    if (text) {
      input.variable_files.push_back({file, std::move(*text)});
    } else {
      diagnostics.error("Variable file cannot be read", text.error().message);
    }
  }
  for (const std::string& assignment : arguments.values("var")) {
    const std::size_t equals = assignment.find('=');
    if (equals == std::string::npos || equals == 0) {
      diagnostics.error("Malformed --var",
                        fmt::format("\"{}\" is not of the form NAME=VALUE.", assignment));
      continue;
    }
    input.flag_variables.emplace_back(assignment.substr(0, equals), assignment.substr(equals + 1));
  }
}

}  // namespace

core::Result<std::string> read_file(const fs::path& file) {
  std::error_code failed;
  if (fs::is_directory(file, failed)) {
    return make_error(ErrorCode::Failed, fmt::format("{} is a directory", file.string()));
  }
  const std::uintmax_t size = fs::file_size(file, failed);
  if (!failed && size > kLargestFile) {
    return make_error(ErrorCode::Failed, fmt::format("{} is larger than 64 MiB", file.string()));
  }
  std::ifstream stream(file, std::ios::binary);
  if (!stream) {
    const int reason = errno;
    return make_error(reason == ENOENT ? ErrorCode::NotFound : ErrorCode::Failed,
                      fmt::format("{}: {}", file.string(), std::strerror(reason)));
  }
  std::ostringstream text;
  text << stream.rdbuf();
  if (stream.bad()) {
    return make_error(ErrorCode::Failed, fmt::format("{}: cannot be read", file.string()));
  }
  return std::move(text).str();
}

std::string workspace(const Arguments& arguments, const App& app) {
  if (const auto given = arguments.value("workspace")) {
    return *given;
  }
  return app.surroundings().environment("AIM_WORKSPACE").value_or("default");
}

fs::path project_directory(const Arguments& arguments, const App&) {
  return fs::path(arguments.value("chdir").value_or("."));
}

fs::path state_file(const Arguments& arguments,
                    const App& app,
                    const fs::path& directory,
                    const std::optional<std::string>& configured) {
  if (const auto given = arguments.value("state")) {
    return fs::path(*given);
  }
  if (const auto given = app.surroundings().environment("AIM_STATE"); given && !given->empty()) {
    return fs::path(*given);
  }
  const std::string space = workspace(arguments, app);
  if (configured) {
    return directory / *configured;
  }
  return space == "default" ? directory / ".aim" / "state.db"
                            : directory / ".aim" / "workspaces" / space / "state.db";
}

bool has_configuration(const fs::path& directory) {
  std::error_code failed;
  for (const auto& entry : fs::directory_iterator(directory, failed)) {
    const std::string name = entry.path().filename().string();
    if (name == "aim.yaml" || (name.ends_with(".aim.yaml") && !name.starts_with('.'))) {
      return true;
    }
  }
  return false;
}

namespace {

/// Asks for what is not set and adds it to `input`; an error for each that nobody gives.
void ask_for_variables(const planner::Configuration& configuration,
                       App& app,
                       planner::ConfigurationInput& input,
                       Diagnostics& diagnostics) {
  const std::optional<std::string> nobody = why_nobody_answers(app);
  for (const auto& [name, range] : configuration.unset_variables) {
    std::optional<std::string> answer;
    if (!nobody) {
      answer = ask_for_secret(app, fmt::format("Value of the sensitive variable {}: ", name));
    }
    if (answer) {
      input.flag_variables.emplace_back(name, std::move(*answer));
    } else {
      diagnostics.error(
          "Variable is not set",
          fmt::format("`{0}` is sensitive and nothing gives it a value, and nobody can "
                      "be asked for it, since {1}. Give it with AIM_VAR_{0}, "
                      "--var-file FILE or --var {0}=VALUE.",
                      name,
                      nobody.value_or("the input has ended")),
          range);
    }
  }
}

}  // namespace

std::optional<Project> load_project(const Arguments& arguments,
                                    App& app,
                                    const PresetVariables& preset,
                                    Secrets secrets) {
  Project project;
  project.directory = project_directory(arguments, app);
  project.recipes = project.directory;
  planner::ConfigurationInput input;
  Diagnostics diagnostics;
  input.workspace = workspace(arguments, app);
  if (!core::ProjectName::parse(input.workspace)) {
    diagnostics.error("Bad workspace name",
                      fmt::format("\"{}\" cannot be a workspace: names are made of a-z, 0-9 and -.",
                                  input.workspace));
  }
  input.environment = app.surroundings().environment;
  input.read_file = [](const std::string& path, const std::string& relative_to) {
    return read_file(fs::path(relative_to).parent_path() / path);
  };
  input.flag_variables = preset;
  find_configuration(project.directory, input, diagnostics);
  find_variables(project.directory, arguments, app, input, diagnostics);
  if (!diagnostics.has_errors()) {
    project.configuration = planner::load_configuration(input, project.sources, diagnostics);
  }
  if (!diagnostics.has_errors() && secrets == Secrets::Needed &&
      !project.configuration.unset_variables.empty()) {
    ask_for_variables(project.configuration, app, input, diagnostics);
    if (!diagnostics.has_errors()) {
      diagnostics = {};
      project.configuration = planner::load_configuration(input, project.sources, diagnostics);
    }
  }
  app.view().diagnostics(diagnostics, project.sources);
  if (diagnostics.has_errors()) {
    return std::nullopt;
  }
  project.state_file =
      state_file(arguments, app, project.directory, project.configuration.state_path);
  return project;
}

}  // namespace aim::cmd
