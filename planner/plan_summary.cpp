#include <algorithm>

#include "planner/plan.hpp"

namespace aim::planner {

bool is_change(const ResourceChange& change) { return change.action != Action::NoOp; }

ChangeCounts count_changes(const Plan& plan) {
  ChangeCounts counts;
  for (const ResourceChange& change : plan.changes) {
    switch (change.action) {
      case Action::NoOp:
      case Action::Forget:
        break;
      case Action::Create:
        ++counts.add;
        break;
      case Action::Update:
        ++counts.change;
        break;
      case Action::Replace:
        ++counts.add;
        ++counts.destroy;
        break;
      case Action::Delete:
        ++counts.destroy;
        break;
    }
  }
  return counts;
}

bool has_changes(const Plan& plan) {
  return std::any_of(plan.changes.begin(), plan.changes.end(), is_change) ||
         std::any_of(plan.outputs.begin(), plan.outputs.end(), [](const OutputChange& output) {
           return output.action != Action::NoOp;
         });
}

std::string_view to_string(Action action) {
  switch (action) {
    case Action::NoOp:
      return "no-op";
    case Action::Create:
      return "create";
    case Action::Update:
      return "update";
    case Action::Replace:
      return "replace";
    case Action::Delete:
      return "delete";
    case Action::Forget:
      return "forget";
  }
  return "";
}

std::string_view to_string(Reason reason) {
  switch (reason) {
    case Reason::None:
      return "none";
    case Reason::CannotUpdate:
      return "replace_because_cannot_update";
    case Reason::ByRequest:
      return "replace_by_request";
    case Reason::Follows:
      return "follows";
    case Reason::Triggered:
      return "replace_by_triggers";
    case Reason::Drifted:
      return "drifted";
    case Reason::Missing:
      return "missing";
    case Reason::NoConfiguration:
      return "delete_because_no_resource_config";
    case Reason::DestroyRequested:
      return "destroy_requested";
  }
  return "";
}

}  // namespace aim::planner
