#include <arpa/inet.h>
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstring>
#include <fstream>

#include "tests/e2e/lab.hpp"

namespace aim::e2e {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

/// The text without line breaks and indentation, so that a wrapped sentence can be compared.
std::string flat(const std::string& text) {
  std::string result;
  for (const char c : text) {
    const bool space = c == ' ' || c == '\n';
    if (!space || (!result.empty() && result.back() != ' ')) {
      result += space ? ' ' : c;
    }
  }
  return result;
}

/// What the Engine tells of as having happened since `since`, a time of its own clock.
std::string events_since(const Lab& lab, const std::string& since) {
  return lab.docker(
      {"events", "--since", since, "--until", lab.docker({"info", "--format", "{{.SystemTime}}"})});
}

/// Plans; Docker must not have been changed by it. Returns what was written to standard error.
Finished plan_without_a_trace(const Lab& lab) {
  const std::string since = lab.docker({"info", "--format", "{{.SystemTime}}"});
  Finished planned = lab.aim({"plan"});
  EXPECT_EQ(events_since(lab, since), "");
  planned.err = flat(planned.err);
  planned.out = flat(planned.out);
  return planned;
}

/// Expects the plan to be refused, at `place`, with `detail`.
void expect_refused(const Lab& lab, const std::string& place, const std::string& detail) {
  const Finished planned = plan_without_a_trace(lab);
  EXPECT_EQ(planned.code, 1) << planned.out;
  EXPECT_THAT(planned.err, HasSubstr(place));
  EXPECT_THAT(planned.err, HasSubstr(detail));
}

/// A container of the test image, with more attributes.
std::string container(const std::string& attributes) {
  return "containers:\n  web:\n    image: aim/model-server:1\n    command: [test/model]\n" +
         attributes;
}

TEST(Preflight, TheEventsOfTheEngineAreSeenAtAll) {
  const Lab lab("pf-events");
  const std::string since = lab.docker({"info", "--format", "{{.SystemTime}}"});
  lab.docker({"volume", "create", lab.project() + "-v"});
  lab.docker({"volume", "rm", lab.project() + "-v"});
  EXPECT_THAT(events_since(lab, since), HasSubstr("volume create"));
}

TEST(Preflight, APortThatAProgramHoldsIsNamedWithTheProgram) {
  const Lab lab("pf-program");
  const int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const int again = 1;  // whoever had the port before may not be forgotten yet
  ASSERT_EQ(setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &again, sizeof again), 0);
  sockaddr_in where{};
  where.sin_family = AF_INET;
  where.sin_port = htons(static_cast<std::uint16_t>(lab.port()));
  where.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const void* generic = &where;
  ASSERT_EQ(bind(listener, static_cast<const sockaddr*>(generic), sizeof where), 0);
  ASSERT_EQ(listen(listener, 1), 0);
  lab.configure(container(fmt::format("    ports: [\"{}:80\"]\n", lab.port())));
  expect_refused(lab,
                 "aim.yaml:7:13: error: Host port is in use",
                 fmt::format("0.0.0.0:{}/tcp is held by the program e2e_preflight", lab.port()));
  close(listener);
  EXPECT_EQ(plan_without_a_trace(lab).code, 0);
}

TEST(Preflight, APortThatAContainerHoldsIsNamedWithTheContainer) {
  const Lab lab("pf-port");
  const std::string other = lab.project() + "-other";
  lab.docker({"run", "-d", "--name", other, "-p", fmt::format("{}:80", lab.port()), kImage1, "m"});
  lab.configure(container(fmt::format("    ports: [\"127.0.0.1:{}:80\"]\n", lab.port())));
  expect_refused(lab,
                 "aim.yaml:7:13: error: Host port is in use",
                 fmt::format("127.0.0.1:{}/tcp is held by container \"{}\", which is not part of "
                             "this configuration.",
                             lab.port(),
                             other));
}

TEST(Preflight, AContainerOnTheHostsNetworkIsNamedToo) {
  const Lab lab("pf-hostnet");
  const std::string other = lab.project() + "-other";
  lab.docker({"run",
              "-d",
              "--name",
              other,
              "--network",
              "host",
              kImage1,
              "m",
              "--port",
              std::to_string(lab.port())});
  for (int i = 0; i < 100 && lab.get(lab.port(), "/health").status != 200; ++i) {
    usleep(100'000);
  }
  lab.configure(container(fmt::format("    ports: [\"127.0.0.1:{}:80\"]\n", lab.port())));
  expect_refused(
      lab,
      "aim.yaml:7:13: error: Host port is in use",
      fmt::format("is held by container \"{}\", which uses the network of the host.", other));
}

TEST(Preflight, AReplacementMayHaveThePortOfItsPredecessor) {
  const Lab lab("pf-replace");
  const auto with_label = [&](const std::string& value) {
    return container(
        fmt::format("    ports: [\"{}:80\"]\n    labels: {{ a: {} }}\n", lab.port(), value));
  };
  lab.configure(with_label("one"));
  ASSERT_EQ(lab.aim({"apply", "--yes"}).code, 0);
  lab.configure(with_label("two"));
  const Finished planned = plan_without_a_trace(lab);
  EXPECT_EQ(planned.code, 0) << planned.err;
  EXPECT_THAT(planned.out, Not(HasSubstr("Docker's host was not checked")));
  EXPECT_THAT(planned.out, HasSubstr("Plan: 1 to add, 0 to change, 1 to destroy."));
}

TEST(Preflight, WhatTheHostDoesNotHave) {
  const Lab lab("pf-host");
  lab.configure(
      container("    ports: [\"203.0.113.9:8080:80\"]\n"
                "    mounts: [\"/no/such/folder:/data\"]\n"));
  expect_refused(lab,
                 "aim.yaml:7:13: error: Published address is not on this host",
                 "container.web is published on 203.0.113.9, but no network interface of this host "
                 "has that address, so nothing can listen there.");
  expect_refused(lab,
                 "aim.yaml:8:14: error: Bind source does not exist",
                 "container.web mounts /no/such/folder at /data, but this host has no "
                 "/no/such/folder. Docker does not make it.");
}

TEST(Preflight, WhatTheEngineDoesNotHave) {
  const Lab lab("pf-engine");
  lab.configure(container("    cpus: 4096\n"
                          "    memory: 1024TiB\n"
                          "    logging: { driver: nowhere }\n") +
                "networks: { fast: { driver: weave } }\nvolumes: { data: { driver: nfs } }\n");
  expect_refused(lab, "aim.yaml:7:11: error: More CPUs than the host has", "may use 4096 CPUs");
  expect_refused(lab,
                 "aim.yaml:9:24: error: Unknown log driver",
                 "container.web asks for the log driver \"nowhere\", which this Docker does not "
                 "have. It has awslogs,");
  expect_refused(lab,
                 "aim.yaml:10:29: error: Unknown network driver",
                 "network.fast asks for the network driver \"weave\", which this Docker does not "
                 "have. It has bridge, host,");
  expect_refused(lab,
                 "aim.yaml:11:28: error: Unknown volume driver",
                 "volume.data asks for the volume driver \"nfs\", which this Docker does not have. "
                 "It has local. Correct `driver`, or install the plugin.");
}

TEST(Preflight, DevicesAndRuntimesHaveToBeThere) {
  const Lab lab("pf-device");
  lab.configure(
      container("    devices: [\"/dev/no-such-card\", \"/etc/hostname\"]\n"
                "    runtime: gvisor\n"));
  expect_refused(lab,
                 "aim.yaml:7:36: error: Not a device",
                 "container.web is given the device /etc/hostname, which is no device on this "
                 "host. Correct `devices`; a file or folder is given with `mounts`.");
  expect_refused(lab,
                 "aim.yaml:7:15: error: Device does not exist",
                 "container.web is given the device /dev/no-such-card, which this host does not "
                 "have. Load its driver, or correct `devices`.");
  expect_refused(lab,
                 "aim.yaml:8:14: error: Unknown runtime",
                 "container.web asks for the runtime \"gvisor\", which this Docker does not have. "
                 "It has ");
}

TEST(Preflight, TwoOfOneConfigurationDoNotWantTheSame) {
  const Lab lab("pf-twice");
  lab.configure(
      fmt::format("containers:\n"
                  "  a: {{ image: \"{0}\", ports: [\"{1}:80\"], networks: {{ lab: {{ "
                  "ipv4_address: 10.213.0.9 }} }} }}\n"
                  "  b: {{ image: \"{0}\", ports: [\"127.0.0.1:{1}:80\"], networks: {{ lab: {{ "
                  "ipv4_address: 10.213.0.9 }} }} }}\n"
                  "networks: {{ lab: {{ ipam: {{ subnet: 10.213.0.0/24 }} }} }}\n",
                  kImage1,
                  lab.port()));
  expect_refused(lab, "error: Host port is claimed twice", "container.a");
  expect_refused(lab, "error: Address is claimed twice", "10.213.0.9 on network.lab");
}

TEST(Preflight, WhatGoesIsNotInUseElsewhere) {
  const Lab lab("pf-users");
  lab.configure(
      "networks: { lab: {} }\nvolumes: { data: { lifecycle: { on_destroy: delete } } }\n");
  ASSERT_EQ(lab.aim({"apply", "--yes"}).code, 0);
  const std::string other = lab.project() + "-other";
  lab.docker({"run",
              "-d",
              "--name",
              other,
              "--network",
              lab.project() + "-lab",
              "--volume",
              lab.project() + "-data:/data",
              kImage1,
              "m"});
  lab.configure("");
  expect_refused(lab,
                 "error: Network is in use",
                 "network.lab would be deleted, but container \"" + other +
                     "\", which is not part of this configuration, is connected to it. Disconnect "
                     "or remove that container first.");
  expect_refused(lab,
                 "error: Volume is in use",
                 "volume.data would be deleted, but container \"" + other +
                     "\", which is not part of this configuration, mounts it. Remove that "
                     "container first.");
}

TEST(Preflight, ImagesHaveToBeHere) {
  const Lab lab("pf-image");
  lab.configure("containers: { web: { image: \"aim/model-server:nowhere\", pull: never } }\n");
  expect_refused(lab,
                 "error: Image is not on this Docker",
                 "container.web wants image \"aim/model-server:nowhere\", which this Docker does "
                 "not have, and with `pull: never` or an image id aim does not fetch it.");
}

TEST(Preflight, AMemoryLimitAboveTheHostsIsAWarning) {
  const Lab lab("pf-memory");
  lab.configure(container("    memory: 1024TiB\n"));
  const Finished planned = plan_without_a_trace(lab);
  EXPECT_EQ(planned.code, 0) << planned.err;
  EXPECT_THAT(planned.out, HasSubstr("More memory than the host has"));
  EXPECT_THAT(planned.out, HasSubstr("aim.yaml:7:13"));
}

TEST(Preflight, SubnetsThatDockerUses) {
  const Lab lab("pf-subnet");
  const std::string other = lab.project() + "-other";
  lab.docker({"network",
              "create",
              "--label",
              "dev.aim.project=" + lab.project(),
              "--subnet",
              "10.219.0.0/16",
              other});
  lab.configure("networks: { lab: { ipam: { subnet: 10.219.7.0/24 } } }\n");
  expect_refused(lab,
                 "aim.yaml:3:36: error: Subnet overlaps",
                 "network.lab is to have the subnet 10.219.7.0/24, but Docker's network \"" +
                     other + "\" has 10.219.0.0/16.");
}

TEST(Preflight, FixedAddresses) {
  const Lab lab("pf-fixed");
  const auto wanting = [](const std::string& network, const std::string& address) {
    return container(
               fmt::format("    networks: {{ {}: {{ ipv4_address: {} }} }}\n", network, address)) +
           "networks:\n  lab: { ipam: { subnet: 10.214.0.0/24 } }\n  plain: {}\n";
  };
  lab.configure(wanting("lab", "10.215.0.9"));
  expect_refused(lab,
                 "aim.yaml:7:38: error: Address is outside the subnet",
                 "container.web wants the address 10.215.0.9 on network.lab, whose subnet is "
                 "10.214.0.0/24.");
  lab.configure(wanting("lab", "10.214.0.1"));
  expect_refused(lab, "error: Address is taken", "but that is the gateway's");
  lab.configure(wanting("plain", "10.214.0.9"));
  expect_refused(
      lab, "error: Network has no subnet of its own", "Give the network an `ipam.subnet`");
  lab.configure(wanting("lab", "10.214.0.9"));
  ASSERT_EQ(lab.aim({"apply", "--yes", "--target", "network.lab"}).code, 0);
  const std::string other = lab.project() + "-other";
  lab.docker({"run",
              "-d",
              "--name",
              other,
              "--network",
              lab.project() + "-lab",
              "--ip",
              "10.214.0.9",
              kImage1,
              "m"});
  expect_refused(lab,
                 "error: Address is taken",
                 "container.web wants the address 10.214.0.9 on network.lab, but container \"" +
                     other + "\" has it.");
}

TEST(Preflight, NamesOfReplacements) {
  const Lab lab("pf-names");
  lab.configure(container("    hostname: one\n"));
  ASSERT_EQ(lab.aim({"apply", "--yes"}).code, 0);
  lab.docker({"create", "--name", lab.project() + "-web.g2", kImage1, "m"});
  lab.configure(container("    hostname: two\n"));
  expect_refused(
      lab,
      "aim.yaml:4:3: error: Name is taken on Docker",
      "The container \"" + lab.project() + "-web.g2\" exists and is not part of this plan;");
}

TEST(Preflight, CompanionsHaveToExist) {
  const Lab lab("pf-mode");
  lab.configure(container("    network_mode: \"container:nobody\"\n"));
  expect_refused(lab,
                 "aim.yaml:7:19: error: Container does not exist",
                 "container.web has network_mode \"container:nobody\", but Docker has no container "
                 "\"nobody\".");
}

TEST(Preflight, AnExternalObjectHasToExist) {
  const Lab lab("pf-external");
  lab.configure("networks: { office: { external: true } }\n");
  expect_refused(lab,
                 "aim.yaml:3:13: error: External object does not exist",
                 "network.office is marked `external: true`, so aim does not create it, and Docker "
                 "has no network named \"office\".");
}

/// What preflight refuses is what the Engine would have refused: the same wishes, by hand.
TEST(Preflight, IsNotStricterThanTheEngine) {
  const Lab lab("pf-same");
  const auto refused = [&](std::vector<std::string> options) {
    std::vector<std::string> command = {"run", "--rm", "--name", lab.project() + "-x"};
    command.insert(command.end(), options.begin(), options.end());
    command.insert(command.end(), {kImage1, "m"});
    return lab.try_docker(command).err;
  };
  EXPECT_THAT(refused({"--cpus", "4096"}), HasSubstr("Range of CPUs is from"));
  EXPECT_THAT(refused({"--log-driver", "nowhere"}), HasSubstr("plugin \"nowhere\" not found"));
  EXPECT_THAT(refused({"--mount", "type=bind,source=/no/such/folder,target=/data"}),
              HasSubstr("bind source path does not exist"));
  EXPECT_THAT(refused({"-p", "203.0.113.9:8080:80"}), HasSubstr("cannot assign requested address"));
  EXPECT_THAT(refused({"--network", "container:nobody"}), HasSubstr("No such container: nobody"));
}

}  // namespace
}  // namespace aim::e2e
