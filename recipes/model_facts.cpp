#include "recipes/model_facts.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <set>

#include "recipes/fields.hpp"

namespace aim::recipes {

using core::Diagnostics;
using core::Node;
using core::SourceFiles;

namespace {

bool same_word(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](unsigned char x, unsigned char y) {
    return std::tolower(x) == std::tolower(y);
  });
}

std::optional<Precision> read_precision(Fields& fields,
                                        std::string_view key,
                                        Diagnostics& diagnostics) {
  const Node* node = fields.take(key);
  if (node == nullptr) {
    return std::nullopt;
  }
  const std::string* word = std::get_if<std::string>(&node->data);
  const std::optional<Precision> precision = word ? precision_from(*word) : std::nullopt;
  if (!precision) {
    diagnostics.error(
        "Unknown precision",
        fmt::format(
            "`{}` must be one of {}, but it is {}.", key, all_precisions(), described(*node)),
        node->range);
  }
  return precision;
}

void read_checkpoints(Fields& fields, ModelFacts& facts, Diagnostics& diagnostics) {
  for (const core::MapEntry& entry : fields.map("checkpoints")) {
    Fields one(entry.value, fmt::format("The checkpoint {}", entry.key), diagnostics);
    Checkpoint checkpoint;
    checkpoint.precision = read_precision(one, "precision", diagnostics)
                               .value_or(facts.precision.value_or(Precision::Bf16));
    checkpoint.quant = one.text("quant").value_or("");
    checkpoint.weight_bytes = one.integer("weight_bytes", 1);
    one.finish();
    facts.checkpoints.emplace(entry.key, std::move(checkpoint));
  }
}

std::map<std::string, std::string> by_backend(Fields& fields,
                                              std::string_view key,
                                              Diagnostics& diagnostics) {
  std::map<std::string, std::string> result;
  if (const Node* node = fields.take(key)) {
    Fields inner(*node, fmt::format("`{}`", key), diagnostics);
    for (const char* backend : {"vllm", "sglang", "llamacpp"}) {
      if (const std::optional<std::string> text = inner.text(backend)) {
        result.emplace(backend, *text);
      }
    }
    inner.finish();
  }
  return result;
}

/// Every name a file of facts is found by; none when it cannot be read.
std::vector<std::string> fact_names(const std::string& file, std::string_view text) {
  Diagnostics unused;
  const std::optional<Node> document = core::read_document(file, text, unused);
  const Node* id = document ? document->find("model_id") : nullptr;
  const std::string* name = id ? std::get_if<std::string>(&id->data) : nullptr;
  if (name == nullptr) {
    return {};
  }
  std::vector<std::string> names = {*name};
  const Node* checkpoints = document->find("checkpoints");
  if (checkpoints && checkpoints->entries()) {
    for (const core::MapEntry& entry : *checkpoints->entries()) {
      names.push_back(entry.key);
    }
  }
  return names;
}

}  // namespace

std::optional<ModelFacts> read_model_facts(const Node& document, Diagnostics& diagnostics) {
  const std::size_t before = diagnostics.items().size();
  Fields fields(document, "The facts of a model", diagnostics);
  ModelFacts facts;
  facts.range = document.range;
  facts.model_id = fields.required_text("model_id");
  facts.task = fields.text("task").value_or("chat");
  facts.family = fields.text("family").value_or("");
  facts.parameters = fields.integer("parameters", 1).value_or(0);
  static_cast<void>(fields.integer("active_parameters", 1));
  facts.layers = fields.integer("layers", 1);
  facts.attention_heads = fields.integer("attention_heads", 1);
  facts.kv_heads = fields.integer("kv_heads", 1);
  facts.head_dim = fields.integer("head_dim", 1);
  facts.hidden_size = fields.integer("hidden_size", 1);
  facts.max_context = fields.integer("max_context", 1);
  facts.attention = fields.text("attention").value_or("");
  facts.full_attention_layers = fields.integer("full_attention_layers");
  static_cast<void>(fields.integer("linear_attention_layers"));
  facts.sliding_attention_layers = fields.integer("sliding_attention_layers");
  facts.sliding_window = fields.integer("sliding_window", 1);
  static_cast<void>(fields.integer("mla_kv_lora_rank", 1));
  static_cast<void>(fields.integer("mla_rope_dim", 1));
  facts.experts = fields.integer("experts", 1);
  static_cast<void>(fields.integer("experts_per_token", 1));
  facts.moe_intermediate_size = fields.integer("moe_intermediate_size", 1);
  facts.kv_bytes_per_token = fields.integer("kv_bytes_per_token", 1);
  facts.precision = read_precision(fields, "precision", diagnostics);
  facts.quant = fields.text("quant").value_or("");
  read_checkpoints(fields, facts, diagnostics);
  facts.gated = fields.truth("gated");
  static_cast<void>(fields.text("licence"));
  facts.trust_remote_code = fields.truth("trust_remote_code");
  facts.min_version = by_backend(fields, "min_version", diagnostics);
  facts.tool_call_parser = by_backend(fields, "tool_call_parser", diagnostics);
  facts.reasoning_parser = by_backend(fields, "reasoning_parser", diagnostics);
  for (const core::MapEntry& entry : fields.map("args")) {
    const core::Value args = value_of(entry.value);
    if (const core::Map* map = args.get<core::Map>()) {
      facts.args.emplace(entry.key, *map);
    }
  }
  facts.notes = fields.text("notes").value_or("");
  facts.sources = fields.texts("source");
  fields.finish();
  if (facts.parameters == 0 && diagnostics.items().size() == before) {
    diagnostics.error("Missing key",
                      "The facts of a model need the key `parameters`, their number.",
                      document.range);
  }
  return diagnostics.items().size() == before ? std::optional(std::move(facts)) : std::nullopt;
}

ModelLibrary ModelLibrary::open(const std::vector<std::filesystem::path>& directories,
                                const std::filesystem::path& cache,
                                Diagnostics& diagnostics) {
  ModelLibrary library;
  std::set<std::string> known;
  for (const std::filesystem::path& directory : directories) {
    IndexOptions options;
    options.directory = directory;
    options.cache = cache;
    options.kind = "models-1";
    core::Result<std::vector<IndexedFile>> files = index_files(options, fact_names);
    if (!files) {
      diagnostics.warning(
          "Facts of models cannot be read",
          fmt::format("Those in {} are left out: {}.", directory.string(), files.error().message));
      continue;
    }
    for (IndexedFile& file : *files) {
      if (file.keys.empty()) {
        diagnostics.warning("No facts of a model",
                            fmt::format("{} is left out: it cannot be read as the facts of a "
                                        "model. `aim recipes validate` says why.",
                                        (directory / file.name).string()));
      }
      Entry entry{(directory / file.name).string(), {}};
      std::string_view keys = file.keys;
      for (std::string_view key; take_key(keys, key);) {
        entry.names.emplace_back(key);
      }
      // The first directory that knows a model wins.
      if (entry.names.empty() || known.insert(entry.names.front()).second) {
        library.entries_.push_back(std::move(entry));
      }
    }
  }
  return library;
}

namespace {

std::optional<ModelFacts> read_facts_file(const std::string& file,
                                          Diagnostics& diagnostics,
                                          SourceFiles& sources) {
  const core::Result<std::string> text = read_text(file);
  if (!text) {
    diagnostics.error("Facts of a model cannot be read", text.error().message + ".");
    return std::nullopt;
  }
  sources.add(file, *text);
  const std::optional<Node> document = core::read_document(file, *text, diagnostics);
  return document ? read_model_facts(*document, diagnostics) : std::nullopt;
}

}  // namespace

std::optional<ModelFacts> ModelLibrary::find(std::string_view model,
                                             Diagnostics& diagnostics,
                                             SourceFiles& sources) const {
  const auto by_name = [&](bool checkpoints) {
    return std::find_if(entries_.begin(), entries_.end(), [&](const Entry& entry) {
      return std::any_of(
          entry.names.begin(),
          checkpoints || entry.names.empty() ? entry.names.end() : entry.names.begin() + 1,
          [&](const std::string& name) { return same_word(name, model); });
    });
  };
  auto found = by_name(false);
  if (found == entries_.end()) {
    found = by_name(true);
  }
  return found == entries_.end() ? std::nullopt
                                 : read_facts_file(found->file, diagnostics, sources);
}

std::vector<ModelFacts> ModelLibrary::all(Diagnostics& diagnostics, SourceFiles& sources) const {
  std::vector<ModelFacts> result;
  for (const Entry& entry : entries_) {
    if (std::optional<ModelFacts> facts = read_facts_file(entry.file, diagnostics, sources)) {
      result.push_back(std::move(*facts));
    }
  }
  return result;
}

std::vector<std::string> ModelLibrary::names() const {
  std::set<std::string> names;
  for (const Entry& entry : entries_) {
    names.insert(entry.names.begin(), entry.names.end());
  }
  return {names.begin(), names.end()};
}

}  // namespace aim::recipes
