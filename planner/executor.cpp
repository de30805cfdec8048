#include "planner/executor.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "planner/evaluate.hpp"
#include "planner/executor_tasks.hpp"
#include "planner/executor_undo.hpp"
#include "planner/given_up.hpp"
#include "planner/gpu_holders.hpp"
#include "planner/image_reference.hpp"
#include "planner/known_secrets.hpp"
#include "planner/resolved_gpus.hpp"
#include "planner/schema.hpp"
#include "planner/task_runner.hpp"

namespace aim::planner {

using core::Address;
using core::Error;
using core::Kind;
using core::Map;
using core::Phase;
using core::RecordedResource;
using core::Result;
using core::RunResult;
using core::Value;
using std::chrono::milliseconds;

namespace {

class Run : public RunnerContext {
 public:
  Run(const Plan& plan,
      const core::RunHeader& header,
      const ExecutorPorts& ports,
      const ExecutorOptions& options)
      : plan_(plan), header_(header), ports_(ports), options_(options) {
    for (const ResourceChange& change : plan.changes) {
      by_address_.emplace(change.address, &change);
      computed_.emplace(change.address, change.computed);
    }
  }

  ApplyResult carry_out(std::stop_token stop) {
    result_.run = ports_.journal.begin_run(header_);
    TaskRunner runner(result_.run, ports_, options_, *this);
    const TaskGraphs graphs = build_tasks(plan_);
    const bool keep = options_.on_failure == OnFailure::Keep;
    const OnTaskFailure policy = keep ? OnTaskFailure::CarryOn : OnTaskFailure::StopStarting;
    const auto goes_on = [&] {
      return !stop.stop_requested() &&
             (runner.failures().empty() || (keep && !broken_ && something_is_kept()));
    };
    ports_.journal.enter_phase(result_.run, Phase::Prepare);
    runner.run(graphs.prepare, Phase::Prepare, policy, stop);
    give_up_on(graphs, runner.unfinished());
    // From here on everything that can be had without touching what runs is in place.
    if (goes_on()) {
      ports_.journal.enter_phase(result_.run, Phase::Switch);
      runner.run(graphs.switch_over, Phase::Switch, policy, stop, given_up_);
      give_up_on(graphs, runner.unfinished());
    }
    // From here on every new or changed resource is ready, or has been given up.
    if (goes_on()) {
      give_up_on(graphs, make_irreversible_changes(runner));
    }
    if (goes_on() && !given_up_.empty()) {
      undo(runner, Extent::GivenUp);
      kept_ = without(plan_, given_up_);
    }
    std::optional<core::CommitRecord> record;
    if (goes_on()) {
      record = commit_record(runner);
    }
    if (!record || !goes_on()) {
      result_.interrupted = stop.stop_requested();
      undo(runner, Extent::Everything);
    } else {
      commit(runner, *record);
    }
    result_.failures = std::move(runner.failures());
    ports_.journal.finish_run(result_.run, result_.result, summary());
    return std::move(result_);
  }

  // RunValues
  Result<Map> attributes(const ResourceChange& change) override {
    if (const auto known = resolved_.find(change.address); known != resolved_.end()) {
      return known->second;
    }
    Map all = change.attributes;
    std::optional<Error> failed;
    for (const auto& [name, value] : change.deferred) {
      const Value evaluated = evaluate(value, [&](const core::Reference& reference) {
        Result<Value> found = applied_value(reference);
        if (!found) {
          failed = found.error();
          return Value(core::Unknown{});
        }
        return *found;
      });
      if (failed) {
        return *failed;
      }
      core::Diagnostics diagnostics;
      const Attribute* attribute = find_attribute(change.address.kind, name);
      AIM_CHECK(attribute != nullptr);
      const auto canonical = normalise(*attribute, evaluated, {}, {name}, diagnostics);
      if (!canonical) {
        return core::make_error(core::ErrorCode::Invalid, diagnostics.items().front().detail);
      }
      all.insert_or_assign(name, *canonical);
    }
    const Value digested = core::with_digests(all, salt_of(change));
    resolved_.insert_or_assign(change.address, *digested.get<Map>());
    return *digested.get<Map>();
  }

  core::Labels birth_labels(const ResourceChange& change, const Map& attributes) const override {
    core::Labels labels{{core::label::kProject, plan_.project},
                        {core::label::kWorkspace, plan_.workspace},
                        {core::label::kLineage, header_.lineage},
                        {core::label::kAddress, change.address.str()},
                        {core::label::kGeneration, std::to_string(change.generation)},
                        {core::label::kRun, header_.label},
                        {core::label::kSpec, core::canonical_json(attributes)}};
    if (const GpuGrant grant = grant_of(attributes); !grant.ids.empty()) {
      labels.emplace(core::label::kGpus, gpus_label(grant));
    }
    return labels;
  }

  bool updates_containers() const override { return plan_.updates_containers; }

  std::string docker_name(const Address& address) const override {
    const auto change = by_address_.find(address);
    return change != by_address_.end()
               ? change->second->docker_name
               : default_docker_name(plan_.project, plan_.workspace, address);
  }

  std::string image_to_create_from(const ResourceChange& change,
                                   const Map& attributes) const override {
    const std::optional<ImageWork> work = image_work(change);
    const auto ready = work ? images_.find(*work) : images_.end();
    return ready != images_.end() ? ready->second.create_from
                                  : core::string_at(attributes, "image").value_or("");
  }

  // RunnerContext
  void image_ready(const ImageWork& work, ReadyImage image) override {
    images_.insert_or_assign(work, std::move(image));
  }

  void call_succeeded(const PlannedCall& call, const core::CallOutcome& outcome) override {
    const Address& address = call.intent.address;
    result_.switched = result_.switched || call.intent.phase == Phase::Switch;
    if (std::holds_alternative<core::CreateContainer>(call.intent.call)) {
      new_ids_.insert_or_assign(address, outcome.id);
      computed_[address].insert_or_assign("container_id", outcome.id);
    } else if (std::holds_alternative<core::CreateNetwork>(call.intent.call)) {
      new_ids_.insert_or_assign(address, outcome.id);
      computed_[address].insert_or_assign("id", outcome.id);
    } else if (std::holds_alternative<core::StopContainer>(call.intent.call)) {
      stopped_at_.insert_or_assign(address, ports_.clock.steady_now());
    }
  }

  void ready(const Address& address, milliseconds elapsed) override {
    start_millis_.insert_or_assign(address, elapsed.count());
    if (const auto stopped = stopped_at_.find(address); stopped != stopped_at_.end()) {
      note_service_gap(address);
    }
  }

  std::optional<ReadinessPolicy> readiness(const Address& address) override {
    const ResourceChange& change = *by_address_.at(address);
    const auto resolved = resolved_.find(address);
    return readiness_policy(address,
                            resolved != resolved_.end() ? resolved->second : change.attributes);
  }

 private:
  void note_service_gap(const Address& address) {
    result_.without_service.insert_or_assign(
        address,
        std::chrono::duration_cast<milliseconds>(ports_.clock.steady_now() -
                                                 stopped_at_.at(address)));
  }

  /// The value of another resource's attribute now that it was applied.
  Result<Value> applied_value(const core::Reference& reference) {
    const auto change = by_address_.find(reference.address);
    AIM_CHECK(change != by_address_.end());
    Map& computed = computed_[reference.address];
    const Value* value = core::find(computed, reference.attribute);
    if (value && value->is<core::Unknown>()) {
      if (auto failed = learn_computed(*change->second)) {
        return *failed;
      }
      value = core::find(computed, reference.attribute);
    }
    if (value) {
      return *value;
    }
    Result<Map> all = attributes(*change->second);
    if (!all) {
      return all.error();
    }
    const Value* plain = core::find(*all, reference.attribute);
    return plain ? *plain : Value();
  }

  /// Asks Docker for what only it can tell of a resource that was applied.
  std::optional<Error> learn_computed(const ResourceChange& change) {
    Map& computed = computed_[change.address];
    if (is_container_kind(change.address.kind)) {
      const auto seen = ports_.reader.inspect_container(candidate_name(change), {});
      if (!seen) {
        return seen.error();
      }
      return learn_container(change, *seen, computed);
    }
    if (change.address.kind == Kind::Volume) {
      const auto volumes = ports_.reader.list_volumes({});
      if (!volumes) {
        return volumes.error();
      }
      for (const core::ObservedVolume& volume : *volumes) {
        if (volume.name == change.docker_name) {
          computed.insert_or_assign("mountpoint", volume.mountpoint);
        }
      }
    }
    return std::nullopt;
  }

  std::optional<Error> learn_container(const ResourceChange& change,
                                       const core::ObservedContainer& seen,
                                       Map& computed) {
    computed.insert_or_assign("container_id", seen.id);
    computed.insert_or_assign("image_id", seen.image_id);
    const Value* digest = core::find(computed, "image_digest");
    if (digest == nullptr || !digest->is<core::Unknown>()) {
      return std::nullopt;
    }
    const std::optional<ImageWork> work = image_work(change);
    const auto ready = work ? images_.find(*work) : images_.end();
    Result<core::ObservedImage> image =
        ready != images_.end() && ready->second.image.id == seen.image_id
            ? Result<core::ObservedImage>(ready->second.image)
            : ports_.reader.inspect_image(seen.image_id, {});
    if (!image) {
      return image.error();
    }
    const auto found =
        digest_in(image->repo_digests, core::string_at(change.attributes, "image").value_or(""));
    if (found) {
      computed.insert_or_assign("image_digest", *found);
    } else {
      computed.erase("image_digest");
    }
    return std::nullopt;
  }

  /// What is committed: all of the plan, or what was not given up.
  [[nodiscard]] const Plan& kept() const { return kept_ ? *kept_ : plan_; }

  [[nodiscard]] bool something_is_kept() const {
    return std::any_of(
        plan_.changes.begin(), plan_.changes.end(), [&](const ResourceChange& change) {
          return is_change(change) && !given_up_.contains(change.address);
        });
  }

  void give_up_on(const TaskGraphs& graphs, const std::set<Address>& failed) {
    if (!failed.empty() && options_.on_failure == OnFailure::Keep) {
      std::set<Address> all = given_up_;
      all.insert(failed.begin(), failed.end());
      given_up_ = given_up_with(plan_, graphs, all);
    }
  }

  /// Returns what could not be changed.
  std::set<Address> make_irreversible_changes(TaskRunner& runner) {
    std::set<Address> failed;
    for (const PlannedCall& call : irreversible_calls(plan_)) {
      if (given_up_.contains(call.intent.address)) {
        continue;
      }
      Error error;
      if (!runner.call_now(call, error)) {
        runner.failures().push_back(
            {call.intent.address.str(), core::Activity::Updating, core::to_string(error), {}, {}});
        failed.insert(call.intent.address);
        if (options_.on_failure == OnFailure::Keep) {
          continue;
        }
        break;
      }
      irreversible_done_.push_back(
          fmt::format("{}: a limit was set and Docker cannot unset it", call.intent.address.str()));
    }
    return failed;
  }

  // --- the point of no return -------------------------------------------------------------------

  /// What state will hold. Nothing if Docker could not be asked, which counts as a failure.
  std::optional<core::CommitRecord> commit_record(TaskRunner& runner) {
    core::CommitRecord record;
    const auto give_up = [&](const std::string& resource, const Error& error) {
      broken_ = true;
      runner.failures().push_back(
          {resource,
           core::Activity::Creating,
           core::to_string(core::while_doing(error, "while looking at what was created")),
           {},
           {}});
      return std::nullopt;
    };
    std::set<Address> upserted;
    for (const ResourceChange& change : kept().changes) {
      if (change.moved_from) {
        record.removals.push_back(*change.moved_from);
      }
      if (change.action == Action::Forget) {
        record.removals.push_back(change.address);
        continue;
      }
      if (change.action == Action::NoOp || change.action == Action::Delete || change.external) {
        continue;
      }
      Result<RecordedResource> one = recorded(change);
      if (!one) {
        return give_up(change.address.str(), one.error());
      }
      upserted.insert(change.address);
      record.upserts.push_back(std::move(*one));
    }
    for (const auto& [address, rebuilt] : plan_.rebuilt) {
      if (!upserted.contains(rebuilt.address) && stays(rebuilt.address)) {
        record.upserts.push_back(rebuilt);
      }
    }
    if (auto failed = fill_networks_and_volumes(record.upserts)) {
      return give_up("networks and volumes", *failed);
    }
    if (auto failed = final_outputs(record.outputs)) {
      return give_up("outputs", *failed);
    }
    return record;
  }

  /// A new object begins with a salt of its own; one that stays keeps what its digests were made
  /// with, also after it moved.
  std::string salt_of(const ResourceChange& change) const {
    const bool made = change.action == Action::Create || change.action == Action::Replace;
    return made || change.salt.empty() ? secret_salt(plan_.project, plan_.workspace, change.address)
                                       : change.salt;
  }

  bool stays(const Address& address) const {
    const auto change = by_address_.find(address);
    return change != by_address_.end() && !given_up_.contains(address) &&
           (change->second->action == Action::NoOp || change->second->action == Action::Delete);
  }

  Result<RecordedResource> recorded(const ResourceChange& change) {
    Result<Map> resolved = attributes(change);
    if (!resolved) {
      return resolved.error();
    }
    RecordedResource record;
    record.address = change.address;
    record.attributes = std::move(*resolved);
    record.computed = computed_.at(change.address);
    record.docker_name = change.docker_name;
    record.docker_id = change.docker_id;
    record.generation = change.generation;
    record.dependencies = change.dependencies;
    record.prevent_destroy = change.prevent_destroy;
    record.retain = change.retain;
    record.held = change.held;
    record.salt = salt_of(change);
    record.created_run = header_.label;
    record.start_millis = change.last_start_millis;
    if (const auto measured = start_millis_.find(change.address);
        measured != start_millis_.end() && change.action != Action::Update) {
      record.start_millis = measured->second;
    }
    if (is_container_kind(change.address.kind)) {
      const std::string reference =
          change.action == Action::Update ? change.docker_id : candidate_name(change);
      const auto seen = ports_.reader.inspect_container(reference, {});
      if (!seen) {
        return seen.error();
      }
      record.docker_id = seen->id;
      record.baseline = baseline_of(*seen, record.salt);
      // The candidate gets its real policy in the calls that follow.
      record.baseline.insert_or_assign(
          "restart",
          change.held && plan_.updates_containers ? "no" : restart_policy(record.attributes));
      const auto planned_image = core::string_at(change.computed, "image_id");
      if (planned_image && *planned_image != seen->image_id) {
        return core::make_error(
            core::ErrorCode::Stale,
            fmt::format("it was made from image {} instead of {}: somebody moved the tag meanwhile",
                        seen->image_id,
                        *planned_image));
      }
      if (std::optional<Error> failed = learn_container(change, *seen, record.computed)) {
        return *failed;
      }
      computed_[change.address] = record.computed;
      new_ids_.insert_or_assign(change.address, seen->id);
    }
    return record;
  }

  std::optional<Error> fill_networks_and_volumes(std::vector<RecordedResource>& records) {
    const auto any = [&](Kind kind) {
      return std::any_of(records.begin(), records.end(), [&](const RecordedResource& r) {
        return r.address.kind == kind;
      });
    };
    const Result<core::EngineInfo> info = ports_.reader.info({});
    if (!info) {
      return info.error();
    }
    for (RecordedResource& record : records) {
      record.baseline_api = info->api_version;
    }
    if (any(Kind::Network)) {
      const auto networks = ports_.reader.list_networks({});
      if (!networks) {
        return networks.error();
      }
      for (RecordedResource& record : records) {
        for (const core::ObservedNetwork& network : *networks) {
          if (record.address.kind == Kind::Network && network.name == record.docker_name) {
            record.docker_id = network.id;
            record.baseline = network.attributes;
            record.computed.insert_or_assign("id", network.id);
            computed_[record.address] = record.computed;
          }
        }
      }
    }
    if (any(Kind::Volume)) {
      const auto volumes = ports_.reader.list_volumes({});
      if (!volumes) {
        return volumes.error();
      }
      for (RecordedResource& record : records) {
        for (const core::ObservedVolume& volume : *volumes) {
          if (record.address.kind == Kind::Volume && volume.name == record.docker_name) {
            record.docker_id = volume.name;
            record.baseline = volume.attributes;
            record.computed.insert_or_assign("mountpoint", volume.mountpoint);
            computed_[record.address] = record.computed;
          }
        }
      }
    }
    return std::nullopt;
  }

  std::optional<Error> final_outputs(std::map<std::string, core::RecordedOutput>& outputs) {
    for (const OutputChange& output : kept().outputs) {
      if (output.action == Action::Delete) {
        continue;
      }
      std::optional<Error> failed;
      Value value = output.after;
      if (output.source) {
        value = evaluate(*output.source, [&](const core::Reference& reference) {
          Result<Value> found = applied_value(reference);
          if (!found) {
            failed = found.error();
            return Value();
          }
          return *found;
        });
      }
      if (failed) {
        return failed;
      }
      if (output.sensitive && !core::contains_secret(value)) {
        value = core::Secret(as_text(value));
      }
      value = core::with_digests(
          value, fmt::format("{}/{}/output.{}", plan_.project, plan_.workspace, output.name));
      outputs.emplace(output.name, core::RecordedOutput{std::move(value), output.sensitive});
    }
    result_.outputs = outputs;
    return std::nullopt;
  }

  void commit(TaskRunner& runner, core::CommitRecord& record) {
    CommitCalls calls = commit_calls(kept(), new_ids_);
    for (const auto& list : calls.containers) {
      for (const PlannedCall& call : list) {
        record.remaining.push_back(call.intent);
      }
    }
    for (const PlannedCall& call : calls.networks_and_volumes) {
      record.remaining.push_back(call.intent);
    }
    const std::vector<core::StepId> steps = ports_.journal.commit(result_.run, record);
    // From here on the run can only go forward.
    std::size_t next = 0;
    for (auto& list : calls.containers) {
      for (PlannedCall& call : list) {
        call.journalled = steps.at(next++);
      }
    }
    for (PlannedCall& call : calls.networks_and_volumes) {
      call.journalled = steps.at(next++);
    }
    runner.run(commit_tasks(calls), Phase::Commit, OnTaskFailure::CarryOn, {});
    settle_commit(runner, calls);
  }

  /// What was done is forgotten or counted; what was not is listed, and stays in state.
  void settle_commit(TaskRunner& runner, const CommitCalls& calls) {
    std::set<core::StepId> made;
    for (const CallRecord& done : runner.records()) {
      if (done.certain && done.call.journalled) {
        made.insert(*done.call.journalled);
      }
    }
    std::set<Address> unfinished;
    const auto look = [&](const PlannedCall& call) {
      if (!made.contains(*call.journalled)) {
        unfinished.insert(call.intent.address);
        result_.left_over.push_back(
            fmt::format("{}: {}", call.intent.address.str(), by_hand(call.intent.call)));
      }
    };
    for (const auto& list : calls.containers) {
      std::for_each(list.begin(), list.end(), look);
    }
    std::for_each(calls.networks_and_volumes.begin(), calls.networks_and_volumes.end(), look);
    std::vector<Address> removed;
    for (const ResourceChange& change : kept().changes) {
      if (change.action == Action::Delete && !unfinished.contains(change.address)) {
        removed.push_back(change.address);
      }
    }
    ports_.journal.forget(result_.run, removed);
    result_.given_up.assign(given_up_.begin(), given_up_.end());
    result_.result = !unfinished.empty()          ? RunResult::CommitFailed
                     : !result_.left_over.empty() ? RunResult::RollbackFailed
                     : given_up_.empty()          ? RunResult::Applied
                                                  : RunResult::Partly;
    result_.done = unfinished.empty() ? count_changes(kept()) : ChangeCounts();
  }

  std::vector<Task> commit_tasks(const CommitCalls& calls) const {
    std::vector<Task> tasks;
    std::set<std::size_t> containers;
    const auto add = [&](const Address& address,
                         std::vector<PlannedCall> list,
                         std::set<std::size_t> waits_for) {
      const Action action = by_address_.at(address)->action;
      tasks.push_back(
          Task{address,
               address.str(),
               action == Action::Delete   ? core::Activity::Destroying
               : action == Action::Update ? core::Activity::Updating
                                          : core::Activity::Replacing,
               CallWork{[list = std::move(list)](RunValues&) -> Result<std::vector<PlannedCall>> {
                 return list;
               }},
               std::move(waits_for)});
    };
    for (const auto& list : calls.containers) {
      containers.insert(tasks.size());
      add(list.front().intent.address, list, {});
    }
    for (const PlannedCall& call : calls.networks_and_volumes) {
      add(call.intent.address, {call}, containers);
    }
    return tasks;
  }

  // --- going back -------------------------------------------------------------------------------

  enum class Extent { Everything, GivenUp };

  /// What was taken back once is not taken back again.
  void undo(TaskRunner& runner, Extent extent) {
    if (runner.records().empty()) {
      result_.result = RunResult::NothingDone;
      return;
    }
    ports_.journal.enter_phase(result_.run, Phase::Undo);
    ports_.progress.on(core::UndoStarted{result_.interrupted ? "interrupted"
                                         : runner.failures().empty()
                                             ? "stopped"
                                             : runner.failures().front().cause});
    UndoOutcome outcome = undo_calls(
        result_.run, header_.label, ports_, options_, runner, [&](const Address& address) {
          return given_up_.contains(address) ? !kept_ : extent == Extent::Everything;
        });
    result_.left_over.insert(
        result_.left_over.end(), outcome.left_over.begin(), outcome.left_over.end());
    if (extent == Extent::Everything) {
      result_.left_over.insert(
          result_.left_over.end(), irreversible_done_.begin(), irreversible_done_.end());
    }
    await_previous(outcome.started_again);
    result_.result = result_.left_over.empty() ? RunResult::RolledBack : RunResult::RollbackFailed;
  }

  /// Previous containers that were started again have to answer again, all at once.
  void await_previous(const std::vector<Address>& addresses) {
    std::vector<ReadinessReport> reports(addresses.size());
    {
      std::vector<std::jthread> threads;
      for (std::size_t i = 0; i < addresses.size(); ++i) {
        threads.emplace_back([&, i] { reports[i] = wait_for_previous(addresses[i]); });
      }
    }
    for (std::size_t i = 0; i < addresses.size(); ++i) {
      const Address& address = addresses[i];
      if (stopped_at_.contains(address)) {
        note_service_gap(address);
      }
      if (!reports[i].ready) {
        result_.left_over.push_back(
            fmt::format("{}: the previous container was started again but {}; see docker logs {}",
                        address.str(),
                        reports[i].cause,
                        by_address_.at(address)->docker_name));
      }
    }
  }

  ReadinessReport wait_for_previous(const Address& address) const {
    const ResourceChange& change = *by_address_.at(address);
    const Value after = change.attributes;
    const Value before = with_known_secrets(Value(change.before.value_or(Map())), &after);
    if (is_job(*before.get<Map>())) {
      return {true, false, {}, {}, {}};  // it runs again, which may take as long as it likes
    }
    const auto policy = readiness_policy(address, *before.get<Map>());
    if (!policy) {
      return check_running(ports_.reader, ports_.watcher, change.docker_id, {});
    }
    const ReadinessPorts ports{ports_.reader, ports_.watcher, ports_.prober, ports_.clock};
    return watch_readiness(ports, change.docker_id, *policy, [](const std::string&) {}, {});
  }

  std::string summary() const {
    std::string text;
    for (const Failure& failure : result_.failures) {
      text += fmt::format("{}{}: {}", text.empty() ? "" : "; ", failure.resource, failure.cause);
    }
    return text;
  }

  const Plan& plan_;
  const core::RunHeader& header_;
  const ExecutorPorts& ports_;
  const ExecutorOptions& options_;
  std::map<Address, const ResourceChange*> by_address_;
  std::map<Address, Map> computed_;
  std::map<Address, Map> resolved_;
  std::map<Address, std::string> new_ids_;
  std::map<ImageWork, ReadyImage> images_;
  std::map<Address, core::Steady> stopped_at_;
  std::map<Address, std::int64_t> start_millis_;
  std::vector<std::string> irreversible_done_;
  std::set<Address> given_up_;
  std::optional<Plan> kept_;  ///< the plan without what was given up
  bool broken_ = false;       ///< Docker could not be asked what to commit
  ApplyResult result_;
};

}  // namespace

ApplyResult execute(const Plan& plan,
                    const core::RunHeader& header,
                    const ExecutorPorts& ports,
                    const ExecutorOptions& options,
                    std::stop_token stop) {
  return Run(plan, header, ports, options).carry_out(stop);
}

}  // namespace aim::planner
