#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>

#include "tests/e2e/lab.hpp"
#include "tests/support/podman_service.hpp"

namespace aim::e2e {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

// Podman's own name for images that came from no registry.
constexpr const char* kImage = "localhost/aim/model-server:1";

/// A project on a Podman with a storage of its own, beside the Engine of the other tests.
class OnPodman : public testing::Test {
 protected:
  OnPodman() : lab_("podman") {}

  void SetUp() override {
    std::string why_not;
    socket_ =
        support::podman_service(fs::path(std::getenv("AIM_TEST_DOCKER")).parent_path(), why_not);
    ASSERT_NE(socket_, "") << why_not;
    const Finished image = run({"scripts/model-server-image",
                                "--docker",
                                socket_,
                                "--binary",
                                std::getenv("AIM_TEST_MODEL_SERVER"),
                                "--tag",
                                kImage});
    ASSERT_EQ(image.code, 0) << image.err;
    configure("1GiB");
  }

  void TearDown() override {
    if (!socket_.empty()) {
      static_cast<void>(aim({"destroy", "--yes", "--volumes"}));
    }
  }

  void configure(const std::string& memory) const {
    lab_.configure(fmt::format(R"(
endpoints:
  chat:
    model: test/model
    image: {}
    port: {}
    memory: {}
    readiness: {{ interval: 200ms, start_timeout: 30s }}
)",
                               kImage,
                               lab_.port(),
                               memory));
  }

  [[nodiscard]] Finished aim(std::vector<std::string> arguments) const {
    return run(lab_.aim_command(std::move(arguments)),
               {{"DOCKER_HOST", "unix://" + socket_}, {"NO_COLOR", "1"}},
               lab_.directory().string());
  }

  Lab lab_;
  std::string socket_;
};

TEST_F(OnPodman, AnEndpointIsDeployedReplacedAndRemoved) {
  const Finished first = aim({"apply", "--yes"});
  ASSERT_EQ(first.code, 0) << first.out << first.err;
  EXPECT_EQ(lab_.chat(lab_.port(), "test/model").status, 200);
  const Finished nothing = aim({"plan"});
  EXPECT_THAT(nothing.out, HasSubstr("No changes.")) << nothing.err;

  configure("2GiB");
  const Finished plan = aim({"plan"});
  EXPECT_THAT(plan.out, HasSubstr("# endpoint.chat must be replaced"));
  EXPECT_THAT(plan.out, HasSubstr("~ memory       = 1GiB -> 2GiB  # forces replacement"));
  EXPECT_THAT(plan.out + plan.err, HasSubstr("Containers cannot be changed in place"));
  const Finished second = aim({"apply", "--yes"});
  ASSERT_EQ(second.code, 0) << second.out << second.err;
  EXPECT_EQ(lab_.chat(lab_.port(), "test/model").status, 200);
  EXPECT_THAT(aim({"plan"}).out, HasSubstr("No changes."));

  const Finished gone = aim({"destroy", "--yes"});
  EXPECT_EQ(gone.code, 0) << gone.out << gone.err;
  EXPECT_EQ(lab_.get(lab_.port(), "/health").status, 0);
}

}  // namespace
}  // namespace aim::e2e
