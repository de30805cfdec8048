#include "state/lock.hpp"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <optional>

#include "tests/unit/state/fixtures.hpp"

namespace aim::state {

namespace {

namespace fs = std::filesystem;
using std::chrono::milliseconds;
using test::ScriptedClock;
using test::TemporaryDirectory;

class Lock : public ::testing::Test {
 protected:
  Lock() : file_(directory_.path() / ".aim" / "state.lock") {}

  core::Result<FileLock> acquire(milliseconds timeout = milliseconds(0)) {
    return FileLock::acquire(
        file_,
        this_process("apply", clock_.utc_now()),
        clock_,
        timeout,
        [this](const std::string& who) { waited_for_.push_back(who); },
        stop_.get_token());
  }

  TemporaryDirectory directory_;
  fs::path file_;
  ScriptedClock clock_;
  std::stop_source stop_;
  std::vector<std::string> waited_for_;
};

/// A process that does something, says so, and lives until it is killed.
class OtherProcess {
 public:
  explicit OtherProcess(const std::function<bool()>& work) {
    std::array<int, 2> ends{};
    AIM_CHECK(::pipe(ends.data()) == 0);
    pid_ = ::fork();
    AIM_CHECK(pid_ >= 0);
    if (pid_ == 0) {
      const char answer = work() ? 'y' : 'n';
      AIM_CHECK(::write(ends[1], &answer, 1) == 1);
      while (true) {
        ::pause();
      }
    }
    ::close(ends[1]);
    char answer = '?';
    AIM_CHECK(::read(ends[0], &answer, 1) == 1);
    ::close(ends[0]);
    worked_ = answer == 'y';
  }

  ~OtherProcess() { kill(); }

  OtherProcess(const OtherProcess&) = delete;
  OtherProcess& operator=(const OtherProcess&) = delete;

  [[nodiscard]] pid_t pid() const { return pid_; }

  [[nodiscard]] bool worked() const { return worked_; }

  void kill() {
    if (pid_ > 0) {
      int status = 0;
      ::kill(pid_, SIGKILL);
      AIM_CHECK(::waitpid(pid_, &status, 0) == pid_);
      pid_ = -1;
    }
  }

 private:
  pid_t pid_ = -1;
  bool worked_ = false;
};

TEST_F(Lock, NamesItsHolderInAPrivateFile) {
  const auto lock = acquire();
  ASSERT_TRUE(lock);
  EXPECT_EQ(test::mode_of(file_), 0600U);
  EXPECT_EQ(test::mode_of(file_.parent_path()), 0700U);
  const auto holder = holder_from_json(test::bytes_of(file_));
  ASSERT_TRUE(holder);
  EXPECT_EQ(holder->pid, ::getpid());
}

TEST_F(Lock, NamesNobodyAfterItsRelease) {
  { const auto lock = acquire(); }
  EXPECT_EQ(test::bytes_of(file_), "");
}

TEST_F(Lock, OverwritesALongerText) {
  fs::create_directory(file_.parent_path());
  test::write_bytes(file_, std::string(3000, 'x'));
  const auto lock = acquire();
  ASSERT_TRUE(lock);
  EXPECT_TRUE(holder_from_json(test::bytes_of(file_)));
}

TEST_F(Lock, IsRefusedWhileAnotherProcessHoldsIt) {
  std::optional<core::Result<FileLock>> theirs;
  OtherProcess other([&] { return bool(theirs.emplace(acquire())); });
  ASSERT_TRUE(other.worked());
  const auto lock = acquire();
  ASSERT_FALSE(lock);
  const LockHolder here = this_process("apply", clock_.utc_now());
  EXPECT_EQ(lock.error().code, core::ErrorCode::Locked);
  EXPECT_EQ(lock.error().message,
            "the state is locked by " + here.user + "@" + here.host + ", pid " +
                std::to_string(other.pid()) + ", aim apply, for 0s");
  EXPECT_TRUE(waited_for_.empty());
}

TEST_F(Lock, IsFreeOnceItsHolderWasKilled) {
  std::optional<core::Result<FileLock>> theirs;
  OtherProcess other([&] { return bool(theirs.emplace(acquire())); });
  ASSERT_TRUE(other.worked());
  other.kill();
  EXPECT_TRUE(acquire());
}

TEST_F(Lock, WaitsForItsHolderAndSaysSoOnce) {
  std::optional<core::Result<FileLock>> theirs;
  OtherProcess other([&] { return bool(theirs.emplace(acquire())); });
  ASSERT_TRUE(other.worked());
  int waits = 0;
  clock_.on_wait = [&] {
    ++waits;
    if (waits == 3) {
      other.kill();
    }
  };
  const std::string pid = std::to_string(other.pid());
  const auto lock = acquire(std::chrono::minutes(10));
  ASSERT_TRUE(lock);
  EXPECT_EQ(waits, 3);
  ASSERT_EQ(waited_for_.size(), 1U);
  EXPECT_NE(waited_for_[0].find("pid " + pid + ", aim apply, for 0s"), std::string::npos);
}

TEST_F(Lock, GivesUpAfterTheTimeout) {
  const auto mine = acquire();
  const core::Steady begin = clock_.steady_now();
  const auto lock = acquire(milliseconds(1250));
  ASSERT_FALSE(lock);
  EXPECT_EQ(lock.error().code, core::ErrorCode::Locked);
  EXPECT_EQ(clock_.steady_now() - begin, milliseconds(1250));
}

TEST_F(Lock, StopsWaitingWhenAsked) {
  const auto mine = acquire();
  clock_.on_wait = [&] { stop_.request_stop(); };
  const auto lock = acquire(std::chrono::minutes(10));
  ASSERT_FALSE(lock);
  EXPECT_EQ(lock.error().code, core::ErrorCode::Cancelled);
}

TEST_F(Lock, IsHeldBySomebodyIfItsFileDoesNotSayWho) {
  const auto mine = acquire();
  for (const std::string text : {"", "garbage", R"({"pid":)", R"({"pid":17})"}) {
    test::write_bytes(file_, text);
    const auto lock = acquire();
    ASSERT_FALSE(lock);
    EXPECT_EQ(lock.error().message,
              "the state is locked by somebody (the lock file does not say who)");
  }
}

TEST_F(Lock, IsNotBlamedOnADeadHolder) {
  const auto mine = acquire();
  LockHolder dead = this_process("apply", clock_.utc_now());
  dead.process_start -= 1;
  test::write_bytes(file_, to_json(dead));
  const auto lock = acquire();
  ASSERT_FALSE(lock);
  EXPECT_EQ(lock.error().message,
            "the state is locked by somebody (the lock file does not say who)");
}

TEST_F(Lock, IsOfTheFileThatHasTheNameNow) {
  std::optional<core::Result<FileLock>> first;
  first.emplace(acquire());
  clock_.on_wait = [&] {
    fs::remove(file_);
    first.reset();
  };
  const auto second = acquire(std::chrono::minutes(10));
  ASSERT_TRUE(second);
  clock_.on_wait = nullptr;
  EXPECT_FALSE(acquire()) << "the lock was taken on a file that is gone";
}

TEST_F(Lock, MovesWithItsObject) {
  auto first = acquire();
  ASSERT_TRUE(first);
  {
    const FileLock moved = std::move(*first);
    EXPECT_FALSE(acquire());
  }
  EXPECT_TRUE(acquire());
}

TEST_F(Lock, IsNotInheritedByProgramsThatAreStarted) {
  std::optional<core::Result<FileLock>> mine;
  mine.emplace(acquire());
  std::array<int, 2> to_cat{};
  std::array<int, 2> from_cat{};
  ASSERT_EQ(::pipe(to_cat.data()), 0);
  ASSERT_EQ(::pipe(from_cat.data()), 0);
  const pid_t cat = ::fork();
  ASSERT_GE(cat, 0);
  if (cat == 0) {
    ::dup2(to_cat[0], STDIN_FILENO);
    ::dup2(from_cat[1], STDOUT_FILENO);
    ::close(to_cat[1]);
    ::execlp("cat", "cat", nullptr);
    ::_exit(127);
  }
  char byte = 'x';
  ASSERT_EQ(::write(to_cat[1], &byte, 1), 1);
  ASSERT_EQ(::read(from_cat[0], &byte, 1), 1) << "cat does not run";
  mine.reset();
  EXPECT_TRUE(acquire());
  for (const int end : {to_cat[0], to_cat[1], from_cat[0], from_cat[1]}) {
    ::close(end);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(cat, &status, 0), cat);
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

TEST_F(Lock, SaysWhyItsFileCannotBeMade) {
  test::write_bytes(directory_.path() / "file", "");
  file_ = directory_.path() / "file" / "state.lock";
  const auto lock = acquire();
  ASSERT_FALSE(lock);
  EXPECT_EQ(lock.error().code, core::ErrorCode::Failed);
  EXPECT_EQ(core::to_string(lock.error()),
            "cannot create " + file_.string() + ": Not a directory, while locking the state");
}

}  // namespace

}  // namespace aim::state
