#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>

#include "providers/gpu/host_inventory.hpp"
#include "providers/gpu/kfd.hpp"
#include "tests/unit/providers/gpu/recorded_hosts.hpp"

namespace aim::providers {

namespace fs = std::filesystem;

TEST(AmdInventory, EightMi300X) {
  const core::Inventory inventory = inventory_of("mi300x-8");
  EXPECT_EQ(told(inventory),
            "0 0000:05:00.0 MI300X gfx942 196592 MiB used 297 ok SPX/NPS1 part 0 of 1 "
            "/dev/dri/renderD128\n"
            "1 0000:26:00.0 MI300X gfx942 196592 MiB used 297 ok SPX/NPS1 part 0 of 1 "
            "/dev/dri/renderD136\n"
            "2 0000:46:00.0 MI300X gfx942 196592 MiB used 297 ok SPX/NPS1 part 0 of 1 "
            "/dev/dri/renderD144\n"
            "3 0000:65:00.0 MI300X gfx942 196592 MiB used 297 ok SPX/NPS1 part 0 of 1 "
            "/dev/dri/renderD152\n"
            "4 0000:85:00.0 MI300X gfx942 196592 MiB used 297 ok SPX/NPS1 part 0 of 1 "
            "/dev/dri/renderD160\n"
            "5 0000:a6:00.0 MI300X gfx942 196592 MiB used 297 ok SPX/NPS1 part 0 of 1 "
            "/dev/dri/renderD168\n"
            "6 0000:c6:00.0 MI300X gfx942 196592 MiB used 297 ok SPX/NPS1 part 0 of 1 "
            "/dev/dri/renderD176\n"
            "7 0000:e5:00.0 MI300X gfx942 196592 MiB used 297 ok SPX/NPS1 part 0 of 1 "
            "/dev/dri/renderD184\n");
  ASSERT_EQ(inventory.gpus.size(), 8U);
  EXPECT_TRUE(inventory.gpus[0].control_node.ends_with("/mi300x-8/dev/kfd"));
  EXPECT_EQ(inventory.gpus[0].product, "AMD Instinct MI300X OAM");
  EXPECT_EQ(inventory.drivers.at(core::GpuVendor::Amd), "6.10.5");
}

TEST(AmdInventory, TheOrderIsThatOfTheBusAndNotOfTheKernel) {
  EXPECT_EQ(told(inventory_of("mi210-2")),
            "0 0000:43:00.0 MI210 gfx90a 65520 MiB used 11 ok /dev/dri/renderD129\n"
            "1 0000:63:00.0 MI210 gfx90a 65520 MiB used 11 ok /dev/dri/renderD128\n");
}

TEST(AmdInventory, PartsOfAPartitionedCard) {
  const core::Inventory inventory = inventory_of("mi300x-cpx");
  ASSERT_EQ(inventory.gpus.size(), 16U);
  EXPECT_TRUE(inventory.problems.empty()) << told(inventory);
  core::Inventory some;
  some.gpus = {inventory.gpus[0], inventory.gpus[3], inventory.gpus[8]};
  EXPECT_EQ(told(some),
            "0 0000:05:00.0/0 MI300X gfx942 24574 MiB used 18 ok CPX/NPS4 part 0 of 8 "
            "/dev/dri/renderD128\n"
            "3 0000:05:00.0/3 MI300X gfx942 24574 MiB used 20480 ok CPX/NPS4 part 3 of 8 "
            "/dev/dri/renderD131 pids 7211\n"
            "8 0000:26:00.0/0 MI300X gfx942 24574 MiB used 18 ok CPX/NPS4 part 0 of 8 "
            "/dev/dri/renderD136\n");
}

TEST(AmdInventory, CardsInUseTellByWhom) {
  EXPECT_EQ(told(inventory_of("mi210-busy")),
            "0 0000:43:00.0 MI210 gfx90a 65520 MiB used 11 ok /dev/dri/renderD128\n"
            "1 0000:63:00.0 MI210 gfx90a 65520 MiB used 51200 ok /dev/dri/renderD129 "
            "pids 812,1009\n");
}

TEST(AmdInventory, AmdSmiOfRocm6) {
  const core::Inventory inventory = inventory_of("amd-smi-rocm6");
  EXPECT_EQ(told(inventory),
            "0 0000:05:00.0 MI300X gfx942 196592 MiB used 297 ok /dev/dri/renderD128\n"
            "1 0000:26:00.0 MI300X gfx942 196592 MiB used 150000 ok /dev/dri/renderD136\n");
  EXPECT_EQ(inventory.drivers.at(core::GpuVendor::Amd), "6.10.5");
}

TEST(AmdInventory, AmdSmiOfRocm7) {
  const core::Inventory inventory = inventory_of("amd-smi-rocm7");
  EXPECT_EQ(told(inventory),
            "0 0000:05:00.0 MI300X gfx942 196592 MiB used 297 ok /dev/dri/renderD128\n"
            "1 0000:26:00.0 MI300X gfx942 196592 MiB used 150000 ok /dev/dri/renderD136\n");
  EXPECT_EQ(inventory.drivers.at(core::GpuVendor::Amd), "6.12.12");
}

TEST(AmdInventory, RocmSmiWhereAmdSmiFails) {
  const core::Inventory inventory = inventory_of("rocm-smi");
  const std::string program = fs::absolute(recorded_host("rocm-smi") / "bin/amd-smi").string();
  EXPECT_EQ(told(inventory),
            "0 0000:05:00.0 MI300X gfx942 196592 MiB used 297 ok /dev/dri/renderD128\n"
            "1 0000:26:00.0 MI300X gfx942 196592 MiB used 297 ok /dev/dri/renderD136\n"
            "amd tool_failed: " +
                program +
                " did not tell about the GPUs: it ended with exit code 1: ModuleNotFoundError: No "
                "module named 'amdsmi'. Run it by hand, and see what the kernel says with `dmesg | "
                "grep amdgpu`.\n");
  EXPECT_EQ(inventory.drivers.at(core::GpuVendor::Amd), "6.7.0");
}

TEST(AmdInventory, WithoutADriver) {
  EXPECT_EQ(told(inventory_of("amd-no-driver")),
            "0 0000:05:00.0 MI300X gfx942 0 MiB used ? faulty (the kernel driver amdgpu is not "
            "loaded)\n"
            "1 0000:26:00.0 MI300X gfx942 0 MiB used ? faulty (the kernel driver amdgpu is not "
            "loaded)\n"
            "amd no_driver: 2 AMD GPUs are on the PCI bus, but the kernel driver amdgpu is not "
            "loaded. Load it with `modprobe amdgpu`, or install AMD's driver.\n");
}

TEST(AmdInventory, ACardThatTheDriverCouldNotStartKeepsItsPlace) {
  const std::string program = fs::absolute(recorded_host("amd-broken") / "bin/amd-smi").string();
  EXPECT_EQ(told(inventory_of("amd-broken")),
            "0 0000:43:00.0 MI210 gfx90a 65520 MiB used 11 ok /dev/dri/renderD128\n"
            "1 0000:63:00.0 MI210 gfx90a 0 MiB used ? faulty (the kernel made no render node for "
            "it)\n"
            "amd tool_failed: " +
                program +
                " did not tell about the GPUs: it ended with exit code 34: "
                "amdsmi_exception.AmdSmiLibraryException: Error code: 34 | "
                "AMDSMI_STATUS_DRIVER_NOT_LOADED. Run it by hand, and see what the kernel says "
                "with `dmesg | grep amdgpu`.\n"
                "amd driver_broken: The kernel driver amdgpu is loaded, but 1 of 2 AMD GPUs cannot "
                "be used. See what the kernel says with `dmesg | grep amdgpu`.\n");
}

TEST(AmdInventory, DeviceFilesThatAreNotThereAndTheirGroups) {
  const fs::path root = fs::temp_directory_path() / ("aim-gpus-" + std::to_string(::getpid()));
  fs::remove_all(root);
  fs::copy(recorded_host("mi210-2"), root, fs::copy_options::recursive);
  fs::remove(root / "dev/dri/renderD128");

  struct stat status {};

  ASSERT_EQ(::stat((root / "dev/kfd").c_str(), &status), 0);
  // Only root may give a file to another group; who runs the test as somebody has one already.
  const gid_t group = ::getuid() == 0 ? 993 : status.st_gid;
  ASSERT_EQ(::chown((root / "dev/kfd").c_str(), static_cast<uid_t>(-1), group), 0);
  core::Inventory inventory = HostInventory(sources_below(root)).look({});
  ASSERT_EQ(inventory.gpus.size(), 2U);
  EXPECT_EQ(inventory.gpus[0].groups, std::vector<std::uint32_t>{group});
  EXPECT_EQ(inventory.gpus[1].health_detail, "there is no /dev/dri/renderD128");
  fs::remove(root / "dev/kfd");
  inventory = HostInventory(sources_below(root)).look({});
  EXPECT_EQ(inventory.gpus[0].health_detail, "there is no /dev/kfd, so nothing can compute on it");
  fs::remove_all(root);
}

TEST(Kfd, NamesArchitecturesAsTheCompilerDoes) {
  EXPECT_EQ(kfd::architecture(90010), "gfx90a");
  EXPECT_EQ(kfd::architecture(90402), "gfx942");
  EXPECT_EQ(kfd::architecture(90500), "gfx950");
  EXPECT_EQ(kfd::architecture(100300), "gfx1030");
  EXPECT_EQ(kfd::architecture(110000), "gfx1100");
  EXPECT_EQ(kfd::architecture(0), "");
}

}  // namespace aim::providers
