#pragma once

#include <boost/json/fwd.hpp>
#include <optional>
#include <string>

#include "cmd/exit_code.hpp"
#include "cmd/launch_request.hpp"
#include "cmd/view/view.hpp"
#include "core/inventory.hpp"
#include "planner/allocation.hpp"
#include "recipes/decision.hpp"

namespace aim::cmd {

/// What a launch found, chose and did, as far as it came.
struct LaunchReport {
  core::Inventory inventory;
  std::optional<recipes::Decision> decision;
  planner::GpuGrant grant;
  LaunchNames names;
  std::string container_id;
  std::string url;
  std::string status;  ///< "ready", "running", "planned", "written"
  // Why there is no endpoint.
  std::string error;
  std::string cause;
  std::string hint;
};

/// "4 H100 (79.6 GiB each)"
[[nodiscard]] std::string found_text(const core::Inventory& inventory);

/// "GPUs 0, 1, 2, 3" by index; ids of GPUs that are not there stay as they are.
[[nodiscard]] std::string gpus_text(const planner::GpuGrant& grant,
                                    const core::Inventory& inventory);

/// Where it answers, what the test took, and what can be done with it. `name` is the launch's.
[[nodiscard]] std::string success_text(const LaunchReport& report,
                                       const std::string& model,
                                       const std::string& name,
                                       const TestRow& test);

/// The result for scripts.
[[nodiscard]] boost::json::object launch_json(const LaunchReport& report,
                                              const LaunchRequest& request,
                                              ExitCode code);

}  // namespace aim::cmd
