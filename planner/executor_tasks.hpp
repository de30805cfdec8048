#pragma once

#include <functional>
#include <optional>
#include <set>
#include <string>
#include <variant>
#include <vector>

#include "core/journal.hpp"
#include "core/progress.hpp"
#include "planner/image_work.hpp"
#include "planner/plan.hpp"
#include "planner/realize.hpp"

namespace aim::planner {

/// A call with everything the journal and the undo need.
struct PlannedCall {
  core::StepIntent intent;
  std::optional<core::StepId> journalled;  ///< set if the intent was written with the commit
};

/// What is known by now of the resources of a run: planned values, then applied ones.
class RunValues {
 public:
  virtual ~RunValues() = default;
  /// The attributes of a change with everything deferred resolved.
  [[nodiscard]] virtual core::Result<core::Map> attributes(const ResourceChange& change) = 0;
  /// Birth labels of a new object of this run.
  [[nodiscard]] virtual core::Labels birth_labels(const ResourceChange& change,
                                                  const core::Map& attributes) const = 0;
  [[nodiscard]] virtual std::string docker_name(const core::Address& address) const = 0;
  /// Plan::updates_containers.
  [[nodiscard]] virtual bool updates_containers() const = 0;
  /// What a container is made from: the image that was made ready for it, by its best name.
  [[nodiscard]] virtual std::string image_to_create_from(const ResourceChange& change,
                                                         const core::Map& attributes) const = 0;
};

/// Makes its calls when it starts, since some need what earlier tasks found out.
struct CallWork {
  std::function<core::Result<std::vector<PlannedCall>>(RunValues&)> calls;
};

struct ReadyWork {
  std::string container;  ///< name on Docker
};

struct Task {
  core::Address address;
  std::string resource;  ///< what progress calls it: the address, or an image
  core::Activity activity = core::Activity::Creating;
  std::variant<ImageWork, CallWork, ReadyWork> work;
  std::set<std::size_t> waits_for;  ///< indices of tasks
};

/// What a run does before the point of no return, as two graphs.
struct TaskGraphs {
  std::vector<Task> prepare;
  std::vector<Task> switch_over;  ///< with readiness
};

/// Derives the tasks from the changes of a plan alone. Deterministic.
[[nodiscard]] TaskGraphs build_tasks(const Plan& plan);

/// Changes that cannot be taken back and that come after all readiness checks.
[[nodiscard]] std::vector<PlannedCall> irreversible_calls(const Plan& plan);

/// The calls that follow the point of no return, one list per resource in order, then networks and
/// volumes. `new_ids` are the ids of containers created in this run, by address.
struct CommitCalls {
  std::vector<std::vector<PlannedCall>> containers;  ///< lists are independent of each other
  std::vector<PlannedCall> networks_and_volumes;     ///< after all containers
};

[[nodiscard]] CommitCalls commit_calls(const Plan& plan,
                                       const std::map<core::Address, std::string>& new_ids);

/// A call with its inverse, not journalled yet.
[[nodiscard]] PlannedCall planned_call(const core::Address& address,
                                       core::Phase phase,
                                       core::Call call,
                                       std::optional<core::Call> inverse,
                                       std::string object);

/// Empties the copies of files that an in-place change kept for its undo.
[[nodiscard]] core::PutFiles forget_copies(const std::string& container,
                                           const std::vector<std::string>& paths);

/// Name of a container while it waits to take over, "lab-qwen.g3", or the final one.
[[nodiscard]] std::string candidate_name(const ResourceChange& change);

[[nodiscard]] bool is_container_kind(core::Kind kind);

}  // namespace aim::planner
