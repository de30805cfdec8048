#include "providers/host/program.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <thread>

namespace aim::providers {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

core::Result<ProgramOutput> shell(const std::string& script, ProgramLimits limits = {}) {
  return run_program("/bin/sh", {"-c", script}, limits, {});
}

/// Whether a process ends soon; one that nobody has waited for yet counts as ended.
bool is_gone(const std::string& pid) {
  const auto until = steady_clock::now() + std::chrono::seconds(10);
  while (steady_clock::now() < until) {
    std::string line;
    std::ifstream stat("/proc/" + pid + "/stat");
    if (!std::getline(stat, line) || line.find(") Z ") != std::string::npos) {
      return true;
    }
    std::this_thread::sleep_for(milliseconds(10));
  }
  return false;
}

}  // namespace

TEST(RunProgram, ReturnsBothOutputsAndTheExitCode) {
  const auto output = shell("echo out; echo err >&2; exit 3");
  ASSERT_TRUE(output);
  EXPECT_EQ(output->exit_code, 3);
  EXPECT_EQ(output->out, "out\n");
  EXPECT_EQ(output->err, "err\n");
}

TEST(RunProgram, HandsOverNothingOfOurs) {
  ::setenv("AIM_TEST_SECRET", "hidden", 1);
  const auto output = shell("env | cut -d= -f1 | sort | tr '\\n' ' '; cat");
  ::unsetenv("AIM_TEST_SECRET");
  ASSERT_TRUE(output);
  EXPECT_EQ(output->out, "HOME LC_ALL PATH PWD ");
}

TEST(RunProgram, KillsWhatTakesTooLongWithAllItStarted) {
  const std::string file = "/tmp/aim-program-" + std::to_string(::getpid());
  const auto begin = steady_clock::now();
  const auto output = shell("sleep 60 & echo $! > " + file + "; wait", {milliseconds(1000)});
  ASSERT_FALSE(output);
  EXPECT_EQ(output.error().code, core::ErrorCode::Timeout);
  EXPECT_EQ(output.error().message, "/bin/sh did not end within 1 s");
  EXPECT_LT(steady_clock::now() - begin, std::chrono::seconds(20));
  std::string child;
  std::ifstream(file) >> child;
  ASSERT_NE(child, "");
  EXPECT_TRUE(is_gone(child));
  std::remove(file.c_str());
}

TEST(RunProgram, DoesNotWaitForWhatAProgramLeftBehind) {
  const auto begin = steady_clock::now();
  const auto output = shell("sleep 30 & echo done");
  ASSERT_TRUE(output);
  EXPECT_EQ(output->out, "done\n");
  EXPECT_LT(steady_clock::now() - begin, std::chrono::seconds(10));
}

TEST(RunProgram, EndsWhatSaysTooMuch) {
  ProgramLimits limits;
  limits.output_bytes = 100'000;
  const auto output = shell("yes", limits);
  ASSERT_FALSE(output);
  EXPECT_EQ(output.error().message, "/bin/sh said more than 100000 bytes");
}

TEST(RunProgram, TakesALotThatIsWithinTheLimit) {
  const auto output = shell("head -c 3000000 /dev/zero");
  ASSERT_TRUE(output);
  EXPECT_EQ(output->out.size(), 3'000'000U);
}

TEST(RunProgram, StopsWhenAsked) {
  std::stop_source source;
  std::jthread stopper([&] { source.request_stop(); });
  const auto output = run_program("/bin/sleep", {"60"}, {}, source.get_token());
  ASSERT_FALSE(output);
  EXPECT_EQ(output.error().code, core::ErrorCode::Cancelled);
}

TEST(RunProgram, TellsHowItEnded) {
  const auto killed = shell("kill -SEGV $$");
  ASSERT_FALSE(killed);
  EXPECT_EQ(killed.error().message, "/bin/sh was ended by signal 11");
  const auto missing = run_program("/no/such/program", {}, {}, {});
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().code, core::ErrorCode::NotFound);
}

TEST(FindProgram, TakesTheFirstThatCanBeRun) {
  EXPECT_EQ(find_program({"/no/such", "/etc/passwd", "/bin", "/bin/sh", "/bin/cat"}), "/bin/sh");
  EXPECT_FALSE(find_program({"/no/such"}));
}

}  // namespace aim::providers
