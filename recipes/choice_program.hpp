#pragma once

#include <string>
#include <vector>

#include "core/result.hpp"
#include "recipes/select.hpp"

namespace aim::recipes {

/// Names one candidate among those of a selection.
[[nodiscard]] std::string candidate_id(const Candidate& candidate);

/// What a program that chooses is given: { version, model, goal, gpus: [{ model, vendor, count,
/// memory_bytes }], candidates: [{ id, recipe, verified, backend, hardware, gpus, precision,
/// served, image, context_length, fit, tokens_per_second, ttft_ms, args, env, notes }] }, best
/// first; what is not known has no key.
[[nodiscard]] std::string candidates_json(const SelectionInput& input,
                                          const std::vector<Candidate>& candidates);

/// Which one an answer names; white space around the id does not count. Invalid if it names none.
[[nodiscard]] core::Result<std::size_t> picked_candidate(const std::string& answer,
                                                         const std::vector<Candidate>& candidates);

}  // namespace aim::recipes
