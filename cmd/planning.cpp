#include "cmd/planning.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <thread>

#include "cmd/gpu_access.hpp"
#include "cmd/recipe_data.hpp"
#include "planner/observe.hpp"
#include "planner/preflight.hpp"
#include "providers/host/program.hpp"
#include "state/store.hpp"

namespace aim::cmd {

using core::Address;
using core::ErrorCode;
using core::make_error;
using core::Result;

std::optional<planner::PlanOptions> plan_options(const Arguments& arguments,
                                                 const Project& project,
                                                 App& app) {
  planner::PlanOptions options;
  options.destroy = arguments.has("destroy");
  options.destroy_volumes = arguments.has("volumes");
  options.allow_exec = arguments.has("allow-exec");
  std::set<Address> known;
  const std::vector<std::string_view> with_addresses = {"target", "exclude", "replace", "upgrade"};
  // Reading the state takes a while, and most plans name no address.
  if (std::any_of(with_addresses.begin(), with_addresses.end(), [&](std::string_view option) {
        return !arguments.values(option).empty();
      })) {
    const auto state = read_state(project.state_file, app);
    if (!state) {
      return std::nullopt;
    }
    known = known_addresses(project.configuration, *state);
  }
  bool ok = true;
  const auto read = [&](std::string_view option, std::set<Address>& into) {
    for (const std::string& given : arguments.values(option)) {
      const Result<std::vector<Address>> addresses = complete_addresses(given, known);
      if (addresses) {
        into.insert(addresses->begin(), addresses->end());
      } else {
        app.view().error(core::while_doing(addresses.error(), fmt::format("in --{}", option)));
        ok = false;
      }
    }
  };
  read("target", options.targets);
  read("exclude", options.excludes);
  read("replace", options.replaces);
  read("upgrade", options.upgrades);
  options.upgrade_all = arguments.has("upgrade") && options.upgrades.empty() && ok;
  if (!options.targets.empty() && !options.excludes.empty()) {
    app.view().error(
        make_error(ErrorCode::Invalid, "--target and --exclude cannot be given together"));
    ok = false;
  }
  return ok ? std::optional(options) : std::nullopt;
}

std::optional<std::size_t> parallelism(const Arguments& arguments, App& app) {
  const auto given = arguments.value("parallelism");
  if (!given) {
    return 10;
  }
  std::size_t number = 0;
  const auto [end, failed] = std::from_chars(given->data(), given->data() + given->size(), number);
  if (failed != std::errc() || end != given->data() + given->size() || number < 1 || number > 256) {
    app.view().error(make_error(
        ErrorCode::Invalid,
        fmt::format("--parallelism takes a whole number from 1 to 256, not \"{}\"", *given)));
    return std::nullopt;
  }
  return number;
}

std::optional<core::StateSnapshot> read_state(const std::filesystem::path& file, App& app) {
  Result<core::StateSnapshot> state = state::StateStore::read(file);
  if (!state) {
    app.view().error(core::while_doing(state.error(), "while reading the state " + file.string()));
    return std::nullopt;
  }
  return std::move(*state);
}

namespace {

/// How long the program of a `select` may think.
constexpr std::chrono::seconds kChoiceTimeout{60};

/// Docker answers an inspect out of its memory, so on a small machine more than two questions a
/// core only take turns (measured: 50 containers on two cores, 28 ms with 4 at a time, 35 with 10).
std::size_t reading_width(std::size_t parallelism) {
  const std::size_t cores = std::max(1U, std::thread::hardware_concurrency());
  return std::min(parallelism, 2 * cores);
}

/// The program of a `select`: with a slash in its name beside the configuration, else one of the
/// system.
core::Result<std::string> run_chosen_program(const std::filesystem::path& directory,
                                             const std::vector<std::string>& command,
                                             const std::string& input,
                                             std::stop_token stop) {
  std::vector<std::filesystem::path> places;
  if (command.front().find('/') != std::string::npos) {
    places = {directory / command.front()};
  } else {
    for (const char* folder : {"/usr/local/bin", "/usr/bin", "/bin"}) {
      places.push_back(std::filesystem::path(folder) / command.front());
    }
  }
  const auto program = providers::find_program(places);
  if (!program) {
    return make_error(ErrorCode::NotFound,
                      fmt::format("there is no such program to run at {}",
                                  places.front().lexically_normal().string()));
  }
  providers::ProgramLimits limits;
  limits.timeout = kChoiceTimeout;
  const auto ran = providers::run_program(std::filesystem::absolute(*program),
                                          {command.begin() + 1, command.end()},
                                          limits,
                                          stop,
                                          {input, directory});
  if (!ran) {
    return ran.error();
  }
  if (ran->exit_code != 0) {
    constexpr std::size_t kMost = 400;
    return make_error(ErrorCode::Failed,
                      fmt::format("it exited with code {}{}",
                                  ran->exit_code,
                                  ran->err.empty() ? "" : ": " + ran->err.substr(0, kMost)));
  }
  return ran->out;
}

}  // namespace

core::Result<planner::Configuration> resolve_now(const Project& project,
                                                 const planner::PlanOptions& options,
                                                 const core::StateSnapshot& state,
                                                 const core::ObservedWorld& world,
                                                 EngineAccess* engine,
                                                 core::Diagnostics& diagnostics,
                                                 core::SourceFiles& sources,
                                                 App& app) {
  std::optional<recipes::RecipeData> data;
  planner::EndpointKnowledge knowledge;
  knowledge.recipes = [&]() -> const recipes::RecipeData* {
    data = load_recipes(project.recipes, app, diagnostics, sources);
    return data ? &*data : nullptr;
  };
  knowledge.inventory = [&] {
    const bool here = engine == nullptr || engine->this_host.look(world.engine, {}).here;
    return here ? open_inventory(app)->look(app.stop()) : core::Inventory();
  };
  knowledge.gpu_containers = [&]() -> core::Result<std::vector<core::ObservedContainer>> {
    return engine ? gpu_containers(engine->engine, app.stop())
                  : std::vector<core::ObservedContainer>();
  };
  knowledge.cdi_devices = world.engine.cdi_devices;
  if (engine != nullptr) {
    knowledge.taken_ports = [&](const std::set<std::uint16_t>& asked) {
      core::HostQuestions questions;
      for (const std::uint16_t port : asked) {
        questions.ports.insert({"tcp", port});
      }
      std::set<std::uint16_t> taken;
      for (const core::HostSocket& socket :
           engine->this_host.look(world.engine, questions).sockets) {
        taken.insert(socket.port.port);
      }
      return taken;
    };
  }
  if (options.allow_exec) {
    knowledge.run_program = [&](const std::vector<std::string>& command, const std::string& input) {
      return run_chosen_program(project.directory, command, input, app.stop());
    };
  }
  return planner::resolve_endpoints(
      project.configuration, state, world, options, knowledge, diagnostics, sources);
}

Planned plan_now(const Project& project,
                 const planner::PlanOptions& options,
                 const core::StateSnapshot& state,
                 EngineAccess& engine,
                 std::size_t parallelism,
                 App& app) {
  Planned planned;
  planned.sources = project.sources;
  auto world = planner::observe(engine.engine,
                                state,
                                project.configuration.project,
                                project.configuration.workspace,
                                reading_width(parallelism),
                                app.stop());
  if (!world) {
    planned.error = core::while_doing(
        world.error(),
        fmt::format("on Docker at {} (from {})", engine.host.uri, engine.host.origin));
    return planned;
  }
  core::Diagnostics about_endpoints;
  auto resolved =
      options.destroy
          ? core::Result<planner::Configuration>(project.configuration)
          : resolve_now(
                project, options, state, *world, &engine, about_endpoints, planned.sources, app);
  if (!resolved) {
    planned.error = resolved.error();
    return planned;
  }
  planned.configuration = std::move(*resolved);
  const auto make_plan = [&] {
    planned.diagnostics = {};
    return planner::make_plan_asking(engine.engine,
                                     planned.configuration,
                                     state,
                                     *world,
                                     options,
                                     parallelism,
                                     app.stop(),
                                     planned.diagnostics);
  };
  core::Result<planner::Plan> plan = make_plan();
  if (plan) {
    const core::HostQuestions questions =
        planner::host_questions(*plan, planned.configuration, *world);
    if (!questions.empty()) {
      world->host = engine.this_host.look(world->engine, questions);
      plan = make_plan();
    }
  }
  if (!plan) {
    planned.error = plan.error();
    return planned;
  }
  if (planned.diagnostics.has_errors() || about_endpoints.has_errors()) {
    for (const core::Diagnostic& diagnostic : about_endpoints.items()) {
      planned.diagnostics.add(diagnostic);
    }
    return planned;
  }
  planner::add_notes(*plan, about_endpoints);
  planned.plan = std::move(*plan);
  return planned;
}

std::optional<planner::Plan> make_plan_now(const Project& project,
                                           const planner::PlanOptions& options,
                                           const core::StateSnapshot& state,
                                           EngineAccess& engine,
                                           std::size_t parallelism,
                                           App& app) {
  Planned planned = plan_now(project, options, state, engine, parallelism, app);
  if (planned.error) {
    app.view().error(*planned.error);
  } else if (!planned.plan) {
    app.view().diagnostics(planned.diagnostics, planned.sources);
  }
  return std::move(planned.plan);
}

}  // namespace aim::cmd
