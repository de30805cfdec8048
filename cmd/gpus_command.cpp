#include <fmt/format.h>

#include <algorithm>

#include "cmd/command_list.hpp"
#include "cmd/engine_access.hpp"
#include "cmd/gpu_access.hpp"
#include "cmd/project.hpp"
#include "planner/gpu_holders.hpp"

namespace aim::cmd {

namespace {

/// Who holds what, by id of the GPU; or why that cannot be told.
core::Result<std::vector<planner::GpuHolder>> find_holders(EngineAccess& engine,
                                                           const std::vector<core::Gpu>& gpus,
                                                           const std::optional<Project>& project,
                                                           std::stop_token stop) {
  if (engine.host.endpoint.scheme != providers::HttpEndpoint::Scheme::Unix) {
    return core::make_error(
        core::ErrorCode::Unsupported,
        fmt::format("Docker at {} runs elsewhere, and these are the GPUs of this host",
                    engine.host.uri));
  }
  const auto containers = gpu_containers(engine.engine, stop);
  if (!containers) {
    return core::while_doing(containers.error(), "on Docker at " + engine.host.uri);
  }
  // Outside a project nothing is ours.
  return planner::gpu_holders(*containers,
                              gpus,
                              project ? project->configuration.project : std::string(),
                              project ? project->configuration.workspace : std::string());
}

std::vector<GpuRow> rows_of(const std::vector<core::Gpu>& gpus,
                            const std::vector<planner::GpuHolder>& holders,
                            const std::vector<std::string>& excluded) {
  std::vector<GpuRow> rows;
  for (const core::Gpu& gpu : gpus) {
    GpuRow row;
    row.gpu = gpu;
    for (const planner::GpuHolder& holder : holders) {
      if (std::find(holder.ids.begin(), holder.ids.end(), gpu.id) != holder.ids.end()) {
        const std::string name = holder.address ? holder.address->str() : holder.name;
        row.holders.push_back(holder.share_percent == planner::kWholeGpu
                                  ? name
                                  : fmt::format("{} ({}%)", name, holder.share_percent));
      }
    }
    row.excluded = std::any_of(excluded.begin(), excluded.end(), [&](const std::string& written) {
      const core::Gpu* found = core::find_gpu(gpus, written);
      return found != nullptr && found->id == gpu.id;
    });
    rows.push_back(std::move(row));
  }
  return rows;
}

ExitCode run_gpus(const Arguments& arguments, App& app) {
  std::optional<Project> project;
  if (has_configuration(project_directory(arguments, app))) {
    project = load_project(arguments, app);
    if (!project) {
      return ExitCode::Error;
    }
  }
  core::Inventory inventory = open_inventory(app)->look(app.stop());
  GpuReport report;
  report.drivers = std::move(inventory.drivers);
  report.problems = std::move(inventory.problems);
  std::vector<std::string> excluded;
  if (project && project->configuration.gpus) {
    report.declared = project->configuration.gpus;
    excluded = report.declared->exclude;
  }
  std::vector<planner::GpuHolder> holders;
  if (!inventory.gpus.empty()) {
    const auto engine =
        open_engine(project ? project->configuration.docker_host : std::nullopt, app);
    if (!engine) {
      return ExitCode::Error;
    }
    auto found = find_holders(*engine, inventory.gpus, project, app.stop());
    if (found) {
      holders = std::move(*found);
    } else {
      report.holders_unknown =
          fmt::format("Who holds them is not known: {}.", core::to_string(found.error()));
    }
  }
  report.rows = rows_of(inventory.gpus, holders, excluded);
  app.view().gpus(report);
  return ExitCode::Done;
}

}  // namespace

Command gpus_command() {
  return {"gpus",
          "show the GPUs of this host and who holds them",
          "Shows every GPU of this host: its index and id, its model, its memory and how much of "
          "it is in use, whether it works, and which container or process holds it. Needs no "
          "configuration; where there is one, GPUs that it excludes are marked.",
          {std::begin(kVariableOptions), std::end(kVariableOptions)},
          {},
          run_gpus};
}

}  // namespace aim::cmd
