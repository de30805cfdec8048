#include <sys/stat.h>

#include "state/store.hpp"
#include "tests/unit/state/fixtures.hpp"
#include "tests/unit/state/sample.hpp"

namespace aim::state {

namespace {

namespace fs = std::filesystem;
using test::ScriptedClock;
using test::TemporaryDirectory;

/// Sets the umask for the life of the object.
class Umask {
 public:
  explicit Umask(mode_t mask) : before_(::umask(mask)) {}

  ~Umask() { ::umask(before_); }

  Umask(const Umask&) = delete;
  Umask& operator=(const Umask&) = delete;

 private:
  mode_t before_;
};

TEST(StoreFiles, ArePrivateWhateverTheUmask) {
  for (const mode_t mask : {mode_t{0}, mode_t{0777}}) {
    const TemporaryDirectory directory;
    const Umask umask(mask);
    ScriptedClock clock;
    const fs::path file = directory.path() / "a" / "b" / "state.db";
    const auto store = test::open_store(file, clock);
    static_cast<void>(store->begin_run(test::sample_header()));
    EXPECT_EQ(test::mode_of(directory.path() / "a"), 0700U);
    EXPECT_EQ(test::mode_of(directory.path() / "a" / "b"), 0700U);
    for (const char* ending : {"", "-wal", "-shm"}) {
      EXPECT_EQ(test::mode_of(file.string() + ending), 0600U) << ending << " under umask " << mask;
    }
  }
}

TEST(StoreFiles, LoseTheRightsOfOthers) {
  const TemporaryDirectory directory;
  ScriptedClock clock;
  const fs::path file = directory.path() / "state.db";
  test::open_store(file, clock).reset();
  fs::permissions(file, fs::perms(0664));
  const auto store = test::open_store(file, clock);
  EXPECT_EQ(test::mode_of(file), 0600U);
}

TEST(StoreFiles, LeaveADirectoryOfTheUserAsItIs) {
  const TemporaryDirectory directory;
  ScriptedClock clock;
  const auto store = test::open_store(directory.path() / "state.db", clock);
  EXPECT_EQ(test::mode_of(directory.path()), 0755U);
}

TEST(StoreFiles, OnlyTheDatabaseStaysAfterClosing) {
  const TemporaryDirectory directory;
  ScriptedClock clock;
  test::fill(*test::open_store(directory.path() / "state.db", clock));
  EXPECT_EQ(test::contents(directory.path()).size(), 1U);
}

TEST(StoreOpen, SaysWhyADirectoryCannotBeMade) {
  const TemporaryDirectory directory;
  ScriptedClock clock;
  test::write_bytes(directory.path() / "file", "");
  const auto store = StateStore::open(directory.path() / "file" / "b" / "state.db", clock);
  ASSERT_FALSE(store);
  EXPECT_EQ(store.error().code, core::ErrorCode::Failed);
  EXPECT_EQ(core::to_string(store.error()),
            "cannot create the directory " + (directory.path() / "file" / "b").string() +
                ": Not a directory, while opening the state");
}

TEST(StoreOpen, SaysWhenTheFileMayNotBeWritten) {
  const TemporaryDirectory directory;
  ScriptedClock clock;
  const fs::path file = directory.path() / "state.db";
  test::open_store(file, clock).reset();
  fs::permissions(file, fs::perms(0444));
  const auto before = test::contents(directory.path());
  const std::string expected = "the state file " + file.string() + " cannot be written";
  EXPECT_EQ(test::as_nobody([&] {
              const auto store = StateStore::open(file, clock);
              return !store && store.error().message == expected
                         ? 0
                         : test::fail_in_child(store ? "opened" : store.error().message);
            }),
            0);
  EXPECT_EQ(test::contents(directory.path()), before);
}

TEST(StoreOpen, ThrowsOnADamagedFile) {
  const TemporaryDirectory directory;
  ScriptedClock clock;
  const fs::path file = directory.path() / "state.db";
  test::write_bytes(file, "this is not a database, and long enough to be told from an empty one");
  const std::string message =
      test::broken_world([&] { static_cast<void>(StateStore::open(file, clock)); });
  EXPECT_EQ(message,
            "the state file " + file.string() +
                " is damaged (file is not a database): move it and the files with -wal and -shm "
                "after its name away, and the next plan rebuilds the state from the objects on "
                "Docker");
}

TEST(StoreOpen, RefusesANewerSchemaAndLeavesItAlone) {
  const TemporaryDirectory directory;
  ScriptedClock clock;
  const fs::path file = directory.path() / "state.db";
  test::open_store(file, clock).reset();
  test::open_database(file).execute("PRAGMA user_version = 99");
  const auto before = test::contents(directory.path());
  const auto store = StateStore::open(file, clock);
  ASSERT_FALSE(store);
  EXPECT_EQ(store.error().code, core::ErrorCode::Unsupported);
  EXPECT_EQ(test::contents(directory.path()), before);
}

}  // namespace

}  // namespace aim::state
