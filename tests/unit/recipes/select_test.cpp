#include "recipes/select.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "recipes/data.hpp"
#include "tests/unit/recipes/recipe_fixture.hpp"

namespace aim::recipes {
namespace {

const RecipeData& installed() {
  static const RecipeData kData = [] {
    core::Diagnostics diagnostics;
    core::SourceFiles sources;
    RecipeData data = open_data({{}, "recipes", {}}, diagnostics, sources);
    EXPECT_EQ(told(diagnostics), "");
    return data;
  }();
  return kData;
}

GpuGroup gpus(const std::string& model, int count) {
  const Accelerator* one = installed().backends.accelerator(model);
  EXPECT_NE(one, nullptr) << model;
  return {model, one->vendor, one->memory_bytes, count};
}

Wish wish(const std::string& model) {
  Wish result;
  result.model = model;
  return result;
}

struct Outcome {
  Selection selection;
  std::string told;

  std::string id() const { return selection.chosen ? selection.chosen->recipe_id : ""; }
};

Outcome choose(Wish asked, std::vector<GpuGroup> here, const std::string& base = "") {
  core::Diagnostics diagnostics;
  core::SourceFiles sources;
  const SelectionInput input =
      selection_input(installed(), std::move(asked), base, std::move(here), diagnostics, sources);
  Outcome outcome;
  outcome.selection = select(input, diagnostics);
  outcome.told = told(diagnostics);
  return outcome;
}

/// A small world: one model with recipes of our own making.
Recipe made(const std::string& id,
            const std::string& hardware,
            Precision precision,
            std::initializer_list<int> counts,
            bool verified = false) {
  Recipe recipe;
  recipe.id = id;
  recipe.model_id = "o/m";
  recipe.huggingface_id = "o/m";
  recipe.hardware = hardware;
  recipe.precision = precision;
  for (const int count : counts) {
    Layout layout;
    layout.gpus = count;
    recipe.serves["vllm"].emplace(count, layout);
  }
  if (verified) {
    recipe.verified = Verified{"us", "2026-01-01", "here", {}};
  }
  return recipe;
}

Outcome choose_from(std::vector<Recipe> recipes,
                    Wish asked,
                    std::vector<GpuGroup> here,
                    std::optional<ModelFacts> facts = {}) {
  SelectionInput input;
  input.backends = &installed().backends;
  input.recipes = std::move(recipes);
  input.gpus = std::move(here);
  input.facts = std::move(facts);
  asked.model = "o/m";
  input.wish = std::move(asked);
  core::Diagnostics diagnostics;
  Outcome outcome;
  outcome.selection = select(input, diagnostics);
  outcome.told = told(diagnostics);
  return outcome;
}

}  // namespace

TEST(Selection, TakesTheVerifiedRecipeOfTheAccelerator) {
  const Outcome outcome = choose(wish("Qwen/Qwen3-32B"), {gpus("MI300X", 8)});
  EXPECT_EQ(outcome.told, "");
  EXPECT_EQ(outcome.id(), "qwen3-32b-mi300x-fp16");
  const Candidate& chosen = *outcome.selection.chosen;
  EXPECT_EQ(chosen.gpus, 1);
  EXPECT_TRUE(chosen.verified);
  EXPECT_EQ(chosen.image, "vllm/vllm-openai-rocm:v0.27.1");
  EXPECT_EQ(chosen.context_length, 32768);
  EXPECT_EQ(chosen.gpu_memory, 0.9);
  EXPECT_FALSE(chosen.args.contains("--gpu-memory-utilization"));
  EXPECT_EQ(outcome.selection.reasons,
            (std::vector<std::string>{
                "Recipe qwen3-32b-mi300x-fp16 is verified with 1 GPU on MI300X.",
                "fp16 is the highest precision that fits.",
                "1 GPU is the fewest that fit.",
                "Fit: 61.0 weights + 5.1 other + 8.0 KV (32,768 tokens) of 172.8 GiB a GPU."}));
}

TEST(Selection, KnowsTheGpuByItsLongName) {
  EXPECT_EQ(choose(wish("qwen/qwen3-32b"),
                   {{"AMD Instinct MI300X", "amd", std::int64_t{196592} << 20, 1}})
                .id(),
            "qwen3-32b-mi300x-fp16");
}

TEST(Selection, KeepsWhatWasAskedFor) {
  Wish asked = wish("Qwen/Qwen3-32B");
  asked.precision = Precision::Fp8;
  asked.gpus = 2;
  asked.context_length = 8192;
  asked.gpu_memory = 0.5;
  const Outcome outcome = choose(asked, {gpus("MI300X", 8)});
  EXPECT_EQ(outcome.id(), "qwen3-32b-fp8-mi300x-fp8");
  EXPECT_EQ(outcome.selection.chosen->gpus, 2);
  EXPECT_EQ(outcome.selection.chosen->tensor_parallel, 2);
  EXPECT_EQ(outcome.selection.chosen->served, "Qwen/Qwen3-32B-FP8");
  EXPECT_EQ(outcome.selection.chosen->context_length, 8192);
  EXPECT_EQ(outcome.selection.chosen->gpu_memory, 0.5);
}

TEST(Selection, OfACheckpointByNameIsOfThatCheckpoint) {
  const Outcome outcome = choose(wish("Qwen/Qwen3-32B-FP8"), {gpus("MI300X", 1)});
  EXPECT_EQ(outcome.id(), "qwen3-32b-fp8-mi300x-fp8");
}

TEST(Selection, TakesTheFewestGpusForThroughputAndTheNextNumberForLatency) {
  Wish asked;
  const std::vector<Recipe> recipes = {made("a", "MI300X", Precision::Bf16, {1, 2, 4, 8})};
  EXPECT_EQ(choose_from(recipes, asked, {gpus("MI300X", 8)}).selection.chosen->gpus, 1);
  asked.goal = Goal::Latency;
  EXPECT_EQ(choose_from(recipes, asked, {gpus("MI300X", 8)}).selection.chosen->gpus, 2);
  EXPECT_EQ(choose_from(recipes, asked, {gpus("MI300X", 1)}).selection.chosen->gpus, 1);
}

TEST(Selection, RanksVerifiedThenPrecisionThenGpus) {
  const std::vector<Recipe> recipes = {made("plain", "MI300X", Precision::Bf16, {1}),
                                       made("fp8", "MI300X", Precision::Fp8, {1}, true),
                                       made("bf16", "MI300X", Precision::Bf16, {4, 2}, true)};
  const Outcome outcome = choose_from(recipes, {}, {gpus("MI300X", 8)});
  std::vector<std::string> order;
  for (const Candidate& one : outcome.selection.candidates) {
    order.push_back(one.recipe_id + " " + std::to_string(one.gpus));
  }
  EXPECT_EQ(order, (std::vector<std::string>{"bf16 2", "bf16 4", "fp8 1", "plain 1"}));
}

TEST(Selection, TellsOfEachCandidateWhyNot) {
  Recipe disabled = made("disabled", "MI300X", Precision::Bf16, {2});
  disabled.serves["vllm"].at(2).enabled = false;
  Wish asked;
  asked.precision = Precision::Bf16;
  asked.gpus = 2;
  const Outcome outcome = choose_from(
      {made("a", "H100", Precision::Fp8, {4}), made("b", "MI300X", Precision::Bf16, {1}), disabled},
      asked,
      {gpus("MI300X", 2)});
  EXPECT_FALSE(outcome.selection.chosen);
  EXPECT_EQ(outcome.told,
            "error: No recipe fits: Nothing serves o/m as asked for (bf16, 2 GPUs) on what is "
            "here. The nearest:\n"
            "  b (vllm, MI300X, 1 GPU, bf16): is for 1 GPU, and 2 were asked for\n"
            "  disabled (vllm, MI300X, 2 GPUs, bf16): its layout for 2 GPUs is disabled\n"
            "  a (vllm, H100, 4 GPUs, fp8): is for H100, and the GPUs here are MI300X; is fp8, and "
            "bf16 was asked for; is for 4 GPUs, and 2 were asked for\n"
            "Change what is asked for, or let the nearest be taken with `fallback: allow`.\n");
}

TEST(Selection, TakesTheNearestOnlyWhereThatIsAllowed) {
  Wish asked;
  asked.gpus = 2;
  asked.fallback = Fallback::Allow;
  const Outcome outcome =
      choose_from({made("b", "MI300X", Precision::Bf16, {1, 8})}, asked, {gpus("MI300X", 4)});
  EXPECT_EQ(outcome.told, "");
  ASSERT_TRUE(outcome.selection.chosen);
  EXPECT_EQ(outcome.selection.chosen->gpus, 1);  // 8 are not here
  EXPECT_EQ(outcome.selection.reasons.back(),
            "Taken as the nearest: it is for 1 GPU, and 2 were asked for.");
}

TEST(Selection, RefusesWhatDoesNotFitWithTheSum) {
  Wish asked = wish("meta-llama/Llama-3.1-405B-Instruct");
  asked.precision = Precision::Fp8;
  const Outcome outcome = choose(asked, {gpus("MI300X", 1)});
  EXPECT_FALSE(outcome.selection.chosen);
  EXPECT_NE(outcome.told.find("it needs 414.6 GiB a GPU and 172.8 GiB are there: 378.0 weights + "
                              "20.9 other + 15.8 KV (32,768 tokens) of 172.8 GiB a GPU"),
            std::string::npos)
      << outcome.told;
}

TEST(Selection, RefusesAContextThatTheModelDoesNotTake) {
  Wish asked = wish("Qwen/Qwen3-32B");
  asked.context_length = 65536;
  EXPECT_NE(choose(asked, {gpus("MI300X", 8)})
                .told.find("the model takes 40,960 tokens, and 65,536 were asked for"),
            std::string::npos);
  asked.fit = FitCheck::Off;
  EXPECT_EQ(choose(asked, {gpus("MI300X", 8)}).id(), "qwen3-32b-mi300x-fp16");
}

TEST(Selection, LeavesTheFitToTheUserWhereAsked) {
  ModelFacts facts = installed_facts("meta-llama/Llama-3.1-405B-Instruct");
  Wish asked;
  asked.fit = FitCheck::Off;
  const std::vector<Recipe> recipes = {made("a", "MI300X", Precision::Fp8, {1})};
  EXPECT_EQ(choose_from(recipes, asked, {gpus("MI300X", 1)}, facts).id(), "a");
  asked.fit = FitCheck::Error;
  EXPECT_EQ(choose_from(recipes, asked, {gpus("MI300X", 1)}, facts).id(), "");
}

TEST(Selection, DerivesAGeneralRecipeForAKnownModel) {
  const Outcome outcome = choose(wish("Qwen/Qwen3-30B-A3B"), {gpus("H100", 2)});
  EXPECT_EQ(outcome.told, "");
  ASSERT_TRUE(outcome.selection.chosen);
  const Candidate& chosen = *outcome.selection.chosen;
  EXPECT_TRUE(chosen.general);
  EXPECT_FALSE(chosen.verified);
  EXPECT_EQ(chosen.backend, "vllm");
  EXPECT_EQ(chosen.precision, Precision::Bf16);
  EXPECT_EQ(chosen.gpus, 1);
  EXPECT_EQ(chosen.image, "vllm/vllm-openai:v0.27.1");
  EXPECT_EQ(outcome.selection.reasons.front(),
            "No recipe fits; this one is derived from the facts of Qwen/Qwen3-30B-A3B and not "
            "verified.");
}

TEST(Selection, PrefersARecipeToAGeneralOne) {
  const Outcome outcome = choose(wish("Qwen/Qwen3-32B"), {gpus("H100", 8)});
  EXPECT_EQ(outcome.id(), "qwen3-32b-any-bf16");
}

TEST(Selection, GivesNoGeneralRecipeWhereOneIsSwitchedOff) {
  ModelFacts facts = installed_facts("Qwen/Qwen3-0.6B");
  Recipe off = made("off", "MI300X", Precision::Bf16, {1});
  off.serves["vllm"].at(1).enabled = false;
  Wish asked;
  asked.backend = "vllm";
  asked.gpus = 1;
  facts.model_id = "o/m";
  facts.checkpoints.clear();
  EXPECT_EQ(choose_from({off}, asked, {gpus("MI300X", 1)}, facts).id(), "");
  EXPECT_EQ(choose_from({}, asked, {gpus("MI300X", 1)}, facts).id(), "general");
}

TEST(Selection, HasForAFineTuneTheFactsOfItsBase) {
  const Outcome outcome = choose(wish("me/my-tune"), {gpus("MI300X", 1)}, "Qwen/Qwen3-32B");
  EXPECT_EQ(outcome.told, "");
  ASSERT_TRUE(outcome.selection.chosen);
  EXPECT_EQ(outcome.selection.chosen->served, "me/my-tune");
  EXPECT_EQ(fit_sum(*outcome.selection.chosen->fit),
            "61.0 weights + 5.1 other + 8.0 KV (32,768 tokens) of 172.8 GiB a GPU");
}

TEST(Selection, OfAnUnknownModelNamesTheNearest) {
  EXPECT_EQ(
      choose(wish("Qwen3-32B"), {gpus("MI300X", 1)}).told,
      "error: Unknown model: There is neither a recipe for \"Qwen3-32B\" nor are its size and "
      "shape known. Did you mean `Qwen/Qwen3-32B`? For a fine-tune set `base_model` to the "
      "model it was made from; or write a recipe for it in ./recipes.\n");
}

TEST(Selection, SwitchesFeaturesOnByRecipeOrFacts) {
  Wish asked = wish("Qwen/Qwen3-32B");
  asked.features = {"tool_calling", "reasoning"};
  const Outcome outcome = choose(asked, {gpus("MI300X", 1)});
  ASSERT_TRUE(outcome.selection.chosen);
  const core::Map& args = outcome.selection.chosen->args;
  EXPECT_EQ(core::string_at(args, "--tool-call-parser"), "hermes");
  EXPECT_EQ(core::boolean_at(args, "--enable-auto-tool-choice"), true);
  EXPECT_EQ(core::string_at(args, "--reasoning-parser"), "qwen3");
  asked.features = {"flying"};
  EXPECT_NE(choose(asked, {gpus("MI300X", 1)})
                .told.find("neither recipe nor facts tell how flying "
                           "is switched on"),
            std::string::npos);
}

TEST(Selection, WithoutAGpuSaysSo) {
  EXPECT_NE(choose(wish("Qwen/Qwen3-32B"), {}).told.find("and there is no GPU here"),
            std::string::npos);
}

TEST(Selection, OfRecipesOfVersion1TakesTheirNamesForWhatTheyMean) {
  const ReadText read = read_text_recipe(
      "recipe_id: first\nmodel_id: o/m\nhuggingface_id: o/m\nhardware: MI300X\nprecision: bf16\n"
      "vllm_serve:\n  2_gpu:\n    enabled: true\n    args:\n      --model: o/m\n"
      "      --tensor-parallel-size: '2'\n      --max-context-len: '4096'\n"
      "      --gpu-memory-utilization: '0.8'\n      --max-batch-size: '16'\n"
      "      --trust-remote-code: 'true'\n      --port: '8000'\n");
  ASSERT_TRUE(read.recipe) << read.complaints;
  const Outcome outcome = choose_from({*read.recipe}, {}, {gpus("MI300X", 2)});
  ASSERT_TRUE(outcome.selection.chosen) << outcome.told;
  const Candidate& chosen = *outcome.selection.chosen;
  EXPECT_EQ(chosen.tensor_parallel, 2);
  EXPECT_EQ(chosen.context_length, 4096);
  EXPECT_EQ(chosen.gpu_memory, 0.8);
  EXPECT_EQ(chosen.args, (core::Map{{"--max-num-seqs", "16"}, {"--trust-remote-code", true}}));
}

TEST(Selection, IsTheSameForAThousandShuffledCatalogues) {
  core::Diagnostics diagnostics;
  core::SourceFiles sources;
  SelectionInput input = selection_input(installed(),
                                         wish("openai/gpt-oss-120b"),
                                         "",
                                         {gpus("MI300X", 4), gpus("H100", 8), gpus("MI355X", 8)},
                                         diagnostics,
                                         sources);
  // Two that differ in nothing but their ids.
  input.recipes.push_back(input.recipes.front());
  input.recipes.back().id = "twin";
  const Selection first = select(input, diagnostics);
  ASSERT_TRUE(first.chosen);
  std::mt19937 random(7);
  for (int turn = 0; turn < 1000; ++turn) {
    std::shuffle(input.recipes.begin(), input.recipes.end(), random);
    std::shuffle(input.gpus.begin(), input.gpus.end(), random);
    const Selection again = select(input, diagnostics);
    ASSERT_EQ(again.chosen, first.chosen);
    ASSERT_EQ(again.candidates, first.candidates);
    ASSERT_EQ(again.reasons, first.reasons);
  }
}

}  // namespace aim::recipes
