#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/e2e/lab.hpp"

namespace aim::e2e {
namespace {

using ::testing::HasSubstr;

std::string one_endpoint(const Lab& lab) {
  return fmt::format(R"(
endpoints:
  chat:
    model: test/model
    image: aim/model-server:1
    port: {}
    readiness: {{ interval: 200ms, start_timeout: 30s }}
)",
                     lab.port());
}

/// Plan and apply are refused with `message`, and the container is untouched.
void expect_refused(const Lab& lab, const std::string& container, const std::string& message) {
  const std::string before = lab.docker({"inspect", container});
  for (const std::vector<std::string>& command :
       {std::vector<std::string>{"plan"}, std::vector<std::string>{"apply", "--yes"}}) {
    const Finished refused = lab.aim(command);
    EXPECT_EQ(refused.code, 1) << refused.out << refused.err;
    EXPECT_THAT(refused.err, HasSubstr(message));
    EXPECT_THAT(refused.err, HasSubstr("aim.yaml:5:3"));
  }
  EXPECT_EQ(lab.docker({"inspect", container}), before);
}

TEST(Foreign, AContainerMadeByHandWithOurNameIsLeftAlone) {
  const Lab lab("byhand");
  lab.configure(one_endpoint(lab));
  const std::string name = lab.project() + "-chat";
  lab.docker({"create", "--name", name, kImage1, "test/model"});
  expect_refused(lab, name, "error: Name is taken on Docker");
}

TEST(Foreign, LabelsThatComeFromAnImageDoNotMakeAContainerOurs) {
  const Lab lab("imagelabels");
  lab.configure(one_endpoint(lab));
  const std::string name = lab.project() + "-chat";
  std::vector<std::string> make = {"scripts/model-server-image",
                                   "--docker",
                                   std::getenv("AIM_TEST_DOCKER"),
                                   "--binary",
                                   std::getenv("AIM_TEST_MODEL_SERVER"),
                                   "--tag",
                                   "aim/labelled:1"};
  for (const std::string& label : {"dev.aim.project=" + lab.project(),
                                   std::string("dev.aim.workspace=default"),
                                   std::string("dev.aim.address=endpoint.chat"),
                                   std::string("dev.aim.lineage=0123456789abcdef")}) {
    make.insert(make.end(), {"--label", label});
  }
  ASSERT_EQ(run(make).code, 0);
  lab.docker({"create", "--name", name, "aim/labelled:1", "test/model"});
  expect_refused(lab, name, "error: Labels come from an image");
}

TEST(Foreign, AContainerOfAnotherLineageIsLeftAlone) {
  const Lab lab("lineage");
  lab.configure(one_endpoint(lab) + "volumes: { keep: {} }\n");
  ASSERT_EQ(lab.aim({"apply", "--yes", "--target", "volume.keep"}).code, 0);
  const std::string name = lab.project() + "-chat";
  lab.docker({"create",
              "--name",
              name,
              "--label",
              "dev.aim.project=" + lab.project(),
              "--label",
              "dev.aim.workspace=default",
              "--label",
              "dev.aim.address=endpoint.chat",
              "--label",
              "dev.aim.lineage=somebodyelse",
              "--label",
              "dev.aim.generation=1",
              kImage1,
              "test/model"});
  expect_refused(lab, name, "error: Object belongs to another state");
}

}  // namespace
}  // namespace aim::e2e
