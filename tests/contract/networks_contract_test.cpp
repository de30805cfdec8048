#include <fmt/format.h>
#include <gmock/gmock.h>

#include <algorithm>

#include "tests/contract/face.hpp"

namespace aim::contract_test {

using core::ErrorCode;
using std::chrono::seconds;
using testing::Contains;
using testing::IsSupersetOf;

namespace {

constexpr const char* kSubnet = "10.213.57.0/24";

core::Map ipam() { return {{"subnet", kSubnet}, {"gateway", "10.213.57.1"}}; }

}  // namespace

TEST_P(Contract, NetworkIsListedWithItsLabels) {
  const std::string id = must(network("n"));
  const auto all = engine->list_networks(stop);
  ASSERT_TRUE(all) << core::to_string(all.error());
  const auto ours = std::find_if(all->begin(), all->end(), [&](const core::ObservedNetwork& one) {
    return one.name == name("n");
  });
  ASSERT_NE(ours, all->end());
  EXPECT_EQ(ours->id, id);
  EXPECT_EQ(ours->labels, birth("run-1", "network.n"));
  const bool has_bridge =
      std::any_of(all->begin(), all->end(), [](const auto& one) { return one.name == "bridge"; });
  EXPECT_TRUE(has_bridge);
}

TEST_P(Contract, SameBirthAdoptsTheNetworkThatIsThere) {
  const std::string id = must(network("n"));
  EXPECT_EQ(must(network("n")), id);
}

TEST_P(Contract, NameOfAForeignNetworkIsAConflict) {
  core::CreateNetwork foreign = network("n");
  foreign.labels.clear();
  const std::string id = must(foreign);
  const core::Error error = refused(network("n"));
  EXPECT_EQ(error.code, ErrorCode::Conflict);
  EXPECT_EQ(error.message,
            fmt::format("the name {} is taken by network {}", name("n"), id.substr(0, 12)));
}

TEST_P(Contract, OverlappingSubnetIsAConflict) {
  core::CreateNetwork first = network("n");
  first.attributes["ipam"] = ipam();
  must(first);
  core::CreateNetwork second = network("m");
  second.attributes["ipam"] = ipam();
  const core::Error error = refused(second);
  EXPECT_EQ(error.code, ErrorCode::Conflict);
  EXPECT_EQ(error.message, "Pool overlaps with other one on this address space");
}

TEST_P(Contract, PredefinedNetworkCannotBeMadeOrRemoved) {
  core::CreateNetwork bridge = network("n");
  bridge.name = "bridge";
  EXPECT_EQ(refused(bridge).code, ErrorCode::Conflict);
  const core::Error error = refused(core::RemoveNetwork{"bridge"});
  EXPECT_EQ(error.code, ErrorCode::Conflict);
  EXPECT_EQ(error.message, "bridge is a pre-defined network and cannot be removed");
}

TEST_P(Contract, UnknownDriverIsNotFound) {
  core::CreateNetwork call = network("n");
  call.attributes["driver"] = "aim-none";
  EXPECT_EQ(refused(call).code, ErrorCode::NotFound);
}

TEST_P(Contract, RemovalOfANetworkMayBeRepeated) {
  must(network("n"));
  must(core::RemoveNetwork{name("n")});
  must(core::RemoveNetwork{name("n")});
  EXPECT_FALSE(network_exists(name("n")));
}

TEST_P(Contract, NetworkOfARunningContainerCannotBeRemoved) {
  must(network("n"));
  core::CreateContainer call = container("a", runs_until_stopped());
  call.networks = {{name("n"), {"alias"}, {}}};
  must(call);
  must(core::StartContainer{name("a")});
  const core::Error error = refused(core::RemoveNetwork{name("n")});
  EXPECT_EQ(error.code, ErrorCode::Conflict);
  EXPECT_NE(error.message.find("has active endpoints"), std::string::npos) << error.message;
}

TEST_P(Contract, NetworkCanBeTakenFromUnderAStoppedContainerWhichThenCannotStart) {
  must(network("n"));
  core::CreateContainer call = container("a", runs_until_stopped());
  call.networks = {{name("n"), {}, {}}};
  must(call);
  must(core::RemoveNetwork{name("n")});
  const core::Error error = refused(core::StartContainer{name("a")});
  EXPECT_EQ(error.code, ErrorCode::NotFound);
  EXPECT_EQ(error.message, fmt::format("network {} not found", name("n")));
}

TEST_P(Contract, ContainerJoinsAllItsNetworksAtBirth) {
  must(network("n"));
  must(network("m"));
  core::CreateContainer call = container("a", runs_until_stopped());
  call.networks = {{name("n"), {"one"}, {}}, {name("m"), {"two", "three"}, {}}};
  must(call);
  const core::ObservedContainer seen = inspect(name("a"));
  ASSERT_EQ(seen.networks.size(), 2U);
  EXPECT_THAT(seen.networks.at(name("n")).aliases, Contains("one"));
  EXPECT_THAT(seen.networks.at(name("m")).aliases, IsSupersetOf({"two", "three"}));
}

TEST_P(Contract, AddressIsThereOnlyWhileTheContainerRuns) {
  must(network("n"));
  core::CreateContainer call = container("a", runs_until_stopped());
  call.networks = {{name("n"), {}, {}}};
  must(call);
  EXPECT_EQ(inspect(name("a")).networks.at(name("n")).ip_address, "");
  must(core::StartContainer{name("a")});
  const core::ObservedContainer running = inspect(name("a"));
  EXPECT_NE(running.networks.at(name("n")).ip_address, "");
  EXPECT_NE(running.networks.at(name("n")).network_id, "");
  must(core::StopContainer{name("a"), seconds(5)});
  EXPECT_EQ(inspect(name("a")).networks.at(name("n")).ip_address, "");
}

TEST_P(Contract, FixedAddressIsGiven) {
  core::CreateNetwork made = network("n");
  made.attributes["ipam"] = ipam();
  must(made);
  core::CreateContainer call = container("a", runs_until_stopped());
  call.networks = {{name("n"), {}, "10.213.57.9"}};
  must(call);
  must(core::StartContainer{name("a")});
  EXPECT_EQ(inspect(name("a")).networks.at(name("n")).ip_address, "10.213.57.9");
}

TEST_P(Contract, FixedAddressNeedsASubnetOfTheUsers) {
  must(network("n"));
  core::CreateContainer call = container("a", runs_until_stopped());
  call.networks = {{name("n"), {}, "10.213.57.9"}};
  must(call);
  const core::Error error = refused(core::StartContainer{name("a")});
  EXPECT_EQ(error.code, ErrorCode::Invalid);
  EXPECT_EQ(error.message,
            "user specified IP address is supported only when connecting to networks with user "
            "configured subnets");
}

TEST_P(Contract, RunningContainerIsConnectedAndDisconnectedAndBothMayBeRepeated) {
  must(network("n"));
  must(network("m"));
  core::CreateContainer call = container("a", runs_until_stopped());
  call.networks = {{name("n"), {}, {}}};
  must(call);
  must(core::StartContainer{name("a")});
  const core::ConnectNetwork connect{name("a"), {name("m"), {"alias"}, {}}};
  must(connect);
  must(connect);
  EXPECT_NE(inspect(name("a")).networks.at(name("m")).ip_address, "");
  const core::DisconnectNetwork disconnect{name("a"), name("m")};
  must(disconnect);
  must(disconnect);
  EXPECT_FALSE(inspect(name("a")).networks.contains(name("m")));
}

TEST_P(Contract, StoppedContainerIsConnectedAndDisconnectedAndBothMayBeRepeated) {
  must(network("n"));
  must(container("a", runs_until_stopped()));
  const core::ConnectNetwork connect{name("a"), {name("n"), {"alias"}, {}}};
  must(connect);
  must(connect);
  EXPECT_THAT(inspect(name("a")).networks.at(name("n")).aliases, Contains("alias"));
  const core::DisconnectNetwork disconnect{name("a"), name("n")};
  must(disconnect);
  must(disconnect);
  EXPECT_FALSE(inspect(name("a")).networks.contains(name("n")));
}

TEST_P(Contract, ConnectingToNothingIsNotFound) {
  must(container("a", runs_until_stopped()));
  must(core::StartContainer{name("a")});
  const core::Error network_missing =
      refused(core::ConnectNetwork{name("a"), {name("none"), {}, {}}});
  EXPECT_EQ(network_missing.code, ErrorCode::NotFound);
  EXPECT_EQ(network_missing.message, fmt::format("network {} not found", name("none")));
  must(network("n"));
  const core::Error container_missing =
      refused(core::ConnectNetwork{name("none"), {name("n"), {}, {}}});
  EXPECT_EQ(container_missing.code, ErrorCode::NotFound);
  EXPECT_EQ(container_missing.message, "No such container: " + name("none"));
}

TEST_P(Contract, DisconnectingFromANetworkThatIsGoneIsDone) {
  must(network("n"));
  must(container("a", runs_until_stopped()));
  must(core::DisconnectNetwork{name("a"), name("none")});
}

TEST_P(Contract, ContainerInTheHostsNetworkJoinsNoOther) {
  must(network("n"));
  core::CreateContainer call = container("a", runs_until_stopped());
  call.attributes["network_mode"] = "host";
  must(call);
  const core::Error error = refused(core::ConnectNetwork{name("a"), {name("n"), {}, {}}});
  EXPECT_EQ(error.code, ErrorCode::Invalid);
}

TEST_P(Contract, TwoNetworksOfOneNameAreAmbiguous) {
  const std::string body = fmt::format(R"({{"Name":"{}"}})", name("n"));
  ASSERT_EQ(raw("POST", "/networks/create", body).status, 201);
  const int second = raw("POST", "/networks/create", body).status;
  if (speaks_1_44()) {
    EXPECT_EQ(second, 409);  // there are no two any more
    return;
  }
  ASSERT_EQ(second, 201);
  EXPECT_EQ(raw("GET", "/networks/" + name("n")).status, 400);
  EXPECT_EQ(refused(core::RemoveNetwork{name("n")}).code, ErrorCode::Invalid);
}

TEST_P(Contract, NetworkInUseCanBeRemovedOnceItsContainersLeftIt) {
  must(network("n"));
  core::CreateContainer call = container("a", runs_until_stopped());
  call.networks = {{name("n"), {}, {}}};
  must(call);
  must(core::StartContainer{name("a")});
  must(core::DisconnectNetwork{name("a"), name("n")});
  must(core::RemoveNetwork{name("n")});
  EXPECT_EQ(inspect(name("a")).state.status, core::ContainerStatus::Running);
}

}  // namespace aim::contract_test
