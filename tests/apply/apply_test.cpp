#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/apply/apply_lab.hpp"
#include "tests/apply/every_step.hpp"
#include "tests/apply/expectations.hpp"

namespace aim::apply_test {
namespace {

using core::RunResult;
using planner::ApplyResult;
using ::testing::HasSubstr;

constexpr const char* kBase = R"(
endpoints:
  chat:
    model: m
    served_name: m
    image: serve:1
    port: 8000
    memory: 1GiB
    mounts: ["data:/data"]
    readiness: { interval: 1s, start_timeout: 60s }
containers:
  web: { image: "web:1", ports: ["127.0.0.1:3000:80"], depends_on: [endpoint.chat] }
volumes: { data: {} }
)";

/// A change of every sort at once: replaced, updated in place, created, removed, network added.
constexpr const char* kChanged = R"(
endpoints:
  chat:
    model: m
    served_name: m
    image: serve:2
    port: 8000
    memory: 1GiB
    mounts: ["data:/data"]
    readiness: { interval: 1s, start_timeout: 60s }
  second:
    model: m
    served_name: m
    image: serve:1
    port: 8001
    networks: [default, side]
    readiness: { interval: 1s, start_timeout: 60s }
containers:
  web:
    image: "web:1"
    ports: ["127.0.0.1:3000:80"]
    networks: [default, side]
    memory: 512MiB
    depends_on: [endpoint.chat]
volumes: { data: {}, more: {} }
networks: { side: {} }
)";

constexpr const char* kRemoved = R"(
containers:
  web: { image: "web:1", ports: ["127.0.0.1:8000:80"] }
volumes: { data: {} }
)";

TEST(Apply, BringsUpEverythingAndPlansNothingAfterwards) {
  ApplyLab lab;
  lab.configure(kBase);
  const ApplyResult result = lab.apply();
  ASSERT_EQ(result.result, RunResult::Applied) << causes(result);
  EXPECT_EQ(result.done, (planner::ChangeCounts{4, 0, 0}));
  EXPECT_TRUE(lab.docker.container("lab-chat")->running());
  EXPECT_EQ(lab.docker.container("lab-chat")->restart_policy, "unless-stopped");
  expect_no_changes(lab);
}

TEST(Apply, CarriesOutEverySortOfChange) {
  ApplyLab lab;
  lab.configure(kBase);
  ASSERT_EQ(lab.apply().result, RunResult::Applied);
  lab.configure(kChanged);
  const ApplyResult changed = lab.apply();
  ASSERT_EQ(changed.result, RunResult::Applied) << causes(changed);
  EXPECT_EQ(lab.docker.container("lab-chat")->image, "serve:2");
  EXPECT_EQ(lab.docker.container("lab-chat.g1"), std::nullopt);
  expect_no_changes(lab);
  lab.configure(kRemoved);
  const ApplyResult removed = lab.apply();
  ASSERT_EQ(removed.result, RunResult::Applied) << causes(removed);
  EXPECT_EQ(lab.docker.container("lab-chat"), std::nullopt);
  expect_no_changes(lab);
}

TEST(Apply, ThePredecessorStopsOnlyOnceTheNewContainerExists) {
  ApplyLab lab;
  lab.configure(kBase);
  ASSERT_EQ(lab.apply().result, RunResult::Applied);
  lab.configure(kChanged);
  lab.docker.forget_calls();
  ASSERT_EQ(lab.apply().result, RunResult::Applied);
  const std::vector<std::string> lines = lab.docker.changing_lines();
  const auto at = [&](const std::string& part) {
    const auto found = std::find_if(lines.begin(), lines.end(), [&](const std::string& line) {
      return line.find(part) != std::string::npos;
    });
    EXPECT_NE(found, lines.end()) << part;
    return found - lines.begin();
  };
  EXPECT_LT(at("create?name=lab-chat.g2"), at("/stop"));
  EXPECT_LT(at("/stop"), at("lab-chat.g2/start"));
  EXPECT_LT(at("lab-chat.g2/start"), at("rename?name=lab-chat.g1"));
  EXPECT_LT(at("rename?name=lab-chat.g1"), at("DELETE /containers/"));
}

constexpr const char* kFour = R"(
containers:
  stopped: { image: "web:1" }
  renamed: { image: "web:1" }
  paused: { image: "web:1" }
  limited: { image: "web:1", memory: 64MiB, networks: [default, side] }
networks: { side: {} }
)";

/// Everything that aim mends in place.
void disturb(ApplyLab& lab) {
  const auto post = [&](const std::string& target, const std::string& body = "") {
    const providers::HttpResponse answer = lab.docker.outside("POST", target, body);
    EXPECT_LT(answer.status, 300) << target << ": " << answer.body;
  };
  post("/containers/lab-stopped/stop");
  post("/containers/lab-renamed/rename?name=astray");
  post("/containers/lab-paused/pause");
  post("/containers/lab-limited/update", R"({"Memory":33554432,"MemorySwap":67108864})");
  post("/networks/lab-side/disconnect", R"({"Container":"lab-limited"})");
}

INSTANTIATE_TEST_SUITE_P(Scenarios,
                         EveryStep,
                         ::testing::Values(Scenario{"Create", "", kBase, nullptr},
                                           Scenario{"Change", kBase, kChanged, nullptr},
                                           Scenario{"Remove", kChanged, kRemoved, nullptr},
                                           Scenario{"GoBack", kChanged, kBase, nullptr},
                                           Scenario{"Mend", kFour, kFour, disturb}),
                         [](const auto& scenario) { return scenario.param.name; });

TEST(Apply, AFailedReadinessTellsCauseAndTail) {
  ApplyLab lab;
  lab.configure(kBase);
  ASSERT_EQ(lab.apply().result, RunResult::Applied);
  const std::vector<std::string> before = lab.docker.world_lines();
  lab.configure(kChanged);
  support::Program dies;
  dies.exits_after = std::chrono::milliseconds(1500);
  dies.exit_code = 17;
  dies.output = {{"loading", std::chrono::milliseconds(500), false},
                 {"HIP out of memory", std::chrono::milliseconds(1000), true}};
  lab.docker.set_program({.image = "serve:2", .name = {}, .argument = {}}, dies);
  lab.prober.serve({.image = "serve:2", .name = {}, .argument = {}},
                   {.port = {}, .listens_after = std::chrono::hours(1)});
  const ApplyResult result = lab.apply();
  EXPECT_EQ(result.result, RunResult::RolledBack) << causes(result);
  EXPECT_TRUE(result.switched);
  ASSERT_FALSE(result.failures.empty());
  EXPECT_EQ(result.failures[0].resource, "endpoint.chat");
  EXPECT_EQ(result.failures[0].cause, "exited with code 17");
  EXPECT_THAT(result.failures[0].tail, ::testing::Contains("HIP out of memory"));
  EXPECT_EQ(result.failures[0].log_path, "run-2-lab-chat.g2.log");
  EXPECT_THAT(lab.logs.logs["run-2-lab-chat.g2.log"], HasSubstr("HIP out of memory"));
  EXPECT_EQ(lab.docker.world_lines(), before);
}

TEST(Apply, AStopRequestUndoesEverything) {
  ApplyLab lab;
  lab.configure(kBase);
  std::stop_source stop;
  stop.request_stop();
  const ApplyResult result = lab.apply({}, stop.get_token());
  EXPECT_TRUE(result.interrupted);
  EXPECT_EQ(result.result, RunResult::NothingDone);
  EXPECT_TRUE(lab.docker.containers().empty());
}

TEST(Apply, DestroyRemovesAllButTheVolumes) {
  ApplyLab lab;
  lab.configure(kBase);
  ASSERT_EQ(lab.apply().result, RunResult::Applied);
  planner::PlanOptions options;
  options.destroy = true;
  EXPECT_EQ(lab.apply(options).result, RunResult::Applied);
  EXPECT_TRUE(lab.docker.containers().empty());
  EXPECT_TRUE(lab.docker.network_names().empty());
  EXPECT_EQ(lab.docker.volume_names(), std::vector<std::string>{"lab-data"});
  options.destroy_volumes = true;
  EXPECT_EQ(lab.apply(options).result, RunResult::Applied);
  EXPECT_TRUE(lab.docker.volume_names().empty());
}

}  // namespace
}  // namespace aim::apply_test
