#pragma once

#include <boost/json/fwd.hpp>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/snapshot.hpp"

/// The observed side of kind `container`: Docker's settings in aim's vocabulary. What stands at
/// Docker's default is left out.
namespace aim::providers {

// Each leaves an empty text, zero or empty collection out.
void put(core::Map& map, std::string_view key, std::string text);
void put(core::Map& map, std::string_view key, std::int64_t number);
void put(core::Map& map, std::string_view key, std::vector<std::string> texts);
void put(core::Map& map, std::string_view key, const core::Labels& texts);
void put_true(core::Map& map,
              std::string_view key,
              const boost::json::object& in,
              std::string_view from);
void put_nonempty(core::Map& map, std::string_view key, core::Map members);

/// Sorted, each text once.
[[nodiscard]] std::vector<std::string> as_set(std::vector<std::string> texts);

/// Without the birth labels.
[[nodiscard]] core::Labels users_labels(core::Labels labels);

/// Of `Config`; `host` is `HostConfig`, `id` the container's.
void project_config(core::Map& map,
                    const boost::json::object& config,
                    const boost::json::object& host,
                    std::string_view id);
/// Of `HostConfig`, but for mounts and networks.
void project_host(core::Map& map, const boost::json::object& host);

}  // namespace aim::providers
