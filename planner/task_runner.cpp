#include "planner/task_runner.hpp"

#include <algorithm>

namespace aim::planner {

using core::Activity;
using core::CallOutcome;
using core::Error;
using core::ErrorCode;
using core::Result;
using std::chrono::milliseconds;

namespace {

enum TaskState : int { kWaiting, kRunning, kDone, kFailed, kSkipped };

/// Whether a failed call may nevertheless have had its effect.
bool may_have_happened(ErrorCode code) {
  switch (code) {
    case ErrorCode::NotFound:
    case ErrorCode::Conflict:
    case ErrorCode::Denied:
    case ErrorCode::Invalid:
    case ErrorCode::Unsupported:
      return false;
    case ErrorCode::Timeout:
    case ErrorCode::Cancelled:
    case ErrorCode::Unreachable:
    case ErrorCode::Protocol:
    case ErrorCode::Locked:
    case ErrorCode::Stale:
    case ErrorCode::Failed:
      return true;
  }
  return true;
}

milliseconds since(core::Clock& clock, core::Steady start) {
  return std::chrono::duration_cast<milliseconds>(clock.steady_now() - start);
}

}  // namespace

TaskRunner::TaskRunner(core::RunId run,
                       const ExecutorPorts& ports,
                       const ExecutorOptions& options,
                       RunnerContext& context)
    : run_(run), ports_(ports), options_(options), context_(context) {
  for (std::size_t i = 0; i < std::max<std::size_t>(options.parallelism, 1); ++i) {
    workers_.emplace_back([this] { work(); });
  }
}

TaskRunner::~TaskRunner() {
  {
    const std::lock_guard lock(mutex_);
    closing_ = true;
  }
  submitted_.notify_all();
}

void TaskRunner::work() {
  while (true) {
    std::function<void()> job;
    {
      std::unique_lock lock(mutex_);
      submitted_.wait(lock, [&] { return closing_ || !jobs_.empty(); });
      if (jobs_.empty()) {
        return;
      }
      job = std::move(jobs_.front());
      jobs_.pop_front();
    }
    job();
  }
}

void TaskRunner::submit(std::function<void()> job) {
  {
    const std::lock_guard lock(mutex_);
    jobs_.push_back(std::move(job));
  }
  submitted_.notify_one();
}

void TaskRunner::post(Done done) {
  {
    const std::lock_guard lock(mutex_);
    done_.push_back(std::move(done));
  }
  posted_.notify_one();
}

std::optional<TaskRunner::Done> TaskRunner::next(std::stop_token stop) {
  std::unique_lock lock(mutex_);
  posted_.wait(lock, stop, [&] { return !done_.empty(); });
  if (done_.empty()) {
    return std::nullopt;
  }
  Done done = std::move(done_.front());
  done_.pop_front();
  return done;
}

bool TaskRunner::may_start(std::size_t index) const {
  const Task& task = (*tasks_)[index];
  if (states_[index] != kWaiting || halted_) {
    return false;
  }
  if (!std::holds_alternative<ReadyWork>(task.work) && busy_calls_ >= options_.parallelism) {
    return false;
  }
  return std::all_of(task.waits_for.begin(), task.waits_for.end(), [&](std::size_t other) {
    return states_[other] == kDone;
  });
}

void TaskRunner::run(const std::vector<Task>& tasks,
                     core::Phase phase,
                     OnTaskFailure on_failure,
                     std::stop_token stop,
                     const std::set<core::Address>& left_out) {
  ports_.progress.on(core::PhaseEntered{phase});
  tasks_ = &tasks;
  states_.assign(tasks.size(), kWaiting);
  for (std::size_t i = 0; i < tasks.size(); ++i) {
    if (left_out.contains(tasks[i].address) && !std::holds_alternative<ImageWork>(tasks[i].work)) {
      states_[i] = kSkipped;
    }
  }
  active_.clear();
  halted_ = false;
  cut_short_ = std::stop_source();
  const std::size_t failures_before = failures_.size();
  while (true) {
    if (stop.stop_requested() ||
        (on_failure == OnTaskFailure::StopStarting && failures_.size() > failures_before)) {
      halted_ = true;
      cut_short_.request_stop();
    }
    for (std::size_t i = 0; i < tasks.size(); ++i) {
      if (may_start(i)) {
        start_task(i);
      }
    }
    if (std::none_of(states_.begin(), states_.end(), [](int s) { return s == kRunning; })) {
      break;
    }
    // Once halted, a stop that was already requested must not turn this wait into a busy loop.
    if (std::optional<Done> done = next(halted_ ? std::stop_token() : stop)) {
      handle(std::move(*done));
    }
  }
  waits_.clear();
  unfinished_.clear();
  for (std::size_t i = 0; i < tasks.size(); ++i) {
    if (states_[i] != kDone && !std::holds_alternative<ImageWork>(tasks[i].work)) {
      unfinished_.insert(tasks[i].address);
    }
  }
  tasks_ = nullptr;
}

void TaskRunner::start_task(std::size_t index) {
  const Task& task = (*tasks_)[index];
  states_[index] = kRunning;
  Active& active = active_[index];
  active.started = ports_.clock.steady_now();
  if (const ImageWork* image = std::get_if<ImageWork>(&task.work)) {
    ++busy_calls_;
    active.announced = false;
    start_image(index, *image);
    return;
  }
  ports_.progress.on(core::ActivityStarted{task.resource, task.activity});
  if (const ReadyWork* wait = std::get_if<ReadyWork>(&task.work)) {
    start_wait(index, *wait);
    return;
  }
  Result<std::vector<PlannedCall>> calls = std::get<CallWork>(task.work).calls(context_);
  if (!calls) {
    ++busy_calls_;
    fail(index, {task.resource, task.activity, core::to_string(calls.error()), {}, {}});
    return;
  }
  active.calls.assign(calls->begin(), calls->end());
  ++busy_calls_;
  start_next_call(index);
}

void TaskRunner::start_next_call(std::size_t index) {
  Active& active = active_.at(index);
  if (active.calls.empty() || halted_) {
    finish(index, active.calls.empty());
    return;
  }
  const PlannedCall& call = active.calls.front();
  active.step = call.journalled ? *call.journalled : ports_.journal.intent(run_, call.intent);
  submit([this, index, what = call.intent.call] {
    // A call to Docker is never cut short: whether it happened must be known for the undo.
    Done done;
    done.task = index;
    done.call = ports_.actor.perform(what, {});
    post(std::move(done));
  });
}

void TaskRunner::start_image(std::size_t index, const ImageWork& work) {
  submit([this, index, work, stop = cut_short_.get_token()] {
    const auto note = [&](core::ProgressEvent event) {
      Done done;
      done.task = index;
      done.note = std::move(event);
      post(std::move(done));
    };
    Done done;
    done.task = index;
    done.image = make_image_ready(
        {ports_.reader, ports_.actor},
        work,
        [&] {
          note(core::ActivityStarted{work.reference, Activity::Pulling});
        },
        [&](const core::PullProgress& progress) {
          note(
              core::ActivityProgress{work.reference, Activity::Pulling, progress.status, progress});
        },
        stop);
    post(std::move(done));
  });
}

void TaskRunner::start_wait(std::size_t index, const ReadyWork& wait) {
  const Task& task = (*tasks_)[index];
  waits_.emplace_back([this,
                       index,
                       container = wait.container,
                       resource = task.resource,
                       policy = context_.readiness(task.address),
                       stop = cut_short_.get_token()] {
    Done done;
    done.task = index;
    if (!policy) {
      done.ready = check_running(ports_.reader, ports_.watcher, container, stop);
    } else {
      const ReadinessPorts ports{ports_.reader, ports_.watcher, ports_.prober, ports_.clock};
      done.ready = watch_readiness(
          ports,
          container,
          *policy,
          [&](const std::string& detail) {
            Done note;
            note.task = index;
            note.note = core::ActivityProgress{resource, Activity::Waiting, detail, std::nullopt};
            post(std::move(note));
          },
          stop);
    }
    post(std::move(done));
  });
}

void TaskRunner::handle(Done done) {
  if (done.note) {
    active_.at(done.task).announced = true;
    ports_.progress.on(*done.note);
    return;
  }
  const std::size_t index = done.task;
  const Task& task = (*tasks_)[index];
  if (done.call) {
    settle_call(index, *done.call);
  } else if (done.image) {
    if (*done.image) {
      context_.image_ready(std::get<ImageWork>(task.work), std::move(**done.image));
      finish(index, true);
    } else if (done.image->error().code == ErrorCode::Cancelled) {
      finish(index, false);
    } else {
      fail(index, {task.resource, task.activity, core::to_string(done.image->error()), {}, {}});
    }
  } else if (done.ready->ready) {
    context_.ready(task.address, done.ready->elapsed);
    finish(index, true);
  } else if (done.ready->cancelled) {
    finish(index, false);
  } else {
    fail(index,
         {task.resource, task.activity, done.ready->cause, done.ready->tail, {}, done.ready->exit});
  }
}

void TaskRunner::settle_call(std::size_t index, const Result<CallOutcome>& outcome) {
  Active& active = active_.at(index);
  const Task& task = (*tasks_)[index];
  PlannedCall call = std::move(active.calls.front());
  active.calls.pop_front();
  core::StepOutcome written;
  written.ok = outcome.has_value();
  written.id = outcome ? outcome->id : std::string();
  written.error = outcome ? std::string() : core::to_string(outcome.error());
  ports_.journal.outcome(active.step, written);
  if (outcome) {
    context_.call_succeeded(call, *outcome);
    for (const std::string& warning : outcome->warnings) {
      ports_.progress.on(core::Warned{task.resource, warning});
    }
    records_.push_back({std::move(call), true, outcome->id});
    start_next_call(index);
    return;
  }
  const std::string what = core::describe(call.intent.call);
  if (may_have_happened(outcome.error().code)) {
    records_.push_back({std::move(call), false, {}});
  }
  fail(index,
       {task.resource,
        task.activity,
        core::to_string(core::while_doing(outcome.error(), "while doing: " + what)),
        {},
        {}});
}

void TaskRunner::finish(std::size_t index, bool ok) {
  const Task& task = (*tasks_)[index];
  states_[index] = ok ? kDone : kSkipped;
  if (!std::holds_alternative<ReadyWork>(task.work)) {
    --busy_calls_;
  }
  if (ok && active_.at(index).announced) {
    std::string id;
    for (const CallRecord& record : records_) {
      if (task.activity == Activity::Creating && record.call.intent.address == task.address &&
          !record.id.empty()) {
        id = record.id;
      }
    }
    ports_.progress.on(core::ActivityFinished{
        task.resource, task.activity, since(ports_.clock, active_.at(index).started), id});
  }
  active_.erase(index);
}

void TaskRunner::fail(std::size_t index, Failure failure) {
  const Task& task = (*tasks_)[index];
  states_[index] = kFailed;
  if (!std::holds_alternative<ReadyWork>(task.work)) {
    --busy_calls_;
  }
  ports_.progress.on(core::ActivityFailed{task.resource,
                                          task.activity,
                                          since(ports_.clock, active_.at(index).started),
                                          core::make_error(ErrorCode::Failed, failure.cause)});
  active_.erase(index);
  failures_.push_back(std::move(failure));
}

bool TaskRunner::call_now(const PlannedCall& call, Error& error) {
  const core::StepId step =
      call.journalled ? *call.journalled : ports_.journal.intent(run_, call.intent);
  const Result<CallOutcome> outcome = ports_.actor.perform(call.intent.call, {});
  ports_.journal.outcome(step,
                         {outcome.has_value(),
                          outcome ? outcome->id : std::string(),
                          outcome ? std::string() : core::to_string(outcome.error())});
  if (!outcome) {
    error = outcome.error();
    return false;
  }
  return true;
}

}  // namespace aim::planner
