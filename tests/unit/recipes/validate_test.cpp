#include "recipes/validate.hpp"

#include <gtest/gtest.h>

#include "tests/unit/recipes/recipe_fixture.hpp"

namespace aim::recipes {
namespace {

class ValidateTest : public testing::Test {
 protected:
  TemporaryDirectory directory_;
  core::Diagnostics diagnostics_;
  core::SourceFiles sources_;

  /// What is said of a recipe beside those that are installed.
  std::string complaints(const std::string& text) {
    directory_.write("r.yaml", text);
    const RecipeData data = open_data({{directory_.path()}, "recipes", {}}, diagnostics_, sources_);
    for (const Recipe& recipe : data.catalog.all(diagnostics_, sources_)) {
      if (recipe.id == "mine") {
        validate_recipe(recipe, data, diagnostics_, sources_);
      }
    }
    return told(diagnostics_);
  }

  static std::string head(const std::string& model,
                          const std::string& hardware,
                          const std::string& precision) {
    return "version: 2\nrecipe_id: mine\nmodel_id: " + model + "\nhuggingface_id: " + model +
           "\nhardware: " + hardware + "\nprecision: " + precision + "\n";
  }
};

}  // namespace

TEST_F(ValidateTest, EverythingThatComesWithAimIsValid) {
  const RecipeData data = open_data({{}, "recipes", {}}, diagnostics_, sources_);
  const ValidationCount count = validate_recipes(data, diagnostics_, sources_);
  EXPECT_EQ(told(diagnostics_), "");
  EXPECT_EQ(count.recipes, 125U);
  EXPECT_EQ(count.models, 67U);
  EXPECT_GT(count.layouts, count.recipes);
}

TEST_F(ValidateTest, EveryInstalledRecipeSaysWhereItIsFrom) {
  const Catalog catalog = Catalog::open({{"recipes/catalog"}, {}}, diagnostics_);
  for (const Recipe& recipe : catalog.all(diagnostics_, sources_)) {
    const bool sourced = recipe.verified ? !recipe.verified->source.empty()
                                         : recipe.notes.find("From ") != std::string::npos;
    EXPECT_TRUE(sourced) << recipe.id;
    EXPECT_EQ(recipe.range.file, "recipes/catalog/" + recipe.id + ".yaml");
  }
}

TEST_F(ValidateTest, EveryFactOfAModelHasASource) {
  const ModelLibrary library = ModelLibrary::open({"recipes/models"}, {}, diagnostics_);
  for (const ModelFacts& facts : library.all(diagnostics_, sources_)) {
    EXPECT_FALSE(facts.sources.empty()) << facts.model_id;
  }
  EXPECT_EQ(told(diagnostics_), "");
}

TEST_F(ValidateTest, FactsOfOnesOwnReplaceThoseThatComeWithAim) {
  directory_.write("models/own.yaml", "model_id: Qwen/Qwen3-32B\nparameters: 7\n");
  const RecipeData data = open_data({{directory_.path()}, "recipes", {}}, diagnostics_, sources_);
  EXPECT_EQ(data.models.find("Qwen/Qwen3-32B", diagnostics_, sources_)->parameters, 7);
  EXPECT_EQ(data.models.all(diagnostics_, sources_).size(), 67U);
  EXPECT_EQ(told(diagnostics_), "");
}

TEST_F(ValidateTest, TellsOfRemovedAndWrongArgumentsAtTheirPlace) {
  EXPECT_EQ(complaints(head("Qwen/Qwen3-32B", "MI300X", "bf16") +
                       "vllm_serve:\n  1_gpu:\n    args:\n      --swap-space: 4\n"
                       "      --dtype: float8_e5m2\n      --max-num-seq: 1\n"),
            "10:7: error: Removed argument: --swap-space was removed from vLLM in v0.18.0, and the "
            "image is v0.27.1. Remove it.\n"
            "11:7: error: Wrong value of an argument: --dtype does not take \"float8_e5m2\". It "
            "takes auto, bfloat16, float, float16, float32 and half.\n"
            "12:7: error: Unknown argument: --max-num-seq is not an argument of vLLM v0.27.1, but "
            "the beginning of --max-num-seqs, for which it would be taken. Write "
            "--max-num-seqs.\n");
}

TEST_F(ValidateTest, ChecksArgumentsAgainstTheImageOfTheRecipe) {
  EXPECT_EQ(complaints(head("Qwen/Qwen3-32B", "MI300X", "bf16") +
                       "image: {rocm: \"vllm/vllm-openai-rocm:v0.17.0\"}\n"
                       "vllm_serve: {1_gpu: {args: {--swap-space: 4}}}\n"),
            "");
}

TEST_F(ValidateTest, TellsOfLayoutsThatCannotFit) {
  EXPECT_EQ(complaints(head("meta-llama/Llama-4-Maverick-17B-128E-Instruct-FP8", "MI300X", "fp8") +
                       "context_length: 32768\nvllm_serve: {1_gpu: {}, 4_gpu: {}}\n"),
            "8:14: error: Layout cannot fit: meta-llama/Llama-4-Maverick-17B-128E-Instruct-FP8 in "
            "fp8 on 1 GPU of MI300X: it needs 399.2 GiB a GPU and 172.8 GiB are there: 372.5 "
            "weights + 20.6 other + 6.0 KV (32,768 tokens) of 172.8 GiB a GPU.\n");
}

TEST_F(ValidateTest, TellsOfGpusThatDoNotDivideTheHeads) {
  EXPECT_EQ(complaints(head("Qwen/Qwen3-32B", "MI300X", "bf16") +
                       "context_length: 32768\nvllm_serve: {3_gpu: {}}\n"),
            "8:14: error: Heads do not divide: Qwen/Qwen3-32B has 64 attention heads, which 3 GPUs "
            "cannot share evenly.\n");
}

TEST_F(ValidateTest, TellsOfParallelSizesThatAreNotTheGpus) {
  EXPECT_EQ(complaints(head("Qwen/Qwen3-32B", "MI300X", "bf16") +
                       "context_length: 32768\n"
                       "vllm_serve: {4_gpu: {args: {--tensor-parallel-size: 8}}}\n"),
            "8:14: error: Layout uses another number of GPUs: The layout for 4 GPUs spreads the "
            "model over 8: tensor 8 x pipeline 1 x data 1.\n");
}

TEST_F(ValidateTest, TellsOfWhatItDoesNotKnow) {
  EXPECT_EQ(complaints(head("o/m", "MI300Y", "bf16") + "vllm_serve: {1_gpu: {}}\n"),
            "3:1: warning: Unknown model: Nothing is known of \"o/m\", so that its size is not "
            "checked.\n"
            "5:1: warning: Unknown accelerator: Nothing is known of \"MI300Y\", so that its memory "
            "is not checked. Did you mean `MI300A`, `MI300X` or `MI350X`?\n");
}

TEST_F(ValidateTest, TellsOfAPrecisionThatTheCheckpointHasNot) {
  EXPECT_EQ(complaints(head("deepseek-ai/DeepSeek-R1-0528", "MI300X", "fp16") +
                       "context_length: 32768\nvllm_serve: {8_gpu: {enabled: false}}\n"),
            "6:1: error: Wrong precision: The weights of deepseek-ai/DeepSeek-R1-0528 are fp8, and "
            "the recipe says fp16.\n");
}

TEST_F(ValidateTest, TellsOfImagesOfAnotherBackendAndOfTooOldOnes) {
  EXPECT_EQ(complaints(head("Qwen/Qwen3-32B", "MI300X", "bf16") +
                       "min_version: \"0.8.5\"\nimage:\n"
                       "  rocm: \"vllm/vllm-openai-rocm:v0.7.0\"\n"
                       "  cuda: \"lmsysorg/sglang:v0.5.17\"\n"
                       "context_length: 32768\nvllm_serve: {1_gpu: {}}\n"),
            "7:1: error: Image too old: The recipe needs vLLM 0.8.5, and its image is "
            "vllm/vllm-openai-rocm:v0.7.0.\n"
            "10:3: error: Image of another backend: lmsysorg/sglang:v0.5.17 is an image of SGLang, "
            "and the recipe is for vLLM.\n");
}

TEST_F(ValidateTest, TellsOfTwoFilesWithOneId) {
  directory_.write("a.yaml",
                   head("Qwen/Qwen3-32B", "MI300X", "bf16") + "vllm_serve: {1_gpu: {}}\n");
  directory_.write("b.yaml",
                   head("Qwen/Qwen3-32B", "MI300X", "bf16") + "vllm_serve: {1_gpu: {}}\n");
  const RecipeData data = open_data({{directory_.path()}, "recipes", {}}, diagnostics_, sources_);
  validate_recipes(data, diagnostics_, sources_);
  const std::string at = directory_.path().string();
  EXPECT_EQ(told(diagnostics_),
            "error: Two recipes of one id: " + at + "/a.yaml and " + at +
                "/b.yaml both have the id mine; the latter is never used. Rename one.\n");
}

}  // namespace aim::recipes
