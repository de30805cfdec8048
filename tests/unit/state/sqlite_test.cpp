#include "state/sqlite.hpp"

#include "tests/unit/state/fixtures.hpp"

namespace aim::state {

namespace {

using test::TemporaryDirectory;

Connection with_one_row(const std::filesystem::path& file) {
  Connection connection = test::create_database(file);
  connection.execute("CREATE TABLE t (a INTEGER, b TEXT) STRICT; INSERT INTO t VALUES (1, 'one')");
  return connection;
}

TEST(Statement, KeepsTextsOfAllKinds) {
  Connection connection = Connection::in_memory();
  connection.execute("CREATE TABLE t (a TEXT, b TEXT, c TEXT) STRICT");
  const std::string with_zero("x\0y", 3);
  Statement insert = connection.prepare("INSERT INTO t VALUES (?, ?, ?)");
  insert.use().with(with_zero).with(std::string_view()).with_optional(std::nullopt).run();
  Statement select = connection.prepare("SELECT a, b, c FROM t");
  Statement::Use row = select.use();
  ASSERT_TRUE(row.next());
  EXPECT_EQ(row.text(0), with_zero);
  EXPECT_EQ(row.optional_text(1), "");
  EXPECT_EQ(row.optional_text(2), std::nullopt);
  EXPECT_FALSE(row.next());
}

TEST(Statement, StartsAnewWithEachUse) {
  Connection connection = Connection::in_memory();
  Statement select = connection.prepare("SELECT ?, ?");
  {
    Statement::Use row = select.use();
    row.with(std::int64_t{1}).with("x");
    ASSERT_TRUE(row.next());
  }
  Statement::Use row = select.use();
  row.with(std::int64_t{2});
  ASSERT_TRUE(row.next());
  EXPECT_EQ(row.integer(0), 2);
  EXPECT_TRUE(row.is_null(1)) << "a parameter of the use before was left bound";
}

TEST(Transaction, IsRolledBackUnlessCommitted) {
  const TemporaryDirectory directory;
  Connection connection = with_one_row(directory.path() / "t.db");
  {
    const Transaction transaction = connection.begin(Transaction::Kind::Write);
    connection.execute("INSERT INTO t VALUES (2, 'two')");
  }
  EXPECT_EQ(connection.number("SELECT count(*) FROM t"), 1);
  {
    Transaction transaction = connection.begin(Transaction::Kind::Write);
    connection.execute("INSERT INTO t VALUES (2, 'two')");
    transaction.commit();
  }
  EXPECT_EQ(connection.number("SELECT count(*) FROM t"), 2);
}

TEST(Transaction, SeesOneStateOverSeveralQueries) {
  const TemporaryDirectory directory;
  Connection writer = with_one_row(directory.path() / "t.db");
  ASSERT_TRUE(writer.use_wal());
  Connection reader = test::open_database(directory.path() / "t.db");
  {
    const Transaction one_view = reader.begin(Transaction::Kind::Read);
    EXPECT_EQ(reader.number("SELECT count(*) FROM t"), 1);
    writer.execute("INSERT INTO t VALUES (2, 'two')");
    EXPECT_EQ(reader.number("SELECT count(*) FROM t"), 1);
  }
  EXPECT_EQ(reader.number("SELECT count(*) FROM t"), 2);
}

TEST(Connection, WritesDurablyWithForeignKeys) {
  const TemporaryDirectory directory;
  Connection connection = test::create_database(directory.path() / "t.db");
  EXPECT_TRUE(connection.use_wal());
  constexpr std::int64_t kFull = 2;
  EXPECT_EQ(connection.number("PRAGMA synchronous"), kFull);
  EXPECT_EQ(connection.number("PRAGMA foreign_keys"), 1);
  EXPECT_GT(connection.number("PRAGMA busy_timeout"), 0);
}

TEST(Connection, ReportsAFullDiskAndKeepsWhatWasThere) {
  const TemporaryDirectory directory;
  const auto file = directory.path() / "t.db";
  Connection connection = with_one_row(file);
  ASSERT_TRUE(connection.use_wal());
  connection.execute("PRAGMA max_page_count = 4");
  const std::string message = test::broken_world([&] {
    Transaction transaction = connection.begin(Transaction::Kind::Write);
    connection.execute("INSERT INTO t VALUES (2, 'two')");
    Statement insert = connection.prepare("INSERT INTO t VALUES (3, ?)");
    insert.use().with(std::string(100'000, 'x')).run();
    transaction.commit();
  });
  EXPECT_EQ(message, "the disk is full: the state file " + file.string() + " could not be written");
  EXPECT_EQ(connection.number("SELECT count(*) FROM t"), 1);
}

TEST(Connection, NamesTheFileThatCannotBeOpened) {
  const TemporaryDirectory directory;
  const auto file = directory.path() / "none.db";
  const auto connection = Connection::open(file, Connection::Mode::ReadWrite);
  ASSERT_FALSE(connection);
  EXPECT_EQ(connection.error().code, core::ErrorCode::Failed);
  EXPECT_EQ(connection.error().message,
            "the state file " + file.string() + " cannot be opened: No such file or directory");
}

TEST(Connection, OpensPathsThatAUriWouldReadOtherwise) {
  const TemporaryDirectory directory;
  const auto file = directory.path() / "a ?mode=rw#b%20&ü.db";
  { const Connection made = with_one_row(file); }
  auto connection = Connection::open(file, Connection::Mode::Immutable);
  ASSERT_TRUE(connection);
  EXPECT_EQ(connection->number("SELECT count(*) FROM t"), 1);
}

TEST(Connection, CopiesIntoMemory) {
  const TemporaryDirectory directory;
  const auto file = directory.path() / "t.db";
  Connection connection = with_one_row(file);
  ASSERT_TRUE(connection.use_wal());
  Connection copy = connection.copy_in_memory();
  copy.execute("DELETE FROM t");
  EXPECT_EQ(copy.number("SELECT count(*) FROM t"), 0);
  EXPECT_EQ(connection.number("SELECT count(*) FROM t"), 1);
  EXPECT_EQ(copy.file(), "");
}

}  // namespace

}  // namespace aim::state
