#pragma once

#include <optional>
#include <string>

namespace aim::planner {

// Canonical forms of texts that speak of the host: nothing if the text is none.

/// "HOST[:CONTAINER][:ACCESS]": without the parts that Docker assumes anyway.
[[nodiscard]] std::optional<std::string> canonical_device(const std::string& text);
/// Where a device (canonical) shows inside.
[[nodiscard]] std::string device_target(const std::string& device);
/// "0-3,6": ascending, neighbours joined.
[[nodiscard]] std::optional<std::string> canonical_cpu_list(const std::string& text);
/// Octal permissions without leading zeros. Zero is none, since Docker takes it for "not set".
[[nodiscard]] std::optional<std::string> canonical_file_mode(const std::string& text);
/// "linux/amd64", "linux/arm/v7".
[[nodiscard]] std::optional<std::string> canonical_platform(const std::string& text);
/// A number above 0, or "all".
[[nodiscard]] std::optional<std::string> canonical_gpu_count(const std::string& text);

}  // namespace aim::planner
