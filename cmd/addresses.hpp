#pragma once

#include <set>
#include <string>
#include <vector>

#include "core/ids.hpp"
#include "core/snapshot.hpp"
#include "planner/configuration.hpp"

namespace aim::cmd {

/// An address as it arrives from a shell: `endpoint.llm["eu"]`, and since most shells eat the
/// quotes also `endpoint.llm[eu]` and `endpoint.llm['eu']`, in the form that Address::parse takes.
/// Everything else is returned as it is.
[[nodiscard]] std::string with_quoted_key(const std::string& given);

/// The one resource that somebody means: "endpoint.qwen" from that or, where it is unique among
/// `known`, from "qwen". Errors: NotFound with suggestions, Conflict when it is not unique.
[[nodiscard]] core::Result<core::Address> complete_address(const std::string& given,
                                                           const std::set<core::Address>& known);

/// The same, but the address without a key means all that `for_each` made of it.
[[nodiscard]] core::Result<std::vector<core::Address>> complete_addresses(
    const std::string& given, const std::set<core::Address>& known);

/// Addresses of the configuration and the state.
[[nodiscard]] std::set<core::Address> known_addresses(const planner::Configuration& configuration,
                                                      const core::StateSnapshot& state);

}  // namespace aim::cmd
