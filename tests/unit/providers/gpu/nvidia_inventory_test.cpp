#include <gtest/gtest.h>

#include <fstream>

#include "providers/gpu/nvml.hpp"
#include "tests/unit/providers/gpu/recorded_hosts.hpp"

namespace aim::providers {

namespace fs = std::filesystem;

TEST(NvidiaInventory, FourH100ByNvml) {
  const core::Inventory inventory = inventory_with_nvml("h100-4", "nvml.txt", AIM_TEST_NVML_NEW);
  EXPECT_EQ(told(inventory),
            "0 GPU-0c6a8b0a-3f0e-4d57-9a21-6a1f3e8e5a10 H100 sm_90 81559 MiB used 4 ok "
            "/dev/nvidia0\n"
            "1 GPU-e4a0c7d2-1b9f-8e63-2d54-7c3a9b8f6d32 H100 sm_90 81559 MiB used 4 ok "
            "/dev/nvidia1\n"
            "2 GPU-9221d5d1-b60b-a624-bf14-0a1819cfda3b H100 sm_90 81559 MiB used 76912 ok "
            "/dev/nvidia5 pids 4711,31337\n"
            "3 GPU-51f1b6a3-77d0-0f38-5c0a-9d2b8f7e4c21 H100 sm_90 81559 MiB used 4 ok "
            "/dev/nvidia6\n");
  EXPECT_EQ(inventory.gpus[2].pci_address, "0000:62:00.0");
  EXPECT_EQ(inventory.gpus[2].product, "NVIDIA H100 80GB HBM3");
  EXPECT_EQ(inventory.drivers.at(core::GpuVendor::Nvidia), "535.129.03");
}

TEST(NvidiaInventory, AnOlderNvmlCountsWhatTheDriverKeeps) {
  const core::Inventory inventory = inventory_with_nvml("h100-4", "nvml.txt", AIM_TEST_NVML_OLD);
  ASSERT_EQ(inventory.gpus.size(), 4U);
  EXPECT_EQ(inventory.gpus[0].used_bytes, 555ULL << 20U);
  EXPECT_TRUE(inventory.gpus[2].pids.empty()) << "it has no call for that";
}

TEST(NvidiaInventory, ACardOffTheBusKeepsItsPlace) {
  EXPECT_EQ(told(inventory_with_nvml("h100-4", "nvml-lost.txt", AIM_TEST_NVML_NEW)),
            "0 GPU-0c6a8b0a-3f0e-4d57-9a21-6a1f3e8e5a10 H100 sm_90 81559 MiB used 4 ok "
            "/dev/nvidia0\n"
            "1 GPU-e4a0c7d2-1b9f-8e63-2d54-7c3a9b8f6d32 H100 sm_90 81559 MiB used 4 ok "
            "/dev/nvidia1\n"
            "2 GPU-9221d5d1-b60b-a624-bf14-0a1819cfda3b H100 sm_90 81559 MiB used 76912 ok "
            "/dev/nvidia5 pids 4711,31337\n"
            "3 GPU-51f1b6a3-77d0-0f38-5c0a-9d2b8f7e4c21 H100 sm_90 0 MiB used ? faulty (it has "
            "fallen off the bus) /dev/nvidia6\n"
            "nvidia driver_broken: NVIDIA's driver works, but 1 of 4 GPUs cannot be used. See what "
            "`nvidia-smi` says, and the kernel with `dmesg | grep NVRM`.\n");
}

TEST(NvidiaInventory, MigModeIsSeen) {
  const core::Inventory inventory =
      inventory_with_nvml("h100-4", "nvml-mig.txt", AIM_TEST_NVML_NEW);
  ASSERT_EQ(inventory.gpus.size(), 4U);
  EXPECT_EQ(inventory.gpus[0].partition.compute, "MIG");
  EXPECT_EQ(inventory.gpus[1].partition.compute, "");
}

TEST(NvidiaInventory, NvmlThatRefusesIsTold) {
  const core::Inventory inventory =
      inventory_with_nvml("h100-4", "nvml-mismatch.txt", AIM_TEST_NVML_NEW);
  ASSERT_EQ(inventory.gpus.size(), 4U);
  EXPECT_EQ(inventory.gpus[3].health_detail,
            "the versions of the kernel driver and its library differ");
  ASSERT_EQ(inventory.problems.size(), 1U);
  EXPECT_EQ(inventory.problems[0].message,
            "NVIDIA's driver does not work: the versions of the kernel driver and its library "
            "differ.");
}

TEST(NvidiaInventory, A10AndT4ByNvidiaSmi) {
  const core::Inventory inventory = inventory_of("a10-t4");
  EXPECT_EQ(told(inventory),
            "0 GPU-5a0c2f8e-7b1d-4e6a-9c3f-2d8b7e6f5a41 A10 sm_86 23028 MiB used 20511 ok "
            "/dev/nvidia0 pids 90210\n"
            "1 GPU-b3d9e1f7-6c2a-8b4d-1e5f-9a7c3d2e8b60 T4 sm_75 15360 MiB used 2 ok "
            "/dev/nvidia1\n");
  EXPECT_EQ(inventory.drivers.at(core::GpuVendor::Nvidia), "580.126.09");
}

TEST(NvidiaInventory, AnOlderNvidiaSmiIsAskedForXml) {
  const core::Inventory inventory = inventory_of("a10-t4-old");
  EXPECT_EQ(told(inventory),
            "0 GPU-5a0c2f8e-7b1d-4e6a-9c3f-2d8b7e6f5a41 A10 sm_86 23028 MiB used 20511 ok "
            "/dev/nvidia0 pids 90210\n"
            "1 GPU-b3d9e1f7-6c2a-8b4d-1e5f-9a7c3d2e8b60 T4 sm_75 15109 MiB used 2 ok "
            "/dev/nvidia1\n");
  EXPECT_EQ(inventory.drivers.at(core::GpuVendor::Nvidia), "470.57.02");
}

TEST(NvidiaInventory, ABrokenDriverNamesTheCardsAndTheCause) {
  EXPECT_EQ(told(inventory_of("nvidia-broken")),
            "0 GPU-0c6a8b0a-3f0e-4d57-9a21-6a1f3e8e5a10 H100 sm_90 0 MiB used ? faulty (the "
            "versions of the kernel driver and its library differ) /dev/nvidia0\n"
            "1 GPU-9221d5d1-b60b-a624-bf14-0a1819cfda3b H100 sm_90 0 MiB used ? faulty (the "
            "versions of the kernel driver and its library differ) /dev/nvidia1\n"
            "nvidia driver_broken: NVIDIA's driver does not work: the versions of the kernel "
            "driver and its library differ. The driver was upgraded while the old one was loaded: "
            "restart the machine.\n");
}

TEST(NvidiaInventory, WithoutADriver) {
  EXPECT_EQ(told(inventory_of("nvidia-no-driver")),
            "0 0000:62:00.0 H100 sm_90 0 MiB used ? faulty (the kernel driver is not loaded)\n"
            "nvidia no_driver: 1 NVIDIA GPU is on the PCI bus, but the kernel driver is not "
            "loaded. Load it with `modprobe nvidia`, or install NVIDIA's driver.\n");
}

TEST(NvidiaInventory, WithoutLibraryAndProgram) {
  EXPECT_EQ(told(inventory_of("h100-4")),
            "0 GPU-0c6a8b0a-3f0e-4d57-9a21-6a1f3e8e5a10 H100 sm_90 0 MiB used ? faulty (NVML is "
            "not installed) /dev/nvidia0\n"
            "1 GPU-e4a0c7d2-1b9f-8e63-2d54-7c3a9b8f6d32 H100 sm_90 0 MiB used ? faulty (NVML is "
            "not installed) /dev/nvidia1\n"
            "2 GPU-9221d5d1-b60b-a624-bf14-0a1819cfda3b H100 sm_90 0 MiB used ? faulty (NVML is "
            "not installed) /dev/nvidia5\n"
            "3 GPU-51f1b6a3-77d0-0f38-5c0a-9d2b8f7e4c21 H100 sm_90 0 MiB used ? faulty (NVML is "
            "not installed) /dev/nvidia6\n"
            "nvidia tool_failed: The kernel driver has 4 NVIDIA GPUs, but neither NVML nor "
            "nvidia-smi is here to tell about them. Install the driver's libraries and "
            "programs.\n");
}

TEST(Inventory, BothVendorsNvidiaFirst) {
  EXPECT_EQ(told(inventory_of("mixed-vendors")),
            "0 GPU-5a0c2f8e-7b1d-4e6a-9c3f-2d8b7e6f5a41 A10 sm_86 23028 MiB used 0 ok "
            "/dev/nvidia0\n"
            "1 0000:43:00.0 MI210 gfx90a 65520 MiB used 11 ok /dev/dri/renderD129\n");
}

TEST(Inventory, NoneIsNoProblem) {
  EXPECT_EQ(told(inventory_of("none")), "");
  EXPECT_EQ(told(inventory_of("there-is-no-such-host")), "");
}

TEST(Nvml, ReadsMoreProcessesThanWereExpected) {
  const fs::path file = fs::temp_directory_path() / ("aim-nvml-" + std::to_string(::getpid()));
  std::ofstream(file) << "driver 1\ngpu uuid=GPU-1 pci=00000001:C1:00.0 device=0x293110DE total=1 "
                         "free=0 reserved=0 cc=10.0 mig=0 pids=100x500 name=NVIDIA B200\n";
  ::setenv("AIM_NVML_STUB", file.c_str(), 1);
  const NvidiaAnswer answer = ask_nvml({AIM_TEST_NVML_NEW});
  ::unsetenv("AIM_NVML_STUB");
  fs::remove(file);
  ASSERT_EQ(answer.rows.size(), 1U);
  EXPECT_EQ(answer.rows[0].pids.size(), 500U);
  EXPECT_EQ(answer.rows[0].pids.front(), 100);
  EXPECT_EQ(answer.rows[0].pci_address, "0001:c1:00.0");
  EXPECT_EQ(answer.rows[0].compute, "10.0");
}

TEST(Nvml, IsAbsentWhereThereIsNone) {
  const NvidiaAnswer answer = ask_nvml({"libaim-no-such-library.so", "/dev/null"});
  EXPECT_EQ(answer.fault, NvidiaFault::Absent);
  EXPECT_EQ(answer.message, "NVML is not installed");
}

}  // namespace aim::providers
