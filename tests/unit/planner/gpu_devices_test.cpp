#include "planner/gpu_devices.hpp"

#include <gtest/gtest.h>

#include "tests/unit/planner/gpu_makers.hpp"

namespace aim::planner {
namespace {

using core::List;
using core::Map;
using core::Value;

constexpr std::int64_t kSixteenGibi = 17179869184;

std::vector<core::Gpu> two_of(const std::string& model) {
  std::vector<core::Gpu> gpus = test::gpus_of(model, 2);
  gpus[0].groups = {44, 993};
  gpus[1].groups = {993};
  return gpus;
}

}  // namespace

TEST(GpuDevices, AmdGetsTheRenderNodesOfItsGpusAndNoOthers) {
  EXPECT_EQ(gpu_attributes(two_of("MI300X"), {}),
            (Map{{"devices", List{"/dev/kfd", "/dev/dri/renderD128", "/dev/dri/renderD129"}},
                 {"group_add", List{"44", "993"}},
                 {"security_opt", List{"seccomp=unconfined"}},
                 {"shm_size", kSixteenGibi}}));
}

TEST(GpuDevices, AmdWhoseNodesBelongToRootNeedsNoGroup) {
  EXPECT_FALSE(gpu_attributes(test::gpus_of("MI210", 1), {}).contains("group_add"));
}

TEST(GpuDevices, NvidiaIsAskedForByUuid) {
  EXPECT_EQ(gpu_attributes(two_of("H100"), {}),
            (Map{{"gpus", Map{{"capabilities", List{"gpu"}}, {"ids", List{"gpu-0", "gpu-1"}}}},
                 {"shm_size", kSixteenGibi}}));
}

TEST(GpuDevices, CdiIsUsedWhereDockerKnowsAllOfThem) {
  const std::vector<std::string> all = {
      "nvidia.com/gpu=all", "nvidia.com/gpu=0", "nvidia.com/gpu=gpu-0", "nvidia.com/gpu=gpu-1"};
  const Map attributes = gpu_attributes(two_of("H100"), all);
  EXPECT_EQ(
      *core::find(attributes, "gpus"),
      Value(Map{{"driver", "cdi"}, {"ids", List{"nvidia.com/gpu=gpu-0", "nvidia.com/gpu=gpu-1"}}}));
  EXPECT_EQ(gpu_attributes(two_of("H100"), {"nvidia.com/gpu=gpu-0"}),
            gpu_attributes(two_of("H100"), {}));
}

TEST(GpuDevices, NothingHidesGpusByAVariable) {
  for (const char* model : {"H100", "MI300X"}) {
    EXPECT_FALSE(gpu_attributes(two_of(model), {}).contains("env")) << model;
  }
  EXPECT_TRUE(gpu_attributes({}, {}).empty());
}

TEST(GpuDevices, DeclaredGpusHaveNoDevicesYet) {
  for (const char* model : {"H100", "MI300X"}) {
    std::vector<core::Gpu> gpus = test::gpus_of(model, 2);
    gpus[0].health = core::GpuHealth::Unknown;
    gpus[1].health = core::GpuHealth::Unknown;
    EXPECT_TRUE(core::contains_unknown(Value(gpu_attributes(gpus, {})))) << model;
  }
}

TEST(GpuDevices, AreAddedToWhatTheContainerHas) {
  Map container{{"devices", List{"/dev/fuse", "/dev/kfd"}},
                {"security_opt", List{"no-new-privileges"}},
                {"shm_size", std::int64_t{1} << 30U}};
  add_gpu_attributes(container, gpu_attributes(two_of("MI210"), {}));
  EXPECT_EQ(
      container,
      (Map{{"devices", List{"/dev/fuse", "/dev/kfd", "/dev/dri/renderD128", "/dev/dri/renderD129"}},
           {"group_add", List{"44", "993"}},
           {"security_opt", List{"no-new-privileges", "seccomp=unconfined"}},
           {"shm_size", std::int64_t{1} << 30U}}));
}

TEST(GpuDevices, TheHostsIpcNamespaceHasItsOwnSharedMemory) {
  Map container{{"ipc", "host"}};
  add_gpu_attributes(container, gpu_attributes(two_of("H100"), {}));
  EXPECT_FALSE(container.contains("shm_size"));
}

}  // namespace aim::planner
