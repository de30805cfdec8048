#include "planner/plan_outputs.hpp"

#include <fmt/format.h>

#include <set>

#include "planner/unset_secrets.hpp"

namespace aim::planner {

using core::Value;

namespace {

void plan_value(const Configuration& configuration,
                const DesiredOutput& desired,
                const ReferenceLookup& lookup,
                OutputChange& change,
                core::Diagnostics& diagnostics) {
  Value evaluated = evaluate(desired.value, lookup);
  evaluated = assume_unchanged(evaluated, &change.before);
  if (core::contains_unknown(evaluated)) {
    change.source = desired.value;
  } else if (desired.sensitive && !core::contains_secret(evaluated)) {
    evaluated = core::Secret(as_text(evaluated));
  }
  change.after = core::with_digests(
      evaluated,
      fmt::format("{}/{}/output.{}", configuration.project, configuration.workspace, change.name));
  change.sensitive = desired.sensitive || core::contains_secret(change.after);
  if (change.sensitive && !desired.sensitive) {
    diagnostics.add({core::Severity::Error,
                     "Output holds a secret",
                     fmt::format("The value of output \"{}\" is sensitive. Mark the output "
                                 "`sensitive: true`, so that nobody is surprised by stars.",
                                 change.name),
                     desired.range,
                     {},
                     {}});
  }
}

}  // namespace

std::vector<OutputChange> plan_outputs(const Configuration& configuration,
                                       const core::StateSnapshot& recorded,
                                       Outputs outputs,
                                       const ReferenceLookup& lookup,
                                       core::Diagnostics& diagnostics) {
  std::set<std::string> all;
  for (const auto& [name, output] : recorded.outputs) {
    all.insert(name);
  }
  if (outputs != Outputs::Removed) {
    for (const auto& [name, output] : configuration.outputs) {
      all.insert(name);
    }
  }
  std::vector<OutputChange> changes;
  for (const std::string& name : all) {
    OutputChange change;
    change.name = name;
    const auto before = recorded.outputs.find(name);
    if (before != recorded.outputs.end()) {
      change.before = before->second.value;
      change.sensitive = before->second.sensitive;
    }
    const auto desired = configuration.outputs.find(name);
    const bool wanted = outputs != Outputs::Removed && desired != configuration.outputs.end();
    if (wanted) {
      plan_value(configuration, desired->second, lookup, change, diagnostics);
      change.dependencies = desired->second.dependencies;
    }
    if (outputs == Outputs::Lost && wanted) {
      change.before = change.after;  // nobody can tell what it was; it follows from the rest
    } else if (before == recorded.outputs.end()) {
      change.action = Action::Create;
    } else if (!wanted) {
      change.action = Action::Delete;
    } else {
      change.action = change.before == change.after ? Action::NoOp : Action::Update;
    }
    changes.push_back(std::move(change));
  }
  return changes;
}

std::vector<OutputChange> unchanged_outputs(const core::StateSnapshot& recorded) {
  std::vector<OutputChange> changes;
  for (const auto& [name, output] : recorded.outputs) {
    OutputChange change;
    change.name = name;
    change.before = output.value;
    change.after = output.value;
    change.sensitive = output.sensitive;
    changes.push_back(std::move(change));
  }
  return changes;
}

}  // namespace aim::planner
