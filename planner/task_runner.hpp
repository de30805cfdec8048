#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <map>
#include <mutex>
#include <set>
#include <stop_token>
#include <thread>
#include <vector>

#include "planner/executor.hpp"
#include "planner/executor_tasks.hpp"
#include "planner/readiness_watch.hpp"

namespace aim::planner {

/// A call that was made, as far as is known.
struct CallRecord {
  PlannedCall call;
  bool certain = true;  ///< false: the answer was lost, it may have happened
  std::string id;       ///< of what was created
};

/// What the coordinator's graphs need to know of the run around them.
class RunnerContext : public RunValues {
 public:
  virtual void call_succeeded(const PlannedCall& call, const core::CallOutcome& outcome) = 0;
  virtual void image_ready(const ImageWork& work, ReadyImage image) = 0;
  virtual void ready(const core::Address& address, std::chrono::milliseconds elapsed) = 0;
  [[nodiscard]] virtual std::optional<ReadinessPolicy> readiness(const core::Address& address) = 0;
};

enum class OnTaskFailure { StopStarting, CarryOn };

/// Runs task graphs: a fixed pool of threads makes the calls, waiting for readiness has threads of
/// its own, and the calling thread alone touches journal, context and progress.
class TaskRunner {
 public:
  TaskRunner(core::RunId run,
             const ExecutorPorts& ports,
             const ExecutorOptions& options,
             RunnerContext& context);
  ~TaskRunner();
  TaskRunner(const TaskRunner&) = delete;
  TaskRunner& operator=(const TaskRunner&) = delete;

  /// Runs until every task that could start has ended. A stop request, and with StopStarting a
  /// failure, keeps further tasks from starting and cuts pulls and waits short; calls to Docker
  /// are always waited for. Failures are appended to failures(). Tasks of `left_out` never start.
  void run(const std::vector<Task>& tasks,
           core::Phase phase,
           OnTaskFailure on_failure,
           std::stop_token stop,
           const std::set<core::Address>& left_out = {});

  /// The addresses of tasks of the last run that did not end well, but for pulls, which belong to
  /// all that wait for them.
  [[nodiscard]] const std::set<core::Address>& unfinished() const { return unfinished_; }

  /// Journals and makes one call on this thread. False after a failure, which is returned in
  /// `error`.
  bool call_now(const PlannedCall& call, core::Error& error);

  [[nodiscard]] std::vector<CallRecord>& records() { return records_; }

  [[nodiscard]] std::vector<Failure>& failures() { return failures_; }

 private:
  struct Done {
    std::size_t task = 0;
    std::optional<core::Result<core::CallOutcome>> call;
    std::optional<core::Result<ReadyImage>> image;
    std::optional<ReadinessReport> ready;
    std::optional<core::ProgressEvent> note;  ///< alone: nothing ended
  };

  struct Active {
    std::deque<PlannedCall> calls;
    core::StepId step;
    core::Steady started;
    bool announced = true;  ///< false: an image that may be there already
  };

  void post(Done done);
  [[nodiscard]] std::optional<Done> next(std::stop_token stop);
  void work();
  void submit(std::function<void()> job);
  void start_task(std::size_t index);
  void start_next_call(std::size_t index);
  void finish(std::size_t index, bool ok);
  void fail(std::size_t index, Failure failure);
  void handle(Done done);
  void settle_call(std::size_t index, const core::Result<core::CallOutcome>& outcome);
  void start_image(std::size_t index, const ImageWork& work);
  void start_wait(std::size_t index, const ReadyWork& wait);
  [[nodiscard]] bool may_start(std::size_t index) const;

  core::RunId run_;
  const ExecutorPorts& ports_;
  const ExecutorOptions& options_;
  RunnerContext& context_;
  std::vector<CallRecord> records_;
  std::vector<Failure> failures_;
  std::set<core::Address> unfinished_;

  // Of the graph that runs now; touched by the coordinator only.
  const std::vector<Task>* tasks_ = nullptr;
  std::vector<int> states_;
  std::map<std::size_t, Active> active_;
  std::size_t busy_calls_ = 0;
  bool halted_ = false;
  std::stop_source cut_short_;
  std::vector<std::jthread> waits_;

  std::mutex mutex_;
  std::condition_variable_any posted_;
  std::deque<Done> done_;
  std::condition_variable_any submitted_;
  std::deque<std::function<void()>> jobs_;
  bool closing_ = false;
  std::vector<std::jthread> workers_;
};

}  // namespace aim::planner
