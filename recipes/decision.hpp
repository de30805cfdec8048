#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/value.hpp"
#include "recipes/select.hpp"

namespace aim::recipes {

/// The word for an endpoint that is written out by hand instead.
inline constexpr std::string_view kNoRecipe = "none";

/// What was chosen for an endpoint. It stays as it is until what was asked for changes, so all that
/// the container is made of is in here.
struct Decision {
  std::string recipe;  ///< its id; "general" for one derived from the facts of the model
  bool verified = false;
  std::string backend;
  std::string hardware;  ///< the accelerator that it was chosen for, or "any"
  std::string precision;
  std::string served;  ///< the checkpoint that is loaded
  std::string image;
  std::string task;
  int gpus = 0;
  int tensor_parallel = 1;
  int pipeline_parallel = 1;
  int data_parallel = 1;
  std::optional<std::int64_t> context_length;
  std::optional<double> gpu_memory;
  std::vector<std::string> entrypoint;
  core::Map env;
  core::Map args;
  std::optional<std::int64_t> weight_bytes;  ///< of the files that are loaded, about
  std::string fit;  ///< the sum, "61.0 weights + ..."; empty where the facts do not tell
  std::optional<double> tokens_per_second;  ///< that the recipe expects of one request
  std::optional<double> ttft_ms;            ///< that it expects until the first token
  std::vector<std::string> reasons;         ///< why this one, a sentence each

  bool operator==(const Decision&) const = default;
};

/// The chosen candidate, which there must be.
[[nodiscard]] Decision decision_of(const Selection& selection);

/// As it is recorded; what is absent or empty has no key.
[[nodiscard]] core::Map to_map(const Decision& decision);
/// Nothing if `map` is not of that form.
[[nodiscard]] std::optional<Decision> decision_from(const core::Map& map);

/// What the attributes of an endpoint (canonical, all known) ask for. Of GPUs only how many.
[[nodiscard]] Wish wish_of(const core::Map& endpoint);

/// The arguments of the decision with those of the user laid over them, checked against the
/// image's release. Faults at the places in `positions`.
[[nodiscard]] core::Map final_arguments(const Decision& decision,
                                        const core::Map& endpoint,
                                        const core::Positions& positions,
                                        const BackendData& backend,
                                        core::Diagnostics& diagnostics);

/// The words of the container's command.
[[nodiscard]] std::vector<std::string> decided_command(const Decision& decision,
                                                       const core::Map& endpoint,
                                                       const core::Map& arguments,
                                                       const BackendData& backend);

}  // namespace aim::recipes
