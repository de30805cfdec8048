#include <boost/json.hpp>

#include "cmd/app.hpp"
#include "cmd/command_list.hpp"
#include "planner/schema.hpp"

namespace aim::cmd {

Command schema_command() {
  return {"schema",
          "print the JSON Schema of aim.yaml",
          "Prints a JSON Schema (draft 2020-12) that editors use to complete and check aim.yaml.",
          {},
          {},
          [](const Arguments&, App& app) {
            app.view().json_document(planner::json_schema());
            return ExitCode::Done;
          }};
}

}  // namespace aim::cmd
