#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/planner/configuration_fixture.hpp"

namespace aim::planner {
namespace {

using core::Address;
using core::Kind;
using core::Reference;
using core::Template;
using core::Value;

const Address kPeer{Kind::Container, "peer", std::nullopt};
const Address kVpn{Kind::Container, "vpn", std::nullopt};

DesiredResource peer_of(const std::string& body) {
  ConfigurationCase one("project: lab\ncontainers:\n  vpn: { image: \"a:1\" }\n" + body);
  Configuration configuration = one.load();
  EXPECT_EQ(one.report(), "");
  return configuration.resources.at(kPeer);
}

Value vpn_id() { return Template{{std::string("container:"), Reference{kVpn, "container_id"}}}; }

TEST(Namespaces, AKeyIsTheContainerOfThisConfiguration) {
  const DesiredResource peer =
      peer_of("  peer: { image: \"a:1\", network_mode: \"container:vpn\" }\n");
  EXPECT_EQ(*core::find(peer.attributes, "network_mode"), vpn_id());
  EXPECT_THAT(peer.dependencies, testing::ElementsAre(kVpn));
}

TEST(Namespaces, SoAreItsNameOnDockerAndAReferenceToThat) {
  for (const char* written : {"container:lab-vpn",
                              "container:${container.vpn.container_name}",
                              "container:${container.vpn.container_id}"}) {
    const DesiredResource peer =
        peer_of(std::string("  peer: { image: \"a:1\", network_mode: \"") + written + "\" }\n");
    EXPECT_EQ(*core::find(peer.attributes, "network_mode"), vpn_id()) << written;
    EXPECT_THAT(peer.dependencies, testing::ElementsAre(kVpn));
  }
}

TEST(Namespaces, AnyOtherNameIsAContainerOfSomebodyElse) {
  const DesiredResource peer =
      peer_of("  peer: { image: \"a:1\", network_mode: \"container:theirs\" }\n");
  EXPECT_EQ(*core::find(peer.attributes, "network_mode"), Value("container:theirs"));
  EXPECT_TRUE(peer.dependencies.empty());
}

TEST(Namespaces, CannotBeOnesOwn) {
  EXPECT_EQ(
      report_of_body("containers: { a: { image: \"a:1\", network_mode: \"container:a\" } }\n"),
      "aim.yaml:2:48: error: Container shares its own namespace\n"
      "  `network_mode: container:a` names container.a itself. Name another container, or "
      "remove it.\n");
}

TEST(Namespaces, OfAnEndpointAndAContainerMustBeToldApart) {
  EXPECT_EQ(report_of_body("endpoints: { x: { model: m, image: \"a:1\", name: other } }\n"
                           "containers:\n"
                           "  x: { image: \"a:1\" }\n"
                           "  a: { image: \"a:1\", network_mode: \"container:x\" }\n"),
            "aim.yaml:5:36: error: Ambiguous name\n"
            "  `network_mode: container:x` could mean container.x or endpoint.x. Write "
            "\"container:${KIND.x.container_id}\" instead.\n");
}

TEST(Namespaces, OfIpcMustBeShareable) {
  EXPECT_EQ(report_of_body("containers:\n"
                           "  vpn: { image: \"a:1\" }\n"
                           "  a: { image: \"a:1\", ipc: \"container:vpn\" }\n"),
            "aim.yaml:4:27: error: IPC namespace is private\n"
            "  container.a would share the IPC namespace of container.vpn, which keeps it to "
            "itself. Set `ipc: shareable` in container.vpn.\n");
}

TEST(Namespaces, InACircleAreACycle) {
  EXPECT_THAT(report_of_body("containers:\n"
                             "  a: { image: \"a:1\", network_mode: \"container:b\" }\n"
                             "  b: { image: \"a:1\", network_mode: \"container:a\" }\n"),
              testing::HasSubstr("error: Dependency cycle"));
}

TEST(VolumeConsent, HasOneWord) {
  EXPECT_EQ(report_of_body("volumes: { data: { replace: yes } }\n"),
            "aim.yaml:2:29: error: Wrong type\n"
            "  `replace` must be `delete_data`, but it is \"yes\".\n");
}

}  // namespace
}  // namespace aim::planner
