#include "planner/preflight.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "recipes/decision.hpp"
#include "tests/unit/planner/makers.hpp"

namespace aim::planner {
namespace {

using core::List;
using core::Map;
using core::PathKind;
using core::Severity;
using core::Value;
using test::add;
using test::at;
using test::empty_configuration;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

/// What an Engine of two CPUs and 8 GiB tells of itself.
core::ObservedWorld engine() {
  core::ObservedWorld world = test::empty_world();
  world.engine.cpus = 2;
  world.engine.memory_bytes = 8LL << 30;
  world.engine.data_root = "/var/lib/docker";
  world.engine.runtimes = {"runc", "io.containerd.runc.v2"};
  world.engine.log_drivers = {"json-file", "local"};
  world.engine.network_drivers = {"bridge", "host", "macvlan"};
  world.engine.volume_drivers = {"local"};
  return world;
}

/// The same, with aim on its host, where nothing is in the way.
core::ObservedWorld engine_here() {
  core::ObservedWorld world = engine();
  world.host.emplace();
  world.host->here = true;
  return world;
}

Map web(Map more = {}) {
  more.emplace("image", Value("web:1"));
  return more;
}

Configuration one_container(Map attributes) {
  Configuration configuration = empty_configuration();
  add(configuration, "container.web", web(std::move(attributes)));
  return configuration;
}

Configuration publishing(const std::string& port) {
  return one_container({{"ports", Value(List{Value(port)})}});
}

core::HostSocket socket(const std::string& address, std::uint16_t port) {
  core::HostSocket socket;
  socket.port = {"tcp", port};
  socket.address = address;
  socket.program = "nginx";
  socket.pid = 4242;
  socket.user = "www-data";
  return socket;
}

struct Found {
  std::string summary;
  std::string detail;
  std::uint32_t line = 0;  ///< 0: without a place
  Severity severity = Severity::Error;
};

/// Everything that planning reports: errors first, then the plan's notes.
std::vector<Found> found_in(const Configuration& configuration,
                            const core::ObservedWorld& world,
                            const core::StateSnapshot& state = {}) {
  core::Diagnostics diagnostics;
  const Plan plan = make_plan(configuration, state, world, {}, diagnostics);
  std::vector<core::Diagnostic> all = diagnostics.sorted();
  all.insert(all.end(), plan.notes.begin(), plan.notes.end());
  std::vector<Found> found;
  for (const core::Diagnostic& one : all) {
    found.push_back({one.summary, one.detail, one.range ? one.range->begin.line : 0, one.severity});
  }
  return found;
}

Found only_one(const Configuration& configuration,
               const core::ObservedWorld& world,
               const core::StateSnapshot& state = {}) {
  const std::vector<Found> found = found_in(configuration, world, state);
  EXPECT_EQ(found.size(), 1U);
  return found.empty() ? Found() : found.front();
}

// Attributes stand on lines 11, 12, ... in order of their names: image, then the rest.

TEST(PreflightPorts, NameTheProgramThatHoldsAPort) {
  core::ObservedWorld world = engine_here();
  world.host->sockets = {socket("127.0.0.1", 8080), socket("::1", 8080)};
  const Found found = only_one(publishing("0.0.0.0:8080:80"), world);
  EXPECT_EQ(found.summary, "Host port is in use");
  EXPECT_EQ(found.detail,
            "0.0.0.0:8080/tcp is held by the program nginx of user www-data on this host (process "
            "4242). Choose another port for container.web, or stop what holds it.");
  EXPECT_EQ(found.line, 12U);
}

TEST(PreflightPorts, NameAtLeastTheUserOfAProgramThatCannotBeSeen) {
  core::ObservedWorld world = engine_here();
  world.host->sockets = {socket("0.0.0.0", 8080)};
  world.host->sockets.front().program.clear();
  EXPECT_EQ(only_one(publishing("127.0.0.1:8080:80"), world).detail,
            "127.0.0.1:8080/tcp is held by a program of user www-data on this host. Choose another "
            "port for container.web, or stop what holds it.");
}

TEST(PreflightPorts, NameTheContainerThatUsesTheHostsNetwork) {
  core::ObservedWorld world = engine_here();
  world.host->sockets = {socket("0.0.0.0", 8080)};
  world.host->sockets.front().container = "abc";
  world.listed.push_back({"abc", "proxy", "nginx", {}, core::ContainerStatus::Running, {}, {}, {}});
  EXPECT_EQ(only_one(publishing("0.0.0.0:8080:80"), world).detail,
            "0.0.0.0:8080/tcp is held by container \"proxy\", which uses the network of the host. "
            "Choose another port for container.web, or stop what holds it.");
}

TEST(PreflightPorts, AWildcardOfIpv6MayTakeThePortOfIpv4Too) {
  core::ObservedWorld world = engine_here();
  world.host->sockets = {socket("::", 8080)};
  EXPECT_THAT(found_in(publishing("0.0.0.0:8080:80"), world), IsEmpty());
  world.host->sockets.front().also_ipv4 = true;
  EXPECT_EQ(only_one(publishing("0.0.0.0:8080:80"), world).summary, "Host port is in use");
}

TEST(PreflightPorts, OtherAddressesAndProtocolsAreNotInTheWay) {
  core::ObservedWorld world = engine_here();
  world.host->sockets = {socket("192.0.2.1", 8080)};
  EXPECT_THAT(found_in(publishing("127.0.0.1:8080:80"), world), IsEmpty());
  EXPECT_THAT(found_in(publishing("192.0.2.1:8080:80/udp"), world), IsEmpty());
}

TEST(PreflightPorts, APublishedAddressHasToBeTheHosts) {
  core::ObservedWorld world = engine_here();
  world.host->missing_addresses = {"192.0.2.7"};
  const Found found = only_one(publishing("192.0.2.7:8080:80"), world);
  EXPECT_EQ(found.summary, "Published address is not on this host");
  EXPECT_EQ(found.detail,
            "container.web is published on 192.0.2.7, but no network interface of this host has "
            "that address, so nothing can listen there. Publish it on 127.0.0.1, on 0.0.0.0 (every "
            "interface), or on an address that the host has.");
  EXPECT_EQ(found.line, 12U);
}

TEST(PreflightPaths, ABindSourceHasToExist) {
  core::ObservedWorld world = engine_here();
  world.host->paths = {{"/data/models", PathKind::Missing}, {"/etc", PathKind::Folder}};
  const Found found = only_one(
      one_container(
          {{"mounts", Value(List{Value("/data/models:/models:ro"), Value("/etc:/host-etc:ro")})}}),
      world);
  EXPECT_EQ(found.summary, "Bind source does not exist");
  EXPECT_EQ(found.detail,
            "container.web mounts /data/models at /models, but this host has no /data/models. "
            "Docker does not make it. Create the folder or file first, or correct the mount.");
  EXPECT_EQ(found.line, 12U);
}

TEST(PreflightPaths, WhatThisUserMayNotSeeIsNotReported) {
  core::ObservedWorld world = engine_here();
  world.host->paths = {{"/root/models", PathKind::Unknown}};
  EXPECT_THAT(
      found_in(one_container({{"mounts", Value(List{Value("/root/models:/models")})}}), world),
      IsEmpty());
}

TEST(PreflightDisk, WarnsBeforeItIsFull) {
  core::ObservedWorld world = engine_here();
  world.host->space = core::DiskSpace{900ULL << 20, 50ULL << 30};
  const Found found = only_one(one_container({}), world);
  EXPECT_EQ(found.severity, Severity::Warning);
  EXPECT_EQ(found.summary, "Disk is nearly full");
  EXPECT_EQ(
      found.detail,
      "The disk that holds Docker's data folder /var/lib/docker has less than 1 GiB of 50 GiB "
      "free, and this plan makes containers there. Pulling an image, or a container's log, "
      "can fill it. Make room first, for example with `docker system df` and `docker image "
      "prune`.");
  world.host->space->free_bytes = 0;
  EXPECT_EQ(only_one(one_container({}), world).summary, "Disk is full");
  EXPECT_EQ(only_one(one_container({}), world).severity, Severity::Error);
  world.host->space->free_bytes = 2ULL << 30;
  EXPECT_THAT(found_in(one_container({}), world), IsEmpty());
}

TEST(PreflightDisk, WarnsWhenWeightsThatHaveToBeFetchedDoNotFit) {
  recipes::Decision decision;
  decision.recipe = "general";
  decision.backend = "vllm";
  decision.gpus = 1;
  decision.served = "Qwen/Qwen3-32B";
  decision.weight_bytes = 61LL << 30;
  core::ObservedWorld world = engine_here();
  world.host->space = core::DiskSpace{40ULL << 30, 50ULL << 30};
  const auto found = [&](const std::string& cache) {
    Configuration configuration = empty_configuration();
    add(configuration,
        "endpoint.qwen",
        {{"model", "Qwen/Qwen3-32B"},
         {"image", "web:1"},
         {"mounts",
          Value(List{Value(Map{{"type", "volume"},
                               {"source", cache},
                               {"target", "/root/.cache"},
                               {"read_only", false}})})}});
    configuration.resources.begin()->second.attributes.insert_or_assign("selected",
                                                                        recipes::to_map(decision));
    return found_in(configuration, world);
  };
  ASSERT_EQ(found("aim-cache").size(), 1U);
  EXPECT_EQ(found("aim-cache")[0].severity, Severity::Warning);
  EXPECT_EQ(found("aim-cache")[0].summary, "Disk is too small for the weights");
  EXPECT_EQ(found("aim-cache")[0].detail,
            "The weights of Qwen/Qwen3-32B (61.0 GiB) have to be fetched, and the disk that holds "
            "Docker's data folder /var/lib/docker has 40.0 GiB free. Make room, or let `cache` "
            "name a folder on a larger disk.");
  // Where the volume is there, they may be in it.
  core::ObservedVolume there;
  there.name = "aim-cache";
  world.volumes.push_back(there);
  EXPECT_THAT(found("aim-cache"), IsEmpty());
  world.volumes.clear();
  world.host->space->free_bytes = 70ULL << 30;
  EXPECT_THAT(found("aim-cache"), IsEmpty());
}

TEST(PreflightLimits, CpusHaveToBeThere) {
  const Found found = only_one(one_container({{"cpus", Value(2.5)}}), engine());
  EXPECT_EQ(found.summary, "More CPUs than the host has");
  EXPECT_EQ(found.detail,
            "container.web may use 2.5 CPUs, but Docker's host has 2, and Docker refuses such a "
            "limit. Lower `cpus`, or leave it out for no limit.");
  EXPECT_EQ(found.line, 11U);
  EXPECT_THAT(found_in(one_container({{"cpus", Value(2)}}), engine()), IsEmpty());
}

TEST(PreflightLimits, MemoryAboveTheHostsLimitsNothing) {
  const Found found = only_one(one_container({{"memory", Value("16GiB")}}), engine());
  EXPECT_EQ(found.severity, Severity::Warning);
  EXPECT_EQ(found.summary, "More memory than the host has");
  EXPECT_EQ(found.detail,
            "container.web has a memory limit of 16GiB, but Docker's host has 8.0 GiB in all, so "
            "the limit keeps nothing from running out. Lower `memory`, or leave it out.");
}

TEST(PreflightLimits, ARaisedLimitIsLookedAtToo) {
  const Configuration before = one_container({{"cpus", Value(1)}});
  const test::Applied applied =
      test::apply_by_the_book(before, test::plan_of(before, {}, engine()));
  core::ObservedWorld world = engine();
  world.listed = applied.world.listed;
  world.containers = applied.world.containers;
  EXPECT_EQ(only_one(one_container({{"cpus", Value(4)}}), world, applied.state).summary,
            "More CPUs than the host has");
  // What runs already runs, whatever the host has become since.
  world.engine.cpus = 0;
  EXPECT_THAT(found_in(before, world, applied.state), IsEmpty());
}

TEST(PreflightDrivers, ALogDriverHasToBeThere) {
  const Configuration configuration =
      one_container({{"logging", Value(Map{{"driver", Value("loki")}})}});
  const Found found = only_one(configuration, engine_here());
  EXPECT_EQ(found.summary, "Unknown log driver");
  EXPECT_EQ(found.detail,
            "container.web asks for the log driver \"loki\", which this Docker does not have. It "
            "has json-file, local. Correct `logging.driver`, or install the plugin.");
  EXPECT_EQ(found.line, 12U);
  EXPECT_THAT(
      found_in(one_container({{"logging", Value(Map{{"driver", Value("none")}})}}), engine_here()),
      IsEmpty());
}

TEST(PreflightDrivers, DriversOfNetworksAndVolumesHaveToBeThere) {
  Configuration configuration = empty_configuration();
  add(configuration, "network.fast", {{"driver", Value("weave")}});
  add(configuration, "volume.data", {{"driver", Value("nfs")}});
  const std::vector<Found> found = found_in(configuration, engine_here());
  ASSERT_EQ(found.size(), 2U);
  EXPECT_EQ(found[0].summary, "Unknown network driver");
  EXPECT_EQ(found[0].detail,
            "network.fast asks for the network driver \"weave\", which this Docker does not have. "
            "It has bridge, host, macvlan. Correct `driver`, or install the plugin.");
  EXPECT_EQ(found[1].summary, "Unknown volume driver");
  EXPECT_EQ(found[1].detail,
            "volume.data asks for the volume driver \"nfs\", which this Docker does not have. It "
            "has local. Correct `driver`, or install the plugin.");
}

TEST(PreflightDrivers, APluginThatWasNotUsedYetIsNotListed) {
  Configuration configuration = empty_configuration();
  add(configuration, "volume.data", {{"driver", Value("nfs")}});
  // Elsewhere nobody can tell, so it is no error.
  EXPECT_EQ(only_one(configuration, engine()).severity, Severity::Warning);
  core::ObservedWorld world = engine_here();
  world.host->plugins = {"nfs"};
  EXPECT_THAT(found_in(configuration, world), IsEmpty());
}

TEST(PreflightDrivers, ACompanionContainerHasToExist) {
  const Configuration configuration = one_container({{"network_mode", Value("container:gateway")}});
  const Found found = only_one(configuration, engine());
  EXPECT_EQ(found.summary, "Container does not exist");
  EXPECT_EQ(found.detail,
            "container.web has network_mode \"container:gateway\", but Docker has no container "
            "\"gateway\". Start that one first, or correct `network_mode`.");
  EXPECT_EQ(found.line, 12U);
  core::ObservedWorld world = engine();
  world.listed.push_back(
      {"abc", "gateway", "nginx", {}, core::ContainerStatus::Running, {}, {}, {}});
  EXPECT_THAT(found_in(configuration, world), IsEmpty());
}

core::ObservedNetwork network(const std::string& name, const std::string& subnet) {
  core::ObservedNetwork network;
  network.id = "id-of-" + name;
  network.name = name;
  network.attributes = {{"driver", Value("bridge")},
                        {"ipam", Value(Map{{"subnet", Value(subnet)}})}};
  return network;
}

Map with_subnet(const std::string& subnet) {
  return {{"ipam", Value(Map{{"subnet", Value(subnet)}})}};
}

TEST(PreflightNetworks, SubnetsOfDockerDoNotOverlap) {
  Configuration configuration = empty_configuration();
  add(configuration, "network.lab", with_subnet("172.17.8.0/24"));
  core::ObservedWorld world = engine();
  world.networks.push_back(network("bridge", "172.17.0.0/16"));
  const Found found = only_one(configuration, world);
  EXPECT_EQ(found.summary, "Subnet overlaps");
  EXPECT_EQ(found.detail,
            "network.lab is to have the subnet 172.17.8.0/24, but Docker's network \"bridge\" has "
            "172.17.0.0/16. Choose another subnet, or remove that network.");
  EXPECT_EQ(found.line, 11U);
}

TEST(PreflightNetworks, NewSubnetsDoNotOverlapEither) {
  Configuration configuration = empty_configuration();
  add(configuration, "network.a", with_subnet("10.1.0.0/16"));
  add(configuration, "network.b", with_subnet("10.1.2.0/24"));
  add(configuration, "network.c", with_subnet("10.2.0.0/16"));
  EXPECT_EQ(only_one(configuration, engine()).detail,
            "network.b is to have the subnet 10.1.2.0/24, but network.a is to have 10.1.0.0/16. "
            "Choose another subnet for one of them.");
}

TEST(PreflightNetworks, ARouteOfTheHostIsAWarning) {
  Configuration configuration = empty_configuration();
  add(configuration, "network.lab", with_subnet("10.8.0.0/16"));
  core::ObservedWorld world = engine_here();
  world.networks.push_back(network("bridge", "172.17.0.0/16"));
  world.host->routes = {{"10.8.1.0/24", "tun0"}, {"172.17.0.0/16", "docker0"}};
  const Found found = only_one(configuration, world);
  EXPECT_EQ(found.severity, Severity::Warning);
  EXPECT_EQ(found.summary, "Subnet meets a route of the host");
  EXPECT_EQ(found.detail,
            "network.lab is to have the subnet 10.8.0.0/16, but this host reaches 10.8.1.0/24 by "
            "its interface tun0. Docker does not refuse that, and what is behind the interface may "
            "become unreachable. Choose another subnet.");
}

/// container.web with a fixed address on network.lab.
Configuration with_address(const std::string& ip, Map lab = with_subnet("10.8.0.0/24")) {
  Configuration configuration = empty_configuration();
  add(configuration, "network.lab", std::move(lab));
  add(configuration,
      "container.web",
      web({{"networks", Value(Map{{"lab", Value(Map{{"ipv4_address", Value(ip)}})}})}}),
      {"network.lab"});
  return configuration;
}

TEST(PreflightNetworks, AFixedAddressIsInsideTheSubnet) {
  EXPECT_THAT(found_in(with_address("10.8.0.9"), engine()), IsEmpty());
  const Found found = only_one(with_address("10.9.0.9"), engine());
  EXPECT_EQ(found.summary, "Address is outside the subnet");
  EXPECT_EQ(found.detail,
            "container.web wants the address 10.9.0.9 on network.lab, whose subnet is 10.8.0.0/24. "
            "Choose an address inside it.");
  EXPECT_EQ(found.line, 12U);
}

TEST(PreflightNetworks, AFixedAddressNeedsASubnet) {
  const Found found = only_one(with_address("10.9.0.9", {}), engine());
  EXPECT_EQ(found.summary, "Network has no subnet of its own");
  EXPECT_EQ(found.detail,
            "container.web wants the address 10.9.0.9 on network.lab, but Docker chooses the "
            "addresses of that network and then gives out no fixed ones. Give the network an "
            "`ipam.subnet`, or leave `ipv4_address` out.");
}

TEST(PreflightNetworks, TheGatewaysAddressIsTaken) {
  const Found found = only_one(with_address("10.8.0.1"), engine());
  EXPECT_EQ(found.summary, "Address is taken");
  EXPECT_EQ(found.detail,
            "container.web wants the address 10.8.0.1 on network.lab, but that is the gateway's, "
            "the network's own. Choose another address.");
}

TEST(PreflightNetworks, AnotherContainersAddressIsTaken) {
  Configuration configuration = with_address("10.8.0.9", {});
  DesiredResource& lab = configuration.resources.at(at("network.lab"));
  lab.external = true;
  lab.docker_name = "office";
  core::ObservedWorld world = engine();
  world.networks.push_back(network("office", "10.8.0.0/24"));
  EXPECT_THAT(found_in(configuration, world), IsEmpty());
  core::ContainerSummary other{
      "abc", "printer", "cups", {}, core::ContainerStatus::Running, {}, {}, {}};
  other.addresses = {{"id-of-office", "10.8.0.9"}};
  world.listed.push_back(other);
  const Found found = only_one(configuration, world);
  EXPECT_EQ(found.summary, "Address is taken");
  EXPECT_EQ(
      found.detail,
      "container.web wants the address 10.8.0.9 on network.lab, but container \"printer\" has "
      "it. Choose another address, or stop that container.");
}

TEST(PreflightNetworks, TwoDoNotWantOneAddress) {
  Configuration configuration = with_address("10.8.0.9");
  add(configuration,
      "container.wiki",
      web({{"networks", Value(Map{{"lab", Value(Map{{"ipv4_address", Value("10.8.0.9")}})}})}}),
      {"network.lab"});
  const Found found = only_one(configuration, engine());
  EXPECT_EQ(found.summary, "Address is claimed twice");
  EXPECT_EQ(found.detail,
            "container.web and container.wiki both want the address 10.8.0.9 on network.lab. Give "
            "one of them another.");
}

TEST(PreflightNames, TheNameOfAReplacementHasToBeFree) {
  const Configuration before = one_container({});
  const test::Applied applied =
      test::apply_by_the_book(before, test::plan_of(before, {}, engine()));
  core::ObservedWorld world = applied.world;
  world.listed.push_back(
      {"x", "lab-web.g2", "nginx", {}, core::ContainerStatus::Exited, {}, {}, {}});
  EXPECT_THAT(found_in(before, world, applied.state), IsEmpty());
  const Found found = only_one(one_container({{"hostname", Value("other")}}), world, applied.state);
  EXPECT_EQ(found.summary, "Name is taken on Docker");
  EXPECT_EQ(found.detail,
            "The container \"lab-web.g2\" exists and is not part of this plan; container.web is "
            "replaced, and its new container would need that name until it answers. Rename or "
            "remove that container.");
}

TEST(PreflightHost, SaysWhatWasNotCheckedWhereDockerIsElsewhere) {
  Configuration configuration = one_container(
      {{"ports", Value(List{Value("0.0.0.0:80:80")})}, {"mounts", Value(List{Value("/d:/d")})}});
  add(configuration, "network.lab", with_subnet("10.8.0.0/24"));
  core::ObservedWorld world = engine();
  world.host.emplace();
  world.host->why_not = "its host is called \"gpu7\" and this one \"laptop\"";
  const Found found = only_one(configuration, world);
  EXPECT_EQ(found.severity, Severity::Note);
  EXPECT_EQ(found.summary, "Docker's host was not checked");
  EXPECT_EQ(
      found.detail,
      "Docker does not run on this host: its host is called \"gpu7\" and this one \"laptop\". "
      "Not checked: whether programs outside Docker hold the ports of container.web; whether "
      "the folders, files and devices of container.web exist; whether new subnets meet routes "
      "of the host; how much room its disk has. Apply fails, and puts everything back, if one "
      "of these is in the way.");
}

core::HostQuestions questions_of(const Configuration& configuration,
                                 const core::ObservedWorld& world,
                                 const core::StateSnapshot& state = {}) {
  core::Diagnostics diagnostics;
  const Plan plan = make_plan(configuration, state, world, {}, diagnostics);
  return host_questions(plan, configuration, world);
}

TEST(PreflightQuestions, AskForWhatIsMade) {
  Configuration configuration =
      one_container({{"ports", Value(List{Value("192.0.2.1:80:80"), Value("0.0.0.0:53:53/udp")})},
                     {"mounts", Value(List{Value("/d:/d"), Value("data:/v")})},
                     {"logging", Value(Map{{"driver", Value("loki")}})}});
  add(configuration, "network.lab", with_subnet("10.8.0.0/24"));
  const core::HostQuestions questions = questions_of(configuration, engine());
  EXPECT_THAT(questions.ports, ElementsAre(core::HostPort{"tcp", 80}, core::HostPort{"udp", 53}));
  EXPECT_THAT(questions.addresses, ElementsAre("192.0.2.1"));
  EXPECT_THAT(questions.paths, ElementsAre("/d"));
  EXPECT_THAT(questions.plugins, ElementsAre("loki"));
  EXPECT_TRUE(questions.routes);
  EXPECT_EQ(questions.volume, "/var/lib/docker");
}

TEST(PreflightQuestions, AskNothingWhereNothingChanges) {
  const Configuration configuration = one_container(
      {{"ports", Value(List{Value("0.0.0.0:80:80")})}, {"mounts", Value(List{Value("/d:/d")})}});
  const test::Applied applied =
      test::apply_by_the_book(configuration, test::plan_of(configuration, {}, engine()));
  core::ObservedWorld world = engine();
  world.listed = applied.world.listed;
  world.containers = applied.world.containers;
  EXPECT_TRUE(questions_of(configuration, world, applied.state).empty());
}

TEST(PreflightQuestions, DoNotAskForPortsThatDockerPublishes) {
  core::ObservedWorld world = engine();
  world.listed.push_back({"abc",
                          "printer",
                          "cups",
                          {},
                          core::ContainerStatus::Running,
                          {{"0.0.0.0", 80, 80, "tcp"}},
                          {},
                          {}});
  EXPECT_THAT(questions_of(publishing("0.0.0.0:80:80"), world).ports, IsEmpty());
}

}  // namespace
}  // namespace aim::planner
