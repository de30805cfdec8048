#include "state/migrations.hpp"

#include <array>

#include "state/read_only.hpp"
#include "tests/unit/state/fixtures.hpp"
#include "tests/unit/state/sample.hpp"

namespace aim::state {

namespace {

using test::TemporaryDirectory;

constexpr std::array kSteps = {
    Migration{"a table", "CREATE TABLE t (a INTEGER) STRICT"},
    Migration{"a row", "INSERT INTO t VALUES (1)"},
};
constexpr std::array kBrokenSteps = {
    kSteps[0],
    Migration{"a row too many", "INSERT INTO t VALUES (1); INSERT INTO nowhere VALUES (1)"},
};

std::filesystem::path copy_of(const TemporaryDirectory& directory, const std::string& database) {
  const auto file = directory.path() / database;
  std::filesystem::copy_file(std::filesystem::path("tests/unit/state/databases") / database, file);
  return file;
}

/// What fill() wrote with a schema, read back by a later program.
void expect_sample(const core::StateSnapshot& snapshot, int schema) {
  core::RecordedResource resource = test::sample_resource();
  resource.held = schema >= 2;
  EXPECT_EQ(snapshot.lineage, "b0c35f1d");
  EXPECT_EQ(snapshot.serial, 1);
  EXPECT_EQ(snapshot.project, "lab");
  EXPECT_EQ(snapshot.workspace, "default");
  EXPECT_EQ(snapshot.resources,
            (std::map<core::Address, core::RecordedResource>{
                {resource.address, resource},
                {test::sample_dependent().address, test::sample_dependent()}}));
  EXPECT_EQ(snapshot.outputs, test::sample_outputs());
  ASSERT_TRUE(snapshot.open_run);
  EXPECT_EQ(snapshot.open_run->phase, "switch");
  EXPECT_EQ(snapshot.open_run->steps, 1U);
  EXPECT_EQ(snapshot.open_run->unsettled, 1U);
}

TEST(Migrations, RunOnceAndInOrder) {
  Connection connection = Connection::in_memory();
  ASSERT_TRUE(migrate(connection, std::span(kSteps).first(1)));
  EXPECT_EQ(connection.number("SELECT count(*) FROM t"), 0);
  EXPECT_EQ(*schema_version(connection, kSteps.size()), 1U);
  ASSERT_TRUE(migrate(connection, kSteps));
  ASSERT_TRUE(migrate(connection, kSteps));
  EXPECT_EQ(connection.number("SELECT count(*) FROM t"), 1);
  EXPECT_EQ(*schema_version(connection, kSteps.size()), 2U);
}

TEST(Migrations, LeaveTheVersionBeforeWhenOneFails) {
  const TemporaryDirectory directory;
  const auto file = directory.path() / "t.db";
  Connection connection = test::create_database(file);
  const std::string message =
      test::broken_world([&] { static_cast<void>(migrate(connection, kBrokenSteps)); });
  EXPECT_EQ(message,
            "the state file " + file.string() +
                ": no such table: nowhere, while bringing it to schema 2 (a row too many)");
  EXPECT_EQ(*schema_version(connection, kSteps.size()), 1U);
  EXPECT_EQ(connection.number("SELECT count(*) FROM t"), 0);
}

TEST(Migrations, RefuseANewerSchema) {
  const TemporaryDirectory directory;
  const auto file = directory.path() / "t.db";
  Connection connection = test::create_database(file);
  ASSERT_TRUE(migrate(connection, kSteps));
  const auto result = migrate(connection, std::span(kSteps).first(1));
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, core::ErrorCode::Unsupported);
  EXPECT_EQ(result.error().message,
            "the state file " + file.string() +
                " has schema 2, and this aim knows schemas up to 1: it was written by a newer aim, "
                "use that one");
}

TEST(Migrations, RefuseADatabaseOfAnotherProgram) {
  const TemporaryDirectory directory;
  const auto file = directory.path() / "t.db";
  Connection connection = test::create_database(file);
  connection.execute("CREATE TABLE bookmarks (url TEXT)");
  const auto result = migrate(connection, kSteps);
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, core::ErrorCode::Failed);
  EXPECT_EQ(result.error().message,
            file.string() + " is a database of another program, not a state file of aim");
}

TEST(Migrations, LeaveTheFileOfAnotherProgramAsItIs) {
  const TemporaryDirectory directory;
  const auto file = directory.path() / "t.db";
  {
    Connection connection = test::create_database(file);
    connection.execute("CREATE TABLE bookmarks (url TEXT)");
  }
  const auto before = test::contents(directory.path());
  test::ScriptedClock clock;
  EXPECT_FALSE(StateStore::open(file, clock));
  EXPECT_FALSE(StateStore::read(file));
  EXPECT_EQ(test::contents(directory.path()), before);
}

class PastDatabase : public ::testing::TestWithParam<int> {
 protected:
  static std::string name() { return "v" + std::to_string(GetParam()) + ".db"; }
};

TEST_P(PastDatabase, IsOpened) {
  const TemporaryDirectory directory;
  const auto file = copy_of(directory, name());
  test::ScriptedClock clock;
  const auto store = test::open_store(file, clock);
  expect_sample(store->snapshot(), GetParam());
  ASSERT_EQ(store->revisions().size(), 1U);
  EXPECT_EQ(store->steps(core::RunId{1}).size(), 2U);
  EXPECT_EQ(store->steps(core::RunId{2}).at(0).intent.call,
            core::Call(core::StartContainer{"lab-qwen.g4"}));
}

TEST_P(PastDatabase, IsReadWithoutWriting) {
  const TemporaryDirectory directory;
  expect_sample(test::read_store(copy_of(directory, name())), GetParam());
}

INSTANTIATE_TEST_SUITE_P(All,
                         PastDatabase,
                         ::testing::Range(1, static_cast<int>(migrations().size()) + 1));

TEST(Migrations, HappenInMemoryWhenAnOlderDatabaseIsOnlyRead) {
  const TemporaryDirectory directory;
  const auto file = copy_of(directory, "v1.db");
  const auto before = test::contents(directory.path());
  std::vector<Migration> later(migrations().begin(), migrations().end());
  later.push_back(
      Migration{"longer names", "UPDATE resources SET docker_name = docker_name || '!'"});
  const auto snapshot = read_without_writing(file, later);
  ASSERT_TRUE(snapshot);
  EXPECT_EQ(snapshot->resources.at(test::sample_dependent().address).docker_name, "lab-webui!");
  EXPECT_EQ(test::contents(directory.path()), before);
}

}  // namespace

}  // namespace aim::state
