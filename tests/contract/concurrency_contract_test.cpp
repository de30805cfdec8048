#include <fmt/format.h>

#include <algorithm>
#include <future>
#include <latch>
#include <set>

#include "tests/contract/face.hpp"

namespace aim::contract_test {

using core::ErrorCode;

namespace {

using Outcome = core::Result<core::CallOutcome>;

/// Does all calls at the same time.
std::vector<Outcome> at_once(core::EngineActor& engine, const std::vector<core::Call>& calls) {
  std::latch ready(static_cast<std::ptrdiff_t>(calls.size()));
  std::vector<std::future<Outcome>> running;
  for (const core::Call& call : calls) {
    running.push_back(std::async(std::launch::async, [&engine, &ready, call] {
      ready.arrive_and_wait();
      return engine.perform(call, {});
    }));
  }
  std::vector<Outcome> outcomes;
  for (std::future<Outcome>& one : running) {
    outcomes.push_back(one.get());
  }
  return outcomes;
}

long successes(const std::vector<Outcome>& outcomes) {
  return std::count_if(
      outcomes.begin(), outcomes.end(), [](const Outcome& outcome) { return outcome.has_value(); });
}

}  // namespace

TEST_P(Contract, OneOfSixCreationsOfANameWins) {
  std::vector<core::Call> calls;
  for (int i = 0; i < 6; ++i) {
    core::CreateContainer call = container("a", runs_until_stopped());
    call.labels = birth(fmt::format("run-{}", i), "container.a");
    calls.emplace_back(call);
  }
  const std::vector<Outcome> outcomes = at_once(*engine, calls);
  EXPECT_EQ(successes(outcomes), 1);
  for (const Outcome& outcome : outcomes) {
    if (outcome) {
      EXPECT_EQ(inspect(name("a")).id, outcome->id);
    } else {
      EXPECT_EQ(outcome.error().code, ErrorCode::Conflict) << core::to_string(outcome.error());
    }
  }
}

// The Engine gives a name away before it shows the container, so that a loser may not find the
// holder yet and cannot tell that it is its own.
TEST_P(Contract, EqualCreationsThatSucceedAgreeOnOneContainer) {
  const std::vector<core::Call> calls(6, container("a", runs_until_stopped()));
  const std::vector<Outcome> outcomes = at_once(*engine, calls);
  EXPECT_GE(successes(outcomes), 1);
  const std::string id = inspect(name("a")).id;
  for (const Outcome& outcome : outcomes) {
    if (outcome) {
      EXPECT_EQ(outcome->id, id);
    } else {
      EXPECT_EQ(outcome.error().code, ErrorCode::Conflict) << core::to_string(outcome.error());
    }
  }
}

TEST_P(Contract, StartsAtTheSameTimeAllSucceed) {
  const std::string id = must(container("a", runs_until_stopped()));
  const std::vector<core::Call> calls(4, core::StartContainer{id});
  EXPECT_EQ(successes(at_once(*engine, calls)), 4);
}

TEST_P(Contract, RemovalsAtTheSameTimeAllSucceed) {
  const std::string id = must(container("a", runs_until_stopped()));
  must(core::StartContainer{id});
  const std::vector<core::Call> calls(4, core::RemoveContainer{id, true});
  for (const Outcome& outcome : at_once(*engine, calls)) {
    EXPECT_TRUE(outcome) << core::to_string(outcome.error());
  }
  EXPECT_FALSE(engine->inspect_container(id, stop));
}

TEST_P(Contract, OneOfTwoStartsGetsThePort) {
  for (const char* tail : {"a", "b"}) {
    core::CreateContainer call = container(tail, runs_until_stopped());
    call.attributes["ports"] = core::List{fmt::format("127.0.0.1:{}:8000/tcp", port())};
    must(call);
  }
  const std::vector<Outcome> outcomes =
      at_once(*engine, {core::StartContainer{name("a")}, core::StartContainer{name("b")}});
  ASSERT_EQ(successes(outcomes), 1);
  const Outcome& loser = outcomes[0] ? outcomes[1] : outcomes[0];
  EXPECT_EQ(loser.error().code, ErrorCode::Conflict) << core::to_string(loser.error());
}

// An Engine before 25 looks for the name before it makes the network, so that several may win.
TEST_P(Contract, NetworksOfOneNameMadeAtTheSameTimeAreEachMadeOrRefused) {
  std::vector<core::Call> calls;
  for (int i = 0; i < 6; ++i) {
    core::CreateNetwork call = network("n");
    call.labels = birth(fmt::format("run-{}", i), "network.n");
    calls.emplace_back(call);
  }
  const std::vector<Outcome> outcomes = at_once(*engine, calls);
  EXPECT_GE(successes(outcomes), 1);
  std::set<std::string> ids;
  for (const Outcome& outcome : outcomes) {
    if (outcome) {
      EXPECT_TRUE(network_exists(outcome->id));
      EXPECT_TRUE(ids.insert(outcome->id).second) << "two networks with one id";
    }
  }
}

TEST_P(Contract, ManyContainersAreMadeSideBySide) {
  std::vector<core::Call> calls;
  for (int i = 0; i < 8; ++i) {
    calls.emplace_back(container(fmt::format("many-{}", i), runs_until_stopped()));
  }
  EXPECT_EQ(successes(at_once(*engine, calls)), 8);
}

}  // namespace aim::contract_test
