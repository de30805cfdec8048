#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "planner/plan.hpp"
#include "planner/realize.hpp"

namespace aim::planner {

/// A path as people write it, "image", "env.NAME", `labels["a.b"]`; nothing if it is malformed.
/// The inverse of core::to_string(Path).
[[nodiscard]] std::optional<core::Path> parse_path(std::string_view text);

/// Whether `path`, of an attribute or of what Docker shows of it, is one that `ignore_changes`
/// takes out. `names` turns the keys of networks into their names on Docker.
[[nodiscard]] bool ignores(const Lifecycle& lifecycle,
                           const core::Path& path,
                           const NameLookup& names);

/// Puts what was recorded in the place of everything that is ignored, so that it makes no
/// difference. `deferred` are the templates of attributes that are not known yet. A secret of which
/// only the digest was recorded stays without its content, unless the new one is the same.
void keep_ignored(core::Kind kind,
                  const Lifecycle& lifecycle,
                  const core::Map& recorded,
                  core::Map& attributes,
                  core::Map& deferred);

/// For a new container the content of every secret is needed: takes those that keep_ignored left
/// without it from `wanted`. Returns the paths concerned.
[[nodiscard]] std::vector<core::Path> restore_secrets(const core::Map& wanted,
                                                      core::Map& attributes);

/// Those of `triggers` that fire, given the changes planned for what they watch: "network.a",
/// "container.db.image".
[[nodiscard]] std::vector<std::string> fired(
    const std::vector<Trigger>& triggers, const std::map<core::Address, ResourceChange>& changes);

/// Differences in what lifecycle records, as fields of a change.
[[nodiscard]] std::vector<FieldChange> lifecycle_fields(const DesiredResource& desired,
                                                        const core::RecordedResource& record);

}  // namespace aim::planner
