#include "planner/plan_notes.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace aim::planner {

using core::Kind;

namespace {

bool is_container(Kind kind) { return kind == Kind::Endpoint || kind == Kind::Container; }

}  // namespace

void note_engine(const Plan& plan, const core::EngineInfo& engine, core::Diagnostics& diagnostics) {
  const bool matters =
      std::any_of(plan.changes.begin(), plan.changes.end(), [](const ResourceChange& change) {
        return is_container(change.address.kind) &&
               (change.action == Action::Create || change.action == Action::Replace);
      });
  if (!plan.updates_containers && matters) {
    diagnostics.note(
        "Containers cannot be changed in place",
        fmt::format("{} has no call to change the limits or the restart policy of a container. "
                    "Such a change replaces the container; and a new container has its restart "
                    "policy from the start, so it may come up beside the previous one if the "
                    "host is restarted in the middle of an apply. docs/engines.md tells more.",
                    engine.product));
  }
}

void note_holds(const Plan& plan, core::Diagnostics& diagnostics) {
  for (const ResourceChange& change : plan.changes) {
    const bool stays = change.action != Action::Delete && change.action != Action::Forget;
    if (change.held && stays) {
      diagnostics.note("Held",
                       fmt::format("{0} was stopped with `aim stop` and is left so; its GPUs "
                                   "stay its own. `aim start {0}` starts it again.",
                                   change.address.str()),
                       change.range);
    }
  }
}

void note_unset_variables(const Configuration& configuration, core::Diagnostics& diagnostics) {
  for (const auto& [name, range] : configuration.unset_variables) {
    diagnostics.note(
        "Sensitive variable is not set here",
        fmt::format("`{0}` reads (not set here, assumed unchanged): the plan takes what is made of "
                    "it for what was applied last. Apply asks for it. To have it compared here as "
                    "well, give it with AIM_VAR_{0} or --var-file.",
                    name),
        range);
  }
}

void check_protection(const ResourceChange& change,
                      const Located& located,
                      core::Diagnostics& diagnostics) {
  const bool recorded_protection = located.record && located.record->prevent_destroy;
  const bool removes = change.action == Action::Delete || change.action == Action::Replace;
  if (!removes || !(change.prevent_destroy || recorded_protection)) {
    return;
  }
  diagnostics.add({core::Severity::Error,
                   "Resource is protected",
                   fmt::format("{} has lifecycle.prevent_destroy, and this plan would {} it. Set "
                               "it to false and apply that first; removing the block does not "
                               "lift the protection.",
                               change.address.str(),
                               change.action == Action::Delete ? "destroy" : "replace"),
                   change.range,
                   {},
                   change.address.str()});
}

}  // namespace aim::planner
