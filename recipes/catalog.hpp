#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "core/diagnostic.hpp"
#include "core/source.hpp"
#include "recipes/file_index.hpp"
#include "recipes/recipe.hpp"

namespace aim::recipes {

/// Where recipes lie. The first directory that has an id wins.
struct CatalogPaths {
  std::vector<std::filesystem::path> directories;
  std::filesystem::path cache;  ///< for the indexes; may be empty
};

/// All recipes there are, of which only those that are asked for are read.
class Catalog {
 public:
  /// Finds what there is. A directory that cannot be read and files that are no recipes are
  /// warnings.
  [[nodiscard]] static Catalog open(const CatalogPaths& paths, core::Diagnostics& diagnostics);

  /// The recipes of a model, by model_id or huggingface_id, in order of directory and file. Faults
  /// in their files are errors. `sources` gets the texts, for showing faults.
  [[nodiscard]] std::vector<Recipe> for_model(std::string_view model,
                                              core::Diagnostics& diagnostics,
                                              core::SourceFiles& sources) const;

  /// The recipe with this id, if there is one and it can be read.
  [[nodiscard]] std::optional<Recipe> by_id(std::string_view id,
                                            core::Diagnostics& diagnostics,
                                            core::SourceFiles& sources) const;

  /// The recipe in a file, wherever it lies; what it extends is looked for here. Faults are errors.
  [[nodiscard]] std::optional<Recipe> of_file(const std::filesystem::path& file,
                                              core::Diagnostics& diagnostics,
                                              core::SourceFiles& sources) const;

  /// Every recipe that is not hidden by one of the same id before it. Reads all files.
  [[nodiscard]] std::vector<Recipe> all(core::Diagnostics& diagnostics,
                                        core::SourceFiles& sources) const;

  /// Names of models and repositories, and ids, in order, without repetition.
  [[nodiscard]] std::vector<std::string> models() const;
  [[nodiscard]] std::vector<std::string> ids() const;

  /// Two files of one directory with the same id.
  struct Duplicate {
    std::string id;
    std::string first;
    std::string second;
  };

  [[nodiscard]] const std::vector<Duplicate>& duplicates() const { return duplicates_; }

  /// How many files have been read since open().
  [[nodiscard]] std::size_t files_read() const { return files_read_; }

 private:
  /// The views point into `keys`, its own or those of an entry that it extends. The text is behind
  /// a pointer, so that it stays where it is when entries move.
  struct Entry {
    std::uint32_t directory = 0;
    bool hidden = false;  ///< by an earlier one with the same id
    std::string name;     ///< of the file
    std::unique_ptr<const std::string> keys;
    std::string_view id;
    std::string_view extends;
    std::string_view model_id;
    std::string_view huggingface_id;
  };

  /// `chain` has the ids that led to the file, its own included.
  [[nodiscard]] std::optional<core::Node> document(const std::string& file,
                                                   std::vector<std::string>& chain,
                                                   core::Diagnostics& diagnostics,
                                                   core::SourceFiles& sources) const;
  [[nodiscard]] std::optional<Recipe> read(const Entry& entry,
                                           core::Diagnostics& diagnostics,
                                           core::SourceFiles& sources) const;
  void add(std::vector<IndexedFile> files, core::Diagnostics& diagnostics);
  void find_inherited_models();

  [[nodiscard]] std::string file_of(const Entry& entry) const;

  std::vector<std::string> directories_;  ///< with a slash behind
  std::vector<Entry> entries_;
  std::unordered_map<std::string_view, std::size_t> by_id_;
  std::vector<Duplicate> duplicates_;
  mutable std::size_t files_read_ = 0;
};

}  // namespace aim::recipes
