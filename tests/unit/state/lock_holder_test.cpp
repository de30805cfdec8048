#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "state/lock.hpp"
#include "tests/unit/state/fixtures.hpp"

namespace aim::state {

namespace {

LockHolder sample_holder() {
  LockHolder holder;
  holder.user = "root";
  holder.host = "gpu1";
  holder.boot_id = "3f2a7c54";
  holder.pid = 4711;
  holder.process_start = 123456;
  holder.since_unix_ms = 1'767'225'600'000;
  holder.command = "apply";
  holder.nonce = "9f86d081";
  holder.pid_namespace = 4026531836;
  return holder;
}

core::Utc utc(std::int64_t unix_ms) { return core::Utc(std::chrono::milliseconds(unix_ms)); }

std::string described_after(std::chrono::milliseconds held) {
  const LockHolder holder = sample_holder();
  return describe(holder, utc(holder.since_unix_ms) + held);
}

/// A child that waits until it is killed.
class Child {
 public:
  Child() : pid_(::fork()) {
    AIM_CHECK(pid_ >= 0);
    while (pid_ == 0) {
      ::pause();
    }
  }

  ~Child() {
    kill();
    reap();
  }

  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;

  [[nodiscard]] pid_t pid() const { return pid_; }

  /// Dead when it returns, but still in the table of processes until it is reaped.
  void kill() {
    if (pid_ > 0) {
      siginfo_t info{};
      ::kill(pid_, SIGKILL);
      AIM_CHECK(::waitid(P_PID, static_cast<id_t>(pid_), &info, WEXITED | WNOWAIT) == 0);
    }
  }

  void reap() {
    if (pid_ > 0) {
      int status = 0;
      AIM_CHECK(::waitpid(pid_, &status, 0) == pid_);
      pid_ = -1;
    }
  }

 private:
  pid_t pid_;
};

/// This process, but for the pid and the start time, which are those of `child`.
LockHolder holder_of(pid_t child) {
  LockHolder holder = this_process("apply", utc(0));
  holder.pid = child;
  const std::string stat = test::bytes_of("/proc/" + std::to_string(child) + "/stat");
  std::istringstream fields(stat.substr(stat.rfind(')') + 2));
  std::string field;
  for (int number = 3; number <= 22; ++number) {
    fields >> field;
  }
  holder.process_start = std::stoll(field);
  return holder;
}

TEST(LockHolder, SurvivesItsJson) {
  EXPECT_EQ(*holder_from_json(to_json(sample_holder())), sample_holder());
}

TEST(LockHolder, IsNotReadFromAnythingElse) {
  for (const std::string text :
       {"", "{", "[]", "null", "{}", R"({"user":1})", R"({"user":"root","host":"gpu1"})"}) {
    const auto holder = holder_from_json(text);
    ASSERT_FALSE(holder) << text;
    EXPECT_EQ(holder.error().code, core::ErrorCode::Protocol);
  }
}

TEST(LockHolder, DescribesItselfToPeople) {
  using std::chrono::hours;
  using std::chrono::milliseconds;
  using std::chrono::seconds;
  EXPECT_EQ(described_after(seconds(130)), "root@gpu1, pid 4711, aim apply, for 2m10s");
  EXPECT_EQ(described_after(milliseconds(45'999)), "root@gpu1, pid 4711, aim apply, for 45s");
  EXPECT_EQ(described_after(hours(3) + seconds(300)), "root@gpu1, pid 4711, aim apply, for 3h5m");
  EXPECT_EQ(described_after(hours(52)), "root@gpu1, pid 4711, aim apply, for 2d4h");
}

TEST(LockHolder, HeldSinceTheFutureIsHeldForNoTime) {
  EXPECT_EQ(described_after(std::chrono::hours(-1)), "root@gpu1, pid 4711, aim apply, for 0s");
}

TEST(ThisProcess, SaysWhoItIs) {
  const LockHolder holder = this_process("destroy", utc(1'767'225'600'000));
  EXPECT_EQ(holder.pid, ::getpid());
  EXPECT_EQ(holder.command, "destroy");
  EXPECT_EQ(holder.since_unix_ms, 1'767'225'600'000);
  EXPECT_EQ(holder.boot_id.size(), 36U);
  EXPECT_EQ(holder.boot_id + "\n", test::bytes_of("/proc/sys/kernel/random/boot_id"));
  EXPECT_EQ(holder.host + "\n", test::bytes_of("/proc/sys/kernel/hostname"));
  EXPECT_FALSE(holder.user.empty());
  EXPECT_EQ(holder.process_start, holder_of(::getpid()).process_start);
  EXPECT_NE(holder.pid_namespace, 0);
}

TEST(ThisProcess, IsToldFromAnotherHolderInIt) {
  EXPECT_NE(this_process("apply", utc(0)).nonce, this_process("apply", utc(0)).nonce);
}

TEST(Liveness, OfThisProcessIsAlive) {
  EXPECT_EQ(liveness(this_process("apply", utc(0))), Liveness::Alive);
}

TEST(Liveness, EndsWithTheProcess) {
  Child child;
  const LockHolder holder = holder_of(child.pid());
  EXPECT_EQ(liveness(holder), Liveness::Alive);
  child.kill();
  EXPECT_EQ(liveness(holder), Liveness::Dead) << "a zombie holds nothing";
  child.reap();
  EXPECT_EQ(liveness(holder), Liveness::Dead);
}

TEST(Liveness, IsNotThatOfALaterProcessWithTheSamePid) {
  LockHolder holder = this_process("apply", utc(0));
  holder.process_start -= 1;
  EXPECT_EQ(liveness(holder), Liveness::Dead);
}

TEST(Liveness, CannotBeToldFromElsewhere) {
  const LockHolder here = this_process("apply", utc(0));
  LockHolder other_host = here;
  other_host.host += "x";
  EXPECT_EQ(liveness(other_host), Liveness::Elsewhere);
  LockHolder other_boot = here;
  other_boot.boot_id = "00000000-0000-0000-0000-000000000000";
  EXPECT_EQ(liveness(other_boot), Liveness::Elsewhere);
  LockHolder other_namespace = here;
  other_namespace.pid_namespace += 1;
  EXPECT_EQ(liveness(other_namespace), Liveness::Elsewhere);
  LockHolder no_boot = here;
  no_boot.boot_id = "";
  EXPECT_EQ(liveness(no_boot), Liveness::Elsewhere);
}

}  // namespace

}  // namespace aim::state
