#include <fmt/format.h>

#include "tests/contract/face.hpp"

// What only an Engine that can be told to fail shows: on the in-memory Docker, both faces.
namespace aim::contract_test {

using core::ContainerStatus;
using core::ErrorCode;
using std::chrono::milliseconds;
using std::chrono::seconds;
using support::Fault;

class Faulty : public Contract {};

INSTANTIATE_TEST_SUITE_P(Memory,
                         Faulty,
                         testing::Values(Face::InProcess,
                                         Face::UnixSocket,
                                         Face::InProcess144,
                                         Face::UnixSocket144,
                                         Face::InProcess152,
                                         Face::UnixSocket152),
                         face_name);

TEST_P(Faulty, LostAnswerToACreationIsSettledByLooking) {
  memory->fail({"POST", "^/containers/create"}, Fault::lose_reply());
  const std::string id = must(container("a", runs_until_stopped()));
  EXPECT_EQ(inspect(name("a")).id, id);
  EXPECT_EQ(memory->containers().size(), 1U);
}

TEST_P(Faulty, CreationThatNeverArrivedIsUnreachable) {
  memory->fail({"POST", "^/containers/create"}, Fault::refuse());
  EXPECT_EQ(refused(container("a", runs_until_stopped())).code, ErrorCode::Unreachable);
  EXPECT_TRUE(memory->containers().empty());
}

TEST_P(Faulty, LostAnswersAreSettledByTheStateOfTheContainer) {
  const std::string id = must(container("a", runs_until_stopped()));
  memory->fail({"POST", "/start$"}, Fault::lose_reply());
  must(core::StartContainer{id});
  memory->fail({"POST", "/rename"}, Fault::lose_reply());
  must(core::RenameContainer{id, name("b")});
  memory->fail({"POST", "/update$"}, Fault::lose_reply());
  must(core::UpdateContainer{id, {{"restart", "always"}}});
  memory->fail({"POST", "/stop"}, Fault::lose_reply());
  must(core::StopContainer{id, seconds(1)});
  memory->fail({"DELETE", "^/containers/"}, Fault::lose_reply());
  must(core::RemoveContainer{id});
  EXPECT_TRUE(memory->containers().empty());
}

TEST_P(Faulty, LostAnswersAboutNetworksAndVolumesAreSettledByLooking) {
  memory->fail({"POST", "^/networks/create"}, Fault::lose_reply());
  const std::string id = must(network("n"));
  EXPECT_NE(id, "");
  memory->fail({"POST", "^/volumes/create"}, Fault::lose_reply());
  EXPECT_EQ(must(volume("v")), name("v"));
  must(container("a", runs_until_stopped()));
  memory->fail({"POST", "/connect$"}, Fault::lose_reply());
  must(core::ConnectNetwork{name("a"), {name("n"), {"alias"}, {}}});
  memory->fail({"POST", "/disconnect$"}, Fault::lose_reply());
  must(core::DisconnectNetwork{name("a"), name("n")});
  memory->fail({"DELETE", "^/networks/"}, Fault::lose_reply());
  must(core::RemoveNetwork{name("n")});
  memory->fail({"DELETE", "^/volumes/"}, Fault::lose_reply());
  must(core::RemoveVolume{name("v")});
}

TEST_P(Faulty, UpdateThatDockerIgnoresIsAFailure) {
  const std::string id = must(container("a", runs_until_stopped()));
  memory->fail({"POST", "/update$"}, Fault::answer(200, ""));
  const core::Error error = refused(core::UpdateContainer{id, {{"restart", "always"}}});
  EXPECT_EQ(error.code, ErrorCode::Failed);
  EXPECT_EQ(error.message, "Docker reported success but did not change restart");
}

TEST_P(Faulty, FailureOfTheEngineIsToldInItsWords) {
  memory->fail({"POST", "^/containers/create"}, Fault::answer(500, "no space left on device"));
  const core::Error error = refused(container("a", runs_until_stopped()));
  EXPECT_EQ(error.code, ErrorCode::Failed);
  EXPECT_EQ(error.message, "no space left on device");
}

TEST_P(Faulty, RemovalUnderWayIsWaitedFor) {
  const std::string id = must(container("a", runs_until_stopped()));
  memory->begin_removal(id, milliseconds(100));
  must(core::RemoveContainer{id});
  EXPECT_TRUE(memory->containers().empty());
}

TEST_P(Faulty, SecondNetworkThatFailsTakesTheContainerWithIt) {
  must(network("n"));
  must(network("m"));
  core::CreateContainer call = container("a", runs_until_stopped());
  call.networks = {{name("n"), {}, {}}, {name("m"), {}, {}}};
  memory->fail({"POST", "/connect$"}, Fault::answer(500, "out of order"));
  if (speaks_1_44()) {
    must(call);  // both networks are in the creation: there is no second call that could fail
    EXPECT_EQ(memory->container(name("a"))->networks.size(), 2U);
    return;
  }
  const core::Error error = refused(call);
  EXPECT_EQ(core::to_string(error),
            fmt::format("out of order, while connecting it to network {}", name("m")));
  EXPECT_TRUE(memory->containers().empty());
}

TEST_P(Faulty, NothingAnswersAfterACrash) {
  must(network("n"));
  memory->forget_calls();
  memory->crash_at(1, support::Crash::AfterEffect);
  EXPECT_EQ(refused(volume("v")).code, ErrorCode::Unreachable);
  EXPECT_EQ(memory->volume_names(), std::vector<std::string>{name("v")});
  EXPECT_EQ(engine->list_networks(stop).error().code, ErrorCode::Unreachable);
  memory->heal();
  EXPECT_TRUE(engine->list_networks(stop));
}

TEST_P(Faulty, PullTellsItsProgressAndLeavesTheImage) {
  memory->add_registry_image({.ref = "aim/model:1"}, {.layer_bytes = 1000, .layers = 3});
  core::PullProgress last;
  const auto pulled = engine->pull(
      {"aim/model:1", {}}, [&](const core::PullProgress& progress) { last = progress; }, stop);
  ASSERT_TRUE(pulled) << core::to_string(pulled.error());
  EXPECT_EQ(pulled->repo_tags, std::vector<std::string>{"aim/model:1"});
  ASSERT_EQ(pulled->repo_digests.size(), 1U);
  EXPECT_EQ(last.current_bytes, 3000U);
  EXPECT_EQ(last.total_bytes, 3000U);
  const auto by_digest = engine->inspect_image(pulled->repo_digests.front(), stop);
  ASSERT_TRUE(by_digest);
  EXPECT_EQ(by_digest->id, pulled->id);
  EXPECT_EQ(raw("DELETE", "/images/aim/model:1").status, 200);
}

TEST_P(Faulty, PullThatFailsInsideItsStreamLeavesNothing) {
  memory->add_registry_image({.ref = "aim/model:1"}, {.error = "unknown blob"});
  const auto pulled = engine->pull(
      {"aim/model:1", {}}, [](const core::PullProgress&) {}, stop);
  ASSERT_FALSE(pulled);
  EXPECT_EQ(pulled.error().message,
            "unknown blob. What docker.io holds of the image is damaged: push it again");
  EXPECT_FALSE(memory->has_image("aim/model:1"));
}

TEST_P(Faulty, PullThatIsRefusedSaysWhy) {
  memory->add_registry_image({.ref = "aim/model:1"});
  const auto no_tag = engine->pull(
      {"aim/model:2", {}}, [](const core::PullProgress&) {}, stop);
  ASSERT_FALSE(no_tag);
  EXPECT_EQ(no_tag.error().code, ErrorCode::NotFound);
  EXPECT_EQ(no_tag.error().message,
            "manifest for aim/model:2 not found: manifest unknown: manifest unknown. docker.io has "
            "no such image: check the name and the tag");
  const auto no_name = engine->pull(
      {"aim/other:1", {}}, [](const core::PullProgress&) {}, stop);
  ASSERT_FALSE(no_name);
  EXPECT_EQ(no_name.error().code, ErrorCode::Denied);
}

TEST_P(Faulty, SilentlyBrokenStreamIsUnreachable) {
  const std::string id = must(container("a", runs_until_stopped()));
  must(core::StartContainer{id});
  memory->forget_calls();
  memory->crash_at(1, support::Crash::BeforeEffect);
  EXPECT_EQ(refused(core::StopContainer{id, seconds(1)}).code, ErrorCode::Unreachable);
  EXPECT_EQ(engine->wait_exit(id, stop).error().code, ErrorCode::Unreachable);
  memory->heal();
  EXPECT_EQ(inspect(id).state.status, ContainerStatus::Running);
}

}  // namespace aim::contract_test
