#include "recipes/catalog.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <fstream>

#include "tests/unit/recipes/recipe_fixture.hpp"

namespace aim::recipes {
namespace {

namespace fs = std::filesystem;

std::string recipe(std::string_view id, std::string_view model, std::string_view more = "") {
  return fmt::format(
      "version: 2\nrecipe_id: {}\nmodel_id: {}\nhuggingface_id: {}\nhardware: "
      "MI300X\nprecision: bf16\nvllm_serve: {{1_gpu: {{}}}}\n{}",
      id,
      model,
      model,
      more);
}

class CatalogTest : public testing::Test {
 protected:
  TemporaryDirectory directory_;
  core::Diagnostics diagnostics_;
  core::SourceFiles sources_;

  CatalogPaths paths() const {
    return {{directory_.path() / "own", directory_.path() / "installed"},
            directory_.path() / "cache"};
  }

  std::vector<std::string> found(const Catalog& catalog, std::string_view model) {
    std::vector<std::string> ids;
    for (const Recipe& one : catalog.for_model(model, diagnostics_, sources_)) {
      ids.push_back(one.id);
    }
    return ids;
  }

  std::string index_text() const {
    for (const fs::directory_entry& entry : fs::directory_iterator(directory_.path() / "cache")) {
      std::ifstream stream(entry.path(), std::ios::binary);
      return {std::istreambuf_iterator<char>(stream), {}};
    }
    return {};
  }

  void spoil_indexes(std::string_view text) const {
    for (const fs::directory_entry& entry : fs::directory_iterator(directory_.path() / "cache")) {
      std::ofstream(entry.path(), std::ios::binary | std::ios::trunc) << text;
    }
  }
};

}  // namespace

TEST_F(CatalogTest, FirstDirectoryWithAnIdWins) {
  directory_.write("own/mine.yaml", recipe("a", "o/m", "notes: mine\n"));
  directory_.write("installed/a.yaml", recipe("a", "o/m", "notes: installed\n"));
  directory_.write("installed/b.yaml", recipe("b", "o/m"));
  const Catalog catalog = Catalog::open(paths(), diagnostics_);
  const std::vector<Recipe> recipes = catalog.for_model("o/m", diagnostics_, sources_);
  ASSERT_EQ(recipes.size(), 2U);
  EXPECT_EQ(recipes[0].notes, "mine");
  EXPECT_EQ(recipes[1].id, "b");
  EXPECT_EQ(catalog.by_id("a", diagnostics_, sources_)->notes, "mine");
  EXPECT_TRUE(catalog.duplicates().empty());
  EXPECT_EQ(told(diagnostics_), "");
}

TEST_F(CatalogTest, ReadsOnlyTheFilesOfTheModel) {
  for (int i = 0; i < 50; ++i) {
    directory_.write(fmt::format("installed/{}.yaml", i), recipe(fmt::format("r{}", i), "o/other"));
  }
  directory_.write("installed/x.yaml", recipe("x", "o/m"));
  const Catalog catalog = Catalog::open(paths(), diagnostics_);
  EXPECT_EQ(found(catalog, "O/M"), std::vector<std::string>{"x"});
  EXPECT_EQ(catalog.files_read(), 1U);
}

TEST_F(CatalogTest, WarnsOfABrokenFileAndGoesOn) {
  directory_.write("installed/a.yaml", recipe("a", "o/m"));
  directory_.write("installed/b.yaml", "recipe_id: [\n");
  const Catalog catalog = Catalog::open(paths(), diagnostics_);
  EXPECT_EQ(found(catalog, "o/m"), std::vector<std::string>{"a"});
  EXPECT_EQ(told(diagnostics_),
            fmt::format("warning: Not a recipe: {}/installed/b.yaml is left out: it cannot be read "
                        "as a recipe. `aim recipes validate` says why.\n",
                        directory_.path().string()));
}

TEST_F(CatalogTest, BrokenFileOfTheModelIsAnError) {
  directory_.write("installed/a.yaml", recipe("a", "o/m", "notez: x\n"));
  const Catalog catalog = Catalog::open(paths(), diagnostics_);
  EXPECT_EQ(told(diagnostics_), "");
  EXPECT_TRUE(found(catalog, "o/m").empty());
  EXPECT_TRUE(diagnostics_.has_errors());
  EXPECT_TRUE(told(diagnostics_)
                  .starts_with("8:1: error: Unknown key: A recipe has no key "
                               "\"notez\". Did you mean `notes`?"))
      << told(diagnostics_);
}

TEST_F(CatalogTest, FindsRecipesHoweverTheirYamlIsWritten) {
  directory_.write("installed/flow.yaml",
                   "{recipe_id: flow, model_id: o/m, huggingface_id: o/m, hardware: any, "
                   "precision: bf16, vllm_serve: {1_gpu: {}}}\n");
  directory_.write("installed/quoted.yaml",
                   "# first\n---\n\"recipe_id\": \"quoted\"\r\n'model_id': 'o/m' # why\r\n"
                   "huggingface_id: \"o/m\"\r\nhardware: any\r\nprecision: bf16\r\n"
                   "vllm_serve: {1_gpu: {}}\r\n");
  directory_.write("installed/folded.yaml",
                   "recipe_id: >-\n  folded\nmodel_id: &m o/m\nhuggingface_id: *m\nhardware: any\n"
                   "precision: bf16\nvllm_serve: {1_gpu: {}}\n");
  const Catalog catalog = Catalog::open(paths(), diagnostics_);
  EXPECT_EQ(found(catalog, "o/m"), (std::vector<std::string>{"flow", "folded", "quoted"}));
  EXPECT_EQ(told(diagnostics_), "");
}

TEST_F(CatalogTest, LooksAgainAtAFileThatChanged) {
  directory_.write("installed/a.yaml", recipe("a", "o/m"));
  EXPECT_EQ(found(Catalog::open(paths(), diagnostics_), "o/m").size(), 1U);
  directory_.write("installed/a.yaml", recipe("a", "o/longer-name"));
  const Catalog catalog = Catalog::open(paths(), diagnostics_);
  EXPECT_TRUE(found(catalog, "o/m").empty());
  EXPECT_EQ(found(catalog, "o/longer-name").size(), 1U);
  fs::remove(directory_.path() / "installed/a.yaml");
  EXPECT_TRUE(found(Catalog::open(paths(), diagnostics_), "o/longer-name").empty());
}

TEST_F(CatalogTest, DoesNotTrustTheIndexOfAFileAsYoungAsIt) {
  const fs::path file = directory_.path() / "installed/a.yaml";
  directory_.write("installed/a.yaml", recipe("a", "o/m"));
  fs::last_write_time(file, fs::file_time_type::clock::now());
  const auto time = fs::last_write_time(file);
  EXPECT_EQ(found(Catalog::open(paths(), diagnostics_), "o/m").size(), 1U);
  directory_.write("installed/a.yaml", recipe("a", "o/n"));
  fs::last_write_time(file, time);  // same size, same time
  EXPECT_EQ(found(Catalog::open(paths(), diagnostics_), "o/n").size(), 1U);
}

TEST_F(CatalogTest, SurvivesASpoiledIndex) {
  directory_.write("installed/a.yaml", recipe("a", "o/m"));
  EXPECT_EQ(found(Catalog::open(paths(), diagnostics_), "o/m").size(), 1U);
  const std::string good = index_text();
  ASSERT_FALSE(good.empty());
  for (const std::string& spoiled : {std::string(),
                                     std::string("x"),
                                     good.substr(0, good.size() / 2),
                                     good + "more",
                                     std::string(1000, '\0'),
                                     good.substr(0, good.find('\n') + 1) + "a\tb\tc\t"}) {
    spoil_indexes(spoiled);
    EXPECT_EQ(found(Catalog::open(paths(), diagnostics_), "o/m").size(), 1U);
    EXPECT_EQ(index_text(), good);
  }
  EXPECT_EQ(told(diagnostics_), "");
}

TEST_F(CatalogTest, WorksWhereNoIndexCanBeKept) {
  directory_.write("installed/a.yaml", recipe("a", "o/m"));
  directory_.write("file", "not a directory");
  CatalogPaths where = paths();
  where.cache = directory_.path() / "file";
  EXPECT_EQ(found(Catalog::open(where, diagnostics_), "o/m").size(), 1U);
  EXPECT_EQ(told(diagnostics_), "");
}

TEST_F(CatalogTest, LaysAChildOverWhatItExtends) {
  directory_.write("installed/base.yaml",
                   recipe("base",
                          "o/m",
                          "env: {A: \"1\", B: \"2\"}\nnotes: parent\nverified: {by: x}\n"
                          "sglang_serve: {2_gpu: {args: {--a: 1, --b: {c: 1}}}}\n"));
  directory_.write(
      "own/child.yaml",
      "version: 2\nrecipe_id: child\nextends: base\nhardware: MI325X\nenv: {B: \"3\"}\n"
      "sglang_serve: {2_gpu: {args: {--b: {d: 2}, --e: x}}}\n");
  const Catalog catalog = Catalog::open(paths(), diagnostics_);
  const std::optional<Recipe> child = catalog.by_id("child", diagnostics_, sources_);
  EXPECT_EQ(told(diagnostics_), "");
  ASSERT_TRUE(child);
  EXPECT_EQ(child->hardware, "MI325X");
  EXPECT_EQ(core::canonical_json(core::Value(child->env)), R"({"A":"1","B":"3"})");
  EXPECT_EQ(core::canonical_json(core::Value(child->serves.at("sglang").at(2).args)),
            R"({"--a":1,"--b":{"d":2},"--e":"x"})");
  EXPECT_EQ(child->notes, "");
  EXPECT_FALSE(child->verified);
  EXPECT_EQ(found(catalog, "o/m"), (std::vector<std::string>{"child", "base"}));
}

TEST_F(CatalogTest, RefusesCirclesAndUnknownParents) {
  directory_.write("own/a.yaml", "version: 2\nrecipe_id: a\nextends: b\n");
  directory_.write("own/b.yaml", "version: 2\nrecipe_id: b\nextends: a\n");
  directory_.write("own/c.yaml", "version: 2\nrecipe_id: c1\nextends: c2\n");
  const Catalog catalog = Catalog::open(paths(), diagnostics_);
  EXPECT_FALSE(catalog.by_id("a", diagnostics_, sources_));
  EXPECT_FALSE(catalog.by_id("c1", diagnostics_, sources_));
  EXPECT_EQ(told(diagnostics_),
            "3:10: error: Recipes extend each other in a circle: a -> b -> a. Remove one "
            "`extends`.\n"
            "3:10: error: Unknown recipe: There is no recipe \"c2\" to extend. Did you mean "
            "`c1`?\n");
}

TEST_F(CatalogTest, KnowsTwoFilesOfOneDirectoryWithTheSameId) {
  directory_.write("own/a.yaml", recipe("same", "o/m"));
  directory_.write("own/b.yaml", recipe("same", "o/m"));
  const Catalog catalog = Catalog::open(paths(), diagnostics_);
  ASSERT_EQ(catalog.duplicates().size(), 1U);
  EXPECT_EQ(catalog.duplicates()[0].id, "same");
  EXPECT_TRUE(catalog.duplicates()[0].second.ends_with("own/b.yaml"));
  EXPECT_EQ(found(catalog, "o/m").size(), 1U);
}

TEST_F(CatalogTest, OfTenThousandFilesReadsTheOnesOfTheModelAndNoOther) {
  for (int i = 0; i < 10'000; ++i) {
    directory_.write(fmt::format("installed/{:05}.yaml", i),
                     recipe(fmt::format("r{:05}", i), fmt::format("org{}/model", i / 10)));
  }
  for (int turn = 0; turn < 2; ++turn) {
    const Catalog catalog = Catalog::open(paths(), diagnostics_);
    EXPECT_EQ(found(catalog, "org7/model").size(), 10U);
    EXPECT_EQ(catalog.files_read(), 10U);
    EXPECT_EQ(catalog.ids().size(), 10'000U);
  }
  EXPECT_EQ(told(diagnostics_), "");
}

}  // namespace aim::recipes
