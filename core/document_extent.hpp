#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

namespace aim::core {

/// The offset after the scalar in quotes that opens at `begin`, or nothing when it is never closed.
[[nodiscard]] std::optional<std::size_t> quoted_end(std::string_view text, std::size_t begin);

/// The offset after the plain or quoted scalar at `begin`, whose content is `content`. Of one that
/// runs over several lines, a block scalar too, the first line counts.
[[nodiscard]] std::size_t scalar_end(std::string_view text,
                                     std::size_t begin,
                                     std::string_view content);

/// The offset after the alias at `begin`.
[[nodiscard]] std::size_t alias_end(std::string_view text, std::size_t begin);

/// The offset of the value whose anchor and tag, if there are any, begin at `begin`.
[[nodiscard]] std::size_t properties_end(std::string_view text, std::size_t begin);

/// The offset after the bracket that closes a flow collection whose last item ends at `offset`.
[[nodiscard]] std::size_t flow_end(std::string_view text, std::size_t offset);

}  // namespace aim::core
