#include <fmt/format.h>

#include <algorithm>

#include "planner/preflight_context.hpp"
#include "planner/schema.hpp"

namespace aim::planner {

using core::Address;
using core::Kind;
using core::Map;
using core::Severity;

namespace {

constexpr double kGibi = 1024.0 * 1024.0 * 1024.0;

std::string listed(const std::set<std::string>& words) {
  return fmt::format("{}", fmt::join(words, ", "));
}

std::optional<double> number_at(const Map& map, std::string_view key) {
  const core::Value* value = core::find(map, key);
  if (value == nullptr) {
    return std::nullopt;
  }
  if (const double* number = value->get<double>()) {
    return *number;
  }
  const std::int64_t* whole = value->get<std::int64_t>();
  return whole ? std::optional(static_cast<double>(*whole)) : std::nullopt;
}

bool is_made(const ResourceChange& change) {
  return change.action == Action::Create || change.action == Action::Replace;
}

/// Whether apply gives the attribute to Docker: with a new container, or as a changed limit.
bool is_set(const ResourceChange& change, std::string_view name) {
  if (is_made(change)) {
    return true;
  }
  return std::any_of(change.steps.begin(), change.steps.end(), [&](const InPlaceStep& step) {
    const auto* limits = std::get_if<SetLimits>(&step);
    return limits && core::find(limits->attributes, name) != nullptr;
  });
}

void check_cpus(const PreflightContext& context, const ResourceChange& change) {
  const std::int64_t have = context.observed.engine.cpus;
  const std::optional<double> wanted = number_at(change.attributes, "cpus");
  if (have <= 0 || !wanted || *wanted <= static_cast<double>(have) || !is_set(change, "cpus")) {
    return;
  }
  context.add(Severity::Error,
              "More CPUs than the host has",
              fmt::format("{} may use {} CPUs, but Docker's host has {}, and Docker refuses such a "
                          "limit. Lower `cpus`, or leave it out for no limit.",
                          change.address.str(),
                          *wanted,
                          have),
              change.address,
              {"cpus"});
}

void check_memory(const PreflightContext& context, const ResourceChange& change) {
  const std::int64_t have = context.observed.engine.memory_bytes;
  const std::optional<std::int64_t> wanted = core::integer_at(change.attributes, "memory");
  if (have <= 0 || !wanted || *wanted <= have || !is_set(change, "memory")) {
    return;
  }
  context.add(
      Severity::Warning,
      "More memory than the host has",
      fmt::format("{} has a memory limit of {}, but Docker's host has {:.1f} GiB in all, so "
                  "the limit keeps nothing from running out. Lower `memory`, or leave it "
                  "out.",
                  change.address.str(),
                  format_size(*wanted),
                  static_cast<double>(have) / kGibi),
      change.address,
      {"memory"});
}

/// From API 1.42 on a runtime may also be a containerd shim or a program, which no list holds.
bool may_be_unlisted(const std::string& runtime, const std::string& api) {
  const bool shim = runtime.starts_with("io.containerd.") || runtime.starts_with('/');
  return shim && api != "1.41";
}

void check_runtime(const PreflightContext& context, const ComingContainer& coming) {
  const core::EngineInfo& engine = context.observed.engine;
  const std::optional<std::string> runtime = core::string_at(coming.docker, "runtime");
  if (!coming.made || !runtime || engine.runtimes.empty() || engine.runtimes.contains(*runtime) ||
      may_be_unlisted(*runtime, engine.api_version)) {
    return;
  }
  const Address& address = coming.change->address;
  context.add(
      Severity::Error,
      "Unknown runtime",
      fmt::format("{} asks for the runtime \"{}\", which this Docker does not have. It has "
                  "{}. Install it and name it in Docker's daemon.json{}, or leave `runtime` "
                  "out.",
                  address.str(),
                  *runtime,
                  listed(engine.runtimes),
                  *runtime == "nvidia" ? " (`nvidia-ctk runtime configure` does both)" : ""),
      address,
      {"runtime"});
}

/// "container:NAME" makes a container live inside another one, which then has to be there.
void check_companion(const PreflightContext& context,
                     const ComingContainer& coming,
                     std::string_view attribute) {
  constexpr std::string_view kPrefix = "container:";
  const std::string mode = core::string_at(coming.docker, attribute).value_or("");
  if (!mode.starts_with(kPrefix)) {
    return;
  }
  const std::string name = mode.substr(kPrefix.size());
  const auto is_it = [&](const core::ContainerSummary& other) {
    return other.name == name || other.id == name ||
           (name.size() >= 12 && other.id.starts_with(name));
  };
  const auto& all = context.observed.listed;
  const bool exists = std::any_of(all.begin(), all.end(), is_it);
  const bool comes = std::any_of(
      context.plan.changes.begin(), context.plan.changes.end(), [&](const ResourceChange& change) {
        return change.docker_name == name && is_made(change);
      });
  if (exists || comes) {
    return;
  }
  const Address& address = coming.change->address;
  context.add(Severity::Error,
              "Container does not exist",
              fmt::format("{} has {} \"{}\", but Docker has no container \"{}\". Start that one "
                          "first, or correct `{}`.",
                          address.str(),
                          attribute,
                          mode,
                          name,
                          attribute),
              address,
              {std::string(attribute)});
}

bool is_listed(const std::set<std::string>& known, const std::string& name) {
  return known.empty() || known.contains(name) || known.contains(name + ":latest");
}

std::string_view remedy(const UnlistedDriver& driver) {
  return driver.what == "log" ? "Correct `logging.driver`, or install the plugin."
                              : "Correct `driver`, or install the plugin.";
}

}  // namespace

std::vector<UnlistedDriver> unlisted_drivers(const PreflightContext& context) {
  const core::EngineInfo& engine = context.observed.engine;
  std::vector<UnlistedDriver> result;
  for (const ComingContainer& coming : context.coming) {
    const core::Value* logging = core::find(coming.docker, "logging");
    const Map* settings = logging ? logging->get<Map>() : nullptr;
    const std::string driver =
        settings ? core::string_at(*settings, "driver").value_or("") : std::string();
    // "none" is no driver, so no list holds it.
    if (coming.made && !driver.empty() && driver != "none" &&
        !is_listed(engine.log_drivers, driver)) {
      result.push_back(
          {coming.change->address, "log", driver, {"logging", "driver"}, &engine.log_drivers});
    }
  }
  for (const ResourceChange& change : context.plan.changes) {
    const bool network = change.address.kind == Kind::Network;
    if ((!network && change.address.kind != Kind::Volume) || !is_made(change)) {
      continue;
    }
    const auto& known = network ? engine.network_drivers : engine.volume_drivers;
    const std::string driver = core::string_at(change.attributes, "driver").value_or("");
    if (!driver.empty() && !is_listed(known, driver)) {
      result.push_back(
          {change.address, network ? "network" : "volume", driver, {"driver"}, &known});
    }
  }
  return result;
}

void check_limits(const PreflightContext& context) {
  for (const ResourceChange& change : context.plan.changes) {
    if (change.action == Action::Create || change.action == Action::Replace ||
        change.action == Action::Update) {
      check_cpus(context, change);
      check_memory(context, change);
    }
  }
}

void check_drivers(const PreflightContext& context) {
  for (const ComingContainer& coming : context.coming) {
    check_runtime(context, coming);
    for (const char* attribute : {"network_mode", "ipc", "pid"}) {
      check_companion(context, coming, attribute);
    }
  }
  for (const UnlistedDriver& driver : unlisted_drivers(context)) {
    const core::HostFacts* host = context.host();
    if (host != nullptr && host->plugins.contains(driver.name)) {
      continue;  // it is started at its first use
    }
    // A plugin of the old kind is listed only once it was used, and only its host can tell.
    const bool sure = host != nullptr;
    context.add(sure ? Severity::Error : Severity::Warning,
                fmt::format("Unknown {} driver", driver.what),
                fmt::format("{} asks for the {} driver \"{}\", which this Docker does not have. It "
                            "has {}. {}",
                            driver.address.str(),
                            driver.what,
                            driver.name,
                            listed(*driver.known),
                            remedy(driver)),
                driver.address,
                driver.place);
  }
}

}  // namespace aim::planner
