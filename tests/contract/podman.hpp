#pragma once

#include <string_view>
#include <vector>

namespace aim::contract_test {

/// What Podman 4.3 does otherwise than the contract says, by the name of the test that shows it;
/// empty if that test passes. docs/engines.md tells users.
[[nodiscard]] std::string_view podman_gap(std::string_view test);
[[nodiscard]] std::vector<std::string_view> tests_with_podman_gaps();

}  // namespace aim::contract_test
