#include "cmd/command_list.hpp"
#include "cmd/project.hpp"

namespace aim::cmd {

Command validate_command() {
  return {"validate",
          "check the configuration",
          "Reads the configuration and its variables and reports every fault at its place. Needs "
          "no Docker and no state.",
          {std::begin(kVariableOptions), std::end(kVariableOptions)},
          {},
          [](const Arguments& arguments, App& app) {
            const std::optional<Project> project = load_project(arguments, app);
            if (!project) {
              return ExitCode::Error;
            }
            app.view().valid(project->configuration);
            return ExitCode::Done;
          }};
}

}  // namespace aim::cmd
