#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>

#include "core/clock.hpp"
#include "state/lock.hpp"
#include "tests/e2e/lab.hpp"

namespace aim::e2e {
namespace {

using std::chrono::seconds;
using ::testing::HasSubstr;

std::string slow_endpoint(const Lab& lab, int load_seconds) {
  return fmt::format(R"(
endpoints:
  chat:
    model: test/model
    image: aim/model-server:1
    port: {}
    env: {{ MODEL_SERVER_LOAD_SECONDS: "{}" }}
    readiness: {{ interval: 200ms, start_timeout: 30s }}
)",
                     lab.port(),
                     load_seconds);
}

TEST(Lock, OfTwoAppliesOnOneStateOneIsRefusedOrWaits) {
  const Lab lab("onestate");
  lab.configure(slow_endpoint(lab, 5));
  Process first(lab.aim_command({"apply", "--yes"}), lab.environment(), lab.directory().string());
  ASSERT_TRUE(first.wait_for_text("endpoint.chat: Waiting", seconds(30)));
  const Finished refused = lab.aim({"apply", "--yes"});
  EXPECT_EQ(refused.code, 6) << refused.out << refused.err;
  EXPECT_THAT(refused.err, HasSubstr(fmt::format("pid {}", first.pid())));
  EXPECT_THAT(refused.err, HasSubstr("aim apply"));
  const Finished waited = lab.aim({"apply", "--yes", "--lock-timeout", "60s"});
  EXPECT_EQ(waited.code, 0) << waited.out << waited.err;
  EXPECT_THAT(waited.err, HasSubstr("Waiting for the lock"));
  EXPECT_THAT(waited.out, HasSubstr("No changes."));
  EXPECT_EQ(first.finish(seconds(60)).code, 0);
}

TEST(Lock, OfTwoCheckoutsOneIsRefusedOrWaits) {
  const Lab lab("checkouts");
  lab.configure(slow_endpoint(lab, 5));
  const std::string second = lab.second_checkout().string();
  Process first(lab.aim_command({"apply", "--yes"}), lab.environment(), lab.directory().string());
  ASSERT_TRUE(first.wait_for_text("endpoint.chat: Waiting", seconds(30)));
  const Finished refused = lab.aim({"-C", second, "apply", "--yes"});
  EXPECT_EQ(refused.code, 6) << refused.out << refused.err;
  EXPECT_THAT(refused.err, HasSubstr(fmt::format("pid {}", first.pid())));
  const Finished waited = lab.aim({"-C", second, "apply", "--yes", "--lock-timeout", "60s"});
  EXPECT_EQ(waited.code, 0) << waited.out << waited.err;
  EXPECT_THAT(waited.out, HasSubstr("No changes."));
  EXPECT_EQ(first.finish(seconds(60)).code, 0);
}

/// What a process that is dead by now wrote as holder of the lock.
std::string holder_that_was_killed() {
  std::array<int, 2> ends{};
  EXPECT_EQ(pipe(ends.data()), 0);
  const pid_t child = fork();
  if (child == 0) {
    core::SystemClock clock;
    const std::string text = state::to_json(state::this_process("apply", clock.utc_now()));
    const ssize_t written = write(ends[1], text.data(), text.size());
    _exit(written == static_cast<ssize_t>(text.size()) ? 0 : 1);
  }
  close(ends[1]);
  int status = 0;
  waitpid(child, &status, 0);
  EXPECT_EQ(status, 0);
  std::string text(4096, '\0');
  const ssize_t count = read(ends[0], text.data(), text.size());
  close(ends[0]);
  text.resize(static_cast<std::size_t>(std::max<ssize_t>(count, 0)));
  return text;
}

TEST(Lock, AHolderThatWasKilledBeforeItsFirstChangeBlocksNobody) {
  const Lab lab("killedearly");
  lab.configure(slow_endpoint(lab, 0));
  const std::string holder = holder_that_was_killed();
  const std::string lock = "aim-lock." + lab.project() + ".default";
  lab.docker({"volume", "create", "--label", "dev.aim.lock=" + holder, lock});
  std::filesystem::create_directory(lab.directory() / ".aim");
  lab.write(".aim/state.db.lock", holder);
  const Finished applied = lab.aim({"apply", "--yes"});
  EXPECT_EQ(applied.code, 0) << applied.out << applied.err;
  EXPECT_EQ(lab.docker({"volume", "ls", "-q", "--filter", "name=" + lock}), "");
}

TEST(Lock, AHolderElsewhereHasToBeTakenFromOnPurpose) {
  const Lab lab("elsewhere");
  lab.configure(slow_endpoint(lab, 0));
  core::SystemClock clock;
  state::LockHolder holder = state::this_process("apply", clock.utc_now());
  holder.host = "another-host";
  holder.boot_id = "another-boot";
  const std::string lock = "aim-lock." + lab.project() + ".default";
  lab.docker({"volume", "create", "--label", "dev.aim.lock=" + state::to_json(holder), lock});
  const Finished refused = lab.aim({"apply", "--yes"});
  EXPECT_EQ(refused.code, 6) << refused.out << refused.err;
  EXPECT_THAT(refused.err, HasSubstr("another-host"));
  EXPECT_THAT(refused.err, HasSubstr("--take-lock"));
  const Finished taken = lab.aim({"apply", "--yes", "--take-lock"});
  EXPECT_EQ(taken.code, 0) << taken.out << taken.err;
}

TEST(Lock, AKilledRunIsNamedAndNothingIsChanged) {
  const Lab lab("killedlate");
  lab.configure(slow_endpoint(lab, 20));
  Process first(lab.aim_command({"apply", "--yes"}), lab.environment(), lab.directory().string());
  ASSERT_TRUE(first.wait_for_text("endpoint.chat: Waiting", seconds(30)));
  first.signal(SIGKILL);
  EXPECT_EQ(first.finish(seconds(10)).code, 128 + SIGKILL);
  const std::vector<std::string> before = lab.labelled();
  const Finished next = lab.aim({"apply", "--yes"});
  EXPECT_EQ(next.code, 1) << next.out << next.err;
  EXPECT_THAT(next.err, HasSubstr("run 1 (apply, begun by"));
  EXPECT_EQ(lab.labelled(), before);
}

TEST(Interrupt, OnceUndoesAndExitsWith130) {
  const Lab lab("interrupt");
  lab.configure(slow_endpoint(lab, 20));
  Process first(lab.aim_command({"apply", "--yes"}), lab.environment(), lab.directory().string());
  ASSERT_TRUE(first.wait_for_text("endpoint.chat: Waiting", seconds(30)));
  first.signal(SIGINT);
  const Finished ended = first.finish(seconds(60));
  EXPECT_EQ(ended.code, 130) << ended.out << ended.err;
  EXPECT_TRUE(lab.labelled().empty());
  EXPECT_EQ(lab.aim({"plan"}).code, 0);
}

}  // namespace
}  // namespace aim::e2e
