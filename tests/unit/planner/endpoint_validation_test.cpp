#include "planner/endpoint_validation.hpp"

#include <gmock/gmock.h>

#include "tests/unit/planner/endpoint_site.hpp"

namespace aim::planner::test {
namespace {

using ::testing::HasSubstr;

/// "file:line:column: summary: detail" a line.
std::string faults_of(const std::string& endpoints_yaml) {
  Site site;
  site.configure("endpoints:\n" + endpoints_yaml);
  core::Diagnostics diagnostics;
  core::SourceFiles sources;
  validate_endpoints(site.configuration, installed_data(), diagnostics, sources);
  std::string text;
  for (const core::Diagnostic& one : diagnostics.sorted()) {
    text += one.range ? fmt::format("{}:{}: ", one.range->begin.line, one.range->begin.column) : "";
    text += one.summary + ": " + one.detail + "\n";
  }
  return text;
}

TEST(ValidateEndpoints, PassesWhatCanBeServed) {
  EXPECT_EQ(faults_of("  a: { model: Qwen/Qwen3-32B, gpus: 4, args: { --max-num-seqs: 64 } }\n"
                      "  b: { model: Qwen/Qwen3-0.6B-GGUF, backend: llamacpp, gpus: 0 }\n"
                      "  c: { model: whatever, recipe: none, image: x, args: { --x: 1 } }\n"
                      "  d: { model: \"${endpoint.c.model}\" }\n"),
            "");
}

TEST(ValidateEndpoints, FindsModelsRecipesAndArgumentsThatAreNotKnown) {
  EXPECT_EQ(faults_of("  a: { model: Qwen/Qwen3-32 }\n"),
            "4:15: Unknown model: There is neither a recipe for \"Qwen/Qwen3-32\" nor are its size "
            "and shape known. Did you mean `Qwen/Qwen3-32B`, `Qwen/Qwen3-4B` or `Qwen/Qwen3-8B`? "
            "For a fine-tune set `base_model` to the model it was made from; or write a recipe for "
            "it in ./recipes.\n");
  EXPECT_THAT(faults_of("  b: { model: Qwen/Qwen3-32B, recipe: qwen3-32b-any-bf1 }\n"),
              HasSubstr("4:39: Unknown recipe: Qwen/Qwen3-32B has no recipe "
                        "\"qwen3-32b-any-bf1\". Did you mean `qwen3-32b-any-bf16`"));
  EXPECT_EQ(
      faults_of(
          "  c: { model: Qwen/Qwen3-32B, args: { --max-num-seq: 64, --swap-space: 4 }, image: "
          "\"vllm/vllm-openai:v0.27.1\" }\n"),
      "4:54: Unknown argument: --max-num-seq is not an argument of vLLM v0.27.1, but the beginning "
      "of --max-num-seqs, for which it would be taken. Write --max-num-seqs.\n"
      "4:72: Removed argument: --swap-space was removed from vLLM in v0.18.0, and the image is "
      "v0.27.1. Remove it.\n");
}

}  // namespace
}  // namespace aim::planner::test
