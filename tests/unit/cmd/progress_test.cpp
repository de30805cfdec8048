#include <condition_variable>
#include <mutex>
#include <sstream>

#include "cmd/view/live_progress.hpp"
#include "tests/support/fake_clock.hpp"

namespace aim::view {
namespace {

using core::Activity;
using std::chrono::milliseconds;
using std::chrono::seconds;

const std::string kId(64, 'a');

class PlainProgressTest : public testing::Test {
 protected:
  std::string take() {
    std::string text = out_.str();
    out_.str("");
    return text;
  }

  std::ostringstream out_;
  support::FakeClock clock_;
  Screen screen_{out_, {}, [] { return kColumns; }};
  PlainProgress progress_{screen_, clock_};
};

TEST_F(PlainProgressTest, TellsBeginningAndEnd) {
  progress_.on(core::ActivityStarted{"endpoint.qwen", Activity::Creating});
  progress_.on(core::ActivityFinished{"endpoint.qwen", Activity::Creating, seconds(3), kId});
  EXPECT_EQ(take(),
            "endpoint.qwen: Creating...\n"
            "endpoint.qwen: Creation complete after 3s [id=aaaaaaaaaaaa]\n");
}

TEST_F(PlainProgressTest, TellsEveryTenSecondsWhatGoesOn) {
  progress_.on(core::ActivityStarted{"endpoint.qwen", Activity::Waiting});
  take();
  clock_.advance(seconds(9));
  progress_.tick();
  EXPECT_EQ(take(), "");
  progress_.on(core::ActivityProgress{"endpoint.qwen", Activity::Waiting, "load 45%", {}});
  clock_.advance(seconds(1));
  progress_.tick();
  progress_.tick();
  EXPECT_EQ(take(), "endpoint.qwen: Still waiting... [10s elapsed, load 45%]\n");
  clock_.advance(seconds(10));
  progress_.tick();
  EXPECT_EQ(take(), "endpoint.qwen: Still waiting... [20s elapsed, load 45%]\n");
}

TEST_F(PlainProgressTest, TellsBytesAndRateOfAPull) {
  progress_.on(core::ActivityStarted{"vllm:v1", Activity::Pulling});
  const auto pulled = [&](std::uint64_t bytes) {
    progress_.on(core::ActivityProgress{
        "vllm:v1", Activity::Pulling, "", core::PullProgress{bytes, 8ULL << 30U, "Downloading"}});
  };
  take();
  clock_.advance(seconds(6));
  pulled(0);
  clock_.advance(seconds(4));
  pulled(400ULL << 20U);
  progress_.tick();
  EXPECT_EQ(take(), "vllm:v1: Still pulling... [10s elapsed, 400.0 MiB of 8.0 GiB, 100.0 MiB/s]\n");
}

TEST_F(PlainProgressTest, NothingIsToldAfterTheEnd) {
  progress_.on(core::ActivityStarted{"endpoint.qwen", Activity::Starting});
  progress_.on(core::ActivityFailed{
      "endpoint.qwen",
      Activity::Starting,
      milliseconds(1500),
      core::make_error(core::ErrorCode::Conflict, "port 8000 is \x1b[31mtaken")});
  take();
  clock_.advance(seconds(60));
  progress_.tick();
  EXPECT_EQ(take(), "");
}

TEST_F(PlainProgressTest, TellsFailuresUndoAndWarningsEscaped) {
  progress_.on(core::ActivityFailed{"endpoint.qwen",
                                    Activity::Waiting,
                                    seconds(12),
                                    core::make_error(core::ErrorCode::Failed, "it \x1b[2J ended")});
  progress_.on(core::UndoStarted{"endpoint.qwen did not become ready"});
  progress_.on(core::Warned{"endpoint.qwen", "odd\nanswer"});
  EXPECT_EQ(take(),
            "endpoint.qwen: Readiness check failed after 12s: it \\x1b[2J ended\n"
            "Undoing: endpoint.qwen did not become ready\n"
            "endpoint.qwen: Warning: odd\\nanswer\n");
}

TEST_F(PlainProgressTest, ProgressOfSomethingUnknownBeginsIt) {
  progress_.on(core::ActivityProgress{"vllm:v1", Activity::Pulling, "", {}});
  EXPECT_EQ(take(), "vllm:v1: Pulling...\n");
}

class LiveProgressTest : public testing::Test {
 protected:
  std::string take() {
    std::string text = out_.str();
    out_.str("");
    return text;
  }

  std::ostringstream out_;
  support::FakeClock clock_;
  Screen screen_{out_, {true, Colour::On, Redraw::On, kColumns}, [] { return kColumns; }};
  LiveProgress progress_{screen_, clock_};
};

TEST_F(LiveProgressTest, OneLiveLineForEachActivity) {
  progress_.on(core::ActivityStarted{"endpoint.a", Activity::Waiting});
  progress_.on(core::ActivityStarted{"endpoint.b", Activity::Starting});
  take();
  clock_.advance(seconds(61));
  progress_.on(core::ActivityProgress{"endpoint.a", Activity::Waiting, "load 45%", {}});
  EXPECT_EQ(take(), "");
  progress_.tick();
  EXPECT_EQ(take(),
            "\r\x1b[2A\x1b[J"
            "/ endpoint.a: Waiting until it answers... [1m1s, load 45%]\n"
            "/ endpoint.b: Starting... [1m1s]\n");
}

TEST_F(LiveProgressTest, FoldsToOneLineWhenDone) {
  progress_.on(core::ActivityStarted{"endpoint.a", Activity::Creating});
  take();
  progress_.on(core::ActivityFinished{"endpoint.a", Activity::Creating, seconds(2), ""});
  EXPECT_EQ(take(), "\r\x1b[1A\x1b[Jendpoint.a: Creation complete after 2s\n");
}

TEST_F(LiveProgressTest, NeverFillsTheTerminal) {
  for (int i = 0; i < 12; ++i) {
    progress_.on(core::ActivityStarted{"endpoint.e" + std::to_string(i), Activity::Creating});
  }
  take();
  progress_.tick();
  const std::string text = take();
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 9);
  EXPECT_NE(text.find("\n  and 4 more\n"), std::string::npos);
}

TEST(Ticker, TicksUntilItIsDestroyed) {
  support::FakeClock clock;
  std::mutex mutex;
  std::condition_variable ticked;
  int ticks = 0;
  {
    const Ticker ticker(clock, milliseconds(200), [&] {
      const std::lock_guard lock(mutex);
      ++ticks;
      ticked.notify_all();
    });
    std::unique_lock lock(mutex);
    ticked.wait(lock, [&] { return ticks >= 3; });
  }
  const int at_end = ticks;
  EXPECT_GE(at_end, 3);
  EXPECT_GE(clock.steady_now(), support::FakeClock().steady_now() + 3 * milliseconds(200));
}

}  // namespace
}  // namespace aim::view
