#include "planner/executor_calls.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "core/secret.hpp"

namespace aim::planner {

using core::Address;
using core::Call;
using core::Map;
using core::Phase;
using core::Result;
using core::Value;

namespace {

Map restart_only(const std::string& policy) { return {{"restart", Value(policy)}}; }

void add_user_labels(const Map& attributes, core::Labels& labels) {
  const Value* given = core::find(attributes, "labels");
  const Map* map = given ? given->get<Map>() : nullptr;
  if (map == nullptr) {
    return;
  }
  for (const auto& [name, value] : *map) {
    if (const std::string* text = value.get<std::string>()) {
      labels.emplace(name, *text);
    }
  }
}

/// What the previous container's volumes without a name are mounted for: the data stays.
void hand_on_volumes(const ResourceChange& change, Map& attributes) {
  if (change.anonymous_volumes.empty()) {
    return;
  }
  core::List mounts;
  if (const Value* own = core::find(attributes, "mounts"); own && own->is<core::List>()) {
    mounts = *own->get<core::List>();
  }
  for (const auto& [target, name] : change.anonymous_volumes) {
    mounts.emplace_back(
        Map{{"type", "volume"}, {"source", name}, {"target", target}, {"read_only", false}});
  }
  attributes.insert_or_assign("mounts", std::move(mounts));
}

Map files_of(const Map& attributes) {
  const Value* files = core::find(attributes, "files");
  const Map* map = files ? files->get<Map>() : nullptr;
  return map ? *map : Map();
}

Result<core::CreateContainer> creation_of(const ResourceChange& change,
                                          const Map& attributes,
                                          const RunValues& values) {
  const NameLookup names = [&](const Address& address) { return values.docker_name(address); };
  core::CreateContainer call;
  call.name = candidate_name(change);
  call.attributes = docker_attributes(change.address, attributes, names);
  call.attributes.insert_or_assign("image", values.image_to_create_from(change, attributes));
  add_user_labels(attributes, call.labels);
  call.attributes.erase("labels");
  if (change.action == Action::Replace) {
    hand_on_volumes(change, call.attributes);
  }
  call.labels.merge(values.birth_labels(change, attributes));
  // A candidate must never fight its predecessor after a reboot, if its policy can be given to it
  // later.
  const bool waits =
      (change.action == Action::Replace || change.held) && values.updates_containers();
  call.restart = waits ? "no" : restart_policy(attributes);
  call.networks = attachments(change.address, attributes, names);
  return call;
}

/// An earlier incarnation that still bears the final name makes way for its successor.
std::vector<PlannedCall> free_name(const ResourceChange& change) {
  std::vector<PlannedCall> calls;
  for (const auto& [id, name] : change.superseded) {
    if (name == change.docker_name) {
      const std::string away = fmt::format("{}.superseded-{}", name, id.substr(0, 12));
      calls.push_back(planned_call(change.address,
                                   Phase::Switch,
                                   core::RenameContainer{id, away},
                                   Call(core::RenameContainer{id, name}),
                                   name));
    }
  }
  return calls;
}

void add_detachments(const ResourceChange& change, std::vector<PlannedCall>& calls) {
  for (const core::Attachment& attachment : change.detached) {
    calls.push_back(planned_call(change.address,
                                 Phase::Switch,
                                 core::DisconnectNetwork{change.docker_id, attachment.network},
                                 Call(core::ConnectNetwork{change.docker_id, attachment}),
                                 change.docker_name));
  }
}

/// Keeps what the files hold, then puts the new content in their place.
void add_file_calls(const ResourceChange& change,
                    const std::vector<std::string>& paths,
                    const Map& attributes,
                    std::vector<PlannedCall>& calls) {
  const Map all = files_of(attributes);
  core::CopyFiles keep{change.docker_id, {}};
  core::CopyFiles restore{change.docker_id, {}};
  core::PutFiles put{change.docker_id, {}};
  for (const std::string& path : paths) {
    if (const Value* file = core::find(all, path)) {
      put.files.emplace(path, *file);
      keep.paths.emplace(path, kept_copy(path));
      restore.paths.emplace(kept_copy(path), path);
    }
  }
  calls.push_back(planned_call(change.address,
                               Phase::Switch,
                               std::move(keep),
                               Call(forget_copies(change.docker_id, paths)),
                               change.docker_name));
  calls.push_back(planned_call(
      change.address, Phase::Switch, std::move(put), Call(std::move(restore)), change.docker_name));
}

/// The calls of one in-place step.
class StepCalls {
 public:
  StepCalls(const ResourceChange& change, const Map& attributes, std::vector<PlannedCall>& calls)
      : change_(change), attributes_(attributes), calls_(calls), id_(change.docker_id) {}

  void operator()(const SetLimits& limits) {
    if (!limits.after_readiness) {
      add(core::UpdateContainer{id_, limits.attributes},
          core::UpdateContainer{id_, limits.previous});
    }
  }

  void operator()(const Connect& connect) {
    add(core::ConnectNetwork{id_, connect.attachment},
        core::DisconnectNetwork{id_, connect.attachment.network});
  }

  void operator()(const Disconnect& disconnect) {
    add(core::DisconnectNetwork{id_, disconnect.attachment.network},
        core::ConnectNetwork{id_, disconnect.attachment});
  }

  void operator()(const Rename& rename) {
    add(core::RenameContainer{id_, rename.to}, core::RenameContainer{id_, rename.from});
  }

  void operator()(const Start&) { add(core::StartContainer{id_}, core::KillContainer{id_}); }

  void operator()(const Stop&) {
    add(core::StopContainer{id_, stop_grace(attributes_)}, core::StartContainer{id_});
  }

  void operator()(const Unpause&) { add(core::UnpauseContainer{id_}, core::PauseContainer{id_}); }

  void operator()(const ReplaceFiles& files) {
    add_file_calls(change_, files.paths, attributes_, calls_);
  }

  void operator()(const Restart&) {
    add(core::StopContainer{id_, stop_grace(attributes_)}, core::StartContainer{id_});
    add(core::StartContainer{id_}, core::KillContainer{id_});
  }

 private:
  void add(Call call, Call inverse) {
    calls_.push_back(planned_call(
        change_.address, Phase::Switch, std::move(call), std::move(inverse), change_.docker_name));
  }

  const ResourceChange& change_;
  const Map& attributes_;
  std::vector<PlannedCall>& calls_;
  const std::string& id_;
};

}  // namespace

std::string kept_copy(const std::string& path) {
  constexpr std::size_t kDigits = 16;
  return "/proc/.aim-kept-" + core::sha256_hex(path).substr(0, kDigits);
}

core::PutFiles forget_copies(const std::string& container, const std::vector<std::string>& paths) {
  // Docker can put a file into a container but not take one out: the copy is emptied.
  core::PutFiles call{container, {}};
  for (const std::string& path : paths) {
    call.files.emplace(kept_copy(path), Map{{"content", ""}, {"mode", "0600"}});
  }
  return call;
}

PlannedCall planned_call(const Address& address,
                         Phase phase,
                         Call call,
                         std::optional<Call> inverse,
                         std::string object) {
  return {{address, phase, std::move(call), std::move(inverse), std::move(object)}, std::nullopt};
}

CallWork create_network_calls(const ResourceChange& change, Phase phase) {
  return CallWork{[&change, phase](RunValues& values) -> Result<std::vector<PlannedCall>> {
    Result<Map> attributes = values.attributes(change);
    if (!attributes) {
      return attributes.error();
    }
    core::CreateNetwork call{
        change.docker_name, *attributes, values.birth_labels(change, *attributes)};
    return std::vector{planned_call(change.address,
                                    phase,
                                    std::move(call),
                                    Call(core::RemoveNetwork{change.docker_name}),
                                    change.docker_name)};
  }};
}

CallWork remove_network_calls(const ResourceChange& change) {
  return CallWork{[&change](RunValues&) -> Result<std::vector<PlannedCall>> {
    return std::vector{planned_call(change.address,
                                    Phase::Switch,
                                    core::RemoveNetwork{change.docker_id},
                                    Call(*change.previous_network),
                                    change.previous_network->name)};
  }};
}

CallWork create_volume_calls(const ResourceChange& change) {
  return CallWork{[&change](RunValues& values) -> Result<std::vector<PlannedCall>> {
    Result<Map> attributes = values.attributes(change);
    if (!attributes) {
      return attributes.error();
    }
    core::CreateVolume call{
        change.docker_name, *attributes, values.birth_labels(change, *attributes)};
    return std::vector{planned_call(change.address,
                                    Phase::Prepare,
                                    std::move(call),
                                    Call(core::RemoveVolume{change.docker_name}),
                                    change.docker_name)};
  }};
}

CallWork create_container_calls(const ResourceChange& change, Phase phase) {
  return CallWork{[&change, phase](RunValues& values) -> Result<std::vector<PlannedCall>> {
    Result<Map> attributes = values.attributes(change);
    if (!attributes) {
      return attributes.error();
    }
    Result<core::CreateContainer> call = creation_of(change, *attributes, values);
    if (!call) {
      return call.error();
    }
    const std::string name = call->name;
    std::vector<PlannedCall> calls;
    calls.push_back(planned_call(change.address,
                                 phase,
                                 std::move(*call),
                                 Call(core::RemoveContainer{name, true, true}),
                                 name));
    if (Map files = files_of(*attributes); !files.empty()) {
      // Whatever went in goes with the container that is removed.
      calls.push_back(planned_call(
          change.address, phase, core::PutFiles{name, std::move(files)}, std::nullopt, name));
    }
    return calls;
  }};
}

CallWork start_calls(const ResourceChange& change, Creation creation) {
  return CallWork{[&change, creation](RunValues& values) -> Result<std::vector<PlannedCall>> {
    std::vector<PlannedCall> calls;
    if (creation == Creation::Late) {
      Result<std::vector<PlannedCall>> late =
          create_container_calls(change, Phase::Switch).calls(values);
      if (!late) {
        return late.error();
      }
      calls = std::move(*late);
    }
    if (change.held) {
      return calls;
    }
    const std::string name = candidate_name(change);
    calls.push_back(planned_call(change.address,
                                 Phase::Switch,
                                 core::StartContainer{name},
                                 Call(core::KillContainer{name}),
                                 name));
    return calls;
  }};
}

CallWork stop_calls(const ResourceChange& change) {
  return CallWork{[&change](RunValues& values) -> Result<std::vector<PlannedCall>> {
    std::vector<PlannedCall> calls = free_name(change);
    const Map before = change.before.value_or(Map());
    const std::string policy = restart_policy(before);
    if (policy != "no" && values.updates_containers() && !change.held) {
      calls.push_back(
          planned_call(change.address,
                       Phase::Switch,
                       core::UpdateContainer{change.docker_id, restart_only("no")},
                       Call(core::UpdateContainer{change.docker_id, restart_only(policy)}),
                       change.docker_name));
    }
    if (!change.stopped) {
      calls.push_back(planned_call(change.address,
                                   Phase::Switch,
                                   core::StopContainer{change.docker_id, stop_grace(before)},
                                   Call(core::StartContainer{change.docker_id}),
                                   change.docker_name));
    }
    add_detachments(change, calls);
    return calls;
  }};
}

CallWork detach_calls(const ResourceChange& change) {
  return CallWork{[&change](RunValues&) -> Result<std::vector<PlannedCall>> {
    std::vector<PlannedCall> calls;
    add_detachments(change, calls);
    return calls;
  }};
}

CallWork update_calls(const ResourceChange& change) {
  return CallWork{[&change](RunValues& values) -> Result<std::vector<PlannedCall>> {
    std::vector<PlannedCall> calls = free_name(change);
    const Result<Map> attributes = values.attributes(change);
    if (!attributes) {
      return attributes.error();
    }
    for (const InPlaceStep& step : change.steps) {
      std::visit(StepCalls(change, *attributes, calls), step);
    }
    return calls;
  }};
}

}  // namespace aim::planner
