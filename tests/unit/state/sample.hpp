#pragma once

#include "core/journal.hpp"
#include "state/store.hpp"

namespace aim::state::test {

/// The header of a run of project lab.
[[nodiscard]] core::RunHeader sample_header();
/// A resource in which no member has its default.
[[nodiscard]] core::RecordedResource sample_resource();
/// A container that depends on the resource above.
[[nodiscard]] core::RecordedResource sample_dependent();
[[nodiscard]] std::map<std::string, core::RecordedOutput> sample_outputs();
/// Starting the container `name`, undone by stopping it.
[[nodiscard]] core::StepIntent sample_intent(const std::string& name);

/// One applied run with two steps and a revision, and a second run that was never finished.
void fill(StateStore& store);

}  // namespace aim::state::test
