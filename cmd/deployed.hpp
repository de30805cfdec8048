#pragma once

#include <optional>
#include <string>

#include "cmd/project.hpp"
#include "core/snapshot.hpp"

namespace aim::cmd {

/// An endpoint or container that is deployed: of the configuration in the directory, or a launch.
struct Deployed {
  Project project;
  core::StateSnapshot state;
  core::Address address;  ///< recorded in it
  bool launched = false;
};

/// Finds what is meant by an address, by a short form of it that is unique, or by the name of a
/// launch. What the configuration has deployed is meant before a launch of the same name. A launch
/// whose file cannot be read has no configured endpoint. Faults are shown.
[[nodiscard]] std::optional<Deployed> find_deployed(const std::string& name,
                                                    const Arguments& arguments,
                                                    App& app,
                                                    Secrets secrets = Secrets::MayBeUnset);

}  // namespace aim::cmd
