#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/engine.hpp"
#include "core/snapshot.hpp"
#include "core/value.hpp"

namespace aim::planner {

/// Name on Docker of a network or volume of this configuration.
using NameLookup = std::function<std::string(const core::Address&)>;

/// What an endpoint or container is on Docker, in the vocabulary of kind `container`: an endpoint
/// turned into its container, volume keys replaced by names on Docker, networks and what concerns
/// aim alone left out. Source: planner/schema.hpp, core/engine.hpp (CreateContainer).
[[nodiscard]] core::Map docker_attributes(const core::Address& address,
                                          const core::Map& attributes,
                                          const NameLookup& names);

/// Whether something is mounted at `path`, by attributes in the vocabulary of kind `container`.
[[nodiscard]] bool mounts_at(const core::Map& attributes, const std::string& path);

/// Names of the volumes that are mounted, by path inside, for the same vocabulary.
[[nodiscard]] std::map<std::string, std::string> volumes_by_path(const core::Map& attributes);

/// What state keeps of an observed container to tell drift from. Environment, command and
/// entrypoint can hold secrets in clear, so of these only a salted digest is kept; `salt` is the
/// resource's (secret_salt).
[[nodiscard]] core::Map baseline_of(const core::ObservedContainer& container,
                                    const std::string& salt);

/// The networks to attach to, in order of name. Every one has the resource's name as an alias.
[[nodiscard]] std::vector<core::Attachment> attachments(const core::Address& address,
                                                        const core::Map& attributes,
                                                        const NameLookup& names);

/// The attachment that an observed container has to `network`, or nothing.
[[nodiscard]] std::optional<core::Attachment> observed_attachment(
    const core::ObservedContainer& container, const std::string& network);

/// Whether `observed` is what `wanted` asks for and nothing more. The container's host name, if one
/// was set, is an alias of its everywhere, asked for or not.
[[nodiscard]] bool is_attached_as(const core::Attachment& observed,
                                  const core::Attachment& wanted,
                                  const std::optional<std::string>& hostname);

/// "no", "always", "unless-stopped" or "on-failure:N" as the resource wants it in the end.
[[nodiscard]] std::string restart_policy(const core::Map& attributes);

/// Whether it is done when it exits with 0.
[[nodiscard]] bool is_job(const core::Map& attributes);

/// Whether nothing has to be done about the state of a container: it runs, or the job is done.
[[nodiscard]] bool is_as_wanted(const core::Map& attributes, const core::ContainerState& state);

/// Whether it does not run and Docker will not start it by itself.
[[nodiscard]] bool stands_still(core::ContainerStatus status);

/// The containers, by id or name, whose network, IPC or PID namespace is shared.
[[nodiscard]] std::vector<std::string> namespace_donors(const core::Map& attributes);

/// How long the container gets to end by itself when it is stopped.
[[nodiscard]] std::chrono::seconds stop_grace(const core::Map& attributes);

/// What others may refer to and what follows from the configuration alone: url, internal_url,
/// container_name, name, served_name.
[[nodiscard]] core::Map computed_before_apply(const core::Address& address,
                                              const core::Map& attributes,
                                              const std::string& docker_name);

/// Names of the computed attributes of a kind that only Docker can give.
[[nodiscard]] std::vector<std::string> computed_by_apply(core::Kind kind);

}  // namespace aim::planner
