#pragma once

#include <span>
#include <string_view>

#include "core/result.hpp"
#include "state/sqlite.hpp"

namespace aim::state {

/// One step of the schema. The version of a database is how many of them it has seen.
struct Migration {
  std::string_view name;  ///< what it brings, for error messages
  std::string_view sql;
};

/// All of them, oldest first. One that was released is never edited; a change is a new one, and a
/// database of the version before is added to tests/unit/state/databases.
[[nodiscard]] std::span<const Migration> migrations();

/// The schema version of a database that is empty (0) or ours.
/// Errors: Failed (the database belongs to another program), Unsupported (its schema is newer than
/// `known`, the number of migrations). Throws DatabaseError.
[[nodiscard]] core::Result<std::size_t> schema_version(Connection& connection, std::size_t known);

/// Runs what is missing of `steps`, each in one transaction together with its version mark, so a
/// crash leaves a whole version. Errors as for schema_version. Throws DatabaseError, whose message
/// names the migration.
[[nodiscard]] core::Result<void> migrate(Connection& connection, std::span<const Migration> steps);

}  // namespace aim::state
