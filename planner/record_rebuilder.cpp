#include "planner/record_rebuilder.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "planner/birth_labels.hpp"
#include "planner/image_reference.hpp"
#include "planner/realize.hpp"
#include "planner/schema.hpp"

namespace aim::planner {

using core::Address;
using core::Kind;
using core::Labels;
using core::Map;
using core::ObservedContainer;
using core::RecordedResource;
using core::Value;

const DesiredResource* RecordRebuilder::desired(const Address& address) const {
  const auto found = configuration_.resources.find(address);
  return found == configuration_.resources.end() ? nullptr : &found->second;
}

RecordedResource RecordRebuilder::object(const Address& address,
                                         const Labels& labels,
                                         const std::string& id,
                                         const std::string& name) {
  RecordedResource record;
  record.address = address;
  record.docker_id = id;
  record.docker_name = name;
  record.generation = generation_of(labels);
  record.created_run = label_of(labels, core::label::kRun);
  record.salt = fmt::format("{}/{}/{}",
                            label_of(labels, core::label::kProject),
                            label_of(labels, core::label::kWorkspace),
                            label_of(labels, core::label::kAddress));
  record.baseline_api = observed_.engine.api_version;
  const DesiredResource* resource = desired(address);
  core::Result<Value> spec = core::parse_canonical_json(label_of(labels, core::label::kSpec));
  if (spec && spec->is<Map>()) {
    record.attributes = *spec->get<Map>();
    move_keys(record.attributes, moves_);
  } else {
    diagnostics_.warning(
        "Birth label cannot be read",
        fmt::format("{} carries no readable specification; it is taken as different from the "
                    "configuration.",
                    name),
        resource ? std::optional(resource->range) : std::nullopt);
  }
  if (resource != nullptr) {
    record.dependencies = resource->dependencies;
    record.prevent_destroy = resource->lifecycle.prevent_destroy;
    record.retain = resource->lifecycle.retain;
    adopt_unobservable(address, *resource, record);
  } else {
    record.retain = address.kind == Kind::Volume;
  }
  return record;
}

/// What Docker does not keep may have changed since birth without a trace: the configuration is
/// then the best record there is.
void RecordRebuilder::adopt_unobservable(const Address& address,
                                         const DesiredResource& resource,
                                         RecordedResource& record) {
  for (const Attribute& attribute : attributes(address.kind)) {
    if (attribute.on_change != OnChange::Record) {
      continue;
    }
    if (const Value* value = core::find(resource.attributes, attribute.name)) {
      record.attributes.insert_or_assign(std::string(attribute.name), *value);
    } else {
      record.attributes.erase(std::string(attribute.name));
    }
  }
}

RecordedResource RecordRebuilder::container(const Address& address,
                                            const ObservedContainer& container) {
  RecordedResource record = object(address, container.labels, container.id, container.name);
  record.baseline = baseline_of(container, record.salt);
  record.computed = computed_before_apply(address, record.attributes, container.name);
  record.computed.insert_or_assign("container_id", container.id);
  record.computed.insert_or_assign("image_id", container.image_id);
  if (const auto image = observed_.images.find(container.image_id);
      image != observed_.images.end() && image->second.local) {
    const auto digest = digest_in(image->second.local->repo_digests,
                                  core::string_at(record.attributes, "image").value_or(""));
    if (digest) {
      record.computed.insert_or_assign("image_digest", *digest);
    }
  }
  overlay_in_place(address, container, record);
  return record;
}

/// The birth label is as old as the container; what Docker can change in place is read off it.
void RecordRebuilder::overlay_in_place(const Address& address,
                                       const ObservedContainer& container,
                                       RecordedResource& record) const {
  for (const Attribute& attribute : attributes(address.kind)) {
    if (attribute.on_change != OnChange::InPlace || attribute.name == "networks") {
      continue;
    }
    const Value* now = core::find(container.attributes, attribute.name);
    const Value* born = core::find(record.attributes, attribute.name);
    const DesiredResource* resource = desired(address);
    const Value* wanted = resource ? core::find(resource->attributes, attribute.name) : nullptr;
    if (now && !now->is_null() && (born || wanted)) {
      record.attributes.insert_or_assign(std::string(attribute.name), *now);
    } else if (!now && !wanted && (attribute.unset_value || attribute.name == "memory_swap")) {
      // Taken away since birth.
      record.attributes.erase(std::string(attribute.name));
    }
  }
  overlay_networks(address, container, record);
}

void RecordRebuilder::overlay_networks(const Address& address,
                                       const ObservedContainer& container,
                                       RecordedResource& record) const {
  const DesiredResource* resource = desired(address);
  const NameLookup names = [&](const Address& of) {
    const DesiredResource* other = desired(of);
    const auto known = recorded_.resources.find(of);
    return other ? wanted_docker_name(*other,
                                      known == recorded_.resources.end() ? nullptr : &known->second,
                                      configuration_)
                 : default_docker_name(configuration_.project, configuration_.workspace, of);
  };
  // Attached exactly as the configuration asks: then that is what was recorded.
  const auto matches = [&](const Map& specification) {
    const std::vector<core::Attachment> wanted = attachments(address, specification, names);
    const Value* all = core::find(container.attributes, "networks");
    const Map* now = all ? all->get<Map>() : nullptr;
    const std::size_t count = now ? now->size() : 0;
    return count == wanted.size() &&
           std::all_of(wanted.begin(), wanted.end(), [&](const core::Attachment& one) {
             const auto seen = observed_attachment(container, one.network);
             return seen &&
                    is_attached_as(*seen, one, core::string_at(container.attributes, "hostname"));
           });
  };
  if (resource && matches(resource->attributes)) {
    const Value* networks = core::find(resource->attributes, "networks");
    if (networks) {
      record.attributes.insert_or_assign("networks", *networks);
    } else {
      record.attributes.erase("networks");
    }
  }
}

}  // namespace aim::planner
