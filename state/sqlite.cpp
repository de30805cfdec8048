#include "state/sqlite.hpp"

#include <fmt/format.h>
#include <sqlite3.h>

#include <system_error>
#include <utility>

namespace aim::state {

namespace {

constexpr int kBusyTimeoutMillis = 5000;

std::string file_of(sqlite3* database) {
  const char* name = sqlite3_db_filename(database, "main");
  return name == nullptr ? std::string() : std::string(name);
}

/// What SQLite's code means for the person who runs aim.
std::string explain(sqlite3* database, int code) {
  const std::string path = file_of(database);
  const std::string file = path.empty() ? "the state" : fmt::format("the state file {}", path);
  const std::string words = sqlite3_errmsg(database);
  switch (code & 0xff) {
    case SQLITE_FULL:
      return fmt::format("the disk is full: {} could not be written", file);
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      return fmt::format(
          "{} is damaged ({}): move it and the files with -wal and -shm after its name away, and "
          "the next plan rebuilds the state from the objects on Docker",
          file,
          words);
    case SQLITE_READONLY:
    case SQLITE_PERM:
      return fmt::format("{} cannot be written ({})", file, words);
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return fmt::format(
          "{} was in use by another program for {} s", file, kBusyTimeoutMillis / 1000);
    case SQLITE_IOERR:
    case SQLITE_CANTOPEN: {
      const int cause = sqlite3_system_errno(database);
      return fmt::format("{} cannot be read or written ({})",
                         file,
                         cause == 0 ? words : std::system_category().message(cause));
    }
    default:
      return fmt::format("{}: {}", file, words);
  }
}

[[noreturn]] void fail(sqlite3* database, int code) {
  throw DatabaseError(code, explain(database, code));
}

[[noreturn]] void fail(sqlite3_stmt* statement, int code) {
  fail(sqlite3_db_handle(statement), code);
}

void run(sqlite3* database, const char* sql) {
  const int code = sqlite3_exec(database, sql, nullptr, nullptr, nullptr);
  if (code != SQLITE_OK) {
    fail(database, code);
  }
}

/// file:///path?query with everything escaped that a URI gives a meaning to.
std::string uri(const std::string& absolute_path, std::string_view query) {
  std::string text = "file://";
  for (const char c : absolute_path) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       c == '/' || c == '-' || c == '_' || c == '.';
    if (plain) {
      text += c;
    } else {
      text += fmt::format("%{:02X}", static_cast<unsigned char>(c));
    }
  }
  text += '?';
  text += query;
  return text;
}

}  // namespace

bool DatabaseError::cannot_read_wal() const {
  const int primary = code_ & 0xff;
  return primary == SQLITE_CANTOPEN || primary == SQLITE_READONLY;
}

Statement::Use::~Use() {
  sqlite3_reset(statement_);
  sqlite3_clear_bindings(statement_);
}

Statement::Use& Statement::Use::with(std::string_view text) {
  // A null pointer would bind NULL; the copy lets the caller's text go.
  const char* data = text.data() == nullptr ? "" : text.data();
  // SQLITE_TRANSIENT, whose own definition is a C cast. NOLINTNEXTLINE(performance-no-int-to-ptr)
  const auto copied = reinterpret_cast<sqlite3_destructor_type>(std::intptr_t{-1});
  const int code =
      sqlite3_bind_text64(statement_, ++bound_, data, text.size(), copied, SQLITE_UTF8);
  if (code != SQLITE_OK) {
    fail(statement_, code);
  }
  return *this;
}

Statement::Use& Statement::Use::with(std::int64_t number) {
  const int code = sqlite3_bind_int64(statement_, ++bound_, number);
  if (code != SQLITE_OK) {
    fail(statement_, code);
  }
  return *this;
}

Statement::Use& Statement::Use::with_optional(const std::optional<std::string>& text) {
  if (text) {
    return with(*text);
  }
  ++bound_;  // an unbound parameter is NULL
  return *this;
}

bool Statement::Use::next() {
  const int code = sqlite3_step(statement_);
  if (code == SQLITE_ROW) {
    return true;
  }
  if (code != SQLITE_DONE) {
    fail(statement_, code);
  }
  return false;
}

void Statement::Use::run() {
  const bool row = next();
  AIM_CHECK(!row);
}

std::string Statement::Use::text(int column) {
  AIM_CHECK(!is_null(column));
  const unsigned char* data = sqlite3_column_text(statement_, column);
  const auto size = static_cast<std::size_t>(sqlite3_column_bytes(statement_, column));
  return data == nullptr ? std::string() : std::string(reinterpret_cast<const char*>(data), size);
}

std::int64_t Statement::Use::integer(int column) {
  AIM_CHECK(!is_null(column));
  return sqlite3_column_int64(statement_, column);
}

std::optional<std::string> Statement::Use::optional_text(int column) {
  if (is_null(column)) {
    return std::nullopt;
  }
  return text(column);
}

bool Statement::Use::is_null(int column) {
  return sqlite3_column_type(statement_, column) == SQLITE_NULL;
}

void Statement::Finalize::operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }

Transaction::Transaction(sqlite3* database, Kind kind) : database_(database) {
  run(database_, kind == Kind::Write ? "BEGIN IMMEDIATE" : "BEGIN");
}

Transaction::~Transaction() {
  // Some errors have rolled back already; then there is nothing left to take back.
  if (database_ != nullptr && sqlite3_get_autocommit(database_) == 0) {
    sqlite3_exec(database_, "ROLLBACK", nullptr, nullptr, nullptr);
  }
}

void Transaction::commit() {
  run(database_, "COMMIT");
  database_ = nullptr;
}

core::Result<Connection> Connection::open(const std::filesystem::path& file, Mode mode) {
  const std::string path = std::filesystem::absolute(file).string();
  std::string name = path;
  int flags = SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;
  switch (mode) {
    case Mode::ReadWrite:
      flags |= SQLITE_OPEN_READWRITE;
      break;
    case Mode::ReadOnly:
      name = uri(path, "mode=ro&readonly_shm=1");
      flags |= SQLITE_OPEN_READONLY | SQLITE_OPEN_URI;
      break;
    case Mode::ReadOnlyIndexed:
      flags |= SQLITE_OPEN_READONLY;
      break;
    case Mode::Immutable:
      name = uri(path, "immutable=1");
      flags |= SQLITE_OPEN_READONLY | SQLITE_OPEN_URI;
      break;
  }
  sqlite3* raw = nullptr;
  const int code = sqlite3_open_v2(name.c_str(), &raw, flags, nullptr);
  Connection connection(raw);
  if (code != SQLITE_OK) {
    if (raw == nullptr) {
      throw core::BrokenWorld("not enough memory to open the state");
    }
    const int cause = sqlite3_system_errno(raw);
    return core::make_error(
        core::ErrorCode::Failed,
        fmt::format("the state file {} cannot be opened: {}",
                    path,
                    cause == 0 ? sqlite3_errmsg(raw) : std::system_category().message(cause)));
  }
  // SQLite opens a file that it may not write for reading, without a word.
  if (mode == Mode::ReadWrite && sqlite3_db_readonly(raw, "main") == 1) {
    return core::make_error(core::ErrorCode::Failed,
                            fmt::format("the state file {} cannot be written", path));
  }
  sqlite3_busy_timeout(raw, kBusyTimeoutMillis);
  connection.execute("PRAGMA foreign_keys = ON; PRAGMA trusted_schema = OFF");
  if (mode == Mode::ReadWrite) {
    connection.execute("PRAGMA synchronous = FULL");
  }
  return connection;
}

Connection Connection::in_memory() {
  sqlite3* raw = nullptr;
  const int code = sqlite3_open_v2(
      ":memory:",
      &raw,
      SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE,
      nullptr);
  Connection connection(raw);
  if (code != SQLITE_OK) {
    throw core::BrokenWorld("not enough memory for a copy of the state");
  }
  connection.execute("PRAGMA foreign_keys = ON");
  return connection;
}

bool Connection::use_wal() {
  Statement statement = prepare("PRAGMA journal_mode = WAL");
  Statement::Use row = statement.use();
  return row.next() && row.text(0) == "wal";
}

void Connection::execute(const std::string& sql) { run(database_.get(), sql.c_str()); }

Statement Connection::prepare(std::string_view sql) {
  sqlite3_stmt* raw = nullptr;
  const int code = sqlite3_prepare_v3(database_.get(),
                                      sql.data(),
                                      static_cast<int>(sql.size()),
                                      SQLITE_PREPARE_PERSISTENT,
                                      &raw,
                                      nullptr);
  if (code != SQLITE_OK) {
    fail(database_.get(), code);
  }
  return Statement(raw);
}

Transaction Connection::begin(Transaction::Kind kind) { return Transaction(database_.get(), kind); }

std::int64_t Connection::number(std::string_view sql) {
  Statement statement = prepare(sql);
  Statement::Use row = statement.use();
  const bool found = row.next();
  AIM_CHECK(found);
  return row.integer(0);
}

std::int64_t Connection::last_insert_id() const {
  return sqlite3_last_insert_rowid(database_.get());
}

std::int64_t Connection::changes() const { return sqlite3_changes64(database_.get()); }

Connection Connection::copy_in_memory() {
  Connection copy = in_memory();
  sqlite3_backup* backup =
      sqlite3_backup_init(copy.database_.get(), "main", database_.get(), "main");
  if (backup == nullptr) {
    fail(copy.database_.get(), sqlite3_errcode(copy.database_.get()));
  }
  sqlite3_backup_step(backup, -1);
  const int code = sqlite3_backup_finish(backup);
  if (code != SQLITE_OK) {
    fail(database_.get(), code);
  }
  return copy;
}

std::string Connection::file() const { return file_of(database_.get()); }

void Connection::Close::operator()(sqlite3* database) const { sqlite3_close(database); }

}  // namespace aim::state
