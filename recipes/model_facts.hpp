#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/diagnostic.hpp"
#include "core/document.hpp"
#include "core/source.hpp"
#include "core/value.hpp"
#include "recipes/file_index.hpp"
#include "recipes/precision.hpp"

namespace aim::recipes {

/// One published form of a model's weights.
struct Checkpoint {
  Precision precision = Precision::Bf16;
  std::string quant;
  std::optional<std::int64_t> weight_bytes;  ///< where it is known

  bool operator==(const Checkpoint&) const = default;
};

/// What is known of a model, each number from a source. What no source told is absent.
struct ModelFacts {
  std::string model_id;
  std::string task = "chat";  ///< chat, completion, embedding, rerank
  std::string family;
  std::int64_t parameters = 0;
  std::optional<std::int64_t> layers;
  std::optional<std::int64_t> attention_heads;
  std::optional<std::int64_t> kv_heads;
  std::optional<std::int64_t> head_dim;
  std::optional<std::int64_t> hidden_size;
  std::optional<std::int64_t> max_context;
  std::string attention;  ///< gqa, mha, mla, gqa-sliding-mix, hybrid-linear, ...; empty: unknown
  std::optional<std::int64_t> full_attention_layers;
  std::optional<std::int64_t> sliding_attention_layers;
  std::optional<std::int64_t> sliding_window;
  std::optional<std::int64_t> experts;
  std::optional<std::int64_t> moe_intermediate_size;
  std::optional<std::int64_t> kv_bytes_per_token;  ///< with 16 bits, over all GPUs
  std::optional<Precision> precision;              ///< as it was published first
  std::string quant;
  std::map<std::string, Checkpoint> checkpoints;  ///< by repository
  std::optional<bool> gated;
  std::optional<bool> trust_remote_code;
  std::map<std::string, std::string> min_version;       ///< by backend
  std::map<std::string, std::string> tool_call_parser;  ///< by backend
  std::map<std::string, std::string> reasoning_parser;  ///< by backend
  std::map<std::string, core::Map> args;                ///< that it needs, by backend
  std::string notes;
  std::vector<std::string> sources;
  core::SourceRange range;

  /// The latent of MLA is the same on every GPU.
  [[nodiscard]] bool is_mla() const { return attention == "mla"; }
};

/// Reads the facts of one model. Faults are reported; nothing then.
[[nodiscard]] std::optional<ModelFacts> read_model_facts(const core::Node& document,
                                                         core::Diagnostics& diagnostics);

/// Facts of a local model from its own config.json and, when there is one, its safetensors index
/// (model.safetensors.index.json), as texts. Errors: Invalid, saying what is missing.
[[nodiscard]] core::Result<ModelFacts> facts_of_config(std::string_view config_json,
                                                       std::string_view index_json,
                                                       const std::string& model);

/// facts_of_config for a directory; without an index the sizes of *.safetensors are added up.
[[nodiscard]] core::Result<ModelFacts> facts_of_directory(const std::filesystem::path& directory);

/// The facts of all models, of which only those asked for are read.
class ModelLibrary {
 public:
  /// As Catalog::open: the first directory that has a model wins.
  [[nodiscard]] static ModelLibrary open(const std::vector<std::filesystem::path>& directories,
                                         const std::filesystem::path& cache,
                                         core::Diagnostics& diagnostics);

  /// The facts of the model that is called so, or has a checkpoint called so.
  [[nodiscard]] std::optional<ModelFacts> find(std::string_view model,
                                               core::Diagnostics& diagnostics,
                                               core::SourceFiles& sources) const;
  [[nodiscard]] std::vector<ModelFacts> all(core::Diagnostics& diagnostics,
                                            core::SourceFiles& sources) const;
  /// Models and checkpoints, in order.
  [[nodiscard]] std::vector<std::string> names() const;

 private:
  struct Entry {
    std::string file;
    std::vector<std::string> names;  ///< the model first, then its checkpoints
  };

  std::vector<Entry> entries_;
};

}  // namespace aim::recipes
