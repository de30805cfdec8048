#include <fmt/format.h>

#include <future>
#include <thread>

#include "tests/contract/face.hpp"

namespace aim::contract_test {

using core::ContainerStatus;
using core::ErrorCode;
using std::chrono::seconds;

namespace {

struct Heard {
  std::string out;
  std::string err;
};

core::LogRequest followed() {
  core::LogRequest request;
  request.follow = true;
  return request;
}

core::LogRequest last_lines(std::size_t count) {
  core::LogRequest request;
  request.tail = count;
  return request;
}

core::LogSink into(Heard& heard) {
  return [&heard](const core::LogPiece& piece) {
    (piece.is_stderr ? heard.err : heard.out) += piece.text;
  };
}

}  // namespace

TEST_P(Contract, LogsTellStandardOutputFromStandardError) {
  const std::string id = must(container("a", talks()));
  must(core::StartContainer{id});
  ASSERT_TRUE(engine->wait_exit(id, stop));
  Heard heard;
  const auto read = engine->logs(id, {}, into(heard), stop);
  ASSERT_TRUE(read) << core::to_string(read.error());
  EXPECT_EQ(heard.out, "out-1\nout-2\n");
  EXPECT_EQ(heard.err, "err-1\n");
}

TEST_P(Contract, TailOfTheLogIsCountedOverBothStreams) {
  const std::string id = must(container("a", talks()));
  must(core::StartContainer{id});
  ASSERT_TRUE(engine->wait_exit(id, stop));
  Heard heard;
  ASSERT_TRUE(engine->logs(id, last_lines(2), into(heard), stop));
  EXPECT_EQ(heard.out, "out-2\n");
  EXPECT_EQ(heard.err, "err-1\n");
}

TEST_P(Contract, TailOfNoLinesIsNothing) {
  const std::string id = must(container("a", talks()));
  must(core::StartContainer{id});
  ASSERT_TRUE(engine->wait_exit(id, stop));
  Heard heard;
  ASSERT_TRUE(engine->logs(id, last_lines(0), into(heard), stop));
  EXPECT_EQ(heard.out + heard.err, "");
}

TEST_P(Contract, TimestampsComeBeforeEachLine) {
  const std::string id = must(container("a", talks()));
  must(core::StartContainer{id});
  ASSERT_TRUE(engine->wait_exit(id, stop));
  Heard heard;
  core::LogRequest request = last_lines(1);
  request.timestamps = true;
  ASSERT_TRUE(engine->logs(id, request, into(heard), stop));
  ASSERT_GT(heard.out.size(), 30U);
  EXPECT_EQ(heard.out.substr(0, 2), "20");
  EXPECT_EQ(heard.out.substr(heard.out.find(' ')), " out-2\n");
}

TEST_P(Contract, LogOfAContainerThatNeverRanIsEmpty) {
  const std::string id = must(container("a", talks()));
  Heard heard;
  ASSERT_TRUE(engine->logs(id, followed(), into(heard), stop));
  EXPECT_EQ(heard.out + heard.err, "");
}

TEST_P(Contract, FollowedLogEndsWithTheContainer) {
  const std::string id = must(container("a", talks()));
  must(core::StartContainer{id});
  Heard heard;
  const auto read = engine->logs(id, followed(), into(heard), stop);
  ASSERT_TRUE(read) << core::to_string(read.error());
  EXPECT_EQ(heard.out, "out-1\nout-2\n");
  EXPECT_EQ(heard.err, "err-1\n");
}

TEST_P(Contract, FollowedLogEndsWhenItIsStopped) {
  Act act = runs_until_stopped();
  act.command.back() = "echo ready; " + act.command.back();
  act.played.output = {{.text = "ready"}};
  const std::string id = must(container("a", act));
  must(core::StartContainer{id});
  std::stop_source enough;
  const auto read = engine->logs(
      id, followed(), [&](const core::LogPiece&) { enough.request_stop(); }, enough.get_token());
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().code, ErrorCode::Cancelled);
}

TEST_P(Contract, LogOfATerminalIsOneStream) {
  core::CreateContainer call = container("a", talks());
  call.attributes["tty"] = true;
  const std::string id = must(call);
  must(core::StartContainer{id});
  ASSERT_TRUE(engine->wait_exit(id, stop));
  Heard heard;
  ASSERT_TRUE(engine->logs(id, {}, into(heard), stop));
  EXPECT_EQ(heard.out, "out-1\r\nerr-1\r\nout-2\r\n");
  EXPECT_EQ(heard.err, "");
}

TEST_P(Contract, LogIsKeptOverARestart) {
  const std::string id = must(container("a", talks()));
  for (int i = 0; i < 2; ++i) {
    must(core::StartContainer{id});
    ASSERT_TRUE(engine->wait_exit(id, stop));
  }
  Heard heard;
  ASSERT_TRUE(engine->logs(id, {}, into(heard), stop));
  EXPECT_EQ(heard.out, "out-1\nout-2\nout-1\nout-2\n");
}

TEST_P(Contract, LogOfAMissingContainerIsNotFound) {
  Heard heard;
  const auto read = engine->logs(name("none"), {}, into(heard), stop);
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().code, ErrorCode::NotFound);
}

TEST_P(Contract, LogOfDriverNoneCannotBeRead) {
  core::CreateContainer call = container("a", runs_until_stopped());
  call.attributes["logging"] = core::Map{{"driver", "none"}};
  const std::string id = must(call);
  must(core::StartContainer{id});
  Heard heard;
  const auto read = engine->logs(id, {}, into(heard), stop);
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().code, ErrorCode::Unsupported);
  EXPECT_EQ(read.error().message, "configured logging driver does not support reading");
}

TEST_P(Contract, WaitTellsTheExitCode) {
  const std::string id = must(container("a", talks()));
  must(core::StartContainer{id});
  const auto exit = engine->wait_exit(id, stop);
  ASSERT_TRUE(exit) << core::to_string(exit.error());
  EXPECT_EQ(exit->exit_code, 3);
  EXPECT_FALSE(exit->oom_killed);
  EXPECT_EQ(exit->error, "");
}

TEST_P(Contract, WaitForWhatDoesNotRunIsOverAtOnce) {
  const std::string id = must(container("a", exits(7)));
  auto exit = engine->wait_exit(id, stop);
  ASSERT_TRUE(exit);
  EXPECT_EQ(exit->exit_code, 0);
  must(core::StartContainer{id});
  ASSERT_TRUE(engine->wait_exit(id, stop));
  exit = engine->wait_exit(id, stop);
  ASSERT_TRUE(exit);
  EXPECT_EQ(exit->exit_code, 7);
}

TEST_P(Contract, WaitForAMissingContainerIsNotFound) {
  const auto exit = engine->wait_exit(name("none"), stop);
  ASSERT_FALSE(exit);
  EXPECT_EQ(exit.error().code, ErrorCode::NotFound);
}

TEST_P(Contract, WaitEndsWhenTheContainerIsKilled) {
  const std::string id = must(container("a", ignores_stop()));
  must(core::StartContainer{id});
  auto waiting = std::async(std::launch::async, [&] { return engine->wait_exit(id, stop); });
  must(core::KillContainer{id});
  const auto exit = waiting.get();
  ASSERT_TRUE(exit) << core::to_string(exit.error());
  EXPECT_EQ(exit->exit_code, 137);
}

TEST_P(Contract, WaitEndsWhenTheContainerIsRemovedByForce) {
  const std::string id = must(container("a", ignores_stop()));
  must(core::StartContainer{id});
  std::promise<void> begun;
  auto waiting = std::async(std::launch::async, [&] {
    begun.set_value();
    return engine->wait_exit(id, stop);
  });
  begun.get_future().wait();
  // The wait may still be on its way: then there is nothing to wait for any more.
  must(core::RemoveContainer{id, true});
  const auto exit = waiting.get();
  if (exit) {
    EXPECT_EQ(exit->exit_code, 137);
  } else {
    EXPECT_EQ(exit.error().code, ErrorCode::NotFound);
  }
}

TEST_P(Contract, WaitEndsWhenItIsStopped) {
  const std::string id = must(container("a", runs_until_stopped()));
  must(core::StartContainer{id});
  std::stop_source enough;
  auto waiting =
      std::async(std::launch::async, [&] { return engine->wait_exit(id, enough.get_token()); });
  enough.request_stop();
  const auto exit = waiting.get();
  ASSERT_FALSE(exit);
  EXPECT_EQ(exit.error().code, ErrorCode::Cancelled);
  EXPECT_EQ(inspect(id).state.status, ContainerStatus::Running);
}

TEST_P(Contract, WaitEndsWithTheProcessEvenIfAPolicyStartsItAgain) {
  core::CreateContainer call = container("a", talks());
  call.restart = "always";
  const std::string id = must(call);
  must(core::StartContainer{id});
  const auto exit = engine->wait_exit(id, stop);
  ASSERT_TRUE(exit) << core::to_string(exit.error());
  EXPECT_EQ(exit->exit_code, 3);
}

}  // namespace aim::contract_test
