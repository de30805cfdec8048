#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "core/result.hpp"

struct sqlite3;
struct sqlite3_stmt;

namespace aim::state {

/// SQLite reported that the database, or the disk under it, is broken. `code` is its extended
/// result code.
class DatabaseError : public core::BrokenWorld {
 public:
  DatabaseError(int code, const std::string& message) : BrokenWorld(message), code_(code) {}

  [[nodiscard]] int code() const { return code_; }

  /// The database itself was opened, but not what stands in its WAL.
  [[nodiscard]] bool cannot_read_wal() const;

 private:
  int code_;
};

/// A prepared statement. Made by Connection::prepare, which must outlive it.
class Statement {
 public:
  /// One execution: binds parameters in order, steps through the rows and, when it goes out of
  /// scope, makes the statement ready for the next one. Column numbers count from 0.
  /// Every function throws DatabaseError.
  class Use {
   public:
    explicit Use(sqlite3_stmt* statement) : statement_(statement) {}

    ~Use();
    Use(const Use&) = delete;
    Use& operator=(const Use&) = delete;

    Use& with(std::string_view text);
    Use& with(std::int64_t number);
    Use& with_optional(const std::optional<std::string>& text);

    /// Steps. True if a row stands, false at the end.
    bool next();
    /// Steps a statement that gives no rows.
    void run();

    /// The text and number of a column that is not null.
    [[nodiscard]] std::string text(int column);
    [[nodiscard]] std::int64_t integer(int column);
    [[nodiscard]] std::optional<std::string> optional_text(int column);
    [[nodiscard]] bool is_null(int column);

   private:
    sqlite3_stmt* statement_;
    int bound_ = 0;
  };

  [[nodiscard]] Use use() { return Use(statement_.get()); }

 private:
  friend class Connection;

  struct Finalize {
    void operator()(sqlite3_stmt* statement) const;
  };

  explicit Statement(sqlite3_stmt* statement) : statement_(statement) {}

  std::unique_ptr<sqlite3_stmt, Finalize> statement_;
};

/// A transaction that is rolled back unless commit() was called. Made by Connection::begin.
class Transaction {
 public:
  enum class Kind {
    Read,  ///< one consistent view over several queries
    Write  ///< takes the write lock at once, so that it cannot fail half way for want of it
  };

  ~Transaction();
  Transaction(const Transaction&) = delete;
  Transaction& operator=(const Transaction&) = delete;

  /// Durable when it returns. Throws DatabaseError; everything is rolled back then.
  void commit();

 private:
  friend class Connection;
  Transaction(sqlite3* database, Kind kind);

  sqlite3* database_;
};

/// A connection to one database file; used by one thread at a time.
class Connection {
 public:
  enum class Mode {
    ReadWrite,        ///< the file exists and can be written
    ReadOnly,         ///< reads what a live or killed writer left in the WAL, and writes no file
    ReadOnlyIndexed,  ///< the same where the WAL's index file is missing and has to be made
    Immutable  ///< reads the main file alone, without locks; right only while there is no WAL
  };

  /// ErrorCode::Failed if the file cannot be opened that way. Throws DatabaseError if it is
  /// damaged. Waits up to five seconds wherever another process has the database.
  [[nodiscard]] static core::Result<Connection> open(const std::filesystem::path& file, Mode mode);
  /// An empty database in memory.
  [[nodiscard]] static Connection in_memory();

  /// Turns on the write-ahead log. False if the file system cannot do it. Throws DatabaseError.
  [[nodiscard]] bool use_wal();

  /// Runs statements without parameters and throws their rows away. Throws DatabaseError.
  void execute(const std::string& sql);
  [[nodiscard]] Statement prepare(std::string_view sql);
  [[nodiscard]] Transaction begin(Transaction::Kind kind);

  /// The one number that a query gives in its first column. Throws DatabaseError.
  [[nodiscard]] std::int64_t number(std::string_view sql);
  [[nodiscard]] std::int64_t last_insert_id() const;
  /// Rows changed by the last statement.
  [[nodiscard]] std::int64_t changes() const;

  /// The same content in memory, where changes do no harm.
  [[nodiscard]] Connection copy_in_memory();

  /// The path of the file; empty for a database in memory.
  [[nodiscard]] std::string file() const;

 private:
  struct Close {
    void operator()(sqlite3* database) const;
  };

  explicit Connection(sqlite3* database) : database_(database) {}

  std::unique_ptr<sqlite3, Close> database_;
};

}  // namespace aim::state
