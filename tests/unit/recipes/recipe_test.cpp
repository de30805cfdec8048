#include "recipes/recipe.hpp"

#include <gtest/gtest.h>

#include "tests/unit/recipes/recipe_fixture.hpp"

namespace aim::recipes {
namespace {

// As other tools write it.
constexpr std::string_view kFirst = R"(recipe_id: qwen3-32b-mi300x-bf16
model_id: Qwen/Qwen3-32B
huggingface_id: Qwen/Qwen3-32B
hardware: MI300X
precision: bf16

vllm_serve:
  "1_gpu":
    enabled: true
    args:
      --model: Qwen/Qwen3-32B
      --dtype: bfloat16
      --max-model-len: "32768"
      --trust-remote-code: "true"
  "4_gpu":
    enabled: false
    args:
      --tensor-parallel-size: "4"

sglang_serve:
  "1_gpu":
    enabled: true
    args:
      --max-context-len: "32768"
)";

constexpr std::string_view kHead =
    "recipe_id: a\nmodel_id: o/m\nhuggingface_id: o/m\nhardware: MI300X\nprecision: bf16\n";

std::string with_head(std::string_view rest) { return std::string(kHead) + std::string(rest); }

}  // namespace

TEST(RecipeOfVersion1, IsReadAsOtherToolsWriteIt) {
  const ReadText read = read_text_recipe(kFirst);
  EXPECT_EQ(read.complaints, "");
  ASSERT_TRUE(read.recipe);
  EXPECT_EQ(read.recipe->version, 1);
  EXPECT_EQ(read.recipe->id, "qwen3-32b-mi300x-bf16");
  EXPECT_EQ(read.recipe->precision, Precision::Bf16);
  EXPECT_EQ(read.recipe->hardware, "MI300X");
  ASSERT_EQ(read.recipe->serves.size(), 2U);
  const std::map<int, Layout>& vllm = read.recipe->serves.at("vllm");
  ASSERT_EQ(vllm.size(), 2U);
  EXPECT_TRUE(vllm.at(1).enabled);
  EXPECT_FALSE(vllm.at(4).enabled);
  EXPECT_EQ(core::string_at(vllm.at(1).args, "--max-model-len"), "32768");
  EXPECT_EQ(core::string_at(vllm.at(1).args, "--trust-remote-code"), "true");
}

TEST(RecipeOfVersion1, SaysWhereEachArgumentStands) {
  const ReadText read = read_text_recipe(kFirst);
  ASSERT_TRUE(read.recipe);
  const auto place = core::position_of(read.recipe->positions, argument_path("vllm", 1, "--dtype"));
  ASSERT_TRUE(place);
  EXPECT_EQ(place->begin.line, 12U);
  EXPECT_EQ(place->begin.column, 7U);
}

TEST(RecipeOfVersion1, TakesNoKeysOfVersion2) {
  const ReadText read = read_text_recipe(with_head("env: {A: b}\nvllm_serve: {1_gpu: {}}\n"));
  EXPECT_EQ(read.complaints,
            "6:1: error: Unknown key: `env` is a key of recipes of version 2. Add `version: 2` at "
            "the top of the recipe.\n");
  EXPECT_FALSE(read.recipe);
}

TEST(RecipeOfVersion1, TakesOnlyPlainValues) {
  const ReadText read =
      read_text_recipe(with_head("vllm_serve:\n  1_gpu:\n    args: {--a: [1], --b: {c: 1}}\n"));
  EXPECT_EQ(read.complaints,
            "8:17: error: Wrong type: --a must be text, but it is a list. Lists and maps need "
            "`version: 2` at the top of the recipe.\n"
            "8:27: error: Wrong type: --b must be text, but it is a map. Lists and maps need "
            "`version: 2` at the top of the recipe.\n");
}

TEST(RecipeOfVersion2, IsReadWithAllItsKeys) {
  const ReadText read = read_text_recipe(R"(version: 2
recipe_id: gpt-oss-120b-mi300x-fp4
model_id: openai/gpt-oss-120b
huggingface_id: openai/gpt-oss-120b
hardware: MI300X
precision: fp4
quant: mxfp4
checkpoint: /models/gpt-oss
image: {rocm: "vllm/vllm-openai-rocm:v0.22.0"}
env: {A: "1", B: 2}
entrypoint: [vllm, serve]
min_version: "0.10.0"
context_length: 32768
features:
  reasoning: {--reasoning-parser: openai_gptoss}
expect: {tokens_per_second: 1200, ttft_ms: 40.5}
verified: {by: us, date: "2026-08-22", source: nightly, gpus: [1, 2]}
notes: none
x-mine: anything
vllm_serve:
  1_gpu:
    args: {--a: true, --b: false, --c: 0.5, --d: [x, y], --e: {f: {g: 1}}}
)");
  EXPECT_EQ(read.complaints, "");
  ASSERT_TRUE(read.recipe);
  const Recipe& recipe = *read.recipe;
  EXPECT_EQ(recipe.served(), "/models/gpt-oss");
  EXPECT_EQ(recipe.quant, "mxfp4");
  EXPECT_EQ(recipe.images.at("rocm"), "vllm/vllm-openai-rocm:v0.22.0");
  EXPECT_EQ(core::string_at(recipe.env, "B"), "2");
  EXPECT_EQ(recipe.entrypoint, (std::vector<std::string>{"vllm", "serve"}));
  EXPECT_EQ(recipe.context_length, 32768);
  EXPECT_EQ(core::string_at(recipe.features.at("reasoning"), "--reasoning-parser"),
            "openai_gptoss");
  EXPECT_EQ(recipe.tokens_per_second, 1200);
  EXPECT_EQ(recipe.ttft_ms, 40.5);
  EXPECT_TRUE(recipe.is_verified(2));
  EXPECT_FALSE(recipe.is_verified(4));
  EXPECT_EQ(core::canonical_json(core::Value(recipe.serves.at("vllm").at(1).args)),
            R"({"--a":true,"--b":false,"--c":5E-1,"--d":["x","y"],"--e":{"f":{"g":1}}})");
}

TEST(Recipe, OfAnEmptyFileNamesWhatIsMissing) {
  EXPECT_EQ(read_text_recipe("").complaints,
            "1:1: error: Missing key: A recipe needs the key `recipe_id`.\n"
            "1:1: error: Missing key: A recipe needs the key `model_id`.\n"
            "1:1: error: Missing key: A recipe needs the key `huggingface_id`.\n"
            "1:1: error: Missing key: A recipe needs the key `hardware`.\n"
            "1:1: error: Missing key: A recipe needs the key `precision`.\n");
}

TEST(Recipe, WithoutABackendIsAnError) {
  EXPECT_EQ(read_text_recipe(kHead).complaints,
            "1:1: error: Missing key: A recipe needs the arguments of at least one backend: "
            "`vllm_serve`, `sglang_serve` or `llamacpp_serve`.\n");
}

TEST(Recipe, ThatIsAListIsAnError) {
  EXPECT_EQ(read_text_recipe("- a\n").complaints,
            "1:1: error: Wrong type: A recipe must be a map, but it is a list.\n");
}

TEST(Recipe, OfWrongTypesIsToldKeyByKey) {
  EXPECT_EQ(read_text_recipe("recipe_id: 7\nmodel_id: [a]\nhuggingface_id: o/m\n"
                             "hardware: {a: b}\nprecision: bf17\n"
                             "vllm_serve: {1_gpu: {enabled: 'yes', args: [a]}}\n")
                .complaints,
            "1:12: error: Wrong type: `recipe_id` must be text, but it is 7.\n"
            "2:11: error: Wrong type: `model_id` must be text, but it is a list.\n"
            "4:11: error: Wrong type: `hardware` must be text, but it is a map.\n"
            "5:12: error: Unknown precision: `precision` must be one of bf16, fp16, fp8, int8, fp4 "
            "and int4, but it is \"bf17\".\n"
            "6:31: error: Wrong type: `enabled` must be true or false, but it is \"yes\".\n"
            "6:44: error: Wrong type: `args` must be a map, but it is a list.\n");
}

TEST(Recipe, SuggestsTheNearestKey) {
  EXPECT_EQ(read_text_recipe(with_head("vllm_server: {}\nvllm_serve: {1_gpu: {enable: true}}\n"))
                .complaints,
            "6:1: error: Unknown key: A recipe has no key \"vllm_server\". Did you mean "
            "`vllm_serve`? It takes version, recipe_id, model_id, huggingface_id, hardware, "
            "precision, vllm_serve, sglang_serve and llamacpp_serve.\n"
            "7:22: error: Unknown key: The layout `1_gpu` has no key \"enable\". Did you mean "
            "`enabled`? It takes enabled and args.\n");
}

TEST(Recipe, NamesItsLayoutsByGpus) {
  EXPECT_EQ(
      read_text_recipe(with_head("vllm_serve: {1_gpu: {}, four_gpu: {}, 2gpu: {}}\n")).complaints,
      "6:25: error: Unknown key: `vllm_serve` has no key \"four_gpu\". Its keys are layouts: "
      "the number of GPUs and `_gpu`, as in `4_gpu`.\n"
      "6:39: error: Unknown key: `vllm_serve` has no key \"2gpu\". Its keys are layouts: the "
      "number of GPUs and `_gpu`, as in `4_gpu`.\n");
}

TEST(Recipe, TakesNeitherNullNorNamelessArguments) {
  EXPECT_EQ(read_text_recipe(with_head("vllm_serve: {1_gpu: {args: {--a: , dtype: x, --: y}}}\n"))
                .complaints,
            "6:29: error: Argument without a value: --a has no value. Write `true` for an argument "
            "that takes none, `false` to leave it out.\n"
            "6:36: error: Not an argument: \"dtype\" is no argument of a server: those begin with "
            "`--`, as in `--max-num-seqs`.\n"
            "6:46: error: Not an argument: \"--\" is no argument of a server: those begin with "
            "`--`, as in `--max-num-seqs`.\n");
}

TEST(Recipe, IndentedWithATabIsToldSo) {
  const std::string complaints =
      read_text_recipe(with_head("vllm_serve:\n\t1_gpu: {}\n")).complaints;
  EXPECT_TRUE(complaints.starts_with("7:1: error: ")) << complaints;
  EXPECT_NE(complaints.find("tab"), std::string::npos) << complaints;
}

TEST(Recipe, OfANewerVersionIsRefused) {
  EXPECT_EQ(read_text_recipe("version: 3\n" + with_head("vllm_serve: {1_gpu: {}}\n")).complaints,
            "1:10: error: Unknown version of a recipe: `version` must be 1 or 2, but it is 3. A "
            "newer version of aim may know it.\n");
}

TEST(Recipe, MatchesAModelWithoutRegardToCase) {
  const ReadText read = read_text_recipe(
      "recipe_id: a\nmodel_id: o/m\nhuggingface_id: o/m-FP8\nhardware: any\nprecision: fp8\n"
      "vllm_serve: {1_gpu: {}}\n");
  ASSERT_TRUE(read.recipe);
  EXPECT_TRUE(read.recipe->is_for("O/M"));
  EXPECT_TRUE(read.recipe->is_for("o/m-fp8"));
  EXPECT_FALSE(read.recipe->is_for("o/m-fp"));
}

TEST(Recipe, NamesTheFormatsOf4BitsAsPrecisionToo) {
  const ReadText read = read_text_recipe(
      "recipe_id: a\nmodel_id: o/m\nhuggingface_id: o/m\nhardware: any\nprecision: nvfp4\n"
      "vllm_serve: {1_gpu: {}}\n");
  ASSERT_TRUE(read.recipe);
  EXPECT_EQ(read.recipe->precision, Precision::Fp4);
  EXPECT_EQ(read.recipe->quant, "nvfp4");
}

}  // namespace aim::recipes
