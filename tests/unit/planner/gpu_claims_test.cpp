#include "planner/gpu_claims.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace aim::planner {
namespace {

using core::ContainerStatus;
using core::ContainerSummary;
using ::testing::ElementsAre;

const core::Address kQwen{core::Kind::Endpoint, "qwen", std::nullopt};

ContainerSummary container(const std::string& id,
                           const std::string& project,
                           const std::string& gpus,
                           ContainerStatus status = ContainerStatus::Created) {
  ContainerSummary one;
  one.id = id;
  one.status = status;
  one.labels = {{core::label::kProject, project},
                {core::label::kWorkspace, "default"},
                {core::label::kAddress, "endpoint.a"},
                {core::label::kGpus, gpus}};
  return one;
}

std::vector<Rival> rivals(const std::vector<ContainerSummary>& newest_first) {
  return gpu_rivals(
      newest_first, {{"mine", {kQwen, {{"GPU-1", "GPU-2"}, kWholeGpu}}}}, "lab", "default");
}

ContainerSummary mine() { return container("mine", "lab", "GPU-1,GPU-2"); }

TEST(GpuClaims, TellWhoCameFirst) {
  const ContainerSummary other = container("other", "shop", "GPU-2,GPU-3");
  const Rival rival{kQwen, "GPU-2", "endpoint.a of project shop", true, false};
  EXPECT_THAT(rivals({mine(), other}), ElementsAre(rival));
  EXPECT_EQ(precedence(rival), Precedence::Theirs);
  Rival later = rival;
  later.earlier = false;
  EXPECT_THAT(rivals({other, mine()}), ElementsAre(later));
  EXPECT_EQ(precedence(later), Precedence::Open);
  // It did not see ours, and came up.
  ContainerSummary running = other;
  running.status = ContainerStatus::Running;
  ASSERT_EQ(rivals({running, mine()}).size(), 1U);
  EXPECT_EQ(precedence(rivals({running, mine()})[0]), Precedence::Theirs);
}

TEST(GpuClaims, AreOfOthersThatHaveOrGetThem) {
  const auto count = [](const ContainerSummary& other) { return rivals({mine(), other}).size(); };
  EXPECT_EQ(count(container("x", "shop", "GPU-1", ContainerStatus::Running)), 1U);
  EXPECT_EQ(count(container("x", "shop", "GPU-1", ContainerStatus::Exited)), 0U);
  EXPECT_EQ(count(container("x", "shop", "GPU-3")), 0U);
  EXPECT_EQ(count(container("x", "lab", "GPU-1")), 0U);  // the plan's own doing
  EXPECT_EQ(count(container("x", "shop", "GPU-1@25")), 0U);
  EXPECT_EQ(count(container("x", "shop", "none")), 0U);
}

}  // namespace
}  // namespace aim::planner
