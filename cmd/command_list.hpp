#pragma once

#include "cmd/commands.hpp"

namespace aim::cmd {

// One function per command; cmd/commands.cpp puts them in order.
[[nodiscard]] Command apply_command();
[[nodiscard]] Command completion_command();
[[nodiscard]] Command destroy_command();
[[nodiscard]] Command explain_command();
[[nodiscard]] Command graph_command();
[[nodiscard]] Command gpus_command();
[[nodiscard]] Command init_command();
[[nodiscard]] Command launch_command();
[[nodiscard]] Command logs_command();
[[nodiscard]] Command output_command();
[[nodiscard]] Command plan_command();
[[nodiscard]] Command recipes_list_command();
[[nodiscard]] Command recipes_show_command();
[[nodiscard]] Command recipes_validate_command();
[[nodiscard]] Command restart_command();
[[nodiscard]] Command rm_command();
[[nodiscard]] Command schema_command();
[[nodiscard]] Command show_command();
[[nodiscard]] Command start_command();
[[nodiscard]] Command state_export_command();
[[nodiscard]] Command state_import_command();
[[nodiscard]] Command state_list_command();
[[nodiscard]] Command state_mv_command();
[[nodiscard]] Command state_rm_command();
[[nodiscard]] Command state_show_command();
[[nodiscard]] Command status_command();
[[nodiscard]] Command stop_command();
[[nodiscard]] Command test_command();
[[nodiscard]] Command validate_command();
[[nodiscard]] Command version_command();
[[nodiscard]] Command workspace_delete_command();
[[nodiscard]] Command workspace_list_command();
[[nodiscard]] Command workspace_new_command();

}  // namespace aim::cmd
