#include "cmd/planning.hpp"

#include <fmt/format.h>

#include <charconv>

#include "planner/observe.hpp"
#include "state/store.hpp"

namespace aim::cmd {

using core::Address;
using core::ErrorCode;
using core::make_error;
using core::Result;

std::set<Address> known_addresses(const planner::Configuration& configuration,
                                  const core::StateSnapshot& state) {
  std::set<Address> known;
  for (const auto& [address, resource] : configuration.resources) {
    known.insert(address);
  }
  for (const auto& [address, record] : state.resources) {
    known.insert(address);
  }
  return known;
}

Result<Address> complete_address(const std::string& given, const std::set<Address>& known) {
  if (const Result<Address> whole = Address::parse(given); whole && known.contains(*whole)) {
    return *whole;
  }
  std::vector<Address> matching;
  std::vector<std::string> names;
  for (const Address& address : known) {
    const std::string text = address.str();
    names.push_back(text);
    names.push_back(address.name);
    if (text.substr(text.find('.') + 1) == given) {
      matching.push_back(address);
    }
  }
  if (matching.size() == 1) {
    return matching.front();
  }
  if (matching.size() > 1) {
    std::vector<std::string> texts;
    for (const Address& address : matching) {
      texts.push_back(address.str());
    }
    return make_error(ErrorCode::Conflict,
                      fmt::format("\"{}\" can be {}; say which", given, fmt::join(texts, " or ")));
  }
  const std::string hint = core::did_you_mean(given, names);
  return make_error(
      ErrorCode::NotFound,
      fmt::format("there is no resource \"{}\"{}{}", given, hint.empty() ? "" : ". ", hint));
}

std::optional<planner::PlanOptions> plan_options(const Arguments& arguments,
                                                 const Project& project,
                                                 App& app) {
  planner::PlanOptions options;
  options.destroy = arguments.has("destroy");
  options.destroy_volumes = arguments.has("volumes");
  const auto state = read_state(project.state_file, app);
  if (!state) {
    return std::nullopt;
  }
  const std::set<Address> known = known_addresses(project.configuration, *state);
  bool ok = true;
  const auto read = [&](std::string_view option, std::set<Address>& into) {
    for (const std::string& given : arguments.values(option)) {
      Result<Address> address = complete_address(given, known);
      if (address) {
        into.insert(std::move(*address));
      } else {
        app.view().error(core::while_doing(address.error(), fmt::format("in --{}", option)));
        ok = false;
      }
    }
  };
  read("target", options.targets);
  read("exclude", options.excludes);
  read("replace", options.replaces);
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

std::optional<planner::Plan> make_plan_now(const Project& project,
                                           const planner::PlanOptions& options,
                                           const core::StateSnapshot& state,
                                           EngineAccess& engine,
                                           std::size_t parallelism,
                                           App& app) {
  const planner::Configuration& configuration = project.configuration;
  const auto world = planner::observe(engine.engine,
                                      state,
                                      configuration.project,
                                      configuration.workspace,
                                      parallelism,
                                      app.stop());
  if (!world) {
    app.view().error(core::while_doing(
        world.error(),
        fmt::format("on Docker at {} (from {})", engine.host.uri, engine.host.origin)));
    return std::nullopt;
  }
  core::Diagnostics diagnostics;
  planner::Plan plan = planner::make_plan(configuration, state, *world, options, diagnostics);
  if (diagnostics.has_errors()) {
    app.view().diagnostics(diagnostics, project.sources);
    return std::nullopt;
  }
  return plan;
}

}  // namespace aim::cmd
