#include "cmd/app.hpp"
#include "cmd/command_list.hpp"

namespace aim::cmd {

Command version_command() {
  return {"version",
          "print the version",
          "Prints the version of aim.",
          {},
          {},
          [](const Arguments&, App& app) {
            app.view().version(kVersion);
            return ExitCode::Done;
          }};
}

}  // namespace aim::cmd
