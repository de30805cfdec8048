#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/e2e/box_images.hpp"

namespace aim::e2e {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

void expect_empty_plan(const Lab& lab) {
  const Finished plan = lab.aim({"plan", "--detailed-exitcode"});
  EXPECT_EQ(plan.code, 0) << plan.out << plan.err;
  EXPECT_THAT(plan.out, HasSubstr("No changes."));
}

void apply(const Lab& lab) {
  const Finished applied = lab.aim({"apply", "--yes"});
  ASSERT_EQ(applied.code, 0) << applied.out << applied.err;
  expect_empty_plan(lab);
}

std::string identity(const Lab& lab, const std::string& container) {
  return lab.docker({"inspect", "-f", "{{.Id}} {{.State.StartedAt}}", container});
}

std::string network_id(const Lab& lab, const std::string& network) {
  return lab.docker({"network", "inspect", "-f", "{{.Id}}", network});
}

/// The endpoint answers while it is on the network, under its published port and under its name.
std::string with_network(const Lab& lab, const std::string& network, const std::string& more) {
  return fmt::format(R"(
endpoints:
  chat:
    model: test/model
    image: aim/model-server:1
    port: {}
    networks: [back]
    readiness: {{ interval: 200ms, start_timeout: 30s }}
containers:
  web:
    image: aim/box:1
    networks: {{ back: {{ aliases: [w] }} }}
    stop_grace_period: 1s
{}
networks: {{ back: {} }}
)",
                     lab.port(),
                     more,
                     network);
}

TEST(Networks, ADriverOptionChangesUnderRunningContainers) {
  const Lab lab("netopt");
  make_box_images(lab);
  lab.configure(with_network(lab, "{}", ""));
  apply(lab);
  const std::string chat = identity(lab, "t-netopt-chat");
  const std::string web = identity(lab, "t-netopt-web");
  const std::string old_network = network_id(lab, "t-netopt-back");

  lab.configure(with_network(lab, "{ options: { com.docker.network.driver.mtu: \"1400\" } }", ""));
  const Finished plan = lab.aim({"plan"});
  EXPECT_THAT(plan.out, HasSubstr("# network.back must be replaced"));
  EXPECT_THAT(plan.out, HasSubstr("# endpoint.chat will be updated in-place"));
  EXPECT_THAT(plan.out, HasSubstr("all who are on it leave it"));
  apply(lab);

  EXPECT_NE(network_id(lab, "t-netopt-back"), old_network);
  EXPECT_EQ(lab.docker({"network",
                        "inspect",
                        "-f",
                        "{{index .Options \"com.docker.network.driver.mtu\"}}",
                        "t-netopt-back"}),
            "1400");
  EXPECT_EQ(identity(lab, "t-netopt-chat"), chat);
  EXPECT_EQ(identity(lab, "t-netopt-web"), web);
  EXPECT_EQ(lab.chat(lab.port(), "test/model").status, 200);
  EXPECT_THAT(
      lab.docker({"exec", "t-netopt-web", "wget", "-q", "-O", "-", "http://chat:8000/v1/models"}),
      HasSubstr("test/model"));
  lab.docker({"restart", "-t", "1", "t-netopt-web"});
  EXPECT_THAT(lab.docker({"exec", "t-netopt-web", "ip", "addr"}), HasSubstr("mtu 1400"));
}

TEST(Networks, AFixedSubnetIsTakenOverAndGivenBack) {
  const Lab lab("netfix");
  make_box_images(lab);
  const std::string broken =
      "  last: { image: \"aim/box:1\", command: [/no/such/program], depends_on: [container.web] }";
  lab.configure(with_network(lab, "{ ipam: { subnet: 10.77.29.0/24 } }", ""));
  apply(lab);
  const std::string chat = identity(lab, "t-netfix-chat");
  const std::string old_network = network_id(lab, "t-netfix-back");

  lab.configure(
      with_network(lab, "{ ipam: { subnet: 10.77.29.0/24 }, labels: { tier: back } }", broken));
  const Finished failed = lab.aim({"apply", "--yes"});
  EXPECT_EQ(failed.code, 3) << failed.out << failed.err;
  EXPECT_NE(network_id(lab, "t-netfix-back"), old_network);
  EXPECT_EQ(lab.docker({"network",
                        "inspect",
                        "-f",
                        "{{(index .IPAM.Config 0).Subnet}} {{index .Labels \"tier\"}}",
                        "t-netfix-back"}),
            "10.77.29.0/24 ");
  EXPECT_EQ(identity(lab, "t-netfix-chat"), chat);
  EXPECT_EQ(lab.chat(lab.port(), "test/model").status, 200);
  lab.configure(with_network(lab, "{ ipam: { subnet: 10.77.29.0/24 } }", ""));
  expect_empty_plan(lab);

  lab.configure(
      with_network(lab, "{ ipam: { subnet: 10.77.29.0/24 }, labels: { tier: back } }", ""));
  apply(lab);
  EXPECT_EQ(lab.docker({"network", "inspect", "-f", "{{index .Labels \"tier\"}}", "t-netfix-back"}),
            "back");
  EXPECT_EQ(lab.chat(lab.port(), "test/model").status, 200);
}

TEST(Networks, UsersThatAreReplacedAtTheSameTimeComeBackTogether) {
  const Lab lab("netuse");
  make_box_images(lab);
  const auto file = [&](const std::string& tag, const std::string& network, const char* command) {
    return fmt::format(R"(
containers:
  web:
    image: aim/store:{}
    networks: [back]
    command: [{}]
    stop_grace_period: 1s
networks: {{ back: {} }}
)",
                       tag,
                       command,
                       network);
  };
  lab.configure(file("1", "{}", "sleep, \"1000\""));
  apply(lab);
  const std::string before = lab.docker({"inspect", "-f", "{{.Id}}", "t-netuse-web"});
  lab.configure(file("2", "{ internal: true }", "/no/such/program"));
  const Finished failed = lab.aim({"apply", "--yes"});
  EXPECT_EQ(failed.code, 3) << failed.out << failed.err;
  EXPECT_EQ(lab.docker({"inspect", "-f", "{{.Id}}", "t-netuse-web"}), before);
  EXPECT_EQ(lab.docker({"inspect", "-f", "{{.State.Status}}", "t-netuse-web"}), "running");
  EXPECT_THAT(lab.docker({"exec", "t-netuse-web", "ip", "addr"}), HasSubstr("eth0"));
  EXPECT_EQ(lab.docker({"network", "inspect", "-f", "{{.Internal}}", "t-netuse-back"}), "false");
  lab.configure(file("2", "{ internal: true }", "sleep, \"1000\""));
  apply(lab);
  EXPECT_EQ(lab.docker({"network", "inspect", "-f", "{{.Internal}}", "t-netuse-back"}), "true");
  EXPECT_EQ(lab.docker({"inspect", "-f", "{{.Config.Image}}", "t-netuse-web"}), "aim/store:2");
}

std::string with_volume(const std::string& volume) {
  return fmt::format(R"(
containers:
  db: {{ image: "aim/box:1", mounts: ["data:/d"], stop_grace_period: 1s }}
  other: {{ image: "aim/box:1" }}
volumes: {{ data: {} }}
)",
                     volume);
}

TEST(Volumes, AreReplacedOnlyWithConsentAndAtTheEnd) {
  const Lab lab("volrep");
  make_box_images(lab);
  lab.configure(with_volume("{}"));
  apply(lab);
  lab.docker({"exec", "t-volrep-db", "sh", "-c", "echo precious > /d/file"});
  const std::string other = identity(lab, "t-volrep-other");

  lab.configure(with_volume("{ labels: { tier: \"2\" } }"));
  const Finished refused = lab.aim({"plan"});
  EXPECT_EQ(refused.code, 1) << refused.out << refused.err;
  EXPECT_THAT(refused.err + refused.out, HasSubstr("Volume cannot be changed"));
  EXPECT_THAT(refused.err + refused.out, HasSubstr("replace: delete_data"));

  lab.configure(with_volume("{ replace: delete_data, labels: { tier: \"2\" } }"));
  const Finished plan = lab.aim({"plan"});
  EXPECT_THAT(plan.out, HasSubstr("# volume.data must be replaced"));
  EXPECT_THAT(plan.out, HasSubstr("EVERYTHING IN THE VOLUME t-volrep-data IS DELETED"));
  EXPECT_THAT(plan.out, HasSubstr("warning: Data will be deleted"));
  EXPECT_THAT(plan.out, HasSubstr("# container.db must be replaced"));

  // A failure before the end leaves the data alone.
  lab.configure(with_volume("{ replace: delete_data, labels: { tier: \"2\" } }") + "x-unused: 1\n");
  lab.write("bad.aim.yaml",
            "containers: { bad: { image: \"aim/box:1\", command: [/no/such/program], "
            "depends_on: [container.db] } }\n");
  const Finished failed = lab.aim({"apply", "--yes"});
  EXPECT_EQ(failed.code, 3) << failed.out << failed.err;
  EXPECT_EQ(lab.docker({"exec", "t-volrep-db", "cat", "/d/file"}), "precious");
  EXPECT_EQ(lab.docker({"volume", "ls", "-q", "--filter", "name=t-volrep-data"}), "t-volrep-data");

  std::filesystem::remove(lab.directory() / "bad.aim.yaml");
  apply(lab);
  EXPECT_EQ(lab.docker({"volume", "ls", "-q", "--filter", "name=t-volrep-data"}),
            "t-volrep-data.g2");
  EXPECT_EQ(lab.docker({"exec", "t-volrep-db", "ls", "/d"}), "");
  EXPECT_EQ(identity(lab, "t-volrep-other"), other);
  lab.forget_state();
  expect_empty_plan(lab);
}

std::string store(const std::string& tag, const std::string& command) {
  return fmt::format(
      "containers: {{ store: {{ image: \"aim/store:{}\", command: [{}], "
      "stop_grace_period: 1s }} }}\n",
      tag,
      command);
}

TEST(ImageVolumes, KeepTheirDataOverReplacementsAndRollbacks) {
  const Lab lab("imgvol");
  make_box_images(lab);
  const std::string sleeps = "sleep, \"1000\"";
  lab.configure(store("1", sleeps));
  apply(lab);
  lab.docker({"exec", "t-imgvol-store", "sh", "-c", "echo precious > /var/lib/store/file"});
  const auto volume = [&] {
    return lab.docker({"inspect", "-f", "{{(index .Mounts 0).Name}}", "t-imgvol-store"});
  };
  const auto content = [&] {
    return lab.docker({"exec", "t-imgvol-store", "cat", "/var/lib/store/file"});
  };
  const std::string first = volume();

  lab.configure(store("2", "/no/such/program"));
  const Finished failed = lab.aim({"apply", "--yes"});
  EXPECT_EQ(failed.code, 3) << failed.out << failed.err;
  EXPECT_EQ(volume(), first);
  EXPECT_EQ(content(), "precious");

  for (const char* tag : {"2", "1"}) {
    lab.configure(store(tag, sleeps));
    apply(lab);
    EXPECT_EQ(lab.docker({"inspect", "-f", "{{.Config.Image}}", "t-imgvol-store"}),
              fmt::format("aim/store:{}", tag));
    EXPECT_EQ(volume(), first);
    EXPECT_EQ(content(), "precious");
  }

  const Finished plan = lab.aim({"plan", "--destroy"});
  EXPECT_THAT(plan.out, HasSubstr(fmt::format("/var/lib/store ({})", first.substr(0, 12))));
  EXPECT_EQ(lab.aim({"destroy", "--yes"}).code, 0);
  EXPECT_EQ(lab.try_docker({"volume", "inspect", first}).code, 1);
}

TEST(External, NetworksAndVolumesAreUsedAndLeftAlone) {
  const Lab lab("extern");
  make_box_images(lab);
  lab.configure(R"(
containers: { web: { image: "aim/box:1", networks: [there], mounts: ["box:/d"] } }
networks: { there: { external: true, name: t-extern-there } }
volumes: { box: { external: true, name: t-extern-box } }
)");
  const Finished missing = lab.aim({"plan"});
  EXPECT_EQ(missing.code, 1);
  EXPECT_THAT(missing.err, HasSubstr("aim.yaml:5:13: error: External object does not exist"));
  EXPECT_THAT(missing.err, HasSubstr("aim.yaml:6:12: error: External object does not exist"));
  lab.docker({"network", "create", "t-extern-there"});
  lab.docker({"volume", "create", "t-extern-box"});
  apply(lab);
  EXPECT_EQ(lab.aim({"destroy", "--yes", "--volumes"}).code, 0);
  EXPECT_EQ(lab.try_docker({"inspect", "t-extern-web"}).code, 1);
  EXPECT_EQ(lab.docker({"network", "rm", "t-extern-there"}), "t-extern-there");
  EXPECT_EQ(lab.docker({"volume", "rm", "t-extern-box"}), "t-extern-box");
}

}  // namespace
}  // namespace aim::e2e
