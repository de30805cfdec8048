#include "planner/applied_values.hpp"

#include "planner/evaluate.hpp"
#include "planner/gpu_holders.hpp"
#include "planner/image_reference.hpp"
#include "planner/resolved_gpus.hpp"
#include "planner/schema.hpp"

namespace aim::planner {

using core::Address;
using core::Error;
using core::Kind;
using core::Map;
using core::Result;
using core::Value;

AppliedValues::AppliedValues(const Plan& plan,
                             const core::RunHeader& header,
                             core::EngineReader& reader)
    : plan_(plan), header_(header), reader_(reader) {
  for (const ResourceChange& change : plan.changes) {
    by_address_.emplace(change.address, &change);
    computed_.emplace(change.address, change.computed);
  }
}

Result<Map> AppliedValues::attributes(const ResourceChange& change) {
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

core::Labels AppliedValues::birth_labels(const ResourceChange& change,
                                         const Map& attributes) const {
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

std::string AppliedValues::docker_name(const Address& address) const {
  const auto change = by_address_.find(address);
  return change != by_address_.end() ? change->second->docker_name
                                     : default_docker_name(plan_.project, plan_.workspace, address);
}

std::string AppliedValues::image_to_create_from(const ResourceChange& change,
                                                const Map& attributes) const {
  const std::optional<ImageWork> work = image_work(change);
  const auto ready = work ? images_.find(*work) : images_.end();
  return ready != images_.end() ? ready->second.create_from
                                : core::string_at(attributes, "image").value_or("");
}

void AppliedValues::image_ready(const ImageWork& work, ReadyImage image) {
  images_.insert_or_assign(work, std::move(image));
}

void AppliedValues::call_succeeded(const PlannedCall& call, const core::CallOutcome& outcome) {
  const Address& address = call.intent.address;
  if (std::holds_alternative<core::CreateContainer>(call.intent.call)) {
    new_ids_.insert_or_assign(address, outcome.id);
    computed_[address].insert_or_assign("container_id", outcome.id);
  } else if (std::holds_alternative<core::CreateNetwork>(call.intent.call)) {
    new_ids_.insert_or_assign(address, outcome.id);
    computed_[address].insert_or_assign("id", outcome.id);
  }
}

const ResourceChange& AppliedValues::change(const Address& address) const {
  return *by_address_.at(address);
}

const ResourceChange* AppliedValues::find(const Address& address) const {
  const auto found = by_address_.find(address);
  return found == by_address_.end() ? nullptr : found->second;
}

const Map& AppliedValues::latest(const Address& address) const {
  const auto resolved = resolved_.find(address);
  return resolved != resolved_.end() ? resolved->second : change(address).attributes;
}

Result<Value> AppliedValues::applied_value(const core::Reference& reference) {
  const auto change = by_address_.find(reference.address);
  AIM_CHECK(change != by_address_.end());
  Map& computed = computed_[reference.address];
  const Value* value = core::find(computed, reference.attribute);
  if (value && value->is<core::Unknown>()) {
    if (const Result<void> learned = learn_computed(*change->second); !learned) {
      return learned.error();
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

Result<void> AppliedValues::learn_computed(const ResourceChange& change) {
  if (is_container_kind(change.address.kind)) {
    const auto seen = reader_.inspect_container(candidate_name(change), {});
    if (!seen) {
      return seen.error();
    }
    return learn_container(change, *seen);
  }
  if (change.address.kind == Kind::Volume) {
    const auto volumes = reader_.list_volumes({});
    if (!volumes) {
      return volumes.error();
    }
    for (const core::ObservedVolume& volume : *volumes) {
      if (volume.name == change.docker_name) {
        computed_[change.address].insert_or_assign("mountpoint", volume.mountpoint);
      }
    }
  }
  return {};
}

Result<void> AppliedValues::learn_container(const ResourceChange& change,
                                            const core::ObservedContainer& seen) {
  Map& computed = computed_[change.address];
  computed.insert_or_assign("container_id", seen.id);
  computed.insert_or_assign("image_id", seen.image_id);
  const Value* digest = core::find(computed, "image_digest");
  if (digest == nullptr || !digest->is<core::Unknown>()) {
    return {};
  }
  const std::optional<ImageWork> work = image_work(change);
  const auto ready = work ? images_.find(*work) : images_.end();
  Result<core::ObservedImage> image =
      ready != images_.end() && ready->second.image.id == seen.image_id
          ? Result<core::ObservedImage>(ready->second.image)
          : reader_.inspect_image(seen.image_id, {});
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
  return {};
}

std::string AppliedValues::salt_of(const ResourceChange& change) const {
  const bool made = change.action == Action::Create || change.action == Action::Replace;
  return made || change.salt.empty() ? secret_salt(plan_.project, plan_.workspace, change.address)
                                     : change.salt;
}

}  // namespace aim::planner
