#pragma once

#include "cmd/commands.hpp"

namespace aim::cmd {

// One function per command; cmd/commands.cpp puts them in order.
[[nodiscard]] Command apply_command();
[[nodiscard]] Command destroy_command();
[[nodiscard]] Command init_command();
[[nodiscard]] Command logs_command();
[[nodiscard]] Command output_command();
[[nodiscard]] Command plan_command();
[[nodiscard]] Command schema_command();
[[nodiscard]] Command show_command();
[[nodiscard]] Command state_list_command();
[[nodiscard]] Command state_show_command();
[[nodiscard]] Command status_command();
[[nodiscard]] Command test_command();
[[nodiscard]] Command validate_command();
[[nodiscard]] Command version_command();

}  // namespace aim::cmd
