#include "state/migrations.hpp"

#include <fmt/format.h>

#include <array>

namespace aim::state {

namespace {

/// "aim" and a 1, in the header field that SQLite keeps for this: whose database it is.
constexpr std::int64_t kApplicationId = 0x61696d01;

// Columns that end in _json hold canonical JSON; in it a secret is its digest. Times are UTC.
constexpr std::string_view kFirstSchema = R"sql(
-- One row, written by the first run.
CREATE TABLE meta (
  id INTEGER PRIMARY KEY CHECK (id = 1),
  lineage TEXT NOT NULL,
  serial INTEGER NOT NULL,
  project TEXT NOT NULL,
  workspace TEXT NOT NULL
) STRICT;

-- What was there after the last commit.
CREATE TABLE resources (
  address TEXT NOT NULL PRIMARY KEY,
  attributes_json TEXT NOT NULL,
  computed_json TEXT NOT NULL,
  baseline_json TEXT NOT NULL,
  baseline_api TEXT NOT NULL,
  docker_id TEXT NOT NULL,
  docker_name TEXT NOT NULL,
  generation INTEGER NOT NULL,
  dependencies_json TEXT NOT NULL,
  prevent_destroy INTEGER NOT NULL,
  retain INTEGER NOT NULL,
  external INTEGER NOT NULL,
  salt TEXT NOT NULL,
  created_run TEXT NOT NULL,
  start_ms INTEGER NOT NULL,
  serial INTEGER NOT NULL -- the revision that wrote this row
) STRICT;

CREATE TABLE outputs (
  name TEXT NOT NULL PRIMARY KEY,
  value_json TEXT NOT NULL,
  sensitive INTEGER NOT NULL
) STRICT;

-- One row an apply; open as long as finished_unix_ms is null.
CREATE TABLE runs (
  run_id INTEGER PRIMARY KEY,
  label TEXT NOT NULL,
  operation TEXT NOT NULL,
  user TEXT NOT NULL,
  host TEXT NOT NULL,
  boot_id TEXT NOT NULL,
  pid INTEGER NOT NULL,
  git_commit TEXT NOT NULL,
  plan_json TEXT NOT NULL,
  phase TEXT NOT NULL,
  started_unix_ms INTEGER NOT NULL,
  finished_unix_ms INTEGER,
  result TEXT,
  message TEXT
) STRICT;
CREATE INDEX runs_open ON runs (run_id) WHERE finished_unix_ms IS NULL;

-- The journal: one row a call to Docker, written before it; the outcome's columns are null until
-- the call has been answered.
CREATE TABLE steps (
  step_id INTEGER PRIMARY KEY,
  run_id INTEGER NOT NULL REFERENCES runs (run_id),
  address TEXT NOT NULL,
  phase TEXT NOT NULL,
  object_name TEXT NOT NULL,
  call_json TEXT NOT NULL,
  inverse_json TEXT,
  intended_unix_ms INTEGER NOT NULL,
  settled_unix_ms INTEGER,
  ok INTEGER,
  docker_id TEXT,
  error TEXT
) STRICT;
CREATE INDEX steps_of_run ON steps (run_id);

CREATE TABLE revisions (
  serial INTEGER PRIMARY KEY,
  run_id INTEGER NOT NULL REFERENCES runs (run_id),
  committed_unix_ms INTEGER NOT NULL
) STRICT;
)sql";

constexpr std::string_view kHolds = R"sql(
-- Stopped on request, and left so.
ALTER TABLE resources ADD COLUMN held INTEGER NOT NULL DEFAULT 0;
)sql";

constexpr std::array kMigrations = {
    Migration{"resources, outputs, runs, steps and revisions", kFirstSchema},
    Migration{"resources that are held", kHolds},
};

void apply(Connection& connection, const Migration& step, std::size_t version) {
  try {
    connection.execute(std::string(step.sql));
    connection.execute(fmt::format(
        "PRAGMA application_id = {}; PRAGMA user_version = {}", kApplicationId, version));
  } catch (const DatabaseError& error) {
    throw DatabaseError(
        error.code(),
        fmt::format("{}, while bringing it to schema {} ({})", error.what(), version, step.name));
  }
}

}  // namespace

std::span<const Migration> migrations() { return kMigrations; }

core::Result<std::size_t> schema_version(Connection& connection, std::size_t known) {
  const std::int64_t owner = connection.number("PRAGMA application_id");
  const std::int64_t version = connection.number("PRAGMA user_version");
  const bool empty = connection.number("SELECT count(*) FROM sqlite_schema") == 0;
  const bool ours = owner == kApplicationId || (empty && owner == 0 && version == 0);
  if (!ours || version < 0) {
    return core::make_error(
        core::ErrorCode::Failed,
        fmt::format("{} is a database of another program, not a state file of aim",
                    connection.file()));
  }
  if (static_cast<std::size_t>(version) > known) {
    return core::make_error(
        core::ErrorCode::Unsupported,
        fmt::format("the state file {} has schema {}, and this aim knows schemas up to {}: it was "
                    "written by a newer aim, use that one",
                    connection.file(),
                    version,
                    known));
  }
  return static_cast<std::size_t>(version);
}

core::Result<void> migrate(Connection& connection, std::span<const Migration> steps) {
  auto version = schema_version(connection, steps.size());
  if (!version) {
    return version.error();
  }
  while (*version < steps.size()) {
    Transaction transaction = connection.begin(Transaction::Kind::Write);
    // Another process may have been faster: what counts is what stands under the write lock.
    version = schema_version(connection, steps.size());
    if (!version) {
      return version.error();
    }
    if (*version < steps.size()) {
      apply(connection, steps[*version], *version + 1);
      *version += 1;
    }
    transaction.commit();
  }
  return {};
}

}  // namespace aim::state
