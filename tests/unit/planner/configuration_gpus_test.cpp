#include <gtest/gtest.h>

#include "tests/unit/planner/configuration_fixture.hpp"

namespace aim::planner {
namespace {

std::optional<DeclaredGpus> declared(const std::string& gpus) {
  ConfigurationCase one(
      "project: lab\nvariables: { n: { type: integer, default: 4 } }\n"
      "hosts: { local: { gpus: " +
      gpus + " } }\n");
  Configuration configuration = one.load();
  EXPECT_EQ(one.report(), "");
  return configuration.gpus;
}

std::string report_of_gpus(const std::string& gpus) {
  return report_of_body("hosts: { local: { gpus: " + gpus + " } }\n");
}

}  // namespace

TEST(DeclaredGpus, AreReadWithWhatIsExcluded) {
  const auto gpus = declared("{ model: MI300X, count: 8, exclude: [7, 3, \"7\"] }");
  ASSERT_TRUE(gpus);
  EXPECT_EQ(gpus->model, "MI300X");
  EXPECT_EQ(gpus->count, 8);
  EXPECT_EQ(gpus->exclude, (std::vector<std::string>{"3", "7"}));
  EXPECT_EQ(gpus->range.begin.line, 3U);
}

TEST(DeclaredGpus, TakeVariablesAndAnyCaseOfTheModel) {
  const auto gpus = declared("{ model: h100, count: \"${var.n}\", x-note: rack 4 }");
  ASSERT_TRUE(gpus);
  EXPECT_EQ(gpus->model, "H100");
  EXPECT_EQ(gpus->count, 4);
}

TEST(DeclaredGpus, MayOnlyExclude) {
  const auto gpus = declared("{ exclude: [0, GPU-9221d5d1-b60b-a624-bf14-0a1819cfda3b] }");
  ASSERT_TRUE(gpus);
  EXPECT_EQ(gpus->model, "");
  EXPECT_EQ(gpus->count, 0);
  EXPECT_EQ(gpus->exclude.size(), 2U);
}

TEST(DeclaredGpus, AreNotThereUnlessWritten) {
  ConfigurationCase one("project: lab\nhosts: { local: { docker: \"unix:///d\" } }\n");
  EXPECT_FALSE(one.load().gpus);
  EXPECT_EQ(one.report(), "");
}

TEST(DeclaredGpus, WrongTypes) {
  EXPECT_EQ(report_of_gpus("8"),
            "aim.yaml:2:25: error: Wrong type\n"
            "  `hosts.local.gpus` must be a map, but it is 8.\n");
  EXPECT_EQ(report_of_gpus("{ model: [MI300X], count: many, exclude: 7 }"),
            "aim.yaml:2:34: error: Wrong type\n"
            "  `hosts.local.gpus.model` must be the name of a GPU, but it is a list.\n"
            "aim.yaml:2:51: error: Wrong type\n"
            "  `hosts.local.gpus.count` must be a whole number, but it is \"many\".\n"
            "aim.yaml:2:66: error: Wrong type\n"
            "  `hosts.local.gpus.exclude` must be a list of GPUs, such as [7], but it is 7.\n");
  EXPECT_EQ(report_of_gpus("{ exclude: [1.5, -1] }"),
            "aim.yaml:2:37: error: Wrong type\n"
            "  A GPU in `hosts.local.gpus.exclude` is its index, such as 7, or the id that `aim "
            "gpus` shows, but this is 1.5.\n"
            "aim.yaml:2:42: error: Wrong type\n"
            "  A GPU in `hosts.local.gpus.exclude` is its index, such as 7, or the id that `aim "
            "gpus` shows, but this is -1.\n");
}

TEST(DeclaredGpus, UnknownModelNamesTheNearest) {
  EXPECT_EQ(report_of_gpus("{ model: MI300, count: 8 }"),
            "aim.yaml:2:34: error: Unknown GPU model\n"
            "  aim knows no GPU \"MI300\", so its memory cannot be told. Did you mean `MI300A` "
            "or `MI300X`? It knows V100-16GB, V100-32GB, T4, A100-40GB, A100-80GB, A10, "
            "A10G, L4, L40, L40S, RTX-4090, RTX-4090-D, RTX-6000-Ada, H100, H100-NVL, H100-94GB, "
            "H200, H200-NVL, B200, GB200, B300, GB300, RTX-5090, RTX-PRO-6000, GB10, MI210, MI250, "
            "MI250X, MI300A, MI300X, MI308X, MI325X, MI350X, MI355X and MI350P.\n");
}

TEST(DeclaredGpus, NumbersThatCannotBe) {
  EXPECT_EQ(report_of_gpus("{ model: T4, count: 0 }"),
            "aim.yaml:2:45: error: Number out of range\n"
            "  `hosts.local.gpus.count` is 0: it is how many GPUs the host has, from 1 to 1024. "
            "Leave `gpus` out where there are none.\n");
  EXPECT_EQ(report_of_gpus("{ model: T4, count: 2, exclude: [1, 2] }"),
            "aim.yaml:2:61: error: No such GPU\n"
            "  GPU 2 is excluded, but a host with 2 GPUs has only 0 to 1.\n");
  EXPECT_EQ(report_of_gpus("{ model: T4, count: 1, exclude: [1] }"),
            "aim.yaml:2:58: error: No such GPU\n"
            "  GPU 1 is excluded, but a host with 1 GPU has only 0.\n");
}

TEST(DeclaredGpus, ModelAndCountBelongTogether) {
  EXPECT_EQ(report_of_gpus("{ count: 8 }"),
            "aim.yaml:2:19: error: Missing key\n"
            "  `hosts.local.gpus` has `count` without `model`. To declare what the host has, write "
            "both; to keep GPUs from being used, `exclude` is enough.\n");
  EXPECT_EQ(
      report_of_gpus("{ model: T4, counts: 8 }"),
      "aim.yaml:2:19: error: Missing key\n"
      "  `hosts.local.gpus` has `model` without `count`. To declare what the host has, write "
      "both; to keep GPUs from being used, `exclude` is enough.\n"
      "aim.yaml:2:38: error: Unknown key\n"
      "  `hosts.local.gpus` has no key \"counts\". Did you mean `count`? It takes model, count "
      "and exclude.\n");
}

}  // namespace aim::planner
