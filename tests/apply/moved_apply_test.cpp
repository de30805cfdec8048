#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cmd/view/plan_render.hpp"
#include "tests/apply/apply_lab.hpp"
#include "tests/apply/expectations.hpp"

namespace aim::apply_test {
namespace {

using planner::Action;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr const char* kOld = R"(
variables: { token: { sensitive: true, default: secret } }
networks: { side: {} }
volumes: { data: {} }
endpoints:
  chat:
    model: m
    served_name: m
    image: serve:1
    port: 8000
    env: { TOKEN: "${var.token}" }
    networks: [side]
    mounts: ["data:/data"]
    readiness: { interval: 1s, start_timeout: 60s }
containers:
  web: { image: "web:1", depends_on: [endpoint.chat], networks: [side] }
)";
constexpr const char* kNew = R"(
variables: { token: { sensitive: true, default: secret } }
networks: { inner: {} }
volumes: { models: {} }
endpoints:
  talk:
    model: m
    served_name: m
    image: serve:1
    port: 8000
    env: { TOKEN: "${var.token}" }
    networks: [inner]
    mounts: ["models:/data"]
    readiness: { interval: 1s, start_timeout: 60s }
containers:
  web: { image: "web:1", depends_on: [endpoint.talk], networks: [inner] }
)";
constexpr const char* kMoved = R"(
moved:
  - { from: endpoint.chat, to: endpoint.talk }
  - { from: network.side, to: network.inner }
  - { from: volume.data, to: volume.models }
)";

TEST(Moved, KeepsEveryObjectAndRenamesContainers) {
  ApplyLab lab;
  lab.configure(kOld);
  apply_and_expect_no_changes(lab);
  const std::string id = lab.docker.container("lab-chat")->id;
  const std::string web = lab.docker.container("lab-web")->id;

  lab.configure(std::string(kNew) + kMoved);
  const planner::Plan plan = lab.plan();
  EXPECT_EQ(planner::count_changes(plan), (planner::ChangeCounts{0, 3, 0}));
  EXPECT_EQ(action_of(plan, "endpoint.talk"), Action::Update);
  EXPECT_EQ(action_of(plan, "container.web"), Action::NoOp);
  EXPECT_THAT(view::render_plan(plan, {}, view::Colour::Off),
              HasSubstr("# endpoint.talk will be updated in-place (moved from endpoint.chat)"));
  lab.docker.forget_calls();
  apply_and_expect_no_changes(lab);
  EXPECT_EQ(lab.docker.container("lab-talk")->id, id);
  EXPECT_EQ(lab.docker.container("lab-web")->id, web);
  EXPECT_EQ(lab.docker.container("lab-chat"), std::nullopt);
  EXPECT_THAT(lab.docker.network_names(), ElementsAre("lab-side"));
  EXPECT_THAT(lab.docker.volume_names(), ElementsAre("lab-data"));
  for (const std::string& line : lab.docker.changing_lines()) {
    EXPECT_THAT(line, ::testing::Not(HasSubstr("/stop")));
    EXPECT_THAT(line, ::testing::Not(HasSubstr("/start")));
  }

  // The entries may go once they have been applied.
  lab.configure(kNew);
  expect_no_changes(lab);
}

TEST(Moved, ContainersAnswerToTheirNewNameOnTheirNetworks) {
  ApplyLab lab;
  lab.configure(kOld);
  apply_and_expect_no_changes(lab);
  lab.configure(std::string(kNew) + kMoved);
  apply_and_expect_no_changes(lab);
  EXPECT_THAT(lab.docker.outside("GET", "/containers/lab-talk/json").body, HasSubstr("\"talk\""));
}

TEST(Moved, IsUndoneWhenTheRunFails) {
  ApplyLab lab;
  lab.configure(kOld);
  apply_and_expect_no_changes(lab);
  const std::vector<std::string> before = lab.docker.world_lines();
  lab.configure(std::string(kNew) + kMoved);
  lab.docker.forget_calls();
  lab.docker.fail_change(2, support::Fault::answer(500, "scripted failure"));
  EXPECT_EQ(lab.apply().result, core::RunResult::RolledBack);
  EXPECT_EQ(lab.docker.world_lines(), before);
  EXPECT_TRUE(
      lab.store->snapshot().resources.contains(core::Address::parse("endpoint.chat").value()));
  lab.docker.heal();
  apply_and_expect_no_changes(lab);
}

TEST(Moved, FollowsChains) {
  ApplyLab lab;
  lab.configure("containers: { a: { image: \"web:1\" } }\n");
  apply_and_expect_no_changes(lab);
  const std::string id = lab.docker.container("lab-a")->id;
  lab.configure(
      "containers: { c: { image: \"web:1\" } }\nmoved:\n  - { from: container.b, to: container.c "
      "}\n  - { from: container.a, to: container.b }\n");
  apply_and_expect_no_changes(lab);
  EXPECT_EQ(lab.docker.container("lab-c")->id, id);
}

TEST(Moved, OfTwoOnOneChainTheNearerGetsThere) {
  ApplyLab lab;
  lab.configure("containers: { a: { image: \"web:1\" }, b: { image: \"web:1\" } }\n");
  apply_and_expect_no_changes(lab);
  const std::string id = lab.docker.container("lab-b")->id;
  lab.configure(
      "containers: { c: { image: \"web:1\" } }\nmoved:\n  - { from: container.a, to: container.b "
      "}\n  - { from: container.b, to: container.c }\n");
  const planner::Plan plan = lab.plan();
  EXPECT_EQ(action_of(plan, "container.a"), Action::Delete);
  ASSERT_EQ(plan.notes.size(), 1U);
  EXPECT_EQ(plan.notes[0].summary, "Move has no effect");
  apply_and_expect_no_changes(lab);
  EXPECT_EQ(lab.docker.container("lab-c")->id, id);
}

TEST(Moved, TakesASingleResourceIntoASetAndAWholeSetAlong) {
  ApplyLab lab;
  lab.configure("containers: { web: { image: \"web:1\" } }\n");
  apply_and_expect_no_changes(lab);
  const std::string id = lab.docker.container("lab-web")->id;
  lab.configure(
      "containers: { web: { image: \"web:1\", for_each: [a, b] } }\n"
      "moved: [ { from: container.web, to: 'container.web[\"a\"]' } ]\n");
  EXPECT_EQ(planner::count_changes(lab.plan()), (planner::ChangeCounts{1, 1, 0}));
  apply_and_expect_no_changes(lab);
  EXPECT_EQ(lab.docker.container("lab-web-a-ca9781")->id, id);
  lab.configure(
      "containers: { page: { image: \"web:1\", for_each: [a, b] } }\n"
      "moved: [ { from: container.web, to: container.page } ]\n");
  EXPECT_EQ(planner::count_changes(lab.plan()), (planner::ChangeCounts{0, 2, 0}));
  apply_and_expect_no_changes(lab);
  EXPECT_EQ(lab.docker.container("lab-page-a-ca9781")->id, id);
}

TEST(Moved, MustSayWhichOfASetASingleResourceBecomes) {
  ApplyLab lab;
  lab.configure("containers: { web: { image: \"web:1\" } }\n");
  apply_and_expect_no_changes(lab);
  lab.configure(
      "containers: { page: { image: \"web:1\", for_each: [a, b] } }\n"
      "moved: [ { from: container.web, to: container.page } ]\n");
  EXPECT_EQ(lab.plan_errors(),
            "Move to several resources: `moved` says that container.web became container.page, of "
            "which `for_each` makes several resources. Say which one it became, such as "
            "container.page[\"a\"].\n");
}

TEST(Moved, HasNoEffectWhereTheTargetIsRecorded) {
  ApplyLab lab;
  lab.configure("containers: { a: { image: \"web:1\" }, b: { image: \"web:1\" } }\n");
  apply_and_expect_no_changes(lab);
  const std::string id = lab.docker.container("lab-b")->id;
  lab.configure(
      "containers: { b: { image: \"web:1\" } }\nmoved: [ { from: container.a, to: container.b } "
      "]\n");
  const planner::Plan plan = lab.plan();
  EXPECT_EQ(action_of(plan, "container.a"), Action::Delete);
  ASSERT_EQ(plan.notes.size(), 1U);
  EXPECT_EQ(plan.notes[0].detail,
            "`moved` says that container.a became container.b, but container.b is recorded "
            "already, so container.a stays what it is and is removed if it is not configured.");
  apply_and_expect_no_changes(lab);
  EXPECT_EQ(lab.docker.container("lab-b")->id, id);
}

TEST(Moved, ToADisabledResourceRemovesIt) {
  ApplyLab lab;
  lab.configure("containers: { a: { image: \"web:1\" } }\n");
  apply_and_expect_no_changes(lab);
  lab.configure(
      "containers: { b: { image: \"web:1\", enabled: false } }\nmoved: [ { from: container.a, to: "
      "container.b } ]\n");
  EXPECT_EQ(action_of(lab.plan(), "container.b"), Action::Delete);
  apply_and_expect_no_changes(lab);
  EXPECT_TRUE(lab.docker.containers().empty());
  EXPECT_TRUE(lab.store->snapshot().resources.empty());
}

TEST(Moved, IsFoundAgainWhenStateIsLost) {
  ApplyLab lab;
  lab.configure(kOld);
  apply_and_expect_no_changes(lab);
  const std::string id = lab.docker.container("lab-chat")->id;
  lab.configure(std::string(kNew) + kMoved);
  // Before the move was applied the objects have their old names, afterwards new ones.
  lab.lose_state();
  const planner::Plan plan = lab.plan();
  EXPECT_EQ(planner::count_changes(plan), (planner::ChangeCounts{0, 1, 0}));
  apply_and_expect_no_changes(lab);
  EXPECT_EQ(lab.docker.container("lab-talk")->id, id);
  lab.lose_state();
  expect_no_changes(lab);
  apply_and_expect_no_changes(lab);
  lab.configure(kNew);
  expect_no_changes(lab);
}

TEST(Moved, AReplacementAfterwardsIsBornUnderTheNewAddress) {
  ApplyLab lab;
  lab.configure(kOld);
  apply_and_expect_no_changes(lab);
  lab.configure(std::string(kNew) + kMoved);
  apply_and_expect_no_changes(lab);
  planner::PlanOptions options;
  options.replaces.insert(core::Address::parse("endpoint.talk").value());
  ASSERT_EQ(lab.apply(options).result, core::RunResult::Applied);
  lab.configure(kNew);
  expect_no_changes(lab);
  const auto record =
      lab.store->snapshot().resources.at(core::Address::parse("endpoint.talk").value());
  EXPECT_EQ(record.salt, "lab/default/endpoint.talk");
}

TEST(Removed, ForgetsOrDeletes) {
  ApplyLab lab;
  lab.configure(
      "containers: { a: { image: \"web:1\" }, b: { image: \"web:1\" } }\nvolumes: { v: {}, w: {} "
      "}\n");
  apply_and_expect_no_changes(lab);
  lab.configure(
      "networks: { default: {} }\n"
      "removed:\n  - { from: container.a, destroy: false }\n  - { from: container.b }\n  - { from: "
      "volume.v, destroy: true }\n  - { from: volume.w }\n");
  const planner::Plan plan = lab.plan();
  EXPECT_EQ(action_of(plan, "container.a"), Action::Forget);
  EXPECT_EQ(action_of(plan, "container.b"), Action::Delete);
  EXPECT_EQ(action_of(plan, "volume.v"), Action::Delete);
  EXPECT_EQ(action_of(plan, "volume.w"), Action::Forget);
  apply_and_expect_no_changes(lab);
  EXPECT_TRUE(lab.docker.container("lab-a")->running());
  EXPECT_EQ(lab.docker.container("lab-b"), std::nullopt);
  EXPECT_THAT(lab.docker.volume_names(), ElementsAre("lab-w"));
}

TEST(Removed, ForgetsAWholeSetAndWhatIsProtected) {
  ApplyLab lab;
  lab.configure(
      "containers: { a: { image: \"web:1\", for_each: [x, y], lifecycle: { prevent_destroy: true } "
      "} }\n");
  apply_and_expect_no_changes(lab);
  lab.configure("networks: { default: {} }\nremoved: [ { from: container.a, destroy: true } ]\n");
  EXPECT_THAT(lab.plan_errors(), HasSubstr("Resource is protected"));
  lab.configure("networks: { default: {} }\nremoved: [ { from: container.a, destroy: false } ]\n");
  apply_and_expect_no_changes(lab);
  EXPECT_EQ(lab.docker.containers().size(), 2U);
}

}  // namespace
}  // namespace aim::apply_test
