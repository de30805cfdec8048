#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/e2e/lab.hpp"

namespace aim::e2e {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

/// `aim gpus` on a recorded host.
Finished gpus_of(const Lab& lab, const std::string& host, std::vector<std::string> more = {}) {
  more.insert(more.begin(), "gpus");
  const fs::path root = fs::absolute("tests/unit/providers/gpu/hosts") / host;
  return lab.aim(more, {{"AIM_GPU_ROOT", root.string()}});
}

/// A container that says it holds GPUs, never started.
void hold(const Lab& lab,
          const std::string& name,
          const std::string& project,
          const std::string& gpus) {
  lab.docker({"create",
              "--name",
              lab.project() + "-" + name,
              "--label",
              "dev.aim.project=" + project,
              "--label",
              "dev.aim.workspace=default",
              "--label",
              "dev.aim.lineage=0123456789abcdef",
              "--label",
              "dev.aim.address=endpoint." + name,
              "--label",
              "dev.aim.generation=1",
              "--label",
              "dev.aim.gpus=" + gpus,
              kImage1,
              "test/model"});
}

}  // namespace

TEST(Gpus, AreShownWithThoseWhoHoldThem) {
  const Lab lab("gpus");
  lab.configure("hosts: { local: { gpus: { exclude: [1] } } }\n");
  hold(lab, "chat", lab.project(), "0000:43:00.0@50");
  hold(lab, "embed", "other", "0000:43:00.0@25");
  const Finished shown = gpus_of(lab, "mi210-2");
  EXPECT_EQ(shown.code, 0) << shown.err;
  EXPECT_EQ(shown.err, "");
  EXPECT_EQ(shown.out,
            "GPU  ID            MODEL  GiB   USED  HEALTH  HOLDER\n"
            "0    0000:43:00.0  MI210  64.0  0.0   ok      endpoint.chat (50%),\n"
            "                                              endpoint.embed of project other\n"
            "                                              (25%)\n"
            "1    0000:63:00.0  MI210  64.0  0.0   ok      excluded\n");
  const Finished json = gpus_of(lab, "mi210-2", {"--json"});
  const boost::json::value document = boost::json::parse(json.out);
  EXPECT_EQ(boost::json::serialize(document.at("gpus").at(0).at("holders")),
            "[\"endpoint.chat (50%)\",\"endpoint.embed of project other (25%)\"]");
  EXPECT_EQ(document.at("gpus").at(1).at("excluded"), true);
}

TEST(Gpus, NeedNoConfiguration) {
  const Lab lab("gpusbare");
  const Finished shown = gpus_of(lab, "a10-t4");
  EXPECT_EQ(shown.code, 0) << shown.err;
  EXPECT_EQ(shown.out,
            "GPU  ID            MODEL  GiB   USED  HEALTH  HOLDER\n"
            "0    GPU-5a0c2f8e  A10    22.5  20.0  ok      process 90210\n"
            "1    GPU-b3d9e1f7  T4     15.0  0.0   ok      -\n");
}

TEST(Gpus, NoneIsNoError) {
  const Lab lab("gpusnone");
  const Finished shown = gpus_of(lab, "none");
  EXPECT_EQ(shown.code, 0);
  EXPECT_EQ(shown.out, "");
  EXPECT_EQ(shown.err, "This host has no GPU: none of NVIDIA's and none of AMD's was found.\n");
}

TEST(Gpus, AreShownWithoutDockerToo) {
  const Lab lab("gpusalone");
  const fs::path root = fs::absolute("tests/unit/providers/gpu/hosts/nvidia-broken");
  const Finished shown = lab.aim(
      {"gpus"}, {{"AIM_GPU_ROOT", root.string()}, {"DOCKER_HOST", "unix:///nowhere/docker.sock"}});
  EXPECT_EQ(shown.code, 0);
  EXPECT_THAT(shown.out, HasSubstr("0    GPU-0c6a8b0a  H100   ?    ?     faulty  -\n"));
  EXPECT_THAT(shown.err, HasSubstr("warning: GPU driver fails\n"));
  EXPECT_THAT(shown.err, HasSubstr("Who holds them is not known: "));
  EXPECT_THAT(shown.err, HasSubstr("/nowhere/docker.sock"));
}

}  // namespace aim::e2e
