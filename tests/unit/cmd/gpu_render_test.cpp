#include "cmd/view/gpu_render.hpp"

#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <sstream>

#include "cmd/view/human_view.hpp"
#include "cmd/view/json_view.hpp"
#include "cmd/view/text.hpp"
#include "tests/support/fake_clock.hpp"

namespace aim::view {
namespace {

cmd::GpuRow mi300x(int index, std::vector<std::string> holders) {
  cmd::GpuRow row;
  row.gpu.index = index;
  row.gpu.id = "0000:05:00.0";
  row.gpu.vendor = core::GpuVendor::Amd;
  row.gpu.model = "MI300X";
  row.gpu.architecture = "gfx942";
  row.gpu.pci_address = "0000:05:00.0";
  row.gpu.memory_bytes = 196592ULL << 20U;
  row.gpu.used_bytes = 297ULL << 20U;
  row.gpu.device_node = "/dev/dri/renderD128";
  row.holders = std::move(holders);
  return row;
}

cmd::GpuRow h100(int index) {
  cmd::GpuRow row;
  row.gpu.index = index;
  row.gpu.id = "GPU-9221d5d1-b60b-a624-bf14-0a1819cfda3b";
  row.gpu.model = "H100";
  row.gpu.memory_bytes = 81559ULL << 20U;
  row.gpu.used_bytes = 76912ULL << 20U;
  return row;
}

/// The widest line.
std::size_t width_of(const std::string& text) {
  std::size_t widest = 0;
  std::istringstream lines(text);
  std::string line;
  while (std::getline(lines, line)) {
    widest = std::max(widest, display_width(line));
  }
  return widest;
}

class GpuViewTest : public testing::Test {
 protected:
  std::ostringstream out_;
  std::ostringstream err_;
  support::FakeClock clock_;
  Terminals terminals_{{}, {}, [] { return kColumns; }};
  HumanView view_{out_, err_, terminals_, clock_, Ticking::Off};
};

}  // namespace

TEST(GpuRender, ATableWithEveryKindOfHolder) {
  std::vector<cmd::GpuRow> rows = {mi300x(0, {"endpoint.qwen"}),
                                   mi300x(1, {"endpoint.chat of project web (25%)"}),
                                   mi300x(2, {}),
                                   mi300x(3, {}),
                                   h100(4)};
  rows[2].excluded = true;
  rows[4].gpu.pids = {4711, 31337};
  EXPECT_EQ(render_gpus(rows),
            "GPU  ID            MODEL   GiB    USED  HEALTH  HOLDER\n"
            "0    0000:05:00.0  MI300X  192.0  0.3   ok      endpoint.qwen\n"
            "1    0000:05:00.0  MI300X  192.0  0.3   ok      endpoint.chat of project web\n"
            "                                                (25%)\n"
            "2    0000:05:00.0  MI300X  192.0  0.3   ok      excluded\n"
            "3    0000:05:00.0  MI300X  192.0  0.3   ok      -\n"
            "4    GPU-9221d5d1  H100    79.6   75.1  ok      processes 4711, 31337\n");
}

TEST(GpuRender, FaultyOnesSayWhy) {
  std::vector<cmd::GpuRow> rows = {h100(0)};
  rows[0].gpu.health = core::GpuHealth::Faulty;
  rows[0].gpu.health_detail = "it has \x1b[1mfallen off the bus";
  rows[0].gpu.memory_bytes = 0;
  rows[0].gpu.used_bytes.reset();
  EXPECT_EQ(render_gpus(rows),
            "GPU  ID            MODEL  GiB  USED  HEALTH  HOLDER\n"
            "0    GPU-9221d5d1  H100   ?    ?     faulty  -\n"
            "GPU 0 cannot be used: it has \\x1b[1mfallen off the bus.\n");
}

TEST(GpuRender, NeverIsWiderThanEightyColumns) {
  std::vector<cmd::GpuRow> rows = {
      mi300x(127,
             {"endpoint.a-rather-long-name-of-an-endpoint of project another-rather-long-name",
              "container ollama-with-a-name-that-nobody-would-break-into-words-but-us-of-course"})};
  rows[0].gpu.model = "AMD Radeon Something With A Very Long Product Name Indeed";
  rows[0].gpu.id = "0000:05:00.0/31";
  const std::string table = render_gpus(rows);
  EXPECT_LE(width_of(table), kColumns) << table;
  EXPECT_NE(table.find("AMD Radeon Somet"), std::string::npos) << table;
}

TEST_F(GpuViewTest, NoneIsSaidClearly) {
  cmd::GpuReport report;
  view_.gpus(report);
  EXPECT_EQ(out_.str(), "");
  EXPECT_EQ(err_.str(), "This host has no GPU: none of NVIDIA's and none of AMD's was found.\n");
}

TEST_F(GpuViewTest, NoneWhereSomeAreDeclared) {
  cmd::GpuReport report;
  report.declared = planner::DeclaredGpus{"MI300X", 8, {}, {}};
  view_.gpus(report);
  EXPECT_EQ(err_.str(),
            "This host has no GPU: none of NVIDIA's and none of AMD's was found.\n"
            "hosts.local.gpus expects 8 MI300X here.\n");
}

TEST_F(GpuViewTest, ProblemsAndUnknownHoldersGoToStandardError) {
  cmd::GpuReport report;
  report.rows = {h100(0)};
  report.problems = {{core::InventoryFault::DriverBroken,
                      core::GpuVendor::Nvidia,
                      "NVIDIA's driver works, but 1 of 4 GPUs cannot be used.",
                      "See what `nvidia-smi` says."}};
  report.holders_unknown = "Who holds them is not known: nobody answers.";
  view_.gpus(report);
  EXPECT_EQ(err_.str(),
            "warning: GPU driver fails\n"
            "  NVIDIA's driver works, but 1 of 4 GPUs cannot be used. See what `nvidia-smi`\n"
            "  says.\n"
            "Who holds them is not known: nobody answers.\n");
  EXPECT_EQ(width_of(out_.str() + err_.str()) <= kColumns, true);
}

TEST(GpuJson, HasEverythingInFull) {
  cmd::GpuReport report;
  report.rows = {mi300x(0, {"endpoint.qwen"})};
  report.rows[0].gpu.partition = {"CPX", "NPS4", 3, 8};
  report.rows[0].gpu.used_bytes.reset();
  report.drivers = {{core::GpuVendor::Amd, "6.10.5"}};
  report.problems = {
      {core::InventoryFault::NoDriver, core::GpuVendor::Nvidia, "It is not loaded.", "Load it."}};
  report.declared = planner::DeclaredGpus{"MI300X", 8, {}, {}};
  EXPECT_EQ(boost::json::serialize(gpus_json(report)),
            "{\"gpus\":[{\"index\":0,\"id\":\"0000:05:00.0\",\"vendor\":\"amd\",\"model\":"
            "\"MI300X\",\"product\":\"\",\"architecture\":\"gfx942\",\"pci_address\":"
            "\"0000:05:00.0\",\"memory_bytes\":206141652992,\"used_bytes\":null,\"health\":\"ok\","
            "\"health_detail\":\"\",\"partition\":{\"compute\":\"CPX\",\"memory\":\"NPS4\","
            "\"number\":3,\"count\":8},\"device\":\"/dev/dri/renderD128\",\"pids\":[],"
            "\"excluded\":false,\"holders\":[\"endpoint.qwen\"]}],\"drivers\":{\"amd\":\"6.10.5\"},"
            "\"problems\":[{\"fault\":\"no_driver\",\"vendor\":\"nvidia\",\"message\":\"It is not "
            "loaded.\",\"remedy\":\"Load it.\"}],\"declared\":{\"model\":\"MI300X\",\"count\":8},"
            "\"holders_unknown\":\"\"}");
}

}  // namespace aim::view
