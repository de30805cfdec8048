#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <regex>
#include <set>
#include <sstream>

#include "cmd/view/diagnostic_render.hpp"
#include "planner/configuration.hpp"
#include "planner/endpoint_validation.hpp"
#include "planner/plan.hpp"
#include "recipes/validate.hpp"
#include "tests/docs/generated_docs.hpp"
#include "tests/docs/text_files.hpp"

namespace aim::docs {
namespace {

namespace fs = std::filesystem;
using planner::ConfigurationFile;

/// A configuration, and everything that is wrong with it as a user would read it.
struct Loaded {
  planner::Configuration configuration;
  std::string complaints;
};

/// Nothing depends on the machine: each environment variable holds its own name, each file a text.
Loaded load(std::vector<ConfigurationFile> files, std::vector<ConfigurationFile> variables = {}) {
  planner::ConfigurationInput input;
  input.files = std::move(files);
  input.variable_files = std::move(variables);
  input.environment = [](const std::string& name) { return std::optional(name); };
  input.read_file = [](const std::string&, const std::string&) {
    return core::Result<std::string>("contents");
  };
  core::SourceFiles sources;
  core::Diagnostics diagnostics;
  Loaded loaded;
  loaded.configuration = planner::load_configuration(input, sources, diagnostics);
  loaded.complaints = view::render_diagnostics(diagnostics, sources, view::Colour::Off);
  return loaded;
}

std::vector<fs::path> example_directories() {
  std::vector<fs::path> directories;
  for (const fs::directory_entry& entry : fs::directory_iterator("examples")) {
    if (entry.is_directory()) {
      directories.push_back(entry.path());
    }
  }
  std::sort(directories.begin(), directories.end());
  return directories;
}

/// What `aim -C DIRECTORY` would read.
Loaded load_example(const fs::path& directory) {
  std::vector<ConfigurationFile> files;
  std::vector<ConfigurationFile> variables;
  for (const fs::directory_entry& entry : fs::directory_iterator(directory)) {
    const std::string name = entry.path().filename().string();
    if (name == "aim.yaml" || name.ends_with(".aim.yaml")) {
      files.push_back({entry.path().string(), text_of(entry.path())});
    } else if (name == "aim.vars.yaml") {
      variables.push_back({entry.path().string(), text_of(entry.path())});
    }
  }
  return load(std::move(files), std::move(variables));
}

std::string without_code(const std::string& markdown) {
  std::istringstream lines(markdown);
  std::string line;
  std::string text;
  bool inside = false;
  while (std::getline(lines, line)) {
    inside = line.starts_with("```") ? !inside : inside;
    text += inside ? "\n" : line + "\n";
  }
  return text;
}

std::size_t characters(const std::string& line) {
  return static_cast<std::size_t>(std::count_if(line.begin(), line.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U;
  }));
}

}  // namespace

TEST(GeneratedDocs, MatchTheProgramsTables) {
  for (const GeneratedDocument& document : generated_documents()) {
    EXPECT_EQ(text_of(fs::path("docs") / document.path), document.text)
        << "docs/" << document.path << " is not what the tables say: run scripts/docs";
  }
}

TEST(GeneratedDocs, AreAllThatTheReferenceHas) {
  std::set<std::string> generated;
  for (const GeneratedDocument& document : generated_documents()) {
    generated.insert(document.path);
  }
  for (const fs::directory_entry& entry : fs::directory_iterator("docs/reference")) {
    EXPECT_TRUE(generated.contains("reference/" + entry.path().filename().string()))
        << entry.path() << " belongs to no kind of resource";
  }
}

TEST(Docs, ShowOnlyConfigurationsThatLoad) {
  int shown = 0;
  for (const fs::path& file : markdown_files()) {
    for (const CodeBlock& block : code_blocks(text_of(file))) {
      if (block.language == "yaml" && block.text.starts_with("version:")) {
        const Loaded loaded = load({{fmt::format("{}:{}", file.string(), block.line), block.text}});
        EXPECT_EQ(loaded.complaints, "");
        ++shown;
      }
    }
  }
  EXPECT_GT(shown, 0);
}

TEST(Docs, LinkOnlyToWhatIsThere) {
  static const std::regex kLink(R"(\]\(([^)#]+)(#[^)]*)?\))");
  for (const fs::path& file : markdown_files()) {
    const std::string text = without_code(text_of(file));
    for (std::sregex_iterator link(text.begin(), text.end(), kLink), end; link != end; ++link) {
      const std::string target = (*link)[1];
      if (!target.starts_with("https://")) {
        EXPECT_TRUE(fs::exists(file.parent_path() / target)) << file << " links to " << target;
      }
    }
  }
}

TEST(Docs, FitTheWidthOfAPage) {
  constexpr std::size_t kColumns = 100;
  std::set<std::string> generated;
  for (const GeneratedDocument& document : generated_documents()) {
    generated.insert((fs::path("docs") / document.path).string());
  }
  for (const fs::path& file : markdown_files()) {
    std::istringstream lines(text_of(file));
    std::string line;
    for (int number = 1; std::getline(lines, line); ++number) {
      if (!generated.contains(file.string()) && !line.starts_with('|')) {
        EXPECT_LE(characters(line), kColumns) << file << ":" << number;
      }
    }
  }
}

TEST(Examples, LoadWithoutAComplaint) {
  for (const fs::path& directory : example_directories()) {
    EXPECT_EQ(load_example(directory).complaints, "");
  }
}

TEST(Examples, NameModelsRecipesAndArgumentsThatAreKnown) {
  core::Diagnostics faults;
  core::SourceFiles sources;
  for (const fs::path& directory : example_directories()) {
    const Loaded loaded = load_example(directory);
    const recipes::RecipeData data =
        recipes::open_data({{directory / "recipes"}, "recipes", {}}, faults, sources);
    planner::validate_endpoints(loaded.configuration, data, faults, sources);
    for (const recipes::Recipe& recipe : data.catalog.all(faults, sources)) {
      if (recipe.range.file.starts_with(directory.string())) {
        recipes::validate_recipe(recipe, data, faults, sources);
      }
    }
  }
  EXPECT_EQ(view::render_diagnostics(faults, sources, view::Colour::Off), "");
}

TEST(Examples, PlanToCreateAllThatTheyDescribe) {
  for (const fs::path& directory : example_directories()) {
    const Loaded loaded = load_example(directory);
    core::Diagnostics diagnostics;
    const planner::Plan plan = planner::make_plan(loaded.configuration, {}, {}, {}, diagnostics);
    EXPECT_TRUE(diagnostics.empty()) << directory;
    EXPECT_FALSE(plan.changes.empty()) << directory;
    for (const planner::ResourceChange& change : plan.changes) {
      if (!change.external) {
        EXPECT_EQ(change.action, planner::Action::Create) << directory << change.address.str();
      }
    }
  }
}

}  // namespace aim::docs
