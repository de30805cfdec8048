#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace aim::providers {

/// RFC 4648, section 5: the alphabet that is safe in headers and addresses, with padding.
[[nodiscard]] std::string base64url(std::string_view bytes);

/// RFC 4648, section 4, with or without padding; nothing if `text` is not of that form.
[[nodiscard]] std::optional<std::string> base64_decoded(std::string_view text);

}  // namespace aim::providers
