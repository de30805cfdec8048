#include "planner/preflight.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "planner/preflight_context.hpp"
#include "planner/realize.hpp"

namespace aim::planner {

using core::Address;
using core::Kind;
using core::Severity;

namespace {

bool is_container(const ResourceChange& change) {
  return change.address.kind == Kind::Endpoint || change.address.kind == Kind::Container;
}

bool is_made(const ResourceChange& change) {
  return change.action == Action::Create || change.action == Action::Replace;
}

bool is_started(const ResourceChange& change) {
  return std::any_of(change.steps.begin(), change.steps.end(), [](const InPlaceStep& step) {
    return std::holds_alternative<Start>(step);
  });
}

/// "container.web, endpoint.chat and 3 more"
std::string named(const std::set<std::string>& addresses) {
  constexpr std::size_t kShown = 5;
  std::vector<std::string> first;
  for (const std::string& address : addresses) {
    if (first.size() < kShown) {
      first.push_back(address);
    }
  }
  std::string text = fmt::format("{}", fmt::join(first, ", "));
  if (addresses.size() > kShown) {
    text += fmt::format(" and {} more", addresses.size() - kShown);
  }
  return text;
}

}  // namespace

std::optional<core::SourceRange> PreflightContext::position(const Address& address,
                                                            core::Path path) const {
  const auto found = configuration.resources.find(address);
  if (found == configuration.resources.end()) {
    return std::nullopt;
  }
  const auto range = core::position_of(found->second.positions, std::move(path));
  return range ? range : found->second.range;
}

void PreflightContext::add(Severity severity,
                           std::string summary,
                           std::string detail,
                           const Address& address,
                           core::Path path) const {
  diagnostics.add({severity,
                   std::move(summary),
                   std::move(detail),
                   position(address, std::move(path)),
                   {},
                   address.str()});
}

const core::HostFacts* PreflightContext::host() const {
  return observed.host && observed.host->here ? &*observed.host : nullptr;
}

const core::ContainerSummary* PreflightContext::listed(const std::string& id) const {
  const auto found = std::find_if(
      observed.listed.begin(), observed.listed.end(), [&](const core::ContainerSummary& summary) {
        return summary.id == id;
      });
  return found == observed.listed.end() ? nullptr : &*found;
}

PreflightContext preflight_context(const Plan& plan,
                                   const Configuration& configuration,
                                   const core::ObservedWorld& observed,
                                   core::Diagnostics& diagnostics) {
  PreflightContext context{plan, configuration, observed, diagnostics, {}, {}, {}};
  const NameLookup names = [&](const Address& address) {
    const auto found =
        std::find_if(plan.changes.begin(), plan.changes.end(), [&](const ResourceChange& change) {
          return change.address == address;
        });
    return found == plan.changes.end() ? address.name : found->docker_name;
  };
  for (const ResourceChange& change : plan.changes) {
    if (!change.docker_id.empty()) {
      context.ours.insert(change.docker_id);
      if (change.action == Action::Replace || change.action == Action::Delete) {
        context.leaving.insert(change.docker_id);
      }
    }
    if (is_container(change) && (is_made(change) || is_started(change))) {
      context.coming.push_back(
          {&change, docker_attributes(change.address, change.attributes, names), is_made(change)});
    }
  }
  return context;
}

namespace {

/// What goes must not be held by somebody whom the plan does not touch.
void check_foreign_users(const PreflightContext& context,
                         const std::set<std::string>& ours,
                         const ResourceChange& change) {
  const bool network = change.address.kind == Kind::Network;
  for (const core::ContainerSummary& other : context.observed.listed) {
    const std::vector<std::string>& held = network ? other.network_ids : other.volumes;
    const bool uses = std::find(held.begin(), held.end(), change.docker_id) != held.end();
    // A network only holds those that run.
    const bool active = !network || other.status == core::ContainerStatus::Running ||
                        other.status == core::ContainerStatus::Paused ||
                        other.status == core::ContainerStatus::Restarting;
    if (!uses || !active || ours.contains(other.id)) {
      continue;
    }
    context.diagnostics.add(
        {Severity::Error,
         network ? "Network is in use" : "Volume is in use",
         fmt::format("{} would be {}, but container \"{}\", which is not part of this "
                     "configuration, {}. {} first.",
                     change.address.str(),
                     change.action == Action::Delete ? "deleted" : "replaced",
                     other.name,
                     network ? "is connected to it" : "mounts it",
                     network ? "Disconnect or remove that container" : "Remove that container"),
         change.range,
         {},
         change.address.str()});
  }
}

}  // namespace

void preflight(const Plan& plan,
               const Configuration& configuration,
               const core::ObservedWorld& observed,
               core::Diagnostics& diagnostics) {
  const PreflightContext context = preflight_context(plan, configuration, observed, diagnostics);
  check_names(context);
  check_ports(context);
  check_paths(context);
  check_limits(context);
  check_drivers(context);
  check_networks(context);
  check_users(context);
  check_disk(context);
  note_unchecked_host(context);
}

core::HostQuestions host_questions(const Plan& plan,
                                   const Configuration& configuration,
                                   const core::ObservedWorld& observed) {
  core::Diagnostics unused;
  const PreflightContext context = preflight_context(plan, configuration, observed, unused);
  core::HostQuestions questions;
  questions.ports = unclaimed_ports(context);
  questions.addresses = published_addresses(context);
  for (const ComingContainer& coming : context.coming) {
    for (const NeededPath& needed : needed_paths(coming.docker)) {
      questions.paths.insert(needed.path);
    }
  }
  for (const UnlistedDriver& driver : unlisted_drivers(context)) {
    questions.plugins.insert(driver.name);
  }
  questions.routes = !networks_with_subnets(context).empty();
  const bool any_made = std::any_of(context.coming.begin(),
                                    context.coming.end(),
                                    [](const ComingContainer& coming) { return coming.made; });
  if (any_made && !observed.engine.data_root.empty()) {
    questions.volume = observed.engine.data_root;
  }
  return questions;
}

void check_users(const PreflightContext& context) {
  std::set<std::string> ours;
  for (const ResourceChange& change : context.plan.changes) {
    // What is left alone counts as somebody else's.
    if (!change.docker_id.empty() && change.action != Action::Forget) {
      ours.insert(change.docker_id);
    }
    for (const auto& [id, name] : change.superseded) {
      ours.insert(id);
    }
  }
  for (const ResourceChange& change : context.plan.changes) {
    const bool goes = change.action == Action::Delete || change.action == Action::Replace;
    if (goes && !is_container(change)) {
      check_foreign_users(context, ours, change);
    }
  }
}

/// A replacement is made beside its predecessor, under a name of its own.
void check_names(const PreflightContext& context) {
  for (const ResourceChange& change : context.plan.changes) {
    if (change.action != Action::Replace || !is_container(change)) {
      continue;
    }
    const std::string candidate = fmt::format("{}.g{}", change.docker_name, change.generation);
    for (const core::ContainerSummary& other : context.observed.listed) {
      const bool superseded = std::any_of(change.superseded.begin(),
                                          change.superseded.end(),
                                          [&](const auto& old) { return old.first == other.id; });
      if (other.name == candidate && !context.ours.contains(other.id) && !superseded) {
        context.add(Severity::Error,
                    "Name is taken on Docker",
                    fmt::format("The container \"{}\" exists and is not part of this plan; {} is "
                                "replaced, and its new container would need that name until it "
                                "answers. Rename or remove that container.",
                                candidate,
                                change.address.str()),
                    change.address,
                    {});
      }
    }
  }
}

void note_unchecked_host(const PreflightContext& context) {
  if (!context.observed.host || context.observed.host->here) {
    return;
  }
  std::set<std::string> ports;
  std::set<std::string> paths;
  for (const ComingContainer& coming : context.coming) {
    if (!published_ports(coming.docker).empty()) {
      ports.insert(coming.change->address.str());
    }
    if (!needed_paths(coming.docker).empty()) {
      paths.insert(coming.change->address.str());
    }
  }
  std::vector<std::string> parts;
  if (!ports.empty()) {
    parts.push_back("whether programs outside Docker hold the ports of " + named(ports));
  }
  if (!paths.empty()) {
    parts.push_back("whether the folders, files and devices of " + named(paths) + " exist");
  }
  if (!networks_with_subnets(context).empty()) {
    parts.emplace_back("whether new subnets meet routes of the host");
  }
  parts.emplace_back("how much room its disk has");
  context.diagnostics.note(
      "Docker's host was not checked",
      fmt::format("Docker does not run on this host: {}. Not checked: {}. Apply fails, and puts "
                  "everything back, if one of these is in the way.",
                  context.observed.host->why_not,
                  fmt::join(parts, "; ")));
}

}  // namespace aim::planner
