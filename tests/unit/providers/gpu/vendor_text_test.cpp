#include <gtest/gtest.h>

#include "providers/gpu/amd_json.hpp"
#include "providers/gpu/nvidia_smi.hpp"
#include "providers/gpu/sources.hpp"
#include "providers/gpu/sysfs.hpp"
#include "providers/gpu/xml.hpp"

namespace aim::providers {

TEST(AmdJson, LeavesOutWhatIsNotAvailable) {
  const auto answer = amd_json::read_static(
      R"([{"gpu":0,"asic":{"market_name":"N/A","device_id":"N/A"},"vram":{"size":"N/A"},)"
      R"("bus":{"bdf":"0000:C1:00.0"},"driver":{"version":"N/A"}}])");
  ASSERT_TRUE(answer);
  ASSERT_EQ(answer->rows.size(), 1U);
  EXPECT_EQ(answer->rows[0].pci_address, "0000:c1:00.0");
  EXPECT_EQ(answer->rows[0].product, "");
  EXPECT_FALSE(answer->rows[0].memory_bytes);
  EXPECT_FALSE(answer->rows[0].pci_device);
  EXPECT_EQ(answer->driver, "");
}

TEST(AmdJson, RefusesOtherShapes) {
  for (const char* text : {"", "{}", "7", "[7]", R"({"gpu_data":7})", "[{]"}) {
    EXPECT_FALSE(amd_json::read_static(text)) << text;
  }
  EXPECT_EQ(amd_json::read_static("{}").error().message,
            "the answer is neither a list of GPUs nor an object with gpu_data");
  EXPECT_EQ(amd_json::read_rocm_smi(R"({"system":{}})").error().message,
            "the answer names no card");
}

TEST(AmdJson, CardsComeByTheirNumber) {
  const auto answer = amd_json::read_rocm_smi(
      R"({"card10":{"PCI Bus":"0000:0A:00.0"},"card2":{"PCI BUS":"0000:02:00.0"}})");
  ASSERT_TRUE(answer);
  ASSERT_EQ(answer->rows.size(), 2U);
  EXPECT_EQ(answer->rows[0].pci_address, "0000:02:00.0");
  EXPECT_EQ(answer->rows[1].pci_address, "0000:0a:00.0");
}

TEST(NvidiaSmi, EachWayOfNotKnowing) {
  const auto answer = nvidia_smi::read_gpus(
      "0, NVIDIA GB10, GPU-1, 0000000F:01:00.0, [N/A], [Not Supported], 580.95.05, 12.1, N/A\r\n");
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->rows[0].memory_bytes, 0U);
  EXPECT_FALSE(answer->rows[0].used_bytes);
  EXPECT_EQ(answer->rows[0].pci_address, "000f:01:00.0");
}

TEST(NvidiaSmi, RefusesLinesOfAnotherForm) {
  EXPECT_EQ(nvidia_smi::read_gpus("No devices were found\n").error().message,
            "this line is no GPU: No devices were found");
}

TEST(NvidiaSmi, FailuresThatAreKnown) {
  EXPECT_EQ(nvidia_smi::read_failure(9,
                                     "NVIDIA-SMI has failed because it couldn't communicate "
                                     "with the NVIDIA driver. Make sure")
                .fault,
            NvidiaFault::NoDriver);
  EXPECT_EQ(nvidia_smi::read_failure(18,
                                     "Failed to initialize NVML: Driver/library version "
                                     "mismatch\nNVML library version: 550.54\n")
                .message,
            "the versions of the kernel driver and its library differ");
  EXPECT_EQ(nvidia_smi::read_failure(255, "Failed to initialize NVML: Unknown Error\n").message,
            "nvidia-smi ended with exit code 255: Failed to initialize NVML: Unknown Error");
  EXPECT_EQ(nvidia_smi::read_failure(6, "").message, "nvidia-smi ended with exit code 6");
}

TEST(NvidiaSmi, RefusesOtherDocuments) {
  EXPECT_EQ(nvidia_smi::read_xml("<html></html>").error().message,
            "the document is <html> and no <nvidia_smi_log>");
}

TEST(Xml, ReadsElementsAndTheirText) {
  const auto root = xml::parse(
      "<?xml version=\"1.0\" ?><!DOCTYPE a SYSTEM \"a.dtd\"><a><!-- <b> --><b id=\"1\"> x &amp; y "
      "</b><c/></a>");
  ASSERT_TRUE(root);
  EXPECT_EQ(root->text_at({"b"}), "x & y");
  ASSERT_NE(root->child("c"), nullptr);
  EXPECT_EQ(root->text_at({"c", "d"}), "");
}

TEST(Xml, RefusesWhatDoesNotClose) {
  EXPECT_EQ(xml::parse("<a><b></a></b>").error().message, "</a> closes what is not open");
  EXPECT_EQ(xml::parse("</a>").error().message, "</a> closes what is not open");
  EXPECT_EQ(xml::parse("<a><b>").error().message, "the document has no root element that ends");
  EXPECT_EQ(xml::parse("<a").error().message, "a tag does not end");
  EXPECT_EQ(xml::parse("").error().message, "the document has no root element that ends");
  std::string deep;
  for (int i = 0; i < 100; ++i) {
    deep += "<a>";
  }
  EXPECT_EQ(xml::parse(deep).error().message, "the document is too deep");
}

TEST(Sysfs, PciAddressesHaveOneForm) {
  EXPECT_EQ(sysfs::pci_address("00000000:C1:00.0"), "0000:c1:00.0");
  EXPECT_EQ(sysfs::pci_address("0000:c1:00.0"), "0000:c1:00.0");
  EXPECT_EQ(sysfs::pci_address("10000:01:00.0"), "10000:01:00.0");
  EXPECT_EQ(sysfs::pci_address("N/A"), "N/A");
  EXPECT_EQ(sysfs::pci_address("x:y:z.0"), "x:y:z.0");
}

TEST(GpuSources, SearchOnlyAbsoluteFolders) {
  const GpuSources sources = sources_of_this_host("/a::bin:/b");
  ASSERT_GE(sources.amd_smi.size(), 3U);
  EXPECT_EQ(sources.amd_smi[0], "/a/amd-smi");
  EXPECT_EQ(sources.amd_smi[1], "/b/amd-smi");
  EXPECT_EQ(sources.amd_smi[2], "/usr/bin/amd-smi");
}

}  // namespace aim::providers
