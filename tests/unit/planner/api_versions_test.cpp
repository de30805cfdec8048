#include "planner/api_versions.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/planner/makers.hpp"

namespace aim::planner {
namespace {

using core::List;
using core::Map;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

core::EngineInfo engine(const char* version, const char* api) {
  core::EngineInfo info;
  info.server_version = version;
  info.api_version = api;
  return info;
}

std::vector<std::string> complaints(const std::string& address,
                                    const Map& attributes,
                                    const core::EngineInfo& at_hand) {
  core::Diagnostics diagnostics;
  check_api_version(test::at(address), attributes, {}, at_hand, diagnostics);
  std::vector<std::string> texts;
  for (const core::Diagnostic& one : diagnostics.items()) {
    EXPECT_EQ(one.summary, "Docker is too old");
    EXPECT_EQ(one.address, address);
    texts.push_back(one.detail);
  }
  return texts;
}

const Map& modern_container() {
  static const Map kAttributes{{"healthcheck", Map{{"start_interval", 1000}, {"interval", 1000}}},
                               {"gpus", Map{{"driver", "cdi"}, {"ids", List{"amd.com/gpu=0"}}}},
                               {"mounts",
                                List{Map{{"target", "/a"}, {"create_source", true}},
                                     Map{{"target", "/b"}, {"subpath", "x"}}}}};
  return kAttributes;
}

TEST(ApiVersions, NameEachAttributeThatTheEngineWouldDrop) {
  EXPECT_THAT(
      complaints("container.x", modern_container(), engine("20.10.24", "1.41")),
      ElementsAre(
          "`healthcheck.start_interval` needs Docker 25 (API 1.44), and the one at hand is "
          "20.10.24 "
          "(API 1.41), which would pass over it in silence. Upgrade Docker, or remove it.",
          "`create_source` of the mount at /a needs Docker 23 (API 1.42), and the one at hand is "
          "20.10.24 (API 1.41), which would pass over it in silence. Upgrade Docker, or remove it.",
          "`subpath` of the mount at /b needs Docker 26 (API 1.45), and the one at hand is "
          "20.10.24 "
          "(API 1.41), which would pass over it in silence. Upgrade Docker, or remove it.",
          "`gpus.driver: cdi` needs Docker 25 (API 1.44), and the one at hand is 20.10.24 (API "
          "1.41), which has no such driver. Upgrade Docker, or remove it."));
}

TEST(ApiVersions, AskNoMoreThanIsNeeded) {
  EXPECT_THAT(complaints("container.x", modern_container(), engine("25.0.5", "1.44")), SizeIs(1));
  EXPECT_THAT(complaints("container.x", modern_container(), engine("26.1.0", "1.45")), IsEmpty());
  EXPECT_THAT(complaints("container.x", {{"image", "a:1"}}, engine("20.10.24", "1.41")), IsEmpty());
}

TEST(ApiVersions, OfNetworks) {
  EXPECT_THAT(complaints("network.x", {{"ipv4", false}}, engine("27.5.1", "1.47")),
              ElementsAre("`ipv4` needs Docker 28 (API 1.48), and the one at hand is 27.5.1 (API "
                          "1.47), which would pass over it in silence. Upgrade Docker, or remove "
                          "it."));
  EXPECT_THAT(
      complaints("network.x", {{"ipv6", true}}, engine("20.10.24", "1.41")),
      ElementsAre("`ipv6: true` without an IPv6 subnet needs Docker 27 (API 1.46), and the one at "
                  "hand is 20.10.24 (API 1.41), which has no IPv6 addresses of its own to give. "
                  "Name an IPv6 subnet in `ipam`, as in fd12:3456:789a::/64, or upgrade Docker."));
  EXPECT_THAT(complaints("network.x", {{"ipv6", true}}, engine("27.5.1", "1.47")), IsEmpty());
  EXPECT_THAT(complaints("network.x",
                         {{"ipv6", true}, {"ipam", Map{{"subnet", "fd00::/64"}}}},
                         engine("20.10.24", "1.41")),
              IsEmpty());
}

TEST(ApiVersions, AreErrorsOfThePlanAtTheirPlace) {
  Configuration configuration = test::empty_configuration();
  test::add(configuration,
            "container.x",
            {{"image", "a:1"}, {"healthcheck", Map{{"start_interval", "1s"}}}});
  core::ObservedWorld world = test::empty_world();
  world.engine.server_version = "20.10.24";
  world.engine.api_version = "1.41";
  core::Diagnostics diagnostics;
  static_cast<void>(make_plan(configuration, {}, world, {}, diagnostics));
  ASSERT_EQ(diagnostics.items().size(), 1U);
  EXPECT_EQ(diagnostics.items()[0].summary, "Docker is too old");
  ASSERT_TRUE(diagnostics.items()[0].range);
  EXPECT_EQ(diagnostics.items()[0].range->begin.line, 11);
}

}  // namespace
}  // namespace aim::planner
