#pragma once

#include <filesystem>
#include <string>

namespace aim::support {

/// The socket of a Podman with a storage of its own in `beside`/podman, started if it does not
/// run; it ends half a minute after its last connection. Empty, with the reason in `why_not`,
/// where Podman cannot run.
[[nodiscard]] std::string podman_service(const std::filesystem::path& beside, std::string& why_not);

}  // namespace aim::support
