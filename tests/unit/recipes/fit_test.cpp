#include "recipes/fit.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "tests/unit/recipes/recipe_fixture.hpp"

namespace aim::recipes {
namespace {

constexpr double kGiB = 1024.0 * 1024 * 1024;
constexpr std::int64_t kMi300x = std::int64_t{196592} << 20;
constexpr std::int64_t kH100 = std::int64_t{81559} << 20;

FitQuestion question(const ModelFacts& facts, Precision precision, int gpus, std::int64_t tokens) {
  FitQuestion result;
  result.facts = &facts;
  result.precision = precision;
  result.tensor_parallel = gpus;
  result.context_length = tokens;
  result.memory_bytes = kMi300x;
  return result;
}

/// Computed by hand from the published numbers: GiB of one GPU, rounded to a hundredth.
struct Row {
  const char* model;
  Precision precision;
  const char* quant;
  int gpus;
  std::int64_t tokens;
  double weights;
  double kv;
};

// weights = parameters x bytes / gpus; kv = bytes a token x tokens / min(gpus, kv heads), all in
// GiB; a latent (MLA) is not divided; windows hold 128 tokens.
constexpr Row kRows[] = {
    {"Qwen/Qwen3-0.6B", Precision::Bf16, "", 1, 8192, 1.11, 0.875},
    {"Qwen/Qwen3-8B", Precision::Bf16, "", 1, 32768, 15.26, 4.5},
    {"Qwen/Qwen3-14B", Precision::Fp8, "", 1, 32768, 13.75, 5.0},
    {"Qwen/Qwen3-32B", Precision::Bf16, "", 1, 32768, 61.02, 8.0},
    {"Qwen/Qwen3-32B", Precision::Bf16, "", 4, 32768, 15.26, 2.0},
    {"Qwen/Qwen3-30B-A3B", Precision::Bf16, "", 8, 32768, 7.11, 0.75},
    {"Qwen/Qwen3-235B-A22B", Precision::Bf16, "", 4, 32768, 109.47, 1.47},
    {"meta-llama/Llama-3.1-8B-Instruct", Precision::Bf16, "", 1, 131072, 14.96, 16.0},
    {"meta-llama/Llama-3.3-70B-Instruct", Precision::Bf16, "", 1, 32768, 131.42, 10.0},
    {"meta-llama/Llama-3.1-405B-Instruct", Precision::Fp8, "", 4, 32768, 94.50, 3.94},
    {"meta-llama/Llama-3.1-405B-Instruct", Precision::Bf16, "", 8, 131072, 94.50, 7.875},
    {"deepseek-ai/DeepSeek-R1-0528", Precision::Fp8, "", 8, 163840, 78.12, 10.72},
    {"openai/gpt-oss-120b", Precision::Fp4, "mxfp4", 1, 131072, 57.89, 4.50},
    {"mistralai/Mixtral-8x7B-Instruct-v0.1", Precision::Bf16, "", 1, 32768, 86.99, 4.0},
    {"Qwen/Qwen3-Coder-480B-A35B-Instruct", Precision::Fp4, "nvfp4", 4, 262144, 62.88, 15.5},
};

}  // namespace

TEST(Fit, AgreesWithSumsMadeByHand) {
  for (const Row& row : kRows) {
    const ModelFacts facts = installed_facts(row.model);
    FitQuestion asked = question(facts, row.precision, row.gpus, row.tokens);
    asked.quant = row.quant;
    const Fit result = fit(asked);
    EXPECT_NEAR(static_cast<double>(result.weights) / kGiB, row.weights, 0.011) << row.model;
    EXPECT_NEAR(static_cast<double>(result.kv_cache) / kGiB, row.kv, 0.011) << row.model;
    EXPECT_TRUE(result.fits()) << row.model << ": " << fit_sum(result);
  }
}

TEST(Fit, RefusesA685BillionModelOnTwoCardsWithTheSum) {
  ModelFacts facts;
  facts.parameters = 685'000'000'000;
  FitQuestion asked = question(facts, Precision::Fp16, 2, 32768);
  asked.memory_bytes = std::int64_t{192} << 30;
  const Fit result = fit(asked);
  EXPECT_FALSE(result.fits());
  EXPECT_EQ(fit_refusal(result),
            "it needs 671.9 GiB a GPU and 172.8 GiB are there: 638.0 weights + 33.9 other + an "
            "unknown KV cache of 172.8 GiB a GPU");
}

TEST(Fit, RefusesA405BillionModelOnOneCardWithTheSum) {
  const ModelFacts facts = installed_facts("meta-llama/Llama-3.1-405B-Instruct");
  const Fit result = fit(question(facts, Precision::Fp8, 1, 32768));
  EXPECT_FALSE(result.fits());
  EXPECT_EQ(
      fit_refusal(result),
      "it needs 414.6 GiB a GPU and 172.8 GiB are there: 378.0 weights + 20.9 other + 15.8 KV "
      "(32,768 tokens) of 172.8 GiB a GPU");
}

TEST(Fit, LetsQwen32BOnOneMI300X) {
  const ModelFacts facts = installed_facts("Qwen/Qwen3-32B");
  const Fit result = fit(question(facts, Precision::Bf16, 1, 32768));
  EXPECT_TRUE(result.fits());
  EXPECT_EQ(fit_sum(result),
            "61.0 weights + 5.1 other + 8.0 KV (32,768 tokens) of 172.8 GiB a GPU");
}

TEST(Fit, RefusesMaverickOnTwoMI300X) {
  const ModelFacts facts = installed_facts("meta-llama/Llama-4-Maverick-17B-128E-Instruct");
  EXPECT_FALSE(fit(question(facts, Precision::Fp8, 1, 32768)).fits());
  EXPECT_FALSE(fit(question(facts, Precision::Fp8, 2, 32768)).fits());
  EXPECT_TRUE(fit(question(facts, Precision::Fp8, 4, 32768)).fits());
}

TEST(Fit, RefusesLlama70BInBf16OnOne80GBCard) {
  const ModelFacts facts = installed_facts("meta-llama/Llama-3.3-70B-Instruct");
  FitQuestion asked = question(facts, Precision::Bf16, 1, 32768);
  asked.memory_bytes = kH100;
  EXPECT_FALSE(fit(asked).fits());
  asked.tensor_parallel = 4;
  EXPECT_TRUE(fit(asked).fits());
}

TEST(Fit, RefusesGpusThatDoNotDivideTheHeads) {
  const ModelFacts facts = installed_facts("Qwen/Qwen3-32B");
  const Fit result = fit(question(facts, Precision::Bf16, 3, 32768));
  EXPECT_FALSE(result.fits());
  EXPECT_EQ(fit_refusal(result), "its 64 attention heads cannot be divided among 3 GPUs");
}

TEST(Fit, HalvesTheCacheInFp8) {
  const ModelFacts facts = installed_facts("Qwen/Qwen3-32B");
  FitQuestion asked = question(facts, Precision::Bf16, 1, 32768);
  asked.kv_bytes = 1.0;
  EXPECT_EQ(fit(asked).kv_cache, std::int64_t{4} << 30);
}

TEST(Fit, DividesNoLatentAndNoMoreThanTheHeadsOfTheCache) {
  const ModelFacts mla = installed_facts("deepseek-ai/DeepSeek-R1-0528");
  EXPECT_EQ(fit(question(mla, Precision::Fp8, 8, 32768)).kv_cache,
            fit(question(mla, Precision::Fp8, 1, 32768)).kv_cache);
  const ModelFacts gqa = installed_facts("Qwen/Qwen3-235B-A22B");  // 4 heads
  EXPECT_EQ(fit(question(gqa, Precision::Bf16, 8, 32768)).kv_cache,
            fit(question(gqa, Precision::Bf16, 4, 32768)).kv_cache);
}

TEST(LocalModel, TellsItsFactsByItself) {
  constexpr std::string_view kConfig = R"({
    "architectures": ["Qwen3ForCausalLM"], "model_type": "qwen3", "torch_dtype": "bfloat16",
    "hidden_size": 5120, "num_hidden_layers": 64, "num_attention_heads": 64,
    "num_key_value_heads": 8, "head_dim": 128, "max_position_embeddings": 40960})";
  const auto facts = facts_of_config(
      kConfig, R"({"metadata": {"total_size": 65524246528}, "weight_map": {}})", "/m");
  ASSERT_TRUE(facts) << core::to_string(facts.error());
  const ModelFacts published = installed_facts("Qwen/Qwen3-32B");
  EXPECT_EQ(facts->parameters, published.parameters);
  EXPECT_EQ(facts->kv_bytes_per_token, published.kv_bytes_per_token);
  EXPECT_EQ(facts->attention_heads, published.attention_heads);
  EXPECT_EQ(facts->max_context, published.max_context);
  EXPECT_EQ(facts->checkpoints.at("/m").weight_bytes, 65524246528);
}

TEST(LocalModel, ReadsQuantisedMultimodalAndMlaConfigurations) {
  const auto gptq = facts_of_config(
      R"({"quantization_config": {"quant_method": "gptq", "bits": 4}, "text_config": {
          "num_hidden_layers": 2, "num_attention_heads": 4, "hidden_size": 64}})",
      R"({"metadata": {"total_size": 1e9}})",
      "/m");
  ASSERT_TRUE(gptq);
  EXPECT_EQ(gptq->precision, Precision::Int4);
  EXPECT_EQ(gptq->head_dim, 16);
  EXPECT_EQ(gptq->kv_bytes_per_token, 2 * 2 * 4 * 16 * 2);
  const auto mla = facts_of_config(
      R"({"quantization_config": {"quant_method": "fp8"}, "num_hidden_layers": 61,
          "num_attention_heads": 128, "num_key_value_heads": 128, "hidden_size": 7168,
          "kv_lora_rank": 512, "qk_rope_head_dim": 64})",
      R"({"metadata": {"total_size": 688586727424}})",
      "/m");
  ASSERT_TRUE(mla);
  EXPECT_TRUE(mla->is_mla());
  EXPECT_EQ(mla->kv_bytes_per_token, 70272);
}

TEST(LocalModel, SaysWhatItsFilesLack) {
  EXPECT_EQ(facts_of_config("[]", "", "/m").error().message, "config.json of /m is no JSON object");
  EXPECT_EQ(facts_of_config("{}", "", "/m").error().message,
            "config.json of /m says neither dtype nor quantisation");
  EXPECT_EQ(facts_of_config(R"({"dtype": "bfloat16"})", "{}", "/m").error().message,
            "the safetensors index of /m has no metadata.total_size");
}

TEST(LocalModel, WithoutAnIndexIsAsLargeAsItsFiles) {
  const TemporaryDirectory directory;
  directory.write("config.json", R"({"dtype": "float16", "num_hidden_layers": 1})");
  EXPECT_EQ(facts_of_directory(directory.path()).error().message,
            fmt::format("{} holds no *.safetensors", directory.path().string()));
  directory.write("model.safetensors", std::string(1000, 'x'));
  const auto facts = facts_of_directory(directory.path());
  ASSERT_TRUE(facts);
  EXPECT_EQ(facts->parameters, 500);
}

}  // namespace aim::recipes
