#include "state/store.hpp"

#include <signal.h>
#include <sys/resource.h>

#include "tests/unit/state/fixtures.hpp"
#include "tests/unit/state/sample.hpp"

namespace aim::state {

namespace {

namespace fs = std::filesystem;
using test::ScriptedClock;
using test::TemporaryDirectory;

/// A store in a directory of its own.
class Store : public ::testing::Test {
 protected:
  Store() : file_(directory_.path() / ".aim" / "state.db") { reopen(); }

  void reopen() {
    store_.reset();
    store_ = test::open_store(file_, clock_);
  }

  TemporaryDirectory directory_;
  fs::path file_;
  ScriptedClock clock_;
  std::unique_ptr<StateStore> store_;
};

/// Transactions in a WAL file: in its format, the last frame of each tells the size of the
/// database in pages, and the others 0 (sqlite.org/fileformat2.html, 4.1).
std::size_t commits_in(const fs::path& wal) {
  constexpr std::size_t kHeader = 32;
  constexpr std::size_t kFrame = 24 + 4096;
  const std::string bytes = test::bytes_of(wal);
  std::size_t commits = 0;
  for (std::size_t at = kHeader; at + kFrame <= bytes.size(); at += kFrame) {
    commits += bytes.substr(at + 4, 4) == std::string(4, '\0') ? 0U : 1U;
  }
  return commits;
}

core::CommitRecord commit_of(std::vector<core::RecordedResource> upserts) {
  return core::CommitRecord{std::move(upserts), {}, {}, {}};
}

TEST_F(Store, IsEmptyAtFirst) {
  const core::StateSnapshot snapshot = store_->snapshot();
  EXPECT_EQ(snapshot.lineage, "");
  EXPECT_EQ(snapshot.serial, 0);
  EXPECT_TRUE(snapshot.resources.empty());
  EXPECT_TRUE(snapshot.outputs.empty());
  EXPECT_EQ(snapshot.open_run, std::nullopt);
  EXPECT_TRUE(store_->revisions().empty());
}

TEST_F(Store, FirstRunBeginsTheLineage) {
  const core::RunId run = store_->begin_run(test::sample_header());
  store_->finish_run(run, core::RunResult::NothingDone, "");
  core::RunHeader other = test::sample_header();
  other.lineage = "another";
  static_cast<void>(store_->begin_run(other));
  const core::StateSnapshot snapshot = store_->snapshot();
  EXPECT_EQ(snapshot.lineage, "b0c35f1d");
  EXPECT_EQ(snapshot.serial, 0);
  EXPECT_EQ(snapshot.project, "lab");
  EXPECT_EQ(snapshot.workspace, "default");
}

TEST_F(Store, TellsOfTheOpenRun) {
  const core::RunId run = store_->begin_run(test::sample_header());
  const core::StepId made = store_->intent(run, test::sample_intent("a"));
  store_->outcome(made, core::StepOutcome{true, "4be1", ""});
  static_cast<void>(store_->intent(run, test::sample_intent("b")));
  store_->enter_phase(run, core::Phase::Readiness);
  const core::OpenRun expected{
      run, "readiness", "apply", "root@gpu1", 4711, clock_.utc_now(), 2, 1};
  EXPECT_EQ(store_->snapshot().open_run, expected);
}

TEST_F(Store, HasNoOpenRunOnceItIsFinished) {
  const core::RunId run = store_->begin_run(test::sample_header());
  static_cast<void>(store_->intent(run, test::sample_intent("a")));
  store_->finish_run(run, core::RunResult::RollbackFailed, "no such container");
  EXPECT_EQ(store_->snapshot().open_run, std::nullopt);
  EXPECT_EQ(store_->begin_run(test::sample_header()).value, run.value + 1);
}

TEST_F(Store, KeepsTheOpenRunOfAWriterThatWentAway) {
  const core::RunId run = store_->begin_run(test::sample_header());
  static_cast<void>(store_->intent(run, test::sample_intent("a")));
  const auto before = store_->snapshot().open_run;
  reopen();
  EXPECT_EQ(store_->snapshot().open_run, before);
  EXPECT_EQ(store_->steps(run).size(), 1U);
}

TEST_F(Store, KeepsWhatAKilledWriterHadWritten) {
  store_.reset();
  test::in_killed_child([&] {
    const auto store = test::open_store(file_, clock_);
    const core::RunId run = store->begin_run(test::sample_header());
    const core::StepId step = store->intent(run, test::sample_intent("a"));
    store->outcome(step, core::StepOutcome{true, "4be1", ""});
    static_cast<void>(store->intent(run, test::sample_intent("b")));
    ::raise(SIGKILL);
  });
  reopen();
  const auto open_run = store_->snapshot().open_run;
  ASSERT_TRUE(open_run);
  EXPECT_EQ(open_run->steps, 2U);
  EXPECT_EQ(open_run->unsettled, 1U);
  EXPECT_EQ(store_->steps(open_run->id).at(1).intent.object_name, "b");
}

TEST_F(Store, JournalKeepsCallsAndOutcomesInOrder) {
  const core::RunId run = store_->begin_run(test::sample_header());
  core::StepIntent no_way_back = test::sample_intent("c");
  no_way_back.phase = core::Phase::Commit;
  no_way_back.inverse.reset();
  const core::StepId a = store_->intent(run, test::sample_intent("a"));
  const core::StepId b = store_->intent(run, test::sample_intent("b"));
  const core::StepId c = store_->intent(run, no_way_back);
  store_->outcome(c, core::StepOutcome{true, "4be1", ""});
  store_->outcome(a, core::StepOutcome{false, "", "driver failed"});
  reopen();
  const std::vector<JournalStep> steps = store_->steps(run);
  ASSERT_EQ(steps.size(), 3U);
  EXPECT_LT(a, b);
  EXPECT_LT(b, c);
  EXPECT_EQ(steps[0].id, a);
  EXPECT_EQ(steps[0].intent.address, test::sample_intent("a").address);
  EXPECT_EQ(steps[0].intent.phase, core::Phase::Switch);
  EXPECT_EQ(steps[0].intent.call, test::sample_intent("a").call);
  EXPECT_EQ(steps[0].intent.inverse, test::sample_intent("a").inverse);
  EXPECT_EQ(steps[0].intent.object_name, "a");
  ASSERT_TRUE(steps[0].outcome);
  EXPECT_FALSE(steps[0].outcome->ok);
  EXPECT_EQ(steps[0].outcome->error, "driver failed");
  EXPECT_FALSE(steps[1].outcome);
  EXPECT_EQ(steps[2].intent.phase, core::Phase::Commit);
  EXPECT_EQ(steps[2].intent.inverse, std::nullopt);
  ASSERT_TRUE(steps[2].outcome);
  EXPECT_TRUE(steps[2].outcome->ok);
  EXPECT_EQ(steps[2].outcome->id, "4be1");
}

TEST_F(Store, EachJournalCallIsOneCommit) {
  const fs::path wal = file_.string() + "-wal";
  std::size_t before = commits_in(wal);
  const auto expect_one = [&](const char* what) {
    const std::size_t now = commits_in(wal);
    EXPECT_EQ(now, before + 1) << what;
    before = now;
  };
  const core::RunId run = store_->begin_run(test::sample_header());
  expect_one("begin_run");
  const core::StepId step = store_->intent(run, test::sample_intent("a"));
  expect_one("intent");
  store_->outcome(step, core::StepOutcome{true, "4be1", ""});
  expect_one("outcome");
  store_->enter_phase(run, core::Phase::Readiness);
  expect_one("enter_phase");
  static_cast<void>(store_->commit(
      run,
      core::CommitRecord{
          {test::sample_resource()}, {}, test::sample_outputs(), {test::sample_intent("b")}}));
  expect_one("commit");
  store_->finish_run(run, core::RunResult::CommitFailed, "");
  expect_one("finish_run");
}

TEST_F(Store, CommitRecordsEverything) {
  const core::RunId run = store_->begin_run(test::sample_header());
  const auto remaining = store_->commit(
      run,
      core::CommitRecord{{test::sample_resource(), test::sample_dependent()},
                         {},
                         test::sample_outputs(),
                         {test::sample_intent("first"), test::sample_intent("second")}});
  reopen();
  const core::StateSnapshot snapshot = store_->snapshot();
  EXPECT_EQ(snapshot.serial, 1);
  EXPECT_EQ(snapshot.resources,
            (std::map<core::Address, core::RecordedResource>{
                {test::sample_resource().address, test::sample_resource()},
                {test::sample_dependent().address, test::sample_dependent()}}));
  EXPECT_EQ(snapshot.outputs, test::sample_outputs());
  ASSERT_TRUE(snapshot.open_run);
  EXPECT_EQ(snapshot.open_run->phase, "commit");
  EXPECT_EQ(snapshot.open_run->unsettled, 2U);
  const std::vector<JournalStep> steps = store_->steps(run);
  ASSERT_EQ(steps.size(), 2U);
  EXPECT_EQ((std::vector{steps[0].id, steps[1].id}), remaining);
  EXPECT_EQ(steps[0].intent.object_name, "first");
  EXPECT_EQ(steps[1].intent.object_name, "second");
}

TEST_F(Store, CommitReplacesAndRemoves) {
  const core::RunId first = store_->begin_run(test::sample_header());
  static_cast<void>(store_->commit(
      first,
      core::CommitRecord{
          {test::sample_resource(), test::sample_dependent()}, {}, test::sample_outputs(), {}}));
  store_->finish_run(first, core::RunResult::Applied, "");
  core::RecordedResource changed = test::sample_dependent();
  changed.generation = 2;
  changed.docker_id = "88bb";
  const core::RunId second = store_->begin_run(test::sample_header());
  static_cast<void>(
      store_->commit(second,
                     core::CommitRecord{{changed},
                                        {test::sample_resource().address},
                                        {{"other", core::RecordedOutput{core::Value(1), false}}},
                                        {}}));
  const core::StateSnapshot snapshot = store_->snapshot();
  EXPECT_EQ(snapshot.serial, 2);
  EXPECT_EQ(snapshot.resources,
            (std::map<core::Address, core::RecordedResource>{{changed.address, changed}}));
  EXPECT_EQ(snapshot.outputs,
            (std::map<std::string, core::RecordedOutput>{
                {"other", core::RecordedOutput{core::Value(1), false}}}));
}

TEST_F(Store, ListsRevisionsNewestFirst) {
  for (const char* operation : {"apply", "destroy"}) {
    core::RunHeader header = test::sample_header();
    header.operation = operation;
    const core::RunId run = store_->begin_run(header);
    static_cast<void>(store_->commit(run, commit_of({})));
    store_->finish_run(run, core::RunResult::Applied, "");
  }
  const std::vector<Revision> revisions = store_->revisions();
  ASSERT_EQ(revisions.size(), 2U);
  EXPECT_EQ(revisions[0].serial, 2);
  EXPECT_EQ(revisions[0].operation, "destroy");
  EXPECT_EQ(revisions[0].run, core::RunId{2});
  EXPECT_EQ(revisions[1].serial, 1);
  EXPECT_EQ(revisions[1].operation, "apply");
  EXPECT_EQ(revisions[1].who, "root@gpu1");
  EXPECT_EQ(revisions[1].git_commit, test::sample_header().git_commit);
  EXPECT_EQ(revisions[1].committed, clock_.utc_now());
}

TEST_F(Store, CommitThatCannotBeWrittenChangesNothing) {
  const core::RunId run = store_->begin_run(test::sample_header());
  static_cast<void>(store_->commit(run, commit_of({test::sample_resource()})));
  store_.reset();
  // The child may not make any file longer than this, as if the disk were full.
  constexpr rlim_t kLimitBytes = 256 * 1024;
  ASSERT_LT(fs::file_size(file_), kLimitBytes);
  test::in_killed_child([&] {
    ::signal(SIGXFSZ, SIG_IGN);
    const rlimit limit{kLimitBytes, kLimitBytes};
    AIM_CHECK(::setrlimit(RLIMIT_FSIZE, &limit) == 0);
    const auto store = test::open_store(file_, clock_);
    core::RecordedResource large = test::sample_dependent();
    large.attributes["text"] = std::string(4 * kLimitBytes, 'x');
    const std::string message = test::broken_world([&] {
      static_cast<void>(store->commit(
          run, core::CommitRecord{{large}, {test::sample_resource().address}, {}, {}}));
    });
    AIM_CHECK(message ==
              "the state file " + file_.string() + " cannot be read or written (disk I/O error)");
    AIM_CHECK(store->snapshot().serial == 1);
    ::raise(SIGKILL);
  });
  reopen();
  const core::StateSnapshot snapshot = store_->snapshot();
  EXPECT_EQ(snapshot.serial, 1);
  EXPECT_EQ(snapshot.resources.size(), 1U);
  EXPECT_TRUE(snapshot.resources.contains(test::sample_resource().address));
}

TEST_F(Store, OnlyOneRunIsOpenAtATime) {
  static_cast<void>(store_->begin_run(test::sample_header()));
  EXPECT_DEATH(static_cast<void>(store_->begin_run(test::sample_header())), "internal error");
}

TEST_F(Store, AStepHasOneOutcome) {
  const core::RunId run = store_->begin_run(test::sample_header());
  const core::StepId step = store_->intent(run, test::sample_intent("a"));
  store_->outcome(step, core::StepOutcome{true, "", ""});
  EXPECT_DEATH(store_->outcome(step, core::StepOutcome{false, "", ""}), "internal error");
}

}  // namespace

}  // namespace aim::state
