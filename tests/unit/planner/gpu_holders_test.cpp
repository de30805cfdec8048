#include "planner/gpu_holders.hpp"

#include <gtest/gtest.h>

#include "tests/unit/planner/gpu_makers.hpp"

namespace aim::planner {
namespace {

using core::ContainerStatus;
using core::List;
using core::Map;
using core::ObservedContainer;

ObservedContainer foreign(const std::string& name, Map attributes) {
  ObservedContainer container;
  container.id = name;
  container.name = name;
  container.state.status = ContainerStatus::Running;
  container.attributes = std::move(attributes);
  return container;
}

ObservedContainer born(const std::string& project,
                       const std::string& address,
                       const std::string& gpus,
                       ContainerStatus status = ContainerStatus::Running,
                       int generation = 1) {
  ObservedContainer container = foreign(project + "-" + address, {});
  container.state.status = status;
  container.labels = {{core::label::kProject, project},
                      {core::label::kWorkspace, "default"},
                      {core::label::kLineage, "l"},
                      {core::label::kAddress, address},
                      {core::label::kGeneration, std::to_string(generation)},
                      {core::label::kGpus, gpus}};
  return container;
}

std::string held(const std::vector<ObservedContainer>& containers,
                 const std::vector<core::Gpu>& gpus) {
  std::string text;
  for (const GpuHolder& holder : gpu_holders(containers, gpus, "lab", "default")) {
    text += holder.name + (holder.address ? " (ours)" : "") + ":";
    for (const std::string& id : holder.ids) {
      text += " " + id;
    }
    text += holder.share_percent == kWholeGpu ? "\n" : fmt::format(" @{}\n", holder.share_percent);
  }
  return text;
}

/// Two of NVIDIA's and two of AMD's.
std::vector<core::Gpu> four() {
  return {test::gpu_of("H100", 0),
          test::gpu_of("H100", 1),
          test::gpu_of("MI210", 2),
          test::gpu_of("MI210", 3)};
}

std::string held_by(Map attributes, const std::vector<core::Gpu>& gpus) {
  return held({foreign("x", std::move(attributes))}, gpus);
}

}  // namespace

TEST(GpusLabel, KeepsIdsAndShare) {
  const GpuGrant whole{{"GPU-a", "0000:05:00.0/3"}, kWholeGpu};
  const GpuGrant part{{"GPU-a"}, 25};
  EXPECT_EQ(gpus_label(whole), "GPU-a,0000:05:00.0/3");
  EXPECT_EQ(gpus_label(part), "GPU-a@25");
  EXPECT_EQ(grant_from_label(gpus_label(whole)), whole);
  EXPECT_EQ(grant_from_label(gpus_label(part)), part);
  EXPECT_EQ(grant_from_label(""), GpuGrant());
  EXPECT_EQ(grant_from_label("none"), GpuGrant());
  EXPECT_EQ(grant_from_label("GPU-a@0").share_percent, kWholeGpu) << "nonsense holds it whole";
}

TEST(GpuHolders, AreReadFromTheLabelsOfEveryProject) {
  EXPECT_EQ(held({born("lab", "endpoint.a", "gpu-0"),
                  born("web", "endpoint.a", "gpu-1@50"),
                  born("aim-launch", "endpoint.qwen", "gpu-2,gpu-3", ContainerStatus::Exited)},
                 four()),
            "endpoint.a of project lab (ours): gpu-0\n"
            "endpoint.a of project web: gpu-1 @50\n"
            "endpoint.qwen of project aim-launch: gpu-2 gpu-3\n")
      << "who is stopped keeps its GPUs";
}

TEST(GpuHolders, OtherWorkspacesAreOthers) {
  ObservedContainer staging = born("lab", "endpoint.a", "gpu-1");
  staging.labels[core::label::kWorkspace] = "staging";
  EXPECT_EQ(held({staging}, four()), "endpoint.a of project lab/staging: gpu-1\n");
}

TEST(GpuHolders, AKeptPredecessorHoldsNothing) {
  EXPECT_EQ(held({born("web", "endpoint.a", "gpu-0", ContainerStatus::Exited, 3),
                  born("web", "endpoint.a", "gpu-1", ContainerStatus::Running, 4)},
                 four()),
            "endpoint.a of project web: gpu-1\n");
  EXPECT_EQ(held({born("web", "endpoint.a", "gpu-0", ContainerStatus::Running, 3),
                  born("web", "endpoint.a", "gpu-1", ContainerStatus::Created, 4)},
                 four()),
            "endpoint.a of project web: gpu-0\n"
            "endpoint.a of project web: gpu-1\n")
      << "in the middle of a replacement both do";
}

TEST(GpuHolders, DeviceRequestsOfOthers) {
  EXPECT_EQ(held_by({{"gpus", Map{{"count", "all"}}}}, four()), "container x: gpu-0 gpu-1\n");
  EXPECT_EQ(held_by({{"gpus", Map{{"count", "1"}}}}, four()), "container x: gpu-0\n");
  EXPECT_EQ(held_by({{"gpus", Map{{"ids", List{"1"}}}}}, four()), "container x: gpu-1\n");
  EXPECT_EQ(held_by({{"gpus", Map{{"ids", List{"gpu-1"}}}}}, four()), "container x: gpu-1\n");
  EXPECT_EQ(held_by({{"gpus",
                      Map{{"driver", "cdi"}, {"ids", List{"nvidia.com/gpu=1", "amd.com/gpu=0"}}}}},
                    four()),
            "container x: gpu-1 gpu-2\n");
  EXPECT_EQ(held_by({{"gpus", Map{{"ids", List{"amd.com/gpu=all"}}}}}, four()),
            "container x: gpu-2 gpu-3\n");
  EXPECT_EQ(held_by({{"gpus", Map{{"count", "2"}}}}, test::gpus_of("MI300X", 3)),
            "container x: gpu-0 gpu-1\n")
      << "without NVIDIA they go to AMD's driver";
}

TEST(GpuHolders, DeviceFilesOfOthers) {
  EXPECT_EQ(held_by({{"devices", List{"/dev/kfd", "/dev/dri/renderD131:/dev/dri/renderD128:rw"}}},
                    four()),
            "container x: gpu-3\n");
  EXPECT_EQ(held_by({{"devices", List{"/dev/dri"}}}, four()), "container x: gpu-2 gpu-3\n");
  EXPECT_EQ(held_by({{"devices", List{"/dev/nvidia1"}}}, four()), "container x: gpu-1\n");
  EXPECT_EQ(held_by({{"devices", List{"/dev/kfd", "/dev/fuse"}}}, four()), "");
}

TEST(GpuHolders, VariablesCountOnlyWithTheRuntimeThatReadsThem) {
  const Map env{{"NVIDIA_VISIBLE_DEVICES", "0,gpu-1"}, {"AMD_VISIBLE_DEVICES", "0-1"}};
  EXPECT_EQ(held_by({{"env", env}, {"runtime", "nvidia"}}, four()), "container x: gpu-0 gpu-1\n");
  EXPECT_EQ(held_by({{"env", env}, {"runtime", "amd"}}, four()), "container x: gpu-2 gpu-3\n");
  EXPECT_EQ(held_by({{"env", env}}, four()), "");
  EXPECT_EQ(
      held_by({{"env", Map{{"NVIDIA_VISIBLE_DEVICES", "void"}}}, {"runtime", "nvidia"}}, four()),
      "");
}

TEST(GpuHolders, OthersHoldOnlyWhileTheyRun) {
  ObservedContainer stopped = foreign("x", {{"gpus", Map{{"count", "all"}}}});
  stopped.state.status = ContainerStatus::Exited;
  EXPECT_EQ(held({stopped}, four()), "");
}

TEST(GpuHolders, WhoOnlyWatchesSaysSo) {
  ObservedContainer exporter = foreign("dcgm", {{"gpus", Map{{"count", "all"}}}});
  exporter.labels = {{core::label::kGpus, "none"}};
  EXPECT_EQ(held({exporter}, four()), "");
}

TEST(GpuHolders, OnlySomeNeedToBeInspected) {
  core::ContainerSummary summary;
  summary.status = ContainerStatus::Exited;
  EXPECT_FALSE(may_hold_gpus(summary));
  summary.labels = {{core::label::kGpus, "gpu-0"}};
  EXPECT_TRUE(may_hold_gpus(summary));
  summary.labels.clear();
  summary.status = ContainerStatus::Paused;
  EXPECT_TRUE(may_hold_gpus(summary));
}

}  // namespace aim::planner
