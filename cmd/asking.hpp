#pragma once

#include <optional>
#include <string>

#include "cmd/app.hpp"

namespace aim::cmd {

/// Why nobody can be asked, as the end of a sentence: "standard input is no terminal", "AIM_INPUT
/// is 0". Nothing if somebody can.
[[nodiscard]] std::optional<std::string> why_nobody_answers(const App& app);

/// Asks for a line that is not shown while it is typed. Nothing at the end of the input.
[[nodiscard]] std::optional<std::string> ask_for_secret(App& app, const std::string& question);

}  // namespace aim::cmd
