#include "planner/plan.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/planner/makers.hpp"

namespace aim::planner {
namespace {

using core::Map;
using core::Value;
using test::add;
using test::at;
using test::change_of;
using test::empty_configuration;
using test::empty_world;
using test::plan_of;

Map endpoint(std::int64_t port = 8000) {
  return {{"model", Value("org/model")},
          {"image", Value("vllm:1")},
          {"port", Value(port)},
          {"env", Value(Map{{"A", Value("1")}, {"B", Value("2")}})},
          {"networks", Value(core::List{Value("default")})}};
}

Configuration one_endpoint(Map attributes = endpoint()) {
  Configuration configuration = empty_configuration();
  add(configuration, "network.default", {});
  add(configuration, "endpoint.chat", std::move(attributes), {"network.default"});
  return configuration;
}

struct World {
  Configuration configuration;
  test::Applied applied;
};

World deployed(Map attributes = endpoint()) {
  World world{one_endpoint(std::move(attributes)), {}};
  world.applied =
      test::apply_by_the_book(world.configuration, plan_of(world.configuration, {}, empty_world()));
  return world;
}

Plan replan(const World& world,
            const Configuration& configuration,
            const PlanOptions& options = {}) {
  return plan_of(configuration, world.applied.state, world.applied.world, options);
}

TEST(Plan, CreatesEverythingWhereNothingIs) {
  const Plan plan = plan_of(one_endpoint(), {}, empty_world());
  EXPECT_EQ(count_changes(plan), (ChangeCounts{2, 0, 0}));
  const ResourceChange& chat = change_of(plan, "endpoint.chat");
  EXPECT_EQ(chat.action, Action::Create);
  EXPECT_EQ(chat.docker_name, "lab-chat");
  EXPECT_EQ(*core::find(chat.computed, "url"), Value("http://127.0.0.1:8000"));
  EXPECT_EQ(*core::find(chat.computed, "container_id"), Value(core::Unknown{}));
}

TEST(Plan, IsEmptyAfterAnApply) {
  const World world = deployed();
  const Plan plan = replan(world, world.configuration);
  EXPECT_FALSE(has_changes(plan));
  EXPECT_TRUE(plan.drift.empty());
}

TEST(Plan, ReplacesWhenAnImageChanges) {
  const World world = deployed();
  Map changed = endpoint();
  changed.insert_or_assign("image", Value("vllm:2"));
  const Plan plan = replan(world, one_endpoint(changed));
  const ResourceChange& chat = change_of(plan, "endpoint.chat");
  EXPECT_EQ(chat.action, Action::Replace);
  EXPECT_EQ(chat.reason, Reason::CannotUpdate);
  EXPECT_EQ(chat.generation, 2);
  EXPECT_EQ(chat.downtime, Downtime::Restart);
  ASSERT_EQ(chat.fields.size(), 2U);
  EXPECT_EQ(core::to_string(chat.fields[1].path), "image");
  EXPECT_TRUE(chat.fields[1].forces_replacement);
  EXPECT_EQ(chat.range->begin.line, 12U) << "the place of `image`";
  EXPECT_EQ(count_changes(plan), (ChangeCounts{1, 0, 1}));
}

TEST(Plan, ARemovedVariableIsAChange) {
  const World world = deployed();
  Map changed = endpoint();
  changed.insert_or_assign("env", Value(Map{{"A", Value("1")}}));
  const Plan plan = replan(world, one_endpoint(changed));
  const ResourceChange& chat = change_of(plan, "endpoint.chat");
  EXPECT_EQ(chat.action, Action::Replace);
  ASSERT_EQ(chat.fields.size(), 2U);
  EXPECT_EQ(chat.fields[1],
            (FieldChange{{"env", "B"}, Value("2"), Value(), true, chat.fields[1].source}));
}

TEST(Plan, RaisesMemoryInPlaceAndSetsItLastWhereThereWasNone) {
  Map limited = endpoint();
  limited.insert_or_assign("memory", Value("1GiB"));
  const World world = deployed(limited);
  Map more = endpoint();
  more.insert_or_assign("memory", Value("2GiB"));
  const Plan raised = replan(world, one_endpoint(more));
  EXPECT_EQ(change_of(raised, "endpoint.chat").action, Action::Update);
  ASSERT_EQ(change_of(raised, "endpoint.chat").steps.size(), 1U);
  EXPECT_EQ(std::get<SetLimits>(change_of(raised, "endpoint.chat").steps[0]),
            (SetLimits{{{"memory", Value(std::int64_t{2} << 30)}},
                       {{"memory", Value(std::int64_t{1} << 30)}},
                       false}));

  const World unlimited = deployed();
  const Plan set = replan(unlimited, one_endpoint(limited));
  ASSERT_EQ(change_of(set, "endpoint.chat").steps.size(), 1U);
  EXPECT_TRUE(std::get<SetLimits>(change_of(set, "endpoint.chat").steps[0]).after_readiness);

  const Plan removed = replan(world, one_endpoint());
  EXPECT_EQ(change_of(removed, "endpoint.chat").action, Action::Replace);
}

TEST(Plan, StartsWhatWasStoppedAndRenamesWhatWasRenamed) {
  World world = deployed();
  core::ObservedContainer& container = world.applied.world.containers.begin()->second;
  container.state.status = core::ContainerStatus::Exited;
  container.name = "elsewhere";
  world.applied.world.listed.front().name = "elsewhere";
  const Plan plan = replan(world, world.configuration);
  const ResourceChange& chat = change_of(plan, "endpoint.chat");
  EXPECT_EQ(chat.action, Action::Update);
  EXPECT_EQ(chat.reason, Reason::Drifted);
  EXPECT_EQ(chat.steps, (std::vector<InPlaceStep>{Rename{"elsewhere", "lab-chat"}, Start{}}));
  ASSERT_EQ(plan.drift.size(), 1U);
  EXPECT_EQ(plan.drift[0].fields.size(), 2U);
}

TEST(Plan, ReplacesWhatDriftedWhereDockerCannotGoBack) {
  World world = deployed();
  world.applied.world.containers.begin()->second.attributes.insert_or_assign("user", "nobody");
  const Plan plan = replan(world, world.configuration);
  EXPECT_EQ(change_of(plan, "endpoint.chat").action, Action::Replace);
  EXPECT_EQ(change_of(plan, "endpoint.chat").reason, Reason::Drifted);
}

TEST(Plan, CreatesAgainWhatIsGone) {
  World world = deployed();
  world.applied.world.containers.clear();
  world.applied.world.listed.clear();
  const Plan plan = replan(world, world.configuration);
  const ResourceChange& chat = change_of(plan, "endpoint.chat");
  EXPECT_EQ(chat.action, Action::Create);
  EXPECT_EQ(chat.reason, Reason::Missing);
  EXPECT_EQ(chat.generation, 2);
}

TEST(Plan, RemovesWhatIsNoLongerConfigured) {
  const World world = deployed();
  Configuration configuration = empty_configuration();
  add(configuration, "network.default", {});
  const Plan plan = replan(world, configuration);
  EXPECT_EQ(change_of(plan, "endpoint.chat").action, Action::Delete);
  EXPECT_EQ(change_of(plan, "endpoint.chat").reason, Reason::NoConfiguration);
  EXPECT_EQ(count_changes(plan), (ChangeCounts{0, 0, 1}));
}

TEST(Plan, KeepsVolumesUnlessToldOtherwise) {
  Configuration configuration = empty_configuration();
  add(configuration, "volume.data", {});
  const test::Applied applied =
      test::apply_by_the_book(configuration, plan_of(configuration, {}, empty_world()));
  PlanOptions options;
  options.destroy = true;
  EXPECT_EQ(change_of(plan_of(configuration, applied.state, applied.world, options), "volume.data")
                .action,
            Action::Forget);
  options.destroy_volumes = true;
  EXPECT_EQ(change_of(plan_of(configuration, applied.state, applied.world, options), "volume.data")
                .action,
            Action::Delete);
}

TEST(Plan, RebuildsLostStateFromBirthLabels) {
  const World world = deployed();
  const Plan same = plan_of(world.configuration, {}, world.applied.world);
  EXPECT_FALSE(has_changes(same));
  EXPECT_EQ(same.lineage, "lineage");
  EXPECT_EQ(same.rebuilt.size(), 2U);

  Map changed = endpoint();
  changed.insert_or_assign("env", Value(Map{{"A", Value("other")}, {"B", Value("2")}}));
  const Plan plan = plan_of(one_endpoint(changed), {}, world.applied.world);
  EXPECT_EQ(count_changes(plan), (ChangeCounts{1, 0, 1}));
  ASSERT_EQ(change_of(plan, "endpoint.chat").fields.size(), 2U);
  EXPECT_EQ(core::to_string(change_of(plan, "endpoint.chat").fields[1].path), "env.A");
}

core::Diagnostic only_error(const Configuration& configuration,
                            const core::StateSnapshot& state,
                            const core::ObservedWorld& world) {
  core::Diagnostics diagnostics;
  const Plan plan = make_plan(configuration, state, world, {}, diagnostics);
  EXPECT_EQ(diagnostics.items().size(), 1U);
  return diagnostics.items().empty() ? core::Diagnostic() : diagnostics.items().front();
}

TEST(Plan, LeavesAForeignContainerOfOurNameAlone) {
  core::ObservedWorld world = empty_world();
  world.listed.push_back(
      {"foreign", "lab-chat", "nginx", {}, core::ContainerStatus::Running, {}, {}, {}});
  const core::Diagnostic error = only_error(one_endpoint(), {}, world);
  EXPECT_EQ(error.summary, "Name is taken on Docker");
  EXPECT_EQ(error.detail,
            "The container \"lab-chat\" exists and was not made by aim; endpoint.chat would need "
            "that name. aim never touches what it did not make. Rename or remove that container, "
            "or give endpoint.chat another `name`.");
  EXPECT_EQ(error.range->begin.line, 10U);
}

TEST(Plan, DoesNotTrustLabelsThatComeFromAnImage) {
  World world = deployed();
  const std::string image = world.applied.world.containers.begin()->second.image_id;
  world.applied.world.image_labels[image] = {{core::label::kProject, "lab"}};
  std::erase_if(world.applied.state.resources,
                [](const auto& entry) { return entry.first == at("endpoint.chat"); });
  const core::Diagnostic error =
      only_error(world.configuration, world.applied.state, world.applied.world);
  EXPECT_EQ(error.summary, "Labels come from an image");
}

TEST(Plan, SaysWhoseAnObjectOfAnotherLineageIs) {
  World world = deployed();
  std::erase_if(world.applied.state.resources,
                [](const auto& entry) { return entry.first == at("endpoint.chat"); });
  core::Labels& labels = world.applied.world.containers.begin()->second.labels;
  labels[core::label::kLineage] = "other";
  world.applied.world.listed.front().labels = labels;
  const core::Diagnostic error =
      only_error(world.configuration, world.applied.state, world.applied.world);
  EXPECT_EQ(error.summary, "Object belongs to another state");
  EXPECT_EQ(error.detail,
            "The container \"lab-chat\" was made as endpoint.chat of project lab under another "
            "state (lineage other; this state is lineage). Somebody else may manage it from "
            "another checkout. Use that state, or remove the container if it is not wanted.");
}

TEST(Plan, FindsTwoResourcesOnOnePort) {
  Configuration configuration = one_endpoint();
  add(configuration, "endpoint.other", endpoint(), {"network.default"});
  const core::Diagnostic error = only_error(configuration, {}, empty_world());
  EXPECT_EQ(error.summary, "Host port is claimed twice");
  EXPECT_EQ(error.related.size(), 1U);
}

TEST(Plan, FindsAPortThatAForeignContainerHolds) {
  core::ObservedWorld world = empty_world();
  world.listed.push_back({"foreign",
                          "web",
                          "nginx",
                          {},
                          core::ContainerStatus::Running,
                          {{"0.0.0.0", 8000, 80, "tcp"}},
                          {},
                          {}});
  const core::Diagnostic error = only_error(one_endpoint(), {}, world);
  EXPECT_EQ(error.summary, "Host port is in use");
  EXPECT_EQ(error.detail,
            "127.0.0.1:8000/tcp is held by container \"web\", which is not part of this "
            "configuration. Choose another port for endpoint.chat, or stop what holds it.");
}

TEST(Plan, ProtectedResourcesAreNotReplaced) {
  World world = deployed();
  world.applied.state.resources.at(at("endpoint.chat")).prevent_destroy = true;
  Map changed = endpoint();
  changed.insert_or_assign("image", Value("vllm:2"));
  const core::Diagnostic error =
      only_error(one_endpoint(changed), world.applied.state, world.applied.world);
  EXPECT_EQ(error.summary, "Resource is protected");
}

TEST(Plan, TargetsTakeWhatTheyNeedAndLeaveTheRest) {
  Configuration configuration = one_endpoint();
  add(configuration, "endpoint.other", endpoint(8001), {"network.default"});
  PlanOptions options;
  options.targets = {at("endpoint.chat")};
  const Plan plan = plan_of(configuration, {}, empty_world(), options);
  EXPECT_EQ(change_of(plan, "endpoint.chat").action, Action::Create);
  EXPECT_EQ(change_of(plan, "network.default").action, Action::Create);
  EXPECT_EQ(change_of(plan, "endpoint.other").action, Action::NoOp);

  PlanOptions without;
  without.excludes = {at("endpoint.other")};
  const Plan rest = plan_of(configuration, {}, empty_world(), without);
  EXPECT_EQ(change_of(rest, "endpoint.chat").action, Action::Create);
  EXPECT_EQ(change_of(rest, "endpoint.other").action, Action::NoOp);
}

TEST(Plan, ReferencesTakeWhatIsKnownAndWaitForTheRest) {
  Configuration configuration = one_endpoint();
  const auto refer = [](const std::string& attribute) {
    return Value(core::Template{{core::Reference{at("endpoint.chat"), attribute}}});
  };
  add(configuration,
      "container.web",
      {{"image", Value("web:1")},
       {"networks", Value(core::List{Value("default")})},
       {"env", Value(Map{{"URL", refer("internal_url")}, {"ID", refer("container_id")}})}},
      {"endpoint.chat", "network.default"});
  const Plan plan = plan_of(configuration, {}, empty_world());
  const ResourceChange& web = change_of(plan, "container.web");
  const Map& env = *core::find(web.attributes, "env")->get<Map>();
  EXPECT_EQ(*core::find(env, "URL"), Value("http://chat:8000"));
  EXPECT_EQ(*core::find(env, "ID"), Value(core::Unknown{}));
  EXPECT_TRUE(web.deferred.contains("env"));
}

TEST(Plan, MountsMayWaitForOtherResources) {
  Configuration configuration = one_endpoint();
  DesiredResource& web =
      add(configuration,
          "container.web",
          {{"image", Value("web:1")}, {"networks", Value(core::List{Value("default")})}},
          {"endpoint.chat", "network.default"});
  web.attributes.insert_or_assign(
      "mounts",
      Value(core::List{Value(core::Template{
          {std::string("data:/"), core::Reference{at("endpoint.chat"), "image_id"}}})}));
  const Plan plan = plan_of(configuration, {}, empty_world());
  EXPECT_TRUE(change_of(plan, "container.web").deferred.contains("mounts"));
}

TEST(Plan, AnOutputThatHoldsASecretHasToSaySo) {
  Configuration configuration = empty_configuration();
  configuration.outputs["key"].value = core::Secret("hunter2");
  const core::Diagnostic error = only_error(configuration, {}, empty_world());
  EXPECT_EQ(error.summary, "Output holds a secret");
}

}  // namespace
}  // namespace aim::planner
