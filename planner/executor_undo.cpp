#include "planner/executor_undo.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>

namespace aim::planner {

using core::Call;
using core::Error;
using core::ErrorCode;
using core::Result;

namespace {

class Undo {
 public:
  Undo(core::RunId run,
       const std::string& run_label,
       const ExecutorPorts& ports,
       const ExecutorOptions& options,
       TaskRunner& runner,
       const std::function<bool(const core::Address&)>& concerned)
      : run_(run),
        run_label_(run_label),
        ports_(ports),
        options_(options),
        runner_(runner),
        concerned_(concerned) {}

  UndoOutcome all() {
    // Calls made here are journalled, but they are not themselves taken back.
    const std::vector<CallRecord> records = runner_.records();
    for (auto record = records.rbegin(); record != records.rend(); ++record) {
      if (record->call.intent.inverse && concerned_(record->call.intent.address)) {
        one(*record);
      }
    }
    return std::move(outcome_);
  }

 private:
  void one(const CallRecord& record) {
    Call inverse = *record.call.intent.inverse;
    if (core::RemoveContainer* removal = std::get_if<core::RemoveContainer>(&inverse)) {
      if (!prepare_removal(record, *removal)) {
        return;
      }
    }
    if (std::holds_alternative<core::KillContainer>(inverse) && !keep_log(record)) {
      return;
    }
    const PlannedCall back{{record.call.intent.address,
                            core::Phase::Undo,
                            inverse,
                            std::nullopt,
                            record.call.intent.object_name},
                           std::nullopt};
    Error error;
    const std::string what =
        fmt::format("{}: {}", back.intent.address.str(), core::describe(inverse));
    const core::Steady start = ports_.clock.steady_now();
    const bool ok = runner_.call_now(back, error) || is_already_so(inverse, error);
    const auto elapsed =
        std::chrono::duration_cast<std::chrono::milliseconds>(ports_.clock.steady_now() - start);
    if (!ok) {
      ports_.progress.on(core::ActivityFailed{what, core::Activity::Undoing, elapsed, error});
      outcome_.left_over.push_back(
          fmt::format("{}: {} ({})", back.intent.address.str(), by_hand(inverse), error.message));
      return;
    }
    ports_.progress.on(core::ActivityFinished{what, core::Activity::Undoing, elapsed, {}});
    if (std::holds_alternative<core::StartContainer>(inverse)) {
      outcome_.started_again.push_back(back.intent.address);
    }
  }

  /// False: there is nothing to remove, or it is not ours, or it is to be kept.
  bool prepare_removal(const CallRecord& record, core::RemoveContainer& removal) {
    const Result<core::ObservedContainer> seen =
        ports_.reader.inspect_container(removal.container, {});
    if (!seen && seen.error().code == ErrorCode::NotFound) {
      return false;
    }
    if (seen) {
      const auto label = seen->labels.find(core::label::kRun);
      if (label == seen->labels.end() || label->second != run_label_) {
        if (record.certain) {
          outcome_.left_over.push_back(fmt::format(
              "{}: the container \"{}\" was replaced by somebody else's; it was left alone",
              record.call.intent.address.str(),
              removal.container));
        }
        return false;
      }
      removal.container = seen->id;
    }
    if (options_.keep_failed) {
      ports_.progress.on(
          core::Warned{record.call.intent.address.str(),
                       fmt::format("the failed new container is kept, stopped, as {}",
                                   record.call.intent.object_name)});
      return false;
    }
    return true;
  }

  /// The whole log of a container that ran is saved before it goes. False if it is gone.
  bool keep_log(const CallRecord& record) {
    const std::string& container = record.call.intent.object_name;
    if (!saved_.insert(container).second) {
      return true;
    }
    const Result<std::string> path =
        ports_.logs.save(run_, container, [&](const core::LogSink& sink) {
          return ports_.watcher.logs(container, core::LogRequest{}, sink, {});
        });
    if (!path) {
      ports_.progress.on(
          core::Warned{record.call.intent.address.str(),
                       "its log could not be saved: " + core::to_string(path.error())});
      return path.error().code != ErrorCode::NotFound;
    }
    for (Failure& failure : runner_.failures()) {
      if (failure.resource == record.call.intent.address.str()) {
        failure.log_path = *path;
      }
    }
    return true;
  }

  /// Whether the error says that what we wanted is the case already.
  static bool is_already_so(const Call& inverse, const Error& error) {
    const bool gone = error.code == ErrorCode::NotFound;
    const bool conflict = error.code == ErrorCode::Conflict;
    return std::visit(core::overloaded{[&](const core::KillContainer&) {
                                         return gone || conflict;
                                       },  // it does not run
                                       [&](const core::RemoveContainer&) { return gone; },
                                       [&](const core::RemoveNetwork&) { return gone; },
                                       [&](const core::RemoveVolume&) { return gone; },
                                       [&](const core::CreateContainer&) { return false; },
                                       [&](const core::StartContainer&) { return false; },
                                       [&](const core::StopContainer&) { return gone; },
                                       [&](const core::PauseContainer&) { return false; },
                                       [&](const core::UnpauseContainer&) { return false; },
                                       [&](const core::RenameContainer&) { return false; },
                                       [&](const core::UpdateContainer&) { return false; },
                                       [&](const core::ConnectNetwork&) { return false; },
                                       [&](const core::DisconnectNetwork&) { return gone; },
                                       [&](const core::PutFiles&) { return false; },
                                       [&](const core::CopyFiles&) { return false; },
                                       [&](const core::CreateNetwork&) { return false; },
                                       [&](const core::CreateVolume&) { return false; }},
                      inverse);
  }

  core::RunId run_;
  const std::string& run_label_;
  const ExecutorPorts& ports_;
  const ExecutorOptions& options_;
  TaskRunner& runner_;
  const std::function<bool(const core::Address&)>& concerned_;
  std::set<std::string> saved_;
  UndoOutcome outcome_;
};

}  // namespace

UndoOutcome undo_calls(core::RunId run,
                       const std::string& run_label,
                       const ExecutorPorts& ports,
                       const ExecutorOptions& options,
                       TaskRunner& runner,
                       const std::function<bool(const core::Address&)>& concerned) {
  return Undo(run, run_label, ports, options, runner, concerned).all();
}

std::string by_hand(const Call& call) {
  return std::visit(
      core::overloaded{
          [](const core::CreateContainer& c) { return "docker create --name " + c.name + " ..."; },
          [](const core::StartContainer& c) { return "docker start " + c.container; },
          [](const core::StopContainer& c) { return "docker stop " + c.container; },
          [](const core::KillContainer& c) { return "docker kill " + c.container; },
          [](const core::PauseContainer& c) { return "docker pause " + c.container; },
          [](const core::UnpauseContainer& c) { return "docker unpause " + c.container; },
          [](const core::RenameContainer& c) {
            return fmt::format("docker rename {} {}", c.container, c.new_name);
          },
          [](const core::UpdateContainer& c) {
            std::string text = "docker update";
            for (const auto& [name, value] : c.attributes) {
              std::string flag = name;
              std::replace(flag.begin(), flag.end(), '_', '-');
              const std::string* word = value.get<std::string>();
              text += fmt::format(" --{}={}", flag, word ? *word : core::canonical_json(value));
            }
            return text + " " + c.container;
          },
          [](const core::RemoveContainer& c) {
            return fmt::format("docker rm{} {}", c.force ? " -f" : "", c.container);
          },
          [](const core::ConnectNetwork& c) {
            std::string text = "docker network connect";
            for (const std::string& alias : c.attachment.aliases) {
              text += " --alias " + alias;
            }
            return fmt::format("{} {} {}", text, c.attachment.network, c.container);
          },
          [](const core::DisconnectNetwork& c) {
            return fmt::format("docker network disconnect {} {}", c.network, c.container);
          },
          [](const core::PutFiles& c) {
            std::string text;
            for (const auto& [path, file] : c.files) {
              text += fmt::format(
                  "{}docker cp FILE {}:{}", text.empty() ? "" : "; ", c.container, path);
            }
            return text;
          },
          [](const core::CopyFiles& c) {
            std::string text;
            for (const auto& [from, to] : c.paths) {
              text += fmt::format("{0}docker cp {1}:{2} FILE; docker cp FILE {1}:{3}",
                                  text.empty() ? "" : "; ",
                                  c.container,
                                  from,
                                  to);
            }
            return text;
          },
          [](const core::CreateNetwork& c) { return "docker network create " + c.name; },
          [](const core::RemoveNetwork& c) { return "docker network rm " + c.network; },
          [](const core::CreateVolume& c) { return "docker volume create " + c.name; },
          [](const core::RemoveVolume& c) { return "docker volume rm " + c.name; }},
      call);
}

}  // namespace aim::planner
