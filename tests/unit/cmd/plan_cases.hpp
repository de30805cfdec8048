#pragma once

#include <string>
#include <vector>

#include "planner/plan.hpp"

namespace aim::test {

/// A plan made by hand, and what its golden files are called.
struct PlanCase {
  std::string name;
  planner::Plan plan;
};

/// One plan for each thing that a plan can say.
std::vector<PlanCase> plan_cases();

/// The case of that name.
planner::Plan plan_case(const std::string& name);

/// The content of every secret that a case holds: it must not be found in any output.
inline constexpr const char* kSecretContent = "hunter2-do-not-print";

/// A field that somebody wrote in aim.yaml.
planner::FieldChange written_field(core::Path path,
                                   core::Value before,
                                   core::Value after,
                                   std::uint32_t line);

core::Address address_of(const std::string& text);

}  // namespace aim::test
