#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "core/diagnostic.hpp"
#include "core/engine.hpp"
#include "core/snapshot.hpp"
#include "core/value.hpp"
#include "planner/configuration.hpp"
#include "planner/image_questions.hpp"

namespace aim::planner {

enum class Action {
  NoOp,
  Create,
  Update,   ///< in place
  Replace,  ///< a new object takes over from the old one
  Delete,
  Forget  ///< leaves the object alone and drops it from state
};

/// Why an action was chosen; for people and policy tools, never read by the executor.
enum class Reason {
  None,
  CannotUpdate,     ///< a changed attribute forces replacement
  ByRequest,        ///< --replace
  Follows,          ///< something that it uses is replaced or started again
  Triggered,        ///< replace_triggered_by
  Drifted,          ///< Docker shows something else than was recorded
  Missing,          ///< recorded, but gone from Docker
  NoConfiguration,  ///< recorded, but no longer configured
  DestroyRequested  ///< --destroy
};

/// Where the value of a field stands before and after. Values are the attributes' canonical ones.
struct FieldChange {
  core::Path path;
  core::Value before;
  core::Value after;
  bool forces_replacement = false;
  std::optional<core::SourceRange> source;
  bool operator==(const FieldChange&) const = default;
};

/// What an in-place change does, in this order.
struct SetLimits {
  core::Map attributes;          ///< as for core::UpdateContainer
  core::Map previous;            ///< to go back
  bool after_readiness = false;  ///< cannot be taken back, so it comes last
  bool operator==(const SetLimits&) const = default;
};

struct Connect {
  core::Attachment attachment;  ///< network by name on Docker
  bool operator==(const Connect&) const = default;
};

struct Disconnect {
  core::Attachment attachment;  ///< as it was
  bool operator==(const Disconnect&) const = default;
};

struct Rename {
  std::string from;
  std::string to;
  bool operator==(const Rename&) const = default;
};

struct Start {
  bool operator==(const Start&) const = default;
};

struct Stop {
  bool operator==(const Stop&) const = default;
};

struct Unpause {
  bool operator==(const Unpause&) const = default;
};

/// Files whose content, mode or owner changes; what they become is in the planned attributes.
struct ReplaceFiles {
  std::vector<std::string> paths;
  bool operator==(const ReplaceFiles&) const = default;
};

/// Stopped and started again: a namespace that it shares was made anew.
struct Restart {
  bool operator==(const Restart&) const = default;
};

using InPlaceStep = std::
    variant<SetLimits, Connect, Disconnect, Rename, Start, Stop, Unpause, ReplaceFiles, Restart>;

/// What the user of an endpoint or container will notice.
enum class Downtime {
  None,
  Restart,  ///< from the stop of the previous container until the new one answers
  Removal   ///< it goes away
};

struct ResourceChange {
  core::Address address;
  /// Where state knows it, if `moved` gave it another address.
  std::optional<core::Address> moved_from;
  Action action = Action::NoOp;
  Reason reason = Reason::None;
  std::optional<core::Map> before;  ///< recorded attributes and computed ones; none on Create
  std::optional<core::Map> after;   ///< planned ones, Unknown where not known; none on Delete
  std::vector<FieldChange> fields;  ///< sorted by path; computed attributes that move included
  core::Map attributes;             ///< planned resolved specification, as state will record it
  core::Map computed;  ///< planned computed attributes, Unknown where only Docker can tell
  core::Map deferred;  ///< attributes of `attributes` that hold an Unknown, as templates
  std::vector<InPlaceStep> steps;  ///< of an Update; empty: only state is written
  /// Of an Update that mends nothing: the recorded baseline, which stays but for the policy.
  std::optional<core::Map> kept_baseline;
  std::vector<core::Address> dependencies;  ///< what must be up before; for a Delete: what it used
  std::vector<core::Address> previous_dependencies;  ///< what it needs until the change
  /// Earlier incarnations that a commit should have removed and did not: id and name on Docker.
  std::vector<std::pair<std::string, std::string>> superseded;
  bool keep_previous = false;  ///< of a Replace: the existing container stays, stopped
  /// Volumes without a name of the existing container, by path inside: handed on by Replace,
  /// deleted by Delete.
  std::map<std::string, std::string> anonymous_volumes;
  /// What the existing container gives up because the network makes way for a new one.
  std::vector<core::Attachment> detached;
  /// Of a network that has to go before the new one can come: the call that brings it back.
  std::optional<core::CreateNetwork> previous_network;
  std::string docker_name;
  std::string docker_id;        ///< of the object that exists now, else empty
  std::string salt;             ///< of its secrets, as recorded
  std::int64_t generation = 1;  ///< after the change
  Downtime downtime = Downtime::None;
  std::int64_t last_start_millis = 0;  ///< measured by an earlier run, 0: never
  bool stopped = false;                ///< the existing container does not run
  bool held = false;                   ///< it is stopped on request, and is so after the change
  bool external = false;
  bool prevent_destroy = false;
  bool retain = false;
  std::vector<std::string> triggered_by;   ///< what made replace_triggered_by fire
  std::optional<core::SourceRange> range;  ///< of the resource, or of the field that decided

  bool operator==(const ResourceChange&) const = default;
};

/// A difference between what state recorded and what Docker shows.
struct Drift {
  core::Address address;
  bool missing = false;
  std::vector<FieldChange> fields;
  bool operator==(const Drift&) const = default;
};

struct OutputChange {
  std::string name;
  Action action = Action::NoOp;
  core::Value before;
  core::Value after;
  std::optional<core::Value> source;  ///< as templates, when `after` is not known before apply
  bool sensitive = false;
  std::vector<core::Address> dependencies;  ///< resources that `after` is made of, sorted
  bool operator==(const OutputChange&) const = default;
};

struct PlanOptions {
  bool destroy = false;
  bool destroy_volumes = false;
  bool refresh_only = false;
  std::set<core::Address> targets;
  std::set<core::Address> excludes;
  std::set<core::Address> replaces;
  std::set<core::Address> upgrades;  ///< ask the registry what their tags stand for now
  bool upgrade_all = false;          ///< of every endpoint and container
  bool allow_exec = false;           ///< programs that the configuration names may run
  bool operator==(const PlanOptions&) const = default;
};

/// The finished plan: inert data. Human text, JSON and the saved file come from this value, and
/// apply obeys `changes` alone.
struct Plan {
  std::string project;
  std::string workspace;
  std::string lineage;      ///< empty: the apply begins a new one
  std::int64_t serial = 0;  ///< of the state that was read
  std::string configuration_digest;
  /// Whether the Engine can change limits and restart policy of a container. Where it cannot, such
  /// a change replaces it, and a container is created with the policy it is to keep.
  bool updates_containers = true;
  PlanOptions options;
  std::vector<ResourceChange> changes;  ///< sorted by address, NoOp included
  std::vector<Drift> drift;
  std::vector<OutputChange> outputs;  ///< sorted by name, NoOp included
  std::vector<core::Address>
      unmanaged_addresses;              ///< labelled as ours, not configured, not in state
  std::vector<std::string> unmanaged;   ///< their names on Docker, same order
  std::vector<core::Diagnostic> notes;  ///< warnings and notes, sorted
  /// One for every observed object the plan rests on: address -> digest of its relevant state.
  std::map<std::string, std::string> fingerprints;
  std::map<std::string, VariableValue> variables;
  std::map<std::string, core::RecordedResource>
      rebuilt;  ///< lost state found on Docker, by address

  bool operator==(const Plan&) const = default;
};

struct ChangeCounts {
  int add = 0;
  int change = 0;
  int destroy = 0;
  bool operator==(const ChangeCounts&) const = default;
};

/// Whether the change of a resource is one that apply has to do something for.
[[nodiscard]] bool is_change(const ResourceChange& change);

/// As the summary line counts: a replacement adds one and destroys one.
[[nodiscard]] ChangeCounts count_changes(const Plan& plan);

/// Whether there is anything to apply: the one place that decides it (exit code 2, "No changes.").
[[nodiscard]] bool has_changes(const Plan& plan);

[[nodiscard]] std::string_view to_string(Action action);
[[nodiscard]] std::string_view to_string(Reason reason);

/// The pure planner: same inputs, same plan, whatever the order of the input. Errors (name taken
/// by something foreign, another lineage, a cycle, an unknown reference) go to `diagnostics`;
/// the plan must not be applied then.
[[nodiscard]] Plan make_plan(const Configuration& configuration,
                             const core::StateSnapshot& recorded,
                             const core::ObservedWorld& observed,
                             const PlanOptions& options,
                             core::Diagnostics& diagnostics);

/// As above. What the plan turns on and `observed` does not hold goes to `questions`; until it is
/// known, it counts as not known before apply.
[[nodiscard]] Plan make_plan(const Configuration& configuration,
                             const core::StateSnapshot& recorded,
                             const core::ObservedWorld& observed,
                             const PlanOptions& options,
                             core::Diagnostics& diagnostics,
                             ImageQuestions& questions);

/// Adds warnings and notes to those of the plan.
void add_notes(Plan& plan, const core::Diagnostics& more);

/// Plans, asks the Engine what the plan turns on, and plans again, until nothing is left to ask.
/// The answers are added to `observed`. Blocking. Errors: those of answer_questions.
[[nodiscard]] core::Result<Plan> make_plan_asking(core::EngineReader& engine,
                                                  const Configuration& configuration,
                                                  const core::StateSnapshot& recorded,
                                                  core::ObservedWorld& observed,
                                                  const PlanOptions& options,
                                                  std::size_t parallelism,
                                                  std::stop_token stop,
                                                  core::Diagnostics& diagnostics);

}  // namespace aim::planner
