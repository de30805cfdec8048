#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include "core/diagnostic.hpp"
#include "recipes/backend_data.hpp"
#include "recipes/model_facts.hpp"
#include "recipes/recipe.hpp"

namespace aim::recipes {

/// "5:3: error: Summary: detail" a line, in order of place; without a place there is no position.
[[nodiscard]] std::string told(const core::Diagnostics& diagnostics);

/// A recipe read from text, and what was said of it.
struct ReadText {
  std::optional<Recipe> recipe;
  std::string complaints;
};

[[nodiscard]] ReadText read_text_recipe(std::string_view yaml);

/// The backends as they are installed, read once.
[[nodiscard]] const BackendLibrary& installed_backends();

/// Facts from the installed data; fails the test when there are none.
[[nodiscard]] ModelFacts installed_facts(std::string_view model);

/// A directory that ends with the test.
class TemporaryDirectory {
 public:
  TemporaryDirectory();
  ~TemporaryDirectory();
  TemporaryDirectory(const TemporaryDirectory&) = delete;
  TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;

  [[nodiscard]] const std::filesystem::path& path() const { return path_; }

  /// Writes a file, an hour old: the index trusts no file that is too young.
  void write(const std::string& name, std::string_view text) const;

 private:
  std::filesystem::path path_;
};

}  // namespace aim::recipes
