#pragma once

#include <string>
#include <vector>

#include "core/snapshot.hpp"
#include "state/sqlite.hpp"
#include "state/store.hpp"

namespace aim::state {

/// What the tables of the current schema hold, as values, each function from one consistent view.
/// An empty database gives empty values. They throw BrokenWorld, naming the row, when a text is not
/// what the store wrote.
[[nodiscard]] core::StateSnapshot read_snapshot(Connection& connection);
/// Newest first.
[[nodiscard]] std::vector<Revision> read_revisions(Connection& connection);
/// In the order in which they were written.
[[nodiscard]] std::vector<JournalStep> read_steps(Connection& connection, core::RunId run);

/// Texts as the columns hold them.
[[nodiscard]] std::string addresses_to_json(const std::vector<core::Address>& addresses);
[[nodiscard]] std::string call_to_text(const core::Call& call);

}  // namespace aim::state
