#pragma once

#include <optional>
#include <string>

namespace aim::planner {

/// An image reference with ":latest" where neither tag nor digest is given; nothing if `text` is
/// none. An image id is "sha256:" and 64 digits. Source: the grammar of the distribution project's
/// reference package, which Docker uses.
[[nodiscard]] std::optional<std::string> canonical_image(const std::string& text);

}  // namespace aim::planner
