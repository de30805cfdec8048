#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "core/diagnostic.hpp"
#include "core/value.hpp"
#include "recipes/arguments.hpp"
#include "recipes/backend_data.hpp"
#include "recipes/fit.hpp"
#include "recipes/model_facts.hpp"
#include "recipes/recipe.hpp"

namespace aim::recipes {

enum class Goal { Throughput, Latency };
enum class Fallback { Refuse, Allow };
enum class FitCheck { Error, Warn, Off };

/// GPUs of one kind that are there to be given.
struct GpuGroup {
  std::string model;              ///< as the inventory names it, "AMD Instinct MI300X"
  std::string vendor;             ///< "amd", "nvidia"
  std::int64_t memory_bytes = 0;  ///< of one; 0: what is recorded of the accelerator
  int count = 0;
};

/// What somebody asks for. What is absent is for the selection to choose; what is there is kept.
struct Wish {
  std::string model;
  std::optional<std::string> backend;
  std::optional<Precision> precision;
  std::optional<int> gpus;
  std::optional<std::string> recipe;
  std::optional<std::int64_t> context_length;
  std::optional<double> gpu_memory;
  std::vector<std::string> features;
  Goal goal = Goal::Throughput;
  Fallback fallback = Fallback::Refuse;
  FitCheck fit = FitCheck::Error;
};

/// What the selection knows of the world; all by value or borrowed for the call.
struct SelectionInput {
  Wish wish;
  std::vector<Recipe> recipes;               ///< of the model (Catalog::for_model)
  std::optional<ModelFacts> facts;           ///< of the model, or of the base_model of a fine-tune
  const BackendLibrary* backends = nullptr;  ///< never null
  std::vector<GpuGroup> gpus;                ///< none: only the CPU
  std::vector<std::string> known_models;     ///< for suggestions
};

/// Why a candidate was not taken, in the order in which it is asked.
enum class Criterion { Recipe, Backend, Hardware, Precision, Enabled, GpuCount, Features, Fit };

[[nodiscard]] std::string_view to_string(Criterion criterion);

struct Rejection {
  Criterion criterion = Criterion::Backend;
  std::string reason;    ///< "is for MI300X, and the GPUs here are H100"
  bool by_wish = false;  ///< nothing but what was asked for speaks against it

  bool operator==(const Rejection&) const = default;
};

/// One recipe with one backend and one number of GPUs, and everything that follows from it.
struct Candidate {
  std::string recipe_id;  ///< "general" for one derived from facts
  std::string file;       ///< of the recipe; empty for a general one
  bool general = false;
  bool verified = false;
  std::string backend;
  std::string hardware;  ///< the accelerator, or "any"; the one here for a general one
  int gpus = 1;
  Precision precision = Precision::Bf16;
  std::string quant;
  std::string served;  ///< the checkpoint that is loaded
  std::string image;
  std::string task;
  std::vector<std::string> entrypoint;
  core::Map env;
  core::Map args;  ///< of the recipe and the wished features, without what has fields here
  int tensor_parallel = 1;
  int pipeline_parallel = 1;
  int data_parallel = 1;
  std::optional<std::int64_t> context_length;
  std::optional<double> gpu_memory;
  std::string min_version;
  std::optional<Fit> fit;                   ///< nothing without facts or memory
  std::optional<double> tokens_per_second;  ///< that the recipe expects of one request
  std::optional<double> ttft_ms;            ///< that it expects until the first token
  std::string notes;
  std::vector<Rejection> rejections;  ///< empty: it could be taken

  bool operator==(const Candidate&) const = default;
};

/// The decision, and everything that was weighed.
struct Selection {
  std::optional<Candidate> chosen;
  std::vector<Candidate> candidates;  ///< best first
  std::vector<std::string> reasons;   ///< why the chosen one, a sentence each
};

/// Chooses. Deterministic: the order of recipes and GPU groups does not matter. Ranking of what was
/// not rejected: recipes before general ones, verified first, the highest precision, then
/// the fewest GPUs (throughput) or the next larger number (latency). Nothing fitting: an error that
/// lists the nearest candidates with their reasons, or, with Fallback::Allow, the nearest that
/// fits; an unknown model: an error with the nearest names.
/// Whether anything is known of the model: a recipe, or its facts. Else an error with the nearest
/// names.
[[nodiscard]] bool is_known_model(const SelectionInput& input, core::Diagnostics& diagnostics);

/// What fits is left to `pick` where there is one: it gets it best first, and gives an index, or
/// nothing after an error of its own.
using Picker = std::function<std::optional<std::size_t>(const std::vector<Candidate>&)>;
[[nodiscard]] Selection select(const SelectionInput& input,
                               core::Diagnostics& diagnostics,
                               const Picker& pick = {});

/// Every candidate of the input, not ranked yet.
[[nodiscard]] std::vector<Candidate> make_candidates(const SelectionInput& input);

/// The arguments that switch a feature on, from the facts of the model; none when they do not tell.
[[nodiscard]] core::Map feature_arguments(const std::optional<ModelFacts>& facts,
                                          const BackendData& backend,
                                          const std::string& feature);

/// Whether llama.cpp is asked to serve a model in GGUF form, by the name of its repository
/// ("Qwen/Qwen3-0.6B-GGUF", with ":Q8_0" behind it for another form than Q4_K_M) or as a file: then
/// nothing else has to be known of it.
[[nodiscard]] bool is_gguf(const Wish& wish);

/// Candidates without a recipe, from the facts alone: each checkpoint of the model in each number
/// of GPUs that divides its heads. Of a model in GGUF form one, on the CPU or on what GPUs there
/// are.
[[nodiscard]] std::vector<Recipe> general_recipes(const SelectionInput& input);

}  // namespace aim::recipes
