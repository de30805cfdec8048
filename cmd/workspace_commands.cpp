#include <fmt/format.h>

#include <boost/json.hpp>
#include <system_error>

#include "cmd/command_list.hpp"
#include "cmd/planning.hpp"
#include "cmd/workspaces.hpp"
#include "state/lock.hpp"

namespace aim::cmd {

namespace fs = std::filesystem;
using core::ErrorCode;
using core::make_error;

namespace {

fs::path folder_of(const Arguments& arguments, App& app, const std::string& name) {
  return project_directory(arguments, app) / ".aim" / "workspaces" / name;
}

ExitCode run_list(const Arguments& arguments, App& app) {
  const std::vector<std::string> names = workspaces_of(project_directory(arguments, app));
  const std::string current = workspace(arguments, app);
  if (arguments.has("json")) {
    app.view().json_document(
        boost::json::object{{"current", current}, {"workspaces", boost::json::value_from(names)}});
    return ExitCode::Done;
  }
  std::string text;
  for (const std::string& name : names) {
    text += fmt::format("{} {}\n", name == current ? "*" : " ", name);
  }
  app.view().text(text);
  return ExitCode::Done;
}

bool acceptable(const std::string& name, App& app) {
  if (name != "default" && core::ProjectName::parse(name)) {
    return true;
  }
  app.view().error(make_error(
      ErrorCode::Invalid,
      name == "default"
          ? "the workspace \"default\" is always there"
          : fmt::format("\"{}\" cannot be a workspace: names are made of a-z, 0-9 and -", name)));
  return false;
}

ExitCode run_new(const Arguments& arguments, App& app) {
  const std::string& name = arguments.positional().front();
  if (!acceptable(name, app)) {
    return ExitCode::Error;
  }
  const fs::path folder = folder_of(arguments, app, name);
  std::error_code failed;
  const bool made = fs::create_directories(folder, failed);
  if (failed || !made) {
    app.view().error(failed ? make_error(ErrorCode::Failed,
                                         fmt::format("{}: {}", folder.string(), failed.message()))
                            : make_error(ErrorCode::Conflict,
                                         fmt::format("there is a workspace \"{}\" already", name)));
    return ExitCode::Error;
  }
  fs::permissions(folder, fs::perms::owner_all, failed);
  app.view().message(fmt::format(
      "Made the workspace {0}. Use it with --workspace {0}, or AIM_WORKSPACE={0}.", name));
  return ExitCode::Done;
}

ExitCode run_delete(const Arguments& arguments, App& app) {
  const std::string& name = arguments.positional().front();
  if (!acceptable(name, app)) {
    return ExitCode::Error;
  }
  const fs::path folder = folder_of(arguments, app, name);
  std::error_code failed;
  if (!fs::is_directory(folder, failed)) {
    const std::string hint =
        core::did_you_mean(name, workspaces_of(project_directory(arguments, app)));
    app.view().error(make_error(
        ErrorCode::NotFound,
        fmt::format("there is no workspace \"{}\"{}{}", name, hint.empty() ? "" : ". ", hint)));
    return ExitCode::Error;
  }
  const auto lock =
      state::FileLock::acquire((folder / "state.db.lock").string(),
                               state::this_process("workspace delete", app.clock().utc_now()),
                               app.clock(),
                               std::chrono::milliseconds(0),
                               [](const std::string&) {},
                               app.stop());
  if (!lock) {
    app.view().error(lock.error());
    return lock.error().code == ErrorCode::Locked ? ExitCode::Locked : ExitCode::Error;
  }
  const auto state = read_state(folder / "state.db", app);
  if (!state) {
    return ExitCode::Error;
  }
  if (!state->resources.empty() || state->open_run) {
    app.view().error(make_error(
        ErrorCode::Conflict,
        fmt::format("the workspace \"{0}\" still has {1} resources. Remove them first with "
                    "`aim destroy --workspace {0}`",
                    name,
                    state->resources.size())));
    return ExitCode::Error;
  }
  fs::remove_all(folder, failed);
  if (failed) {
    app.view().error(
        make_error(ErrorCode::Failed, fmt::format("{}: {}", folder.string(), failed.message())));
    return ExitCode::Error;
  }
  app.view().message(fmt::format("Deleted the workspace {}.", name));
  return ExitCode::Done;
}

}  // namespace

Command workspace_list_command() {
  return {"workspace list",
          "list the workspaces",
          "Lists the workspaces of the directory; the one that is used now has a star.",
          {},
          {},
          run_list};
}

Command workspace_new_command() {
  return {"workspace new",
          "make a workspace",
          "Makes a workspace: a state of its own, and other names on Docker, for the same "
          "configuration.",
          {},
          {{"NAME", true, false}},
          run_new};
}

Command workspace_delete_command() {
  return {"workspace delete",
          "delete a workspace that has nothing",
          "Deletes the state of a workspace. Refused while it has resources.",
          {},
          {{"NAME", true, false}},
          run_delete};
}

}  // namespace aim::cmd
