#include "state/read_only.hpp"

#include <signal.h>
#include <unistd.h>

#include "tests/unit/state/fixtures.hpp"
#include "tests/unit/state/sample.hpp"

namespace aim::state {

namespace {

namespace fs = std::filesystem;
using test::ScriptedClock;
using test::TemporaryDirectory;

/// A directory `state` with a complete state.db, closed by its writer, which anybody may read.
fs::path closed_store(const TemporaryDirectory& directory) {
  const fs::path file = directory.path() / "state" / "state.db";
  ScriptedClock clock;
  test::fill(*test::open_store(file, clock));
  fs::permissions(file.parent_path(), fs::perms(0755));
  fs::permissions(file, fs::perms(0644));
  return file;
}

/// The same, left behind by a writer that was killed; everything stands in the WAL.
fs::path store_of_killed_writer(const TemporaryDirectory& directory) {
  const fs::path file = directory.path() / "state" / "state.db";
  test::in_killed_child([&] {
    ScriptedClock clock;
    const auto store = test::open_store(file, clock);
    test::fill(*store);
    ::raise(SIGKILL);
  });
  AIM_CHECK(fs::file_size(file.string() + "-wal") > 0);
  fs::permissions(file.parent_path(), fs::perms(0755));
  for (const char* ending : {"", "-wal", "-shm"}) {
    fs::permissions(file.string() + ending, fs::perms(0644));
  }
  return file;
}

int expect_sample_as_nobody(const fs::path& file) {
  const auto before = test::contents(file.parent_path());
  const int code = test::as_nobody([&] {
    if (::access(file.parent_path().c_str(), W_OK) == 0) {
      return test::fail_in_child("the directory can be written");
    }
    const core::StateSnapshot snapshot = test::read_store(file);
    return snapshot.serial == 1 && snapshot.resources.size() == 2 && snapshot.open_run
               ? 0
               : test::fail_in_child("the snapshot lacks something");
  });
  EXPECT_EQ(test::contents(file.parent_path()), before);
  return code;
}

TEST(ReadState, GivesAnEmptySnapshotWhereThereIsNone) {
  const TemporaryDirectory directory;
  const auto snapshot = StateStore::read(directory.path() / "none" / "state.db");
  ASSERT_TRUE(snapshot);
  EXPECT_EQ(snapshot->lineage, "");
  EXPECT_EQ(snapshot->serial, 0);
  EXPECT_TRUE(snapshot->resources.empty());
  EXPECT_TRUE(fs::is_empty(directory.path()));
}

TEST(ReadState, GivesAnEmptySnapshotOfAFileThatWasOnlyCreated) {
  const TemporaryDirectory directory;
  test::write_bytes(directory.path() / "state.db", "");
  const auto snapshot = StateStore::read(directory.path() / "state.db");
  ASSERT_TRUE(snapshot);
  EXPECT_EQ(snapshot->lineage, "");
}

TEST(ReadState, LeavesEveryFileAsItIs) {
  const TemporaryDirectory directory;
  const fs::path file = closed_store(directory);
  const auto before = test::contents(file.parent_path());
  EXPECT_EQ(test::read_store(file).serial, 1);
  EXPECT_EQ(test::contents(file.parent_path()), before);
}

TEST(ReadState, SeesTheLastCommitOfALivingWriter) {
  const TemporaryDirectory directory;
  const fs::path file = directory.path() / "state.db";
  ScriptedClock clock;
  const auto store = test::open_store(file, clock);
  EXPECT_EQ(test::read_store(file).open_run, std::nullopt);
  const core::RunId run = store->begin_run(test::sample_header());
  ASSERT_TRUE(test::read_store(file).open_run);
  static_cast<void>(store->intent(run, test::sample_intent("lab-qwen")));
  EXPECT_EQ(test::read_store(file).open_run->steps, 1U);
  store->finish_run(run, core::RunResult::NothingDone, "");
  EXPECT_EQ(test::read_store(file).open_run, std::nullopt);
}

TEST(ReadState, SeesNothingOfAnOpenTransaction) {
  const TemporaryDirectory directory;
  const fs::path file = directory.path() / "state.db";
  ScriptedClock clock;
  const auto store = test::open_store(file, clock);
  static_cast<void>(store->begin_run(test::sample_header()));
  Connection other = test::open_database(file);
  const Transaction transaction = other.begin(Transaction::Kind::Write);
  other.execute("UPDATE meta SET serial = 7");
  EXPECT_EQ(test::read_store(file).serial, 0);
}

TEST(ReadState, SeesWhatAKilledWriterLeftWithoutWriting) {
  const TemporaryDirectory directory;
  const fs::path file = store_of_killed_writer(directory);
  const auto before = test::contents(file.parent_path());
  const core::StateSnapshot snapshot = test::read_store(file);
  EXPECT_EQ(snapshot.serial, 1);
  EXPECT_EQ(snapshot.resources.size(), 2U);
  EXPECT_TRUE(snapshot.open_run);
  EXPECT_EQ(test::contents(file.parent_path()), before);
}

TEST(ReadState, WorksInAReadOnlyDirectory) {
  const TemporaryDirectory directory;
  const fs::path file = closed_store(directory);
  fs::permissions(file, fs::perms(0444));
  fs::permissions(file.parent_path(), fs::perms(0555));
  EXPECT_EQ(expect_sample_as_nobody(file), 0);
}

TEST(ReadState, SeesTheWalInAReadOnlyDirectory) {
  const TemporaryDirectory directory;
  const fs::path file = store_of_killed_writer(directory);
  fs::permissions(file.parent_path(), fs::perms(0555));
  EXPECT_EQ(expect_sample_as_nobody(file), 0);
}

TEST(ReadState, MakesTheIndexOfAWalThatWasCopiedWithoutIt) {
  const TemporaryDirectory directory;
  const fs::path file = store_of_killed_writer(directory);
  fs::remove(file.string() + "-shm");
  EXPECT_EQ(test::read_store(file).serial, 1);
}

TEST(ReadState, RefusesToIgnoreAWalThatItCannotRead) {
  const TemporaryDirectory directory;
  const fs::path file = store_of_killed_writer(directory);
  fs::remove(file.string() + "-shm");
  fs::permissions(file.parent_path(), fs::perms(0555));
  const std::string expected = "the latest changes of the state file " + file.string() +
                               " stand in " + file.string() +
                               "-wal, which cannot be read here: its directory would have to be "
                               "writable";
  EXPECT_EQ(test::as_nobody([&] {
              const auto snapshot = StateStore::read(file);
              if (snapshot) {
                return test::fail_in_child("a state of the past was read");
              }
              return snapshot.error().code == core::ErrorCode::Failed &&
                             snapshot.error().message == expected
                         ? 0
                         : test::fail_in_child(snapshot.error().message);
            }),
            0);
}

TEST(ReadState, SaysWhenTheFileMayNotBeRead) {
  const TemporaryDirectory directory;
  const fs::path file = closed_store(directory);
  fs::permissions(file, fs::perms(0));
  const std::string expected =
      "the state file " + file.string() + " cannot be opened: Permission denied";
  EXPECT_EQ(test::as_nobody([&] {
              const auto snapshot = StateStore::read(file);
              return !snapshot && snapshot.error().message == expected
                         ? 0
                         : test::fail_in_child(snapshot ? "read" : snapshot.error().message);
            }),
            0);
}

TEST(ReadState, SaysWhenTheFileIsADirectory) {
  const TemporaryDirectory directory;
  const auto snapshot = StateStore::read(directory.path());
  ASSERT_FALSE(snapshot);
  EXPECT_EQ(snapshot.error().message,
            "the state file " + directory.path().string() + " cannot be read: Is a directory");
}

TEST(ReadState, RefusesANewerSchema) {
  const TemporaryDirectory directory;
  const fs::path file = closed_store(directory);
  test::open_database(file).execute("PRAGMA user_version = 99");
  const auto snapshot = StateStore::read(file);
  ASSERT_FALSE(snapshot);
  EXPECT_EQ(snapshot.error().code, core::ErrorCode::Unsupported);
  EXPECT_EQ(
      snapshot.error().message,
      "the state file " + file.string() + " has schema 99, and this aim knows schemas up to " +
          std::to_string(migrations().size()) + ": it was written by a newer aim, use that one");
}

TEST(ReadState, ThrowsOnAFileThatIsNoDatabase) {
  const TemporaryDirectory directory;
  const fs::path file = directory.path() / "state.db";
  test::write_bytes(file, std::string(8192, '?'));
  EXPECT_EQ(test::broken_world([&] { static_cast<void>(StateStore::read(file)); }),
            "the state file " + file.string() +
                " is damaged (file is not a database): move it and the files with -wal and -shm "
                "after its name away, and the next plan rebuilds the state from the objects on "
                "Docker");
}

TEST(ReadState, ThrowsOnATruncatedFile) {
  const TemporaryDirectory directory;
  const fs::path file = closed_store(directory);
  fs::resize_file(file, fs::file_size(file) / 2);
  EXPECT_EQ(test::broken_world([&] { static_cast<void>(StateStore::read(file)); }),
            "the state file " + file.string() +
                " is damaged (database disk image is malformed): move it and the files with -wal "
                "and -shm after its name away, and the next plan rebuilds the state from the "
                "objects on Docker");
}

TEST(ReadState, NamesTheRowThatCannotBeRead) {
  const TemporaryDirectory directory;
  const fs::path file = closed_store(directory);
  test::open_database(file).execute(
      "UPDATE resources SET attributes_json = '[1]' WHERE address = 'container.webui'");
  EXPECT_EQ(test::broken_world([&] { static_cast<void>(StateStore::read(file)); }),
            "the state file " + file.string() +
                " is damaged: the specification of container.webui cannot be read: it is not a "
                "map");
}

}  // namespace

}  // namespace aim::state
