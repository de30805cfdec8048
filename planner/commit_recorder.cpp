#include "planner/commit_recorder.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "planner/evaluate.hpp"
#include "planner/executor_tasks.hpp"

namespace aim::planner {

using core::Address;
using core::Kind;
using core::Map;
using core::RecordedResource;
using core::Result;
using core::Value;

Result<core::CommitRecord> CommitRecorder::record(const std::string& run) {
  core::CommitRecord record;
  std::set<Address> upserted;
  for (const ResourceChange& change : kept_.changes) {
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
    looking_at_ = change.address.str();
    Result<RecordedResource> one = recorded(change, run);
    if (!one) {
      return one.error();
    }
    upserted.insert(change.address);
    record.upserts.push_back(std::move(*one));
  }
  for (const auto& [address, rebuilt] : plan_.rebuilt) {
    if (!upserted.contains(rebuilt.address) && stays(rebuilt.address)) {
      record.upserts.push_back(rebuilt);
    }
  }
  looking_at_ = "networks and volumes";
  if (const Result<void> filled = fill_networks_and_volumes(record.upserts); !filled) {
    return filled.error();
  }
  looking_at_ = "outputs";
  auto outputs = final_outputs();
  if (!outputs) {
    return outputs.error();
  }
  record.outputs = std::move(*outputs);
  return record;
}

bool CommitRecorder::stays(const Address& address) const {
  const ResourceChange* change = values_.find(address);
  return change != nullptr && !given_up_.contains(address) &&
         (change->action == Action::NoOp || change->action == Action::Delete);
}

Result<RecordedResource> CommitRecorder::recorded(const ResourceChange& change,
                                                  const std::string& run) {
  Result<Map> resolved = values_.attributes(change);
  if (!resolved) {
    return resolved.error();
  }
  RecordedResource record;
  record.address = change.address;
  record.attributes = std::move(*resolved);
  record.computed = values_.computed(change.address);
  record.docker_name = change.docker_name;
  record.docker_id = change.docker_id;
  record.generation = change.generation;
  record.dependencies = change.dependencies;
  record.prevent_destroy = change.prevent_destroy;
  record.retain = change.retain;
  record.held = change.held;
  record.salt = values_.salt_of(change);
  record.created_run = run;
  record.start_millis = change.last_start_millis;
  if (const auto measured = start_millis_.find(change.address);
      measured != start_millis_.end() && change.action != Action::Update) {
    record.start_millis = measured->second;
  }
  if (is_container_kind(change.address.kind)) {
    if (const Result<void> looked = record_container(change, record); !looked) {
      return looked.error();
    }
  }
  return record;
}

Result<void> CommitRecorder::record_container(const ResourceChange& change,
                                              RecordedResource& record) {
  const std::string reference =
      change.action == Action::Update ? change.docker_id : candidate_name(change);
  const auto seen = reader_.inspect_container(reference, {});
  if (!seen) {
    return seen.error();
  }
  record.docker_id = seen->id;
  record.baseline = change.kept_baseline.value_or(baseline_of(*seen, record.salt));
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
  if (Result<void> learned = values_.learn_container(change, *seen); !learned) {
    return learned;
  }
  record.computed = values_.computed(change.address);
  values_.new_ids().insert_or_assign(change.address, seen->id);
  return {};
}

Result<void> CommitRecorder::fill_networks_and_volumes(std::vector<RecordedResource>& records) {
  const auto any = [&](Kind kind) {
    return std::any_of(records.begin(), records.end(), [&](const RecordedResource& r) {
      return r.address.kind == kind;
    });
  };
  const auto learn = [&](RecordedResource& record, const char* name, const std::string& value) {
    record.computed.insert_or_assign(name, value);
    values_.computed(record.address) = record.computed;
  };
  const Result<core::EngineInfo> info = reader_.info({});
  if (!info) {
    return info.error();
  }
  for (RecordedResource& record : records) {
    record.baseline_api = info->api_version;
  }
  if (any(Kind::Network)) {
    const auto networks = reader_.list_networks({});
    if (!networks) {
      return networks.error();
    }
    for (RecordedResource& record : records) {
      for (const core::ObservedNetwork& network : *networks) {
        if (record.address.kind == Kind::Network && network.name == record.docker_name) {
          record.docker_id = network.id;
          record.baseline = network.attributes;
          learn(record, "id", network.id);
        }
      }
    }
  }
  if (any(Kind::Volume)) {
    const auto volumes = reader_.list_volumes({});
    if (!volumes) {
      return volumes.error();
    }
    for (RecordedResource& record : records) {
      for (const core::ObservedVolume& volume : *volumes) {
        if (record.address.kind == Kind::Volume && volume.name == record.docker_name) {
          record.docker_id = volume.name;
          record.baseline = volume.attributes;
          learn(record, "mountpoint", volume.mountpoint);
        }
      }
    }
  }
  return {};
}

Result<std::map<std::string, core::RecordedOutput>> CommitRecorder::final_outputs() {
  std::map<std::string, core::RecordedOutput> outputs;
  for (const OutputChange& output : kept_.outputs) {
    if (output.action == Action::Delete) {
      continue;
    }
    std::optional<core::Error> failed;
    Value value = output.after;
    if (output.source) {
      value = evaluate(*output.source, [&](const core::Reference& reference) {
        Result<Value> found = values_.applied_value(reference);
        if (!found) {
          failed = found.error();
          return Value();
        }
        return *found;
      });
    }
    if (failed) {
      return *failed;
    }
    if (output.sensitive && !core::contains_secret(value)) {
      value = core::Secret(as_text(value));
    }
    value = core::with_digests(
        value, fmt::format("{}/{}/output.{}", plan_.project, plan_.workspace, output.name));
    outputs.emplace(output.name, core::RecordedOutput{std::move(value), output.sensitive});
  }
  return outputs;
}

}  // namespace aim::planner
