#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/diagnostic.hpp"
#include "core/document.hpp"
#include "core/value.hpp"
#include "recipes/precision.hpp"

namespace aim::recipes {

/// The arguments of a recipe for one number of GPUs.
struct Layout {
  int gpus = 1;
  bool enabled = true;
  core::Map args;
  core::SourceRange range;  ///< of its key

  bool operator==(const Layout&) const = default;
};

/// Who has run a recipe.
struct Verified {
  std::string by;
  std::string date;
  std::string source;
  std::vector<int> gpus;  ///< only these layouts; empty: all of them

  bool operator==(const Verified&) const = default;
};

/// How one checkpoint is served on one kind of accelerator, as a file of version 1 or 2 says it.
struct Recipe {
  int version = 1;
  std::string id;
  std::string model_id;        ///< the model, whatever its precision
  std::string huggingface_id;  ///< the repository of this precision
  std::string hardware;        ///< "MI300X", "any"
  Precision precision = Precision::Bf16;
  std::map<std::string, std::map<int, Layout>> serves;  ///< by backend, by number of GPUs

  // Version 2.
  std::string checkpoint;                     ///< what is served, when it is not huggingface_id
  std::string quant;                          ///< "mxfp4", "awq"
  std::map<std::string, std::string> images;  ///< by cuda, rocm, cpu
  core::Map env;
  std::vector<std::string> entrypoint;
  std::string min_version;
  std::optional<std::int64_t> context_length;
  std::map<std::string, core::Map> features;  ///< arguments by name
  std::optional<double> tokens_per_second;    ///< expected
  std::optional<double> ttft_ms;              ///< expected
  std::optional<Verified> verified;
  std::string notes;

  core::SourceRange range;    ///< of the file
  core::Positions positions;  ///< by path: `vllm_serve.1_gpu.args["--dtype"]`

  /// What the server loads.
  [[nodiscard]] const std::string& served() const {
    return checkpoint.empty() ? huggingface_id : checkpoint;
  }

  [[nodiscard]] bool is_verified(int gpus) const;

  /// Matches by model_id or huggingface_id, without regard to case.
  [[nodiscard]] bool is_for(std::string_view model) const;
};

/// The backends that a recipe can have arguments for.
[[nodiscard]] const std::vector<std::string>& recipe_backends();

/// `vllm_serve.1_gpu.args["--dtype"]`, for Recipe::positions.
[[nodiscard]] core::Path argument_path(std::string_view backend, int gpus, std::string_view flag);

/// Reads a recipe from its document. Every fault is reported at its place; nothing is returned when
/// there was an error. `extends` must have been resolved before (see merged_recipe).
[[nodiscard]] std::optional<Recipe> read_recipe(const core::Node& document,
                                                core::Diagnostics& diagnostics);

/// The id that a document names with `extends`, if it does.
[[nodiscard]] std::optional<std::string> extended_id(const core::Node& document);

/// What `child` says laid over what `parent` says: maps by key, each argument as a whole. Not
/// inherited are recipe_id, verified, expect and notes.
[[nodiscard]] core::Node merged_recipe(const core::Node& parent, const core::Node& child);

}  // namespace aim::recipes
