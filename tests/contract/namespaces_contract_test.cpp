#include <fmt/format.h>

#include "tests/contract/face.hpp"

namespace aim::contract_test {

using core::ContainerStatus;
using core::ErrorCode;

namespace {

core::CreateContainer sharing(core::CreateContainer call,
                              const std::string& attribute,
                              const std::string& other) {
  call.attributes[attribute] = "container:" + other;
  return call;
}

}  // namespace

TEST_P(Contract, ASharedNamespaceIsShownByTheIdOfItsContainer) {
  core::CreateContainer donor = container("a", runs_until_stopped());
  donor.attributes["ipc"] = "shareable";
  const std::string id = must(donor);
  const core::CreateContainer call = sharing(
      sharing(container("b", runs_until_stopped()), "ipc", name("a")), "network_mode", name("a"));
  must(call);
  const core::Map seen = inspect(name("b")).attributes;
  EXPECT_EQ(core::string_at(seen, "network_mode"), "container:" + id);
  EXPECT_EQ(core::string_at(seen, "ipc"), "container:" + id);
}

TEST_P(Contract, WhoSharesANetworkNeedsTheOtherToRun) {
  const std::string id = must(container("a", runs_until_stopped()));
  must(sharing(container("b", runs_until_stopped()), "network_mode", name("a")));
  const core::Error error = refused(core::StartContainer{name("b")});
  EXPECT_EQ(error.code, ErrorCode::Conflict);
  EXPECT_EQ(error.message, "cannot join network of a non running container: " + id);
  must(core::StartContainer{name("a")});
  must(core::StartContainer{name("b")});
  must(core::RemoveContainer{name("a"), true, true});
  EXPECT_EQ(inspect(name("b")).state.status, ContainerStatus::Running);
  must(core::KillContainer{name("b")});
  const core::Error gone = refused(core::StartContainer{name("b")});
  EXPECT_EQ(gone.code, ErrorCode::NotFound);
  EXPECT_EQ(gone.message, "No such container: " + id);
}

TEST_P(Contract, WhoSharesIpcNeedsOneThatIsShareable) {
  core::CreateContainer donor = container("a", runs_until_stopped());
  donor.attributes["ipc"] = "private";
  const std::string id = must(donor);
  must(core::StartContainer{name("a")});
  must(sharing(container("b", runs_until_stopped()), "ipc", name("a")));
  EXPECT_EQ(refused(core::StartContainer{name("b")}).message,
            fmt::format("can't join IPC of container {}: non-shareable IPC (hint: use "
                        "IpcMode:shareable for the donor container)",
                        id));
}

TEST_P(Contract, WhoSharesProcessesEndsWithTheOther) {
  must(container("a", runs_until_stopped()));
  must(core::StartContainer{name("a")});
  must(sharing(container("b", runs_until_stopped()), "pid", name("a")));
  must(core::StartContainer{name("b")});
  must(core::KillContainer{name("a")});
  const core::ObservedContainer ended = await(name("b"), [](const core::ObservedContainer& seen) {
    return seen.state.status == ContainerStatus::Exited;
  });
  EXPECT_EQ(ended.state.exit_code, 137);
}

TEST_P(Contract, OneNetworkMakesWayForAnotherUnderARunningContainer) {
  must(network("n"));
  core::CreateContainer call = container("a", runs_until_stopped());
  call.networks = {{name("n"), {"web"}, ""}};
  const std::string id = must(call);
  must(core::StartContainer{id});
  const std::string before = inspect(id).networks.at(name("n")).network_id;
  EXPECT_EQ(refused(core::RemoveNetwork{name("n")}).code, ErrorCode::Conflict);
  must(core::DisconnectNetwork{id, name("n")});
  must(core::RemoveNetwork{name("n")});
  must(network("n"));
  must(core::ConnectNetwork{id, {name("n"), {"web"}, ""}});
  const core::ObservedContainer after = inspect(id);
  EXPECT_NE(after.networks.at(name("n")).network_id, before);
  EXPECT_NE(after.networks.at(name("n")).ip_address, "");
  const auto all = engine->list_containers(stop);
  ASSERT_TRUE(all);
  for (const core::ContainerSummary& one : *all) {
    if (one.id == id) {
      EXPECT_EQ(one.network_ids, std::vector<std::string>{after.networks.at(name("n")).network_id});
    }
  }
}

TEST_P(Contract, AStoppedContainerTakesTheNewNetworkWithItWhenItIsConnectedToIt) {
  must(network("n"));
  core::CreateContainer call = container("a", runs_until_stopped());
  call.networks = {{name("n"), {"web"}, ""}};
  const std::string id = must(call);
  must(core::StartContainer{id});
  must(core::KillContainer{id});
  must(core::DisconnectNetwork{id, name("n")});
  must(core::RemoveNetwork{name("n")});
  must(network("n"));
  must(core::ConnectNetwork{id, {name("n"), {"web"}, ""}});
  must(core::StartContainer{id});
  EXPECT_NE(inspect(id).networks.at(name("n")).ip_address, "");
}

}  // namespace aim::contract_test
