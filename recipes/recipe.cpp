#include "recipes/recipe.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <charconv>

#include "recipes/fields.hpp"

namespace aim::recipes {

using core::Diagnostics;
using core::Node;

namespace {

constexpr int kMostGpus = 1024;

bool same_word(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](unsigned char x, unsigned char y) {
    return std::tolower(x) == std::tolower(y);
  });
}

/// "4" of "4_gpu".
std::optional<int> layout_gpus(std::string_view key) {
  constexpr std::string_view kEnd = "_gpu";
  if (!key.ends_with(kEnd)) {
    return std::nullopt;
  }
  key.remove_suffix(kEnd.size());
  int gpus = 0;
  const auto [end, error] = std::from_chars(key.data(), key.data() + key.size(), gpus);
  if (error != std::errc{} || end != key.data() + key.size() || key.starts_with('-') ||
      gpus > kMostGpus || (key.size() > 1 && key.front() == '0')) {
    return std::nullopt;
  }
  return gpus;
}

class Reader {
 public:
  Reader(const Node& document, Diagnostics& diagnostics)
      : document_(document), diagnostics_(diagnostics) {}

  std::optional<Recipe> read() {
    const std::size_t before = diagnostics_.items().size();
    Fields fields(document_, "A recipe", diagnostics_);
    if (!fields.is_map()) {
      return std::nullopt;
    }
    recipe_.range = document_.range;
    read_version(fields);
    recipe_.id = fields.required_text("recipe_id");
    recipe_.model_id = fields.required_text("model_id");
    recipe_.huggingface_id = fields.required_text("huggingface_id");
    recipe_.hardware = fields.required_text("hardware");
    read_precision(fields);
    for (const std::string& backend : recipe_backends()) {
      read_serve(fields, backend);
    }
    if (recipe_.version >= 2) {
      read_second(fields);
      fields.finish();
    } else {
      finish_first(fields);
    }
    if (recipe_.serves.empty() && diagnostics_.items().size() == before) {
      diagnostics_.error("Missing key",
                         "A recipe needs the arguments of at least one backend: `vllm_serve`, "
                         "`sglang_serve` or `llamacpp_serve`.",
                         document_.range);
    }
    static_cast<void>(value_of(document_, {}, &recipe_.positions));
    const auto& items = diagnostics_.items();
    const bool failed = std::any_of(
        items.begin() + static_cast<std::ptrdiff_t>(before), items.end(), [](const auto& one) {
          return one.severity == core::Severity::Error;
        });
    return failed ? std::nullopt : std::optional(std::move(recipe_));
  }

 private:
  const Node& document_;
  Diagnostics& diagnostics_;
  Recipe recipe_;

  void read_version(Fields& fields) {
    const Node* found = fields.take("version");
    if (found == nullptr) {
      return;
    }
    const std::int64_t* number = std::get_if<std::int64_t>(&found->data);
    if (number == nullptr || *number < 1 || *number > 2) {
      diagnostics_.error(
          "Unknown version of a recipe",
          fmt::format("`version` must be 1 or 2, but it is {}. A newer version of aim may know it.",
                      described(*found)),
          found->range);
      recipe_.version = 2;  // so that what follows is not reported too
      return;
    }
    recipe_.version = static_cast<int>(*number);
  }

  void read_precision(Fields& fields) {
    const std::string word = fields.required_text("precision");
    if (word.empty()) {
      return;
    }
    if (const std::optional<Precision> precision = precision_from(word)) {
      recipe_.precision = *precision;
      if (word == "mxfp4" || word == "nvfp4") {
        recipe_.quant = word;
      }
      return;
    }
    diagnostics_.error(
        "Unknown precision",
        fmt::format(
            "`precision` must be one of {}, but it is {}.", all_precisions(), in_quotes(word)),
        document_.find("precision")->range);
  }

  void read_serve(Fields& fields, const std::string& backend) {
    const std::string key = backend + "_serve";
    for (const core::MapEntry& entry : fields.map(key)) {
      const std::optional<int> gpus = layout_gpus(entry.key);
      if (!gpus) {
        diagnostics_.error("Unknown key",
                           fmt::format("`{}` has no key {}. Its keys are layouts: the number of "
                                       "GPUs and `_gpu`, as in `4_gpu`.",
                                       key,
                                       in_quotes(entry.key)),
                           entry.key_range);
        continue;
      }
      Fields layout(entry.value, fmt::format("The layout `{}`", entry.key), diagnostics_);
      Layout result;
      result.gpus = *gpus;
      result.range = entry.key_range;
      result.enabled = layout.truth("enabled").value_or(true);
      read_arguments(layout.map("args"), result.args);
      layout.finish();
      recipe_.serves[backend].emplace(*gpus, std::move(result));
    }
  }

  void read_arguments(const Node::Entries& entries, core::Map& args) {
    for (const core::MapEntry& entry : entries) {
      if (!entry.key.starts_with('-') || entry.key.find_first_not_of('-') == std::string::npos) {
        diagnostics_.error("Not an argument",
                           fmt::format("{} is no argument of a server: those begin with `--`, as "
                                       "in `--max-num-seqs`.",
                                       in_quotes(entry.key)),
                           entry.key_range);
        continue;
      }
      if (std::holds_alternative<core::Null>(entry.value.data)) {
        diagnostics_.error(
            "Argument without a value",
            fmt::format("{} has no value. Write `true` for an argument that takes none, `false` to "
                        "leave it out.",
                        entry.key),
            entry.key_range);
        continue;
      }
      if (recipe_.version == 1 && !entry.value.is_scalar()) {
        diagnostics_.error("Wrong type",
                           fmt::format("{} must be text, but it is {}. Lists and maps need "
                                       "`version: 2` at the top of the recipe.",
                                       entry.key,
                                       described(entry.value)),
                           entry.value.range);
        continue;
      }
      args.insert_or_assign(entry.key, value_of(entry.value));
    }
  }

  void read_second(Fields& fields) {
    static_cast<void>(fields.take("extends"));  // resolved before
    recipe_.checkpoint = fields.text("checkpoint").value_or("");
    recipe_.quant = fields.text("quant").value_or(recipe_.quant);
    if (const Node* image = fields.take("image")) {
      Fields images(*image, "`image`", diagnostics_);
      for (const char* vendor : {"cuda", "rocm", "cpu"}) {
        if (const std::optional<std::string> name = images.text(vendor)) {
          recipe_.images.emplace(vendor, *name);
        }
      }
      images.finish();
    }
    read_environment(fields.map("env"));
    recipe_.entrypoint = fields.texts("entrypoint");
    recipe_.min_version = fields.text("min_version").value_or("");
    recipe_.context_length = fields.integer("context_length", 1);
    for (const core::MapEntry& entry : fields.map("features")) {
      const Node::Entries* args = entry.value.entries();
      if (args == nullptr) {
        diagnostics_.error("Wrong type",
                           fmt::format("The feature {} must be a map of arguments, but it is {}.",
                                       in_quotes(entry.key),
                                       described(entry.value)),
                           entry.value.range);
        continue;
      }
      read_arguments(*args, recipe_.features[entry.key]);
    }
    if (const Node* expect = fields.take("expect")) {
      Fields expected(*expect, "`expect`", diagnostics_);
      recipe_.tokens_per_second = expected.number("tokens_per_second");
      recipe_.ttft_ms = expected.number("ttft_ms");
      expected.finish();
    }
    if (const Node* verified = fields.take("verified")) {
      read_verified(*verified);
    }
    recipe_.notes = fields.text("notes").value_or("");
  }

  void read_environment(const Node::Entries& entries) {
    for (const core::MapEntry& entry : entries) {
      const bool plain =
          entry.value.is_scalar() && !std::holds_alternative<core::Null>(entry.value.data);
      if (!plain) {
        diagnostics_.error("Wrong type",
                           fmt::format("The variable {} of `env` must be text, but it is {}.",
                                       entry.key,
                                       described(entry.value)),
                           entry.value.range);
        continue;
      }
      const std::string* text = std::get_if<std::string>(&entry.value.data);
      recipe_.env.insert_or_assign(entry.key, text != nullptr ? *text : entry.value.raw);
    }
  }

  void read_verified(const Node& node) {
    Fields fields(node, "`verified`", diagnostics_);
    Verified verified;
    verified.by = fields.required_text("by");
    verified.date = fields.text("date").value_or("");
    verified.source = fields.text("source").value_or("");
    for (const Node& item : fields.list("gpus")) {
      const std::int64_t* gpus = std::get_if<std::int64_t>(&item.data);
      if (gpus == nullptr || *gpus < 0 || *gpus > kMostGpus) {
        diagnostics_.error("Wrong type",
                           fmt::format("`gpus` must be a list of numbers of GPUs, but one is {}.",
                                       described(item)),
                           item.range);
        continue;
      }
      verified.gpus.push_back(static_cast<int>(*gpus));
    }
    fields.finish();
    recipe_.verified = std::move(verified);
  }

  /// A key of version 2 in a file of version 1 is told as such.
  void finish_first(Fields& fields) {
    static const std::vector<std::string> kSecond = {"extends",
                                                     "checkpoint",
                                                     "quant",
                                                     "image",
                                                     "env",
                                                     "entrypoint",
                                                     "min_version",
                                                     "context_length",
                                                     "features",
                                                     "expect",
                                                     "verified",
                                                     "notes"};
    for (const std::string& key : kSecond) {
      if (document_.find(key) == nullptr) {
        continue;
      }
      for (const core::MapEntry& entry : *document_.entries()) {
        if (entry.key == key) {
          diagnostics_.error("Unknown key",
                             fmt::format("`{}` is a key of recipes of version 2. Add `version: 2` "
                                         "at the top of the recipe.",
                                         key),
                             entry.key_range);
        }
      }
    }
    for (const std::string& key : kSecond) {
      fields.ignore(key);  // reported already
    }
    fields.finish();
  }
};

/// How deep maps merge by key: recipe, vllm_serve, 1_gpu, args.
constexpr int kMergeDepth = 4;

Node::Entries merged_entries(const Node::Entries& parent, const Node::Entries& child, int depth) {
  Node::Entries result = child;
  for (const core::MapEntry& entry : parent) {
    const auto own = std::find_if(result.begin(), result.end(), [&](const core::MapEntry& one) {
      return one.key == entry.key;
    });
    if (own == result.end()) {
      result.push_back(entry);
    } else if (depth > 1 && entry.value.entries() && own->value.entries()) {
      own->value.data = merged_entries(*entry.value.entries(), *own->value.entries(), depth - 1);
    }
  }
  return result;
}

}  // namespace

bool Recipe::is_verified(int gpus) const {
  return verified &&
         (verified->gpus.empty() ||
          std::find(verified->gpus.begin(), verified->gpus.end(), gpus) != verified->gpus.end());
}

bool Recipe::is_for(std::string_view model) const {
  return same_word(model, model_id) || same_word(model, huggingface_id);
}

const std::vector<std::string>& recipe_backends() {
  static const std::vector<std::string> kBackends = {"vllm", "sglang", "llamacpp"};
  return kBackends;
}

core::Path argument_path(std::string_view backend, int gpus, std::string_view flag) {
  return {fmt::format("{}_serve", backend),
          fmt::format("{}_gpu", gpus),
          std::string("args"),
          std::string(flag)};
}

std::optional<Recipe> read_recipe(const Node& document, Diagnostics& diagnostics) {
  return Reader(document, diagnostics).read();
}

std::optional<std::string> extended_id(const Node& document) {
  const Node* found = document.find("extends");
  const std::string* id = found ? std::get_if<std::string>(&found->data) : nullptr;
  return id && !id->empty() ? std::optional(*id) : std::nullopt;
}

Node merged_recipe(const Node& parent, const Node& child) {
  Node result = child;
  if (!parent.entries() || !child.entries()) {
    return result;
  }
  Node::Entries inherited;
  for (const core::MapEntry& entry : *parent.entries()) {
    if (entry.key != "version" && entry.key != "recipe_id" && entry.key != "verified" &&
        entry.key != "expect" && entry.key != "notes") {
      inherited.push_back(entry);
    }
  }
  result.data = merged_entries(inherited, *child.entries(), kMergeDepth);
  return result;
}

}  // namespace aim::recipes
