#pragma once

#include <filesystem>
#include <span>

#include "core/snapshot.hpp"
#include "state/migrations.hpp"

namespace aim::state {

/// The body of StateStore::read(), for a schema of these migrations: an older one is brought up to
/// date in memory only.
[[nodiscard]] core::Result<core::StateSnapshot> read_without_writing(
    const std::filesystem::path& file, std::span<const Migration> schema);

}  // namespace aim::state
