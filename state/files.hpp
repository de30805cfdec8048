#pragma once

#include <filesystem>

#include "core/result.hpp"

namespace aim::state {

/// Creates `directory` and its missing parents with mode 0700, whatever the umask is. One that
/// exists is left as it is: it may be the user's own. ErrorCode::Failed if that is impossible.
[[nodiscard]] core::Result<void> make_private_directory(const std::filesystem::path& directory);

/// Creates `file`, empty, with mode 0600 whatever the umask is, and its directory as above; takes
/// everybody else's rights from one that exists. Never opens a file that exists: closing it would
/// drop the locks that SQLite holds on it. ErrorCode::Failed if that is impossible.
[[nodiscard]] core::Result<void> make_private_file(const std::filesystem::path& file);

}  // namespace aim::state
