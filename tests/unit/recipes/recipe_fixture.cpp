#include "tests/unit/recipes/recipe_fixture.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <stdlib.h>

#include <fstream>

namespace aim::recipes {

namespace fs = std::filesystem;

std::string told(const core::Diagnostics& diagnostics) {
  std::string text;
  for (const core::Diagnostic& one : diagnostics.sorted()) {
    if (one.range) {
      text += fmt::format("{}:{}: ", one.range->begin.line, one.range->begin.column);
    }
    text += one.severity == core::Severity::Error     ? "error: "
            : one.severity == core::Severity::Warning ? "warning: "
                                                      : "note: ";
    text += one.summary + ": " + one.detail + "\n";
  }
  return text;
}

ReadText read_text_recipe(std::string_view yaml) {
  core::Diagnostics diagnostics;
  ReadText result;
  if (const auto document = core::read_document("r.yaml", yaml, diagnostics)) {
    result.recipe = read_recipe(*document, diagnostics);
  }
  result.complaints = told(diagnostics);
  return result;
}

const BackendLibrary& installed_backends() {
  static const BackendLibrary kLibrary = [] {
    core::Diagnostics diagnostics;
    core::SourceFiles sources;
    BackendLibrary library = read_backends("recipes/backends", diagnostics, sources);
    EXPECT_EQ(told(diagnostics), "");
    return library;
  }();
  return kLibrary;
}

ModelFacts installed_facts(std::string_view model) {
  core::Diagnostics diagnostics;
  core::SourceFiles sources;
  const ModelLibrary library = ModelLibrary::open({"recipes/models"}, {}, diagnostics);
  std::optional<ModelFacts> facts = library.find(model, diagnostics, sources);
  EXPECT_EQ(told(diagnostics), "");
  EXPECT_TRUE(facts) << "no facts of " << model;
  return facts.value_or(ModelFacts{});
}

TemporaryDirectory::TemporaryDirectory() {
  std::string pattern = (fs::temp_directory_path() / "aim-recipes-XXXXXX").string();
  path_ = mkdtemp(pattern.data());
}

TemporaryDirectory::~TemporaryDirectory() {
  std::error_code code;
  fs::remove_all(path_, code);
}

void TemporaryDirectory::write(const std::string& name, std::string_view text) const {
  const fs::path file = path_ / name;
  fs::create_directories(file.parent_path());
  std::ofstream(file, std::ios::binary) << text;
  fs::last_write_time(file, fs::file_time_type::clock::now() - std::chrono::hours(1));
}

}  // namespace aim::recipes
