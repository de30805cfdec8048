#include "recipes/catalog.hpp"

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

constexpr std::size_t kLongestChain = 8;
constexpr std::string_view kKind = "recipes-1";
const std::vector<std::string_view> kWanted = {
    "recipe_id", "model_id", "huggingface_id", "extends"};

std::string key_of(std::string_view name, std::string_view value) {
  return fmt::format("{}={}", name, value);
}

/// The keys of a recipe without reading all of it where its form is plain; none for a file that is
/// no recipe.
std::vector<std::string> recipe_keys(const std::string& file, std::string_view text) {
  bool sure = false;
  std::vector<std::string> keys;
  std::set<std::string> names;
  for (const auto& [name, value] : top_level_texts(text, kWanted, sure)) {
    keys.push_back(key_of(name, value));
    names.insert(name);
  }
  const bool complete = names.contains("recipe_id") &&
                        (names.contains("extends") ||
                         (names.contains("model_id") && names.contains("huggingface_id")));
  if (sure && complete) {
    return keys;
  }
  Diagnostics unused;
  const std::optional<Node> document = core::read_document(file, text, unused);
  if (!document || !document->entries()) {
    return {};
  }
  keys.clear();
  for (const std::string_view name : kWanted) {
    const Node* found = document->find(name);
    if (const std::string* value = found ? std::get_if<std::string>(&found->data) : nullptr) {
      keys.push_back(key_of(name, *value));
    }
  }
  return keys;
}

/// The part behind `name=` of a key, if it is that key.
std::optional<std::string_view> value_in(std::string_view key, std::string_view name) {
  if (key.size() > name.size() && key.starts_with(name) && key[name.size()] == '=') {
    return key.substr(name.size() + 1);
  }
  return std::nullopt;
}

bool same_word(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](unsigned char x, unsigned char y) {
    return std::tolower(x) == std::tolower(y);
  });
}

}  // namespace

Catalog Catalog::open(const CatalogPaths& paths, Diagnostics& diagnostics) {
  Catalog catalog;
  for (const std::filesystem::path& directory : paths.directories) {
    IndexOptions options;
    options.directory = directory;
    options.cache = paths.cache;
    options.kind = kKind;
    core::Result<std::vector<IndexedFile>> files = index_files(options, recipe_keys);
    if (!files) {
      diagnostics.warning(
          "Recipes cannot be read",
          fmt::format(
              "The recipes in {} are left out: {}.", directory.string(), files.error().message));
      continue;
    }
    catalog.directories_.push_back((directory / "").string());
    catalog.add(std::move(*files), diagnostics);
  }
  catalog.find_inherited_models();
  return catalog;
}

void Catalog::add(std::vector<IndexedFile> files, Diagnostics& diagnostics) {
  const std::size_t first = entries_.size();
  entries_.reserve(first + files.size());
  by_id_.reserve(first + files.size());
  for (IndexedFile& file : files) {
    Entry entry;
    entry.directory = static_cast<std::uint32_t>(directories_.size() - 1);
    entry.name = std::move(file.name);
    if (file.keys.empty()) {
      diagnostics.warning("Not a recipe",
                          fmt::format("{} is left out: it cannot be read as a recipe. `aim recipes "
                                      "validate` says why.",
                                      file_of(entry)));
    }
    entry.keys = std::make_unique<const std::string>(std::move(file.keys));
    std::string_view keys = *entry.keys;
    for (std::string_view key; take_key(keys, key);) {
      std::string_view* const fields[] = {
          &entry.id, &entry.model_id, &entry.huggingface_id, &entry.extends};
      for (std::size_t i = 0; i < kWanted.size(); ++i) {
        if (const auto value = value_in(key, kWanted[i])) {
          *fields[i] = *value;
        }
      }
    }
    if (!entry.id.empty()) {
      const auto [known, added] = by_id_.emplace(entry.id, entries_.size());
      if (!added) {
        entry.hidden = true;
        if (known->second >= first) {
          duplicates_.push_back(
              {std::string(entry.id), file_of(entries_[known->second]), file_of(entry)});
        }
      }
    }
    entries_.push_back(std::move(entry));
  }
}

std::string Catalog::file_of(const Entry& entry) const {
  return directories_[entry.directory] + entry.name;
}

void Catalog::find_inherited_models() {
  for (Entry& entry : entries_) {
    std::string_view parent = entry.extends;
    for (std::size_t step = 0; !parent.empty() && step < kLongestChain; ++step) {
      const auto found = by_id_.find(parent);
      if (found == by_id_.end()) {
        break;
      }
      const Entry& other = entries_[found->second];
      if (entry.model_id.empty()) {
        entry.model_id = other.model_id;
      }
      if (entry.huggingface_id.empty()) {
        entry.huggingface_id = other.huggingface_id;
      }
      parent = other.extends;
    }
  }
}

std::optional<Node> Catalog::document(const std::string& file,
                                      std::vector<std::string>& chain,
                                      Diagnostics& diagnostics,
                                      SourceFiles& sources) const {
  const core::Result<std::string> text = read_text(file);
  ++files_read_;
  if (!text) {
    diagnostics.error("Recipe cannot be read", text.error().message + ".");
    return std::nullopt;
  }
  sources.add(file, *text);
  std::optional<Node> own = core::read_document(file, *text, diagnostics);
  if (!own) {
    return std::nullopt;
  }
  const std::optional<std::string> parent_id = extended_id(*own);
  if (!parent_id) {
    return own;
  }
  const core::SourceRange place = own->find("extends")->range;
  if (std::find(chain.begin(), chain.end(), *parent_id) != chain.end()) {
    chain.push_back(*parent_id);
    std::string circle;
    for (const std::string& id : chain) {
      circle += (circle.empty() ? "" : " -> ") + id;
    }
    diagnostics.error("Recipes extend each other in a circle",
                      fmt::format("{}. Remove one `extends`.", circle),
                      place);
    return std::nullopt;
  }
  const auto found = by_id_.find(std::string_view(*parent_id));
  if (found == by_id_.end()) {
    const std::string near = core::did_you_mean(*parent_id, ids());
    diagnostics.error("Unknown recipe",
                      fmt::format("There is no recipe {} to extend.{}{}",
                                  in_quotes(*parent_id),
                                  near.empty() ? "" : " ",
                                  near),
                      place);
    return std::nullopt;
  }
  if (chain.size() > kLongestChain) {
    diagnostics.error(
        "Recipes extend each other too deeply",
        fmt::format("More than {} recipes extend each other. Copy what is needed.", kLongestChain),
        place);
    return std::nullopt;
  }
  chain.push_back(*parent_id);
  const std::optional<Node> parent =
      document(file_of(entries_[found->second]), chain, diagnostics, sources);
  return parent ? std::optional(merged_recipe(*parent, *own)) : std::nullopt;
}

std::optional<Recipe> Catalog::read(const Entry& entry,
                                    Diagnostics& diagnostics,
                                    SourceFiles& sources) const {
  std::vector<std::string> chain = {std::string(entry.id)};
  const std::optional<Node> merged = document(file_of(entry), chain, diagnostics, sources);
  return merged ? read_recipe(*merged, diagnostics) : std::nullopt;
}

std::optional<Recipe> Catalog::of_file(const std::filesystem::path& file,
                                       Diagnostics& diagnostics,
                                       SourceFiles& sources) const {
  std::vector<std::string> chain;
  const std::optional<Node> merged = document(file.string(), chain, diagnostics, sources);
  return merged ? read_recipe(*merged, diagnostics) : std::nullopt;
}

std::vector<Recipe> Catalog::for_model(std::string_view model,
                                       Diagnostics& diagnostics,
                                       SourceFiles& sources) const {
  std::vector<Recipe> found;
  for (const Entry& entry : entries_) {
    const bool wanted = !entry.hidden && (same_word(entry.model_id, model) ||
                                          same_word(entry.huggingface_id, model));
    if (!wanted) {
      continue;
    }
    if (std::optional<Recipe> recipe = read(entry, diagnostics, sources);
        recipe && recipe->is_for(model)) {
      found.push_back(std::move(*recipe));
    }
  }
  return found;
}

std::optional<Recipe> Catalog::by_id(std::string_view id,
                                     Diagnostics& diagnostics,
                                     SourceFiles& sources) const {
  const auto found = by_id_.find(id);
  return found == by_id_.end() ? std::nullopt : read(entries_[found->second], diagnostics, sources);
}

std::vector<Recipe> Catalog::all(Diagnostics& diagnostics, SourceFiles& sources) const {
  std::vector<Recipe> recipes;
  for (const Entry& entry : entries_) {
    if (entry.hidden) {
      continue;
    }
    if (std::optional<Recipe> recipe = read(entry, diagnostics, sources)) {
      recipes.push_back(std::move(*recipe));
    }
  }
  return recipes;
}

std::vector<std::string> Catalog::models() const {
  std::set<std::string> names;
  for (const Entry& entry : entries_) {
    for (const std::string_view name : {entry.model_id, entry.huggingface_id}) {
      if (!name.empty()) {
        names.emplace(name);
      }
    }
  }
  return {names.begin(), names.end()};
}

std::vector<std::string> Catalog::ids() const {
  std::set<std::string> names;
  for (const Entry& entry : entries_) {
    if (!entry.id.empty()) {
      names.emplace(entry.id);
    }
  }
  return {names.begin(), names.end()};
}

}  // namespace aim::recipes
