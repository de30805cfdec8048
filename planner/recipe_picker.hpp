#pragma once

#include <functional>
#include <string>
#include <vector>

#include "core/diagnostic.hpp"
#include "core/result.hpp"
#include "planner/configuration.hpp"
#include "recipes/select.hpp"

namespace aim::planner {

/// Runs a program of the configuration, with a text on its standard input, and returns what it
/// wrote. Errors say what it said when it failed.
using RunProgram = std::function<core::Result<std::string>(const std::vector<std::string>& command,
                                                           const std::string& input)>;

/// Asks the program of the endpoint's `select`; empty where it has none. Without `run` that is an
/// error, since no program may be run. Everything must outlive what is returned.
[[nodiscard]] recipes::Picker recipe_picker(const DesiredResource& endpoint,
                                            const recipes::SelectionInput& input,
                                            const RunProgram& run,
                                            core::Diagnostics& diagnostics);

}  // namespace aim::planner
