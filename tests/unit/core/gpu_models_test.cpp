#include "core/gpu_models.hpp"

#include <gtest/gtest.h>

#include <set>

#include "core/inventory.hpp"

namespace aim::core {
namespace {

constexpr std::uint64_t kMebi = 1ULL << 20U;

std::string product(std::string_view name, std::uint64_t mebibytes) {
  const GpuModel* model = gpu_model_of_product(GpuVendor::Nvidia, name, mebibytes * kMebi);
  return model == nullptr ? "" : std::string(model->name);
}

Gpu gpu(int index, std::string id, std::string pci_address, int parts) {
  Gpu one;
  one.index = index;
  one.id = std::move(id);
  one.pci_address = std::move(pci_address);
  one.partition.count = parts;
  return one;
}

}  // namespace

TEST(GpuModels, AreFoundByTheirPciId) {
  EXPECT_EQ(gpu_model_of(GpuVendor::Amd, 0x74a1)->name, "MI300X");
  EXPECT_EQ(gpu_model_of(GpuVendor::Amd, 0x740f)->architecture, "gfx90a");
  EXPECT_EQ(gpu_model_of(GpuVendor::Nvidia, 0x2330)->memory_bytes, 81559 * kMebi);
  EXPECT_EQ(gpu_model_of(GpuVendor::Nvidia, 0x74a1), nullptr) << "an id of another vendor";
  EXPECT_EQ(gpu_model_of(GpuVendor::Nvidia, 0x22a3), nullptr) << "the switch of an H100 board";
}

TEST(GpuModels, HaveEachNameAndEachPciIdOnce) {
  std::set<std::string> names;
  std::set<std::pair<GpuVendor, std::uint16_t>> ids;
  for (const GpuModel& model : gpu_models()) {
    EXPECT_TRUE(names.insert(std::string(model.name)).second) << model.name;
    EXPECT_FALSE(model.pci_devices.empty()) << model.name;
    for (const std::uint16_t id : model.pci_devices) {
      EXPECT_TRUE(ids.emplace(model.vendor, id).second) << model.name;
    }
  }
}

TEST(GpuModels, AreFoundByNameWhateverTheCase) {
  EXPECT_EQ(gpu_model_named("mi300x")->name, "MI300X");
  EXPECT_EQ(gpu_model_named("a100-80gb")->name, "A100-80GB");
  EXPECT_EQ(gpu_model_named("MI300"), nullptr);
}

TEST(GpuModels, AreReadFromTheWholeWordsOfAProduct) {
  EXPECT_EQ(product("NVIDIA H100 80GB HBM3", 81559), "H100");
  EXPECT_EQ(product("NVIDIA A100-SXM4-80GB", 81920), "A100-80GB");
  EXPECT_EQ(product("NVIDIA A100-SXM4-40GB", 40960), "A100-40GB");
  EXPECT_EQ(product("Tesla V100-SXM2-32GB", 32768), "V100-32GB");
  EXPECT_EQ(product("Tesla T4", 15360), "T4");
  EXPECT_EQ(product("NVIDIA A10", 23028), "A10");
  EXPECT_EQ(product("NVIDIA GB300", 284208), "GB300") << "b300 stands in gb300";
  EXPECT_EQ(product("NVIDIA B300 SXM6 AC", 275040), "B300");
  EXPECT_EQ(product("NVIDIA L40S", 46068), "L40S");
  EXPECT_EQ(product("NVIDIA GeForce RTX 4090", 24564), "RTX-4090");
  EXPECT_EQ(product("NVIDIA GeForce RTX 4090 Laptop GPU", 16376), "") << "another memory";
  EXPECT_EQ(product("NVIDIA GeForce RTX 3090", 24576), "");
  EXPECT_EQ(product("", 0), "");
}

TEST(FindGpu, ByIndexIdAndAddressOfAWholeCard) {
  const std::vector<Gpu> gpus = {gpu(0, "GPU-aa", "0000:01:00.0", 1),
                                 gpu(1, "0000:05:00.0/0", "0000:05:00.0", 2),
                                 gpu(2, "0000:05:00.0/1", "0000:05:00.0", 2)};
  EXPECT_EQ(find_gpu(gpus, "2"), &gpus[2]);
  EXPECT_EQ(find_gpu(gpus, "GPU-aa"), &gpus[0]);
  EXPECT_EQ(find_gpu(gpus, "0000:01:00.0"), &gpus[0]);
  EXPECT_EQ(find_gpu(gpus, "0000:05:00.0/1"), &gpus[2]);
  EXPECT_EQ(find_gpu(gpus, "0000:05:00.0"), nullptr) << "which part of it?";
  EXPECT_EQ(find_gpu(gpus, "3"), nullptr);
  EXPECT_EQ(find_gpu(gpus, "-1"), nullptr);
  EXPECT_EQ(find_gpu(gpus, ""), nullptr);
}

TEST(FindGpu, ByTheBeginningOfAUuidIfItIsTheOnlyOne) {
  const std::vector<Gpu> gpus = {gpu(0, "GPU-9221d5d1-b60b", "0000:01:00.0", 1),
                                 gpu(1, "GPU-0c6a8b0a-3f0e", "0000:02:00.0", 1),
                                 gpu(2, "GPU-0c6a8b0a-77d0", "0000:03:00.0", 1)};
  EXPECT_EQ(short_id(gpus[0]), "GPU-9221d5d1");
  EXPECT_EQ(find_gpu(gpus, "GPU-9221d5d1"), &gpus[0]);
  EXPECT_EQ(find_gpu(gpus, "GPU-0c6a8b0a"), nullptr) << "two begin so";
  EXPECT_EQ(find_gpu(gpus, "GPU-0c6a8b0a-7"), &gpus[2]);
  EXPECT_EQ(find_gpu(gpus, "GPU-9221"), nullptr) << "too short to be meant";
}

}  // namespace aim::core
