#include "planner/executor.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "planner/applied_values.hpp"
#include "planner/commit_recorder.hpp"
#include "planner/executor_tasks.hpp"
#include "planner/executor_undo.hpp"
#include "planner/given_up.hpp"
#include "planner/gpu_claims.hpp"
#include "planner/known_secrets.hpp"
#include "planner/resolved_gpus.hpp"
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

/// How long somebody who claims the same GPU may take to give it up or to come up.
constexpr std::chrono::seconds kLongestRivalry{60};
constexpr milliseconds kRivalPause{200};

class Run : public RunnerContext {
 public:
  Run(const Plan& plan,
      const core::RunHeader& header,
      const ExecutorPorts& ports,
      const ExecutorOptions& options)
      : plan_(plan),
        header_(header),
        ports_(ports),
        options_(options),
        values_(plan, header, ports.reader) {}

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
    if (goes_on()) {
      give_up_on(graphs, back_off(runner, stop));
    }
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
    return values_.attributes(change);
  }

  core::Labels birth_labels(const ResourceChange& change, const Map& attributes) const override {
    return values_.birth_labels(change, attributes);
  }

  bool updates_containers() const override { return plan_.updates_containers; }

  std::string docker_name(const Address& address) const override {
    return values_.docker_name(address);
  }

  std::string image_to_create_from(const ResourceChange& change,
                                   const Map& attributes) const override {
    return values_.image_to_create_from(change, attributes);
  }

  // RunnerContext
  void image_ready(const ImageWork& work, ReadyImage image) override {
    values_.image_ready(work, std::move(image));
  }

  void call_succeeded(const PlannedCall& call, const core::CallOutcome& outcome) override {
    const Address& address = call.intent.address;
    result_.switched = result_.switched || call.intent.phase == Phase::Switch;
    values_.call_succeeded(call, outcome);
    if (std::holds_alternative<core::StopContainer>(call.intent.call)) {
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
    return readiness_policy(address, values_.latest(address));
  }

 private:
  void note_service_gap(const Address& address) {
    result_.without_service.insert_or_assign(
        address,
        std::chrono::duration_cast<milliseconds>(ports_.clock.steady_now() -
                                                 stopped_at_.at(address)));
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

  /// The containers of this run that have GPUs, by id.
  std::map<std::string, NewClaim> gpu_claims() {
    std::map<std::string, NewClaim> claims;
    for (const auto& [address, id] : values_.new_ids()) {
      if (GpuGrant grant = grant_of(values_.latest(address));
          address.kind == core::Kind::Endpoint && !grant.ids.empty()) {
        claims.emplace(id, NewClaim{address, std::move(grant)});
      }
    }
    return claims;
  }

  /// Fails what was given GPUs that another project has claimed since the plan, and returns it.
  std::set<Address> back_off(TaskRunner& runner, const std::stop_token& stop) {
    const std::map<std::string, NewClaim> claims = gpu_claims();
    std::set<Address> failed;
    const auto fail = [&](const Address& address, std::string cause) {
      if (failed.insert(address).second) {
        runner.failures().push_back(
            {address.str(), core::Activity::Creating, std::move(cause), {}, {}});
      }
    };
    const core::Steady begin = ports_.clock.steady_now();
    for (bool open = !claims.empty(); open;) {
      const auto listed = ports_.reader.list_containers({});
      if (!listed) {
        fail(claims.begin()->second.address,
             core::to_string(core::while_doing(listed.error(), "while looking at GPUs")));
        break;
      }
      open = false;
      const bool late = ports_.clock.steady_now() - begin > kLongestRivalry;
      for (const Rival& one : gpu_rivals(*listed, claims, plan_.project, plan_.workspace)) {
        if (late || precedence(one) == Precedence::Theirs) {
          fail(one.address,
               fmt::format("GPU {} was taken by {} while this was planned; apply again",
                           one.gpu,
                           one.holder));
        } else {
          open = true;
        }
      }
      open = open && ports_.clock.wait_for(kRivalPause, stop);
    }
    return failed;
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
    CommitRecorder recorder(plan_, kept(), given_up_, start_millis_, values_, ports_.reader);
    core::Result<core::CommitRecord> record = recorder.record(header_.label);
    if (!record) {
      broken_ = true;
      runner.failures().push_back(
          {recorder.looking_at(),
           core::Activity::Creating,
           core::to_string(core::while_doing(record.error(), "while looking at what was created")),
           {},
           {}});
      return std::nullopt;
    }
    result_.outputs = record->outputs;
    return std::move(*record);
  }

  void commit(TaskRunner& runner, core::CommitRecord& record) {
    CommitCalls calls = commit_calls(kept(), values_.new_ids());
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
      const Action action = values_.change(address).action;
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
                        values_.change(address).docker_name));
      }
    }
  }

  ReadinessReport wait_for_previous(const Address& address) const {
    const ResourceChange& change = values_.change(address);
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
  AppliedValues values_;
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
