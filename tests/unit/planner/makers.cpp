#include "tests/unit/planner/makers.hpp"

#include <gtest/gtest.h>

#include "planner/realize.hpp"
#include "planner/schema.hpp"

namespace aim::planner::test {

using core::Address;
using core::Kind;
using core::Map;
using core::Value;

Address at(const std::string& text) { return Address::parse(text).value(); }

Configuration empty_configuration() {
  Configuration configuration;
  configuration.project = "lab";
  configuration.workspace = "default";
  configuration.digest = "digest";
  return configuration;
}

DesiredResource& add(Configuration& configuration,
                     const std::string& address,
                     Map written,
                     std::vector<std::string> dependencies) {
  DesiredResource resource;
  resource.address = at(address);
  resource.range = {"aim.yaml", {10, 3}, {10, 8}};
  resource.positions.emplace("", resource.range);
  std::uint32_t line = 11;
  for (const auto& [name, value] : written) {
    resource.positions.emplace(name, core::SourceRange{"aim.yaml", {line, 5}, {line, 9}});
    ++line;
  }
  core::Diagnostics diagnostics;
  resource.attributes = decode_attributes(resource.address.kind,
                                          written,
                                          resource.positions,
                                          resource.address,
                                          resource.defaulted,
                                          diagnostics);
  EXPECT_FALSE(diagnostics.has_errors()) << diagnostics.items().front().detail;
  resource.attributes =
      *core::with_digests(resource.attributes, secret_salt("lab", "default", resource.address))
           .get<Map>();
  for (const std::string& dependency : dependencies) {
    resource.dependencies.push_back(at(dependency));
  }
  resource.docker_name = default_docker_name("lab", "default", resource.address);
  resource.lifecycle.retain = resource.address.kind == Kind::Volume;
  const Address key = resource.address;
  return configuration.resources.insert_or_assign(key, std::move(resource)).first->second;
}

core::ObservedWorld empty_world() {
  core::ObservedWorld world;
  world.engine.api_version = "1.41";
  return world;
}

namespace {

core::Labels birth_labels(const ResourceChange& change) {
  return {{core::label::kProject, "lab"},
          {core::label::kWorkspace, "default"},
          {core::label::kLineage, "lineage"},
          {core::label::kAddress, change.address.str()},
          {core::label::kGeneration, std::to_string(change.generation)},
          {core::label::kRun, "run"},
          {core::label::kSpec, core::canonical_json(change.attributes)}};
}

core::ObservedContainer container_of(const Configuration& configuration,
                                     const ResourceChange& change) {
  const NameLookup names = [&](const Address& address) {
    const auto found = configuration.resources.find(address);
    return found == configuration.resources.end() ? default_docker_name("lab", "default", address)
                                                  : found->second.docker_name;
  };
  core::ObservedContainer container;
  container.id = "id-of-" + change.docker_name;
  container.name = change.docker_name;
  container.image_id = "image-of-" + core::string_at(change.attributes, "image").value_or("");
  container.state.status = core::ContainerStatus::Running;
  container.labels = birth_labels(change);
  container.attributes = docker_attributes(change.address, change.attributes, names);
  container.attributes.insert_or_assign("restart", restart_policy(change.attributes));
  Map networks;
  for (const core::Attachment& one : attachments(change.address, change.attributes, names)) {
    core::List aliases;
    for (const std::string& alias : one.aliases) {
      aliases.emplace_back(alias);
    }
    Map members{{"aliases", Value(std::move(aliases))}};
    for (const auto& [name, address] : {std::pair{"ipv4_address", one.ipv4_address},
                                        std::pair{"ipv6_address", one.ipv6_address}}) {
      if (!address.empty()) {
        members.emplace(name, address);
      }
    }
    networks.emplace(one.network, Value(std::move(members)));
  }
  container.attributes.insert_or_assign("networks", Value(std::move(networks)));
  return container;
}

}  // namespace

Applied apply_by_the_book(const Configuration& configuration, const Plan& plan) {
  Applied applied;
  applied.state.lineage = "lineage";
  applied.state.serial = plan.serial + 1;
  applied.state.project = "lab";
  applied.state.workspace = "default";
  applied.world = empty_world();
  for (const ResourceChange& change : plan.changes) {
    core::RecordedResource record;
    record.address = change.address;
    record.attributes = change.attributes;
    record.computed = change.computed;
    record.baseline_api = "1.41";
    record.docker_name = change.docker_name;
    record.generation = change.generation;
    record.dependencies = change.dependencies;
    record.retain = change.retain;
    record.prevent_destroy = change.prevent_destroy;
    record.salt = change.salt;
    if (change.address.kind == Kind::Network) {
      record.docker_id = "id-of-" + change.docker_name;
      applied.world.networks.push_back(
          {record.docker_id, change.docker_name, birth_labels(change), {}, {}});
    } else if (change.address.kind == Kind::Volume) {
      record.docker_id = change.docker_name;
      applied.world.volumes.push_back({change.docker_name, birth_labels(change), {}, "", "/v"});
    } else {
      core::ObservedContainer container = container_of(configuration, change);
      record.docker_id = container.id;
      record.baseline = baseline_of(container, secret_salt("lab", "default", change.address));
      record.computed.insert_or_assign("container_id", container.id);
      record.computed.insert_or_assign("image_id", container.image_id);
      applied.world.listed.push_back(
          {container.id, container.name, "", container.labels, container.state.status, {}, {}, {}});
      applied.world.containers.emplace(container.id, std::move(container));
    }
    applied.state.resources.emplace(change.address, std::move(record));
  }
  for (const OutputChange& output : plan.outputs) {
    applied.state.outputs.emplace(output.name,
                                  core::RecordedOutput{output.after, output.sensitive});
  }
  return applied;
}

Plan plan_of(const Configuration& configuration,
             const core::StateSnapshot& state,
             const core::ObservedWorld& world,
             const PlanOptions& options) {
  core::Diagnostics diagnostics;
  Plan plan = make_plan(configuration, state, world, options, diagnostics);
  EXPECT_FALSE(diagnostics.has_errors()) << diagnostics.items().front().detail;
  return plan;
}

const ResourceChange& change_of(const Plan& plan, const std::string& address) {
  for (const ResourceChange& change : plan.changes) {
    if (change.address.str() == address) {
      return change;
    }
  }
  static const ResourceChange kNone;
  ADD_FAILURE() << "no change of " << address;
  return kNone;
}

}  // namespace aim::planner::test
