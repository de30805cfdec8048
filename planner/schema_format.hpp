#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "planner/schema.hpp"

namespace aim::planner {

/// `text` in the canonical form of its format; nothing if it does not have that format.
[[nodiscard]] std::optional<std::string> in_format(Format format, const std::string& text);

/// What a text of that format is, for "must be ...": "an absolute path".
[[nodiscard]] std::string_view expected(Format format);

/// A sentence that helps with this very text, with a leading space; empty if there is none.
[[nodiscard]] std::string format_hint(Format format, const std::string& text);

/// Whether a sensitive text may stand there: aim need not read it.
[[nodiscard]] bool takes_secret(Format format);

/// Without ".", "..", double and trailing slashes. `path` must be absolute.
[[nodiscard]] std::string clean_path(std::string_view path);

/// "on-failure:3"; nothing if it is no restart policy.
[[nodiscard]] std::optional<std::string> canonical_restart(const std::string& text);

}  // namespace aim::planner
